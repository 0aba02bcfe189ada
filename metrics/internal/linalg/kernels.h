// Loops over every number of large blocks, which Go compiles to scalar code.

#ifndef SPEECHSIM_KERNELS_H
#define SPEECHSIM_KERNELS_H

#include <stdint.h>

// kernel_centre sets z to x - c, and sums[0], sums[1] to the sums of z and z².
void kernel_centre(const float *x, float *z, long n, float c, double *sums);

// kernel_beyond tells whether some |x| is 2^exponent or more, infinite or NaN.
int kernel_beyond(const float *x, long n, int exponent);

// kernel_reaching writes to found where x is limit or more, or limits or more if
// that is not NULL, and returns how many there are. found has room for n.
long kernel_reaching(const float *x, const float *limits, float limit, long n, int32_t *found);

#endif
