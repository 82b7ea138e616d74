// Only what liblz4 promises to keep in its shared library; the rest of this header is for static linking.
#include <lz4frame.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "XXH32 is written here for processors that store the least significant byte first"
#endif

#define CLZ4_PRIME1 0x9E3779B1u
#define CLZ4_PRIME2 0x85EBCA77u

// The four lanes of XXH32, the checksum of LZ4 frames.
typedef struct {
    uint32_t a, b, c, d;
} clz4_lanes;

static inline uint32_t clz4_mix(uint32_t lane, const unsigned char *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    lane += word * CLZ4_PRIME2;
    lane = (lane << 13 | lane >> 19) * CLZ4_PRIME1;
    // Keeps the lane in a register of its own. Compilers otherwise pack all four into a vector, for whose
    // multiplication a plain x86-64 has no instruction: so it is in Debian's liblz4, which is slower.
    __asm__("" : "+r"(lane));
    return lane;
}

// Mixes in so many times 16 bytes.
static inline void clz4_mix_stripes(clz4_lanes *lanes, const void *bytes, size_t stripes) {
    clz4_lanes local = *lanes;
    const unsigned char *next = (const unsigned char *)bytes;
    for (; stripes > 0; stripes--, next += 16) {
        local.a = clz4_mix(local.a, next);
        local.b = clz4_mix(local.b, next + 4);
        local.c = clz4_mix(local.c, next + 8);
        local.d = clz4_mix(local.d, next + 12);
    }
    *lanes = local;
}
