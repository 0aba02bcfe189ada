//go:build cgo

#include "kernels.h"

#include <stddef.h>
#include <string.h>

// Vectors of 16 bytes, which every 64-bit processor has registers for.
typedef float float2 __attribute__((vector_size(8)));
typedef float float4 __attribute__((vector_size(16)));
typedef double double2 __attribute__((vector_size(16)));
typedef uint32_t uint4 __attribute__((vector_size(16)));

// centre_two sets two elements of z to x - c, and adds them and their squares.
static inline void centre_two(const float *x, float *z, float2 c, double2 *sum, double2 *square) {
	float2 a;
	memcpy(&a, x, sizeof a);
	a -= c;
	memcpy(z, &a, sizeof a);
	double2 d = __builtin_convertvector(a, double2);
	*sum += d;
	*square += d * d;
}

void kernel_centre(const float *x, float *z, long n, float c, double *sums) {
	// Strands of their own, so that one addition need not wait for the one before.
	double2 s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, q0 = {0}, q1 = {0}, q2 = {0}, q3 = {0};
	float2 centre = {c, c};
	long i = 0;
	for (; i + 8 <= n; i += 8) {
		centre_two(x + i, z + i, centre, &s0, &q0);
		centre_two(x + i + 2, z + i + 2, centre, &s1, &q1);
		centre_two(x + i + 4, z + i + 4, centre, &s2, &q2);
		centre_two(x + i + 6, z + i + 6, centre, &s3, &q3);
	}
	s0 += s2;
	s1 += s3;
	q0 += q2;
	q1 += q3;
	for (; i < n; i++) {
		z[i] = x[i] - c;
		s0[0] += z[i];
		q0[0] += (double)z[i] * z[i];
	}
	sums[0] = s0[0] + s0[1] + s1[0] + s1[1];
	sums[1] = q0[0] + q0[1] + q1[0] + q1[1];
}

int kernel_beyond(const float *x, long n, int exponent) {
	// The exponent field of such a number, plus this, overflows into the sign bit.
	const uint32_t field = (uint32_t)255 << 23, carry = (uint32_t)(256 - 127 - exponent) << 23;
	uint4 fields = {field, field, field, field}, carries = {carry, carry, carry, carry}, seen = {0};
	long i = 0;
	for (; i + 4 <= n; i += 4) {
		uint4 bits;
		memcpy(&bits, x + i, sizeof bits);
		seen |= (bits & fields) + carries;
	}
	uint32_t any = seen[0] | seen[1] | seen[2] | seen[3];
	for (; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, x + i, sizeof bits);
		any |= (bits & field) + carry;
	}
	return (int)(any >> 31);
}

// load_two, widen_two and add_two take two elements of an array, wherever it lies.
static inline double2 load_two(const double *x) {
	double2 a;
	memcpy(&a, x, sizeof a);
	return a;
}

static inline double2 widen_two(const float *x) {
	float2 a;
	memcpy(&a, x, sizeof a);
	return __builtin_convertvector(a, double2);
}

static inline void add_two(double *x, double2 a) {
	a = load_two(x) + a;
	memcpy(x, &a, sizeof a);
}

// distance is |x - from|². Strands of their own, as in kernel_centre.
static inline double distance(const float *x, const double *from, long n) {
	double2 s0 = {0}, s1 = {0};
	long i = 0;
	for (; i + 4 <= n; i += 4) {
		double2 d0 = widen_two(x + i) - load_two(from + i), d1 = widen_two(x + i + 2) - load_two(from + i + 2);
		s0 += d0 * d0;
		s1 += d1 * d1;
	}
	for (; i < n; i++) {
		double d = x[i] - from[i];
		s0[0] += d * d;
	}
	return s0[0] + s0[1] + s1[0] + s1[1];
}

void kernel_centre_rows(long rows, long cols, const float *x, long x_stride, float *z, long z_stride, const float *centre,
                        double *sum, double *square, const double *from, double *distances) {
	for (long r = 0; r < rows; r++, x += x_stride, z += z_stride) {
		long u = 0;
		for (; u + 4 <= cols; u += 4) {
			float4 a, c;
			memcpy(&a, x + u, sizeof a);
			memcpy(&c, centre + u, sizeof c);
			a -= c;
			memcpy(z + u, &a, sizeof a);
			double2 d0 = widen_two(z + u), d1 = widen_two(z + u + 2);
			add_two(sum + u, d0);
			add_two(sum + u + 2, d1);
			add_two(square + u, d0 * d0);
			add_two(square + u + 2, d1 * d1);
		}
		for (; u < cols; u++) {
			z[u] = x[u] - centre[u];
			double d = z[u];
			sum[u] += d;
			square[u] += d * d;
		}
		if (distances != NULL) distances[r] = distance(x, from, cols);
	}
}

void kernel_add_moved(long rows, long cols, int upper, const float *product, long product_stride, double *sum, long sum_stride, double n,
                      const double *delta_u, const double *sum_u, const double *delta_v, const double *sum_v) {
	for (long r = 0; r < rows; r++, product += product_stride, sum += sum_stride) {
		double d = delta_u[r], s = sum_u[r] + n * d;
		double2 dd = {d, d}, ss = {s, s};
		long c = upper ? r : 0;
		for (; c + 4 <= cols; c += 4) {
			add_two(sum + c, widen_two(product + c) + dd * load_two(sum_v + c) + ss * load_two(delta_v + c));
			add_two(sum + c + 2, widen_two(product + c + 2) + dd * load_two(sum_v + c + 2) + ss * load_two(delta_v + c + 2));
		}
		for (; c < cols; c++) sum[c] += product[c] + d * sum_v[c] + s * delta_v[c];
	}
}

void kernel_add_rows(const struct sparse_entry *entries, const int64_t *starts, long n, const int32_t *rows, const double *weights, double *sum) {
	for (long i = 0; i < n; i++) {
		const struct sparse_entry *e = entries + starts[rows[i]], *end = entries + starts[rows[i] + 1];
		// The rows lie anywhere, so the processor must be told to fetch the next one meanwhile. It may be shorter: what follows it is fetched in vain.
		const struct sparse_entry *next = i + 1 < n ? entries + starts[rows[i + 1]] : e;
		double weight = weights[i];
		for (; e + 8 <= end; e += 8, next += 8) {
			__builtin_prefetch(next);
			for (int k = 0; k < 8; k++) sum[e[k].column] += weight * e[k].value;
		}
		for (; e < end; e++) sum[e->column] += weight * e->value;
	}
}
