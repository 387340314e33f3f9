/*-------------------------------------------------------------------------
 *
 * pool_avx512.c
 *	  The nearest of many scored nodes, in order, kept in registers meanwhile.
 *
 * A pool of up to 128 fills 16 registers.  Taking in a node compares it with
 * all at once, and shifts those behind it by one; that takes less time than
 * finding its place in memory and waiting until what was moved can be read
 * again.
 *
 * IDENTIFICATION
 *	  src/distance/pool_avx512.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#if defined(__x86_64__)

#include <float.h>
#include <immintrin.h>
#include <math.h>

#include "distance/pool.h"

#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")))
#define PER_REGISTER	LOKI_POOL_STEP
#define MAX_REGISTERS	16

/* The lanes that hold distances */
#define DISTANCES		0x5555

/*
 * Distances of `room` candidates that are less than a distance.
 */
TARGET static inline int
count_less(const __m512 *pool, int nregisters, float distance)
{
	__m512		other = _mm512_set1_ps(distance);
	int			n = 0;

#pragma GCC unroll 16
	for (int i = 0; i < nregisters; i++)
		n += __builtin_popcount(_mm512_mask_cmp_ps_mask(DISTANCES, pool[i], other, _CMP_LT_OQ));
	return n;
}

/*
 * Put a candidate into its place, from the back: of a pair of neighbors the one
 * before moves here if it is not less, and the candidate comes between one that
 * is less and one that is not.
 */
TARGET static inline void
insert(__m512 *pool, int nregisters, float distance, uint32 node)
{
	LokiCandidate candidate = {distance, node};
	__m512		other = _mm512_set1_ps(distance);
	__m512		item;
	int64		bits;

	memcpy(&bits, &candidate, sizeof(bits));
	item = _mm512_castsi512_ps(_mm512_set1_epi64(bits));
#pragma GCC unroll 16
	for (int i = nregisters - 1; i >= 0; i--)
	{
		__m512i		below = i > 0 ? _mm512_castps_si512(pool[i - 1]) :
			_mm512_castps_si512(_mm512_set1_ps(-INFINITY));
		__m512		before = _mm512_castsi512_ps(
			_mm512_alignr_epi64(_mm512_castps_si512(pool[i]), below, PER_REGISTER - 1));
		__mmask16	before_less = _mm512_cmp_ps_mask(_mm512_moveldup_ps(before), other, _CMP_LT_OQ);
		__mmask16	less = _mm512_cmp_ps_mask(_mm512_moveldup_ps(pool[i]), other, _CMP_LT_OQ);

		pool[i] = _mm512_mask_blend_ps(less, _mm512_mask_blend_ps(before_less, before, item),
									   pool[i]);
	}
}

/* The last distance of the last register: that of the farthest in a full pool, else infinity */
TARGET static inline float
farthest(__m512 last)
{
	__m512i		bits = _mm512_castps_si512(last);

	return _mm512_cvtss_f32(_mm512_castsi512_ps(
		_mm512_alignr_epi64(bits, bits, PER_REGISTER - 1)));
}

/* nregisters is a constant wherever this is inlined */
TARGET static inline __attribute__((always_inline)) int
merge(LokiCandidate *candidates, int *npool, const int nregisters,
	  const float *distances, const uint32 *nodes, int n)
{
	int			room = nregisters * PER_REGISTER;
	__m512		pool[MAX_REGISTERS];
	float		nearest = INFINITY;
	float		worst = candidates[room - 1].distance;
	int			taken = 0;

	Assert(*npool >= 0 && *npool <= room);
	Assert(*npool == room || isinf(candidates[*npool].distance));
#pragma GCC unroll 16
	for (int i = 0; i < nregisters; i++)
		pool[i] = _mm512_loadu_ps(&candidates[i * PER_REGISTER]);

	for (int first = 0; first < n; first += 16)
	{
		__mmask16	lanes = n - first < 16 ? (1 << (n - first)) - 1 : 0xffff;
		__m512		some = _mm512_maskz_loadu_ps(lanes, distances + first);
		unsigned	near;

		/* the second operand is what becomes of a NaN */
		some = _mm512_min_ps(some, _mm512_set1_ps(FLT_MAX));
		near = _mm512_mask_cmp_ps_mask(lanes, some, _mm512_set1_ps(worst), _CMP_LT_OQ);
		for (; near != 0; near &= near - 1)
		{
			int			i = first + __builtin_ctz(near);
			float		distance = distances[i] <= FLT_MAX ? distances[i] : FLT_MAX;

			if (!(distance < worst))
				continue;
			insert(pool, nregisters, distance, nodes[i]);
			worst = farthest(pool[nregisters - 1]);
			nearest = Min(nearest, distance);
			taken++;
		}
	}
	if (taken == 0)
		return room;

#pragma GCC unroll 16
	for (int i = 0; i < nregisters; i++)
		_mm512_storeu_ps((float *) &candidates[i * PER_REGISTER], pool[i]);
	*npool = Min(*npool + taken, room);
	return count_less(pool, nregisters, nearest);
}

#define CASE(nregisters) \
	case nregisters: \
		return merge(pool, npool, nregisters, distances, nodes, n)

TARGET int
loki_pool_merge_avx512(LokiCandidate *pool, int *npool, int room,
					   const float *distances, const uint32 *nodes, int n)
{
	Assert(room > 0 && room % PER_REGISTER == 0);
	switch (room / PER_REGISTER)
	{
			CASE(1);
			CASE(2);
			CASE(3);
			CASE(4);
			CASE(5);
			CASE(6);
			CASE(7);
			CASE(8);
			CASE(9);
			CASE(10);
			CASE(11);
			CASE(12);
			CASE(13);
			CASE(14);
			CASE(15);
			CASE(16);
		default:
			return loki_pool_merge_scalar(pool, npool, room, distances, nodes, n);
	}
}

#endif							/* __x86_64__ */
