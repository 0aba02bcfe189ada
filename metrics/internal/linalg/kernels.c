//go:build cgo

#include "kernels.h"

#include <stddef.h>
#include <string.h>

// Vectors of 16 bytes, which every 64-bit processor has registers for.
typedef float float2 __attribute__((vector_size(8)));
typedef float float4 __attribute__((vector_size(16)));
typedef double double2 __attribute__((vector_size(16)));
typedef int32_t int4 __attribute__((vector_size(16)));
typedef int64_t long2 __attribute__((vector_size(16)));
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

long kernel_reaching(const float *x, const float *limits, float limit, long n, int32_t *found) {
	long count = 0, i = 0;
	float4 common = {limit, limit, limit, limit};
	for (; i + 16 <= n; i += 16) {
		int4 any = {0};
		for (long j = i; j < i + 16; j += 4) {
			float4 a, own;
			memcpy(&a, x + j, sizeof a);
			any |= (int4)(a >= common);
			if (limits != NULL) {
				memcpy(&own, limits + j, sizeof own);
				any |= (int4)(a >= own);
			}
		}
		long2 halves = (long2)any;
		if ((halves[0] | halves[1]) == 0) continue;
		for (long j = i; j < i + 16; j++) {
			found[count] = (int32_t)j;
			count += x[j] >= limit || (limits != NULL && x[j] >= limits[j]);
		}
	}
	for (; i < n; i++) {
		found[count] = (int32_t)i;
		count += x[i] >= limit || (limits != NULL && x[i] >= limits[i]);
	}
	return count;
}
