// libxml2 as Debian builds it was compiled with ICU, and its headers then pull in ICU's, which clash with the
// copy inside the Swift toolchain. Nothing here uses ICU, so its part of the headers is switched off before
// they are read.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
