//go:build cgo

#include "kernels.h"

#include <string.h>

// Eight words at once. Where registers have 16 bytes, the compiler takes two.
typedef uint32_t uint8 __attribute__((vector_size(32)));

// column is a column of the table of distances: a bit for each row says whether it is larger, or smaller, than the one above.
struct column {
	uint8 rises, falls;
};

// next makes it the next column, of a number that stands in these places (Myers 1999; Hyyrö 2003).
static inline void next(struct column *c, const uint32_t *places) {
	uint8 same;
	memcpy(&same, places, sizeof same);
	uint8 vertical = same | c->falls;
	uint8 diagonal = (((same & c->rises) + c->rises) ^ c->rises) | same;
	uint8 up = (c->falls | ~(diagonal | c->rises)) << 1 | 1, down = (c->rises & diagonal) << 1;
	c->rises = down | ~(vertical | up);
	c->falls = up & vertical;
}

// count sets each number to how many of its bits are set.
static inline void count(uint8 *x) {
	*x -= *x >> 1 & 0x55555555;
	*x = (*x & 0x33333333) + (*x >> 2 & 0x33333333);
	*x = (*x + (*x >> 4)) & 0x0f0f0f0f;
	*x += *x >> 8;
	*x = (*x + (*x >> 16)) & 63;
}

// finish sets distance to what the last column, of so many numbers, comes to.
static inline void finish(struct column *c, long length, const uint32_t *places, uint8 *distance) {
	uint8 within;
	memcpy(&within, places, sizeof within);
	c->rises &= within;
	c->falls &= within;
	count(&c->rises);
	count(&c->falls);
	*distance = (uint32_t)length + c->rises - c->falls;
}

// distances is edit_distances, compiled for the processor that it is inlined for.
static inline __attribute__((always_inline)) void distances(const int32_t *word, long length, const uint32_t *at, long stride, const uint32_t *places,
                                                            long n, int32_t *out) {
	for (long j = 0; j < n; j += 16) {
		// Two columns, so that one need not wait for the one before.
		struct column a = {~(uint8){0}, {0}}, b = a;
		for (long k = 0; k < length; k++) {
			next(&a, at + word[k] * stride + j);
			next(&b, at + word[k] * stride + j + 8);
		}
		uint8 distance[2];
		finish(&a, length, places + j, &distance[0]);
		finish(&b, length, places + j + 8, &distance[1]);
		if (n - j < 16) memcpy(out + j, distance, (n - j) * sizeof *out);
		else memcpy(out + j, distance, sizeof distance);
	}
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void distances_avx2(const int32_t *word, long length, const uint32_t *at, long stride, const uint32_t *places,
                                                           long n, int32_t *out) {
	distances(word, length, at, stride, places, n, out);
}
#endif

void edit_distances(const int32_t *word, long length, const uint32_t *at, long stride, const uint32_t *places, long n, int32_t *out) {
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		distances_avx2(word, length, at, stride, places, n, out);
		return;
	}
#endif
	distances(word, length, at, stride, places, n, out);
}
