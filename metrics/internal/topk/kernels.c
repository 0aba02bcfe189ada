//go:build cgo

#include "kernels.h"

#include <string.h>

// Vectors of 16 bytes, which every 64-bit processor has registers for.
typedef float float4 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));
typedef int64_t long2 __attribute__((vector_size(16)));

// score is Score of Go, similarity and row in one number.
static inline uint64_t score(long row, float similarity) {
	uint32_t bits;
	similarity += 0; // -0 is 0
	memcpy(&bits, &similarity, sizeof bits);
	bits ^= (uint32_t)((int32_t)bits >> 31) | (uint32_t)1 << 31;
	return (uint64_t)bits << 32 | (uint32_t)~row;
}

// similarity is that of a score.
static inline float similarity(uint64_t score) {
	uint32_t bits = score >> 32;
	bits ^= (uint32_t)((int32_t)~bits >> 31) | (uint32_t)1 << 31;
	float s;
	memcpy(&s, &bits, sizeof s);
	return s;
}

static inline void swap(uint64_t *s, long i, long j) {
	uint64_t v = s[i];
	s[i] = s[j];
	s[j] = v;
}

// Hoare's quickselect with Lomuto's partition, which moves each number whether it is larger or not: nobody can foretell which ones are, and a
// branch that is not foretold costs more than the move.
void topk_select(uint64_t *s, long n, long k) {
	for (long from = 0, to = n; k > from && k < to;) {
		long middle = from + (to - from) / 2, last = to - 1;
		if (s[from] < s[middle]) swap(s, from, middle);
		if (s[middle] < s[last]) swap(s, middle, last);
		if (s[middle] < s[from]) swap(s, from, middle);
		uint64_t pivot = s[from]; // the median of three
		long at = from + 1;
		for (long i = at; i < to; i++) {
			uint64_t v = s[i];
			s[i] = s[at];
			s[at] = v;
			at += v > pivot;
		}
		swap(s, from, at - 1); // the first at are the pivot and all that are larger
		if (k < at) to = at - 1;
		else from = at;
	}
}

// keeping is what topk_offer keeps candidates in.
struct keeping {
	long k, room;
	float *least;
	int32_t *count;
	uint64_t *kept;
};

static inline void keep(const struct keeping *t, long row, long candidate, float s) {
	uint64_t *kept = t->kept + row * t->room;
	long n = t->count[row];
	kept[n++] = score(candidate, s);
	if (n == t->room) {
		topk_select(kept, n, t->k);
		n = t->k;
		uint64_t least = kept[0];
		for (long i = 1; i < n; i++) least = kept[i] < least ? kept[i] : least;
		t->least[row] = similarity(least);
	}
	t->count[row] = n;
}

// reaching has a bit for each of sixteen numbers that is limit or more or, unless limits is NULL, its own limit or more.
static inline uint64_t reaching(const float *x, float limit, const float *limits) {
	const int4 bit = {1, 2, 4, 8};
	float4 least = {limit, limit, limit, limit};
	int4 bits = {0};
#pragma GCC unroll 4
	for (long i = 12; i >= 0; i -= 4) {
		float4 a;
		memcpy(&a, x + i, sizeof a);
		if (limits != NULL) memcpy(&least, limits + i, sizeof least);
		bits = bits << 4 | ((a >= least) & bit);
	}
	long2 halves = (long2)bits;
	uint64_t half = halves[0] | halves[1];
	return (half | half >> 32) & 0xffff;
}

// next takes the lowest bit away and returns its place.
static inline long next(uint64_t *bits) {
	long at = __builtin_ctzll(*bits);
	*bits &= *bits - 1;
	return at;
}

// offer_row offers block[c] to its row and, if both, to row c0 + c, for the columns from c up to cols.
static inline __attribute__((always_inline)) void offer_row(const struct keeping *t, const float *block, long c, long cols, long row, long c0,
                                                            bool both) {
	while (c + 16 <= cols) {
		// Up to 64 at once: where a loop over those found ends cannot be foretold, which costs more than all the comparisons.
		uint64_t own = 0, others = 0;
		long from = c;
		float least = t->least[row];
		for (; c < from + 64 && c + 16 <= cols; c += 16) {
			own |= reaching(block + c, least, NULL) << (c - from);
			if (both) others |= reaching(block + c, 0, t->least + c0 + c) << (c - from);
		}
		while (own != 0) {
			long at = from + next(&own);
			keep(t, row, c0 + at, block[at]);
		}
		while (others != 0) {
			long at = from + next(&others);
			keep(t, c0 + at, row, block[at]);
		}
	}
	for (; c < cols; c++) {
		if (block[c] >= t->least[row]) keep(t, row, c0 + c, block[c]);
		if (both && block[c] >= t->least[c0 + c]) keep(t, c0 + c, row, block[c]);
	}
}

void topk_offer(long rows, long cols, const float *block, long stride, long r0, long c0, bool both, bool itself,
                long k, long room, float *least, int32_t *count, uint64_t *kept) {
	const struct keeping t = {k, room, least, count, kept};
	for (long r = 0; r < rows; r++, block += stride) {
		if (!both) {
			offer_row(&t, block, 0, cols, r0 + r, c0, false);
		} else if (r0 != c0) {
			offer_row(&t, block, 0, cols, r0 + r, c0, true);
		} else {
			if (itself && block[r] >= least[r0 + r]) keep(&t, r0 + r, r0 + r, block[r]);
			offer_row(&t, block, r + 1, cols, r0 + r, c0, true);
		}
	}
}
