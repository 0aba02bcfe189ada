// One word compared with many at once, which Go compiles to one after the other.

#ifndef SPEECHSIM_EDITDISTANCE_KERNELS_H
#define SPEECHSIM_EDITDISTANCE_KERNELS_H

#include <stdint.h>

// edit_distances sets out to how many insertions, deletions and substitutions turn the word of so many numbers into each of n others.
// at[number * stride + j] has a bit for each place where the number stands in the other word j, and places[j] one for each of its places; both
// can be read for 15 words more.
void edit_distances(const int32_t *word, long length, const uint32_t *at, long stride, const uint32_t *places, long n, int32_t *out);

#endif
