// Loops over every number of large blocks, which Go compiles to scalar code.

#ifndef SPEECHSIM_KERNELS_H
#define SPEECHSIM_KERNELS_H

#include <stdint.h>

// kernel_centre sets z to x - c, and sums[0], sums[1] to the sums of z and z².
void kernel_centre(const float *x, float *z, long n, float c, double *sums);

// kernel_beyond tells whether some |x| is 2^exponent or more, infinite or NaN.
int kernel_beyond(const float *x, long n, int exponent);

// kernel_centre_rows sets z, [rows, cols], to x - centre, adds z and z² to the sums of the columns and, unless distances is NULL, sets it to the
// rows' |x - from|².
void kernel_centre_rows(long rows, long cols, const float *x, long x_stride, float *z, long z_stride, const float *centre,
                        double *sum, double *square, const double *from, double *distances);

// kernel_add_moved adds to sum the product of columns u and v, moved: sum[u][v] += product[u][v] + delta_u sum_v + (sum_u + n delta_u) delta_v;
// of a symmetric one the upper triangle.
void kernel_add_moved(long rows, long cols, int upper, const float *product, long product_stride, double *sum, long sum_stride, double n,
                      const double *delta_u, const double *sum_u, const double *delta_v, const double *sum_v);

// sparse_entry is a number of a sparse row that is not zero.
struct sparse_entry {
	int32_t column;
	float value;
};

// kernel_add_rows adds n rows of a sparse matrix, times their weights, to sum, one after the other. Those of row r begin at entries[starts[r]] and
// end where the next row begins.
void kernel_add_rows(const struct sparse_entry *entries, const int64_t *starts, long n, const int32_t *rows, const double *weights, double *sum);

#endif
