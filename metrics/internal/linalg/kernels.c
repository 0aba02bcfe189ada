//go:build cgo

#include "kernels.h"

#include <stddef.h>
#include <string.h>

// Vectors of four lanes, which every 64-bit processor has in hardware; the
// compiler splits those of doubles.
typedef float float4 __attribute__((vector_size(16)));
typedef double double4 __attribute__((vector_size(32)));
typedef int32_t int4 __attribute__((vector_size(16)));
typedef int64_t long2 __attribute__((vector_size(16)));
typedef uint32_t uint4 __attribute__((vector_size(16)));

void kernel_centre(const float *x, float *z, long n, float c, double *sums) {
	double4 s0 = {0}, s1 = {0}, q0 = {0}, q1 = {0};
	float4 centre = {c, c, c, c};
	long i = 0;
	for (; i + 8 <= n; i += 8) {
		float4 a, b;
		memcpy(&a, x + i, sizeof a);
		memcpy(&b, x + i + 4, sizeof b);
		a -= centre;
		b -= centre;
		memcpy(z + i, &a, sizeof a);
		memcpy(z + i + 4, &b, sizeof b);
		double4 d = __builtin_convertvector(a, double4), e = __builtin_convertvector(b, double4);
		s0 += d;
		s1 += e;
		q0 += d * d;
		q1 += e * e;
	}
	s0 += s1;
	q0 += q1;
	for (; i < n; i++) {
		z[i] = x[i] - c;
		s0[0] += z[i];
		q0[0] += (double)z[i] * z[i];
	}
	sums[0] = s0[0] + s0[1] + s0[2] + s0[3];
	sums[1] = q0[0] + q0[1] + q0[2] + q0[3];
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
