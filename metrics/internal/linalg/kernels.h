// Two loops over every number that is added, which Go compiles to scalar code.

#ifndef SPEECHSIM_KERNELS_H
#define SPEECHSIM_KERNELS_H

// kernel_centre sets z to x - c, and sums[0], sums[1] to the sums of z and z².
void kernel_centre(const float *x, float *z, long n, float c, double *sums);

// kernel_beyond tells whether some |x| is 2^exponent or more, infinite or NaN.
int kernel_beyond(const float *x, long n, int exponent);

#endif
