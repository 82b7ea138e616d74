// Only what liblz4 promises to keep in its shared library; the rest of this header is for static linking.
#include <lz4frame.h>
