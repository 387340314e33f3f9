/*-------------------------------------------------------------------------
 *
 * pool.c
 *	  The nearest of many scored nodes, in order.
 *
 * IDENTIFICATION
 *	  src/distance/pool.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <float.h>
#include <math.h>

#include "distance/distance.h"
#include "distance/pool.h"

LokiPoolMerge loki_pool_merge = loki_pool_merge_scalar;

void
loki_pool_init(void)
{
	loki_pool_merge = loki_pool_merge_scalar;
#if defined(__x86_64__)
	if (loki_cpu_simd() == LOKI_SIMD_AVX512)
		loki_pool_merge = loki_pool_merge_avx512;
#endif
}

void
loki_pool_clear(LokiCandidate *pool, int n, int room)
{
	for (; n < room; n++)
	{
		pool[n].distance = INFINITY;
		pool[n].node = 0;
	}
}

/*
 * The place of a distance.  Halves cannot be predicted, so nothing here
 * branches on them.
 */
static int
place_of(const LokiCandidate *pool, int npool, float distance)
{
	int			low = 0;

	while (npool > 0)
	{
		int			half = npool / 2;
		bool		above = pool[low + half].distance < distance;

		low = above ? low + half + 1 : low;
		npool = above ? npool - half - 1 : half;
	}
	return low;
}

int
loki_pool_merge_scalar(LokiCandidate *pool, int *npool, int room,
					   const float *distances, const uint32 *nodes, int n)
{
	int			first = room;

	for (int i = 0; i < n; i++)
	{
		float		distance = distances[i] <= FLT_MAX ? distances[i] : FLT_MAX;
		int			place;

		if (!(distance < pool[room - 1].distance))
			continue;
		place = place_of(pool, *npool, distance);
		if (*npool < room)
			(*npool)++;
		memmove(&pool[place + 1], &pool[place],
				(*npool - 1 - place) * sizeof(LokiCandidate));
		pool[place].distance = distance;
		pool[place].node = nodes[i];
		first = Min(first, place);
	}
	return first;
}
