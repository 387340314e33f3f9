/*-------------------------------------------------------------------------
 *
 * lanes.h
 *	  The order of sums that are equal on every processor.
 *
 * Element i is added to partial sum i % LOKI_LANES.  In the end the upper half of the partial
 * sums is added to the lower half, until one is left.  Products are rounded before they are
 * added: the Makefile keeps compilers from fusing the two.
 *
 * IDENTIFICATION
 *	  src/distance/lanes.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_LANES_H
#define LOKI_LANES_H

#include "c.h"

#define LOKI_LANES	32

/* The sum of all lanes, which it overwrites */
static inline float
loki_add_lanes(float lanes[LOKI_LANES])
{
	for (int half = LOKI_LANES / 2; half > 0; half /= 2)
		for (int i = 0; i < half; i++)
			lanes[i] += lanes[i + half];
	return lanes[0];
}

#if defined(__x86_64__)

#include <immintrin.h>

#define LOKI_LANES_AVX2		(LOKI_LANES / 8)	/* registers */
#define LOKI_LANES_AVX512	(LOKI_LANES / 16)

static inline __attribute__((target("avx2"))) float
loki_add_eight_lanes(__m256 eight)
{
	__m128		four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
	__m128		two = _mm_add_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

static inline __attribute__((target("avx2"))) float
loki_add_lanes_avx2(const __m256 lanes[LOKI_LANES_AVX2])
{
	return loki_add_eight_lanes(_mm256_add_ps(_mm256_add_ps(lanes[0], lanes[2]),
											  _mm256_add_ps(lanes[1], lanes[3])));
}

static inline __attribute__((target("avx512f,avx512dq"))) float
loki_add_lanes_avx512(const __m512 lanes[LOKI_LANES_AVX512])
{
	__m512		sixteen = _mm512_add_ps(lanes[0], lanes[1]);

	return loki_add_eight_lanes(_mm256_add_ps(_mm512_castps512_ps256(sixteen),
											  _mm512_extractf32x8_ps(sixteen, 1)));
}

#elif defined(__aarch64__)

#include <arm_neon.h>

#define LOKI_LANES_NEON		(LOKI_LANES / 4)

static inline float
loki_add_lanes_neon(const float32x4_t lanes[LOKI_LANES_NEON])
{
	float32x4_t sums[LOKI_LANES_NEON / 2];
	float32x2_t two;

	for (int i = 0; i < 4; i++)
		sums[i] = vaddq_f32(lanes[i], lanes[i + 4]);
	sums[0] = vaddq_f32(vaddq_f32(sums[0], sums[2]), vaddq_f32(sums[1], sums[3]));
	two = vadd_f32(vget_low_f32(sums[0]), vget_high_f32(sums[0]));
	return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

#endif

#endif							/* LOKI_LANES_H */
