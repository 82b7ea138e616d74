// The block functions that lz4 -b1 measures.
#include <lz4.h>
