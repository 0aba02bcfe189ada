// What is done with every number of a block of similarities, which Go compiles to scalar code.

#ifndef SPEECHSIM_TOPK_KERNELS_H
#define SPEECHSIM_TOPK_KERNELS_H

#include <stdbool.h>
#include <stdint.h>

// topk_offer offers the similarities of a block, [rows, cols], to its rows, the first of which is row r0 of those that keep candidates; the first
// column is candidate c0. If both, candidates are rows too, and each similarity is offered to the two: of a block on the diagonal those above it, and
// on it if itself. Of row r, least[r] is what a candidate must reach, and the count[r] that were kept begin at kept[r * room].
void topk_offer(long rows, long cols, const float *block, long stride, long r0, long c0, bool both, bool itself,
                long k, long room, float *least, int32_t *count, uint64_t *kept);

// topk_select moves the k largest of n different numbers to the front.
void topk_select(uint64_t *s, long n, long k);

#endif
