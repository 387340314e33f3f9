/*-------------------------------------------------------------------------
 *
 * pool.c
 *	  The nearest of many scored nodes, in order.
 *
 * A search over a graph keeps its nearest candidates in two heaps, in the paper on HNSW and in
 * pgvector.  A pool is one sorted array in place of both: the next candidate to expand is the first
 * that was not, and the farthest is the last.  Scored nodes come in batches, of which most are
 * farther than the last, so that few are moved.
 *
 * A pool of some hundreds of candidates, of 8 bytes each, fits the first level of cache.  There,
 * moving half of it takes less time than the branches of a heap, which cannot be predicted.
 *
 * Both kinds of merge keep the same candidates in the same order, so that a search finds the same
 * rows on each processor as far as distances are equal.
 *
 * IDENTIFICATION
 *	  src/distance/pool.c
 *
 * SPDX-License-Identifier: PostgreSQL
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
loki_pool_clear(LokiCandidate *pool, int n, int room)
{
	Assert(n >= 0 && room % LOKI_POOL_STEP == 0);
	for (; n < room; n++)
	{
		pool[n].distance = INFINITY;
		pool[n].node = 0;
	}
}

/* Scored nodes that are taken in together: about the neighbors of a node */
#define BATCH			32

/*
 * One that is taken in: it comes before the candidate that was at `place`.  Places refer to the pool
 * as it was before the batch, which they stay valid for, since nothing is moved until the end.
 */
typedef struct Taken
{
	LokiCandidate candidate;
	int			place;
}			Taken;

/*
 * How many of a pool are nearer than a distance.  By halves; these cannot be predicted, so nothing here
 * branches on them.
 */
static inline int
count_less(const LokiCandidate *pool, int npool, float distance)
{
	int			low = 0;

	while (npool > 1)
	{
		int			half = npool / 2;

		low += half & -(int) (pool[low + half - 1].distance < distance);
		npool -= half;
	}
	return low + (npool == 1 && pool[low].distance < distance);
}

/*
 * Take a batch in.  Nothing is moved before all that is taken in has a place among what the
 * pool held before; so the searches for places do not wait for each other, and each candidate
 * is moved once.
 */
static int
merge_batch(LokiCandidate *pool, int *npool, int room, const float *distances,
			const uint32 *nodes, int n)
{
	Taken		taken[BATCH];	/* ascending */
	int			ntaken = 0;
	int			kept = *npool;	/* of the pool; what lies behind is pushed out */
	int			end;
	float		worst = pool[room - 1].distance;

	Assert(n > 0 && n <= BATCH);

	for (int i = 0; i < n; i++)
	{
		LokiCandidate candidate = {distances[i], nodes[i]};
		int			j;

		/* NaN and infinity are as far as can be, but nearer than an empty place */
		if (!(candidate.distance <= FLT_MAX))
			candidate.distance = FLT_MAX;
		if (!(candidate.distance < worst))
			continue;
		/* insertion sort: few are taken in; before those that are equally far */
		for (j = ntaken; j > 0 && !(taken[j - 1].candidate.distance < candidate.distance); j--)
			taken[j] = taken[j - 1];
		taken[j].candidate = candidate;
		taken[j].place = count_less(pool, *npool, candidate.distance);
		ntaken++;
		if (kept + ntaken > room)
		{
			/* of two that are equally far, what was there before is behind */
			if (kept > 0 && pool[kept - 1].distance >= taken[ntaken - 1].candidate.distance)
				kept--;
			else
				ntaken--;
		}
		/* from now on only what is nearer than the last one comes in */
		if (kept + ntaken == room)
		{
			worst = taken[ntaken - 1].candidate.distance;
			if (kept > 0)
				worst = Max(worst, pool[kept - 1].distance);
		}
	}
	if (ntaken == 0)
		return room;

	/*
	 * From the back: what stays behind the i-th one taken in moves up by i + 1, and
	 * so each candidate is moved once, to its last place.
	 */
	Assert(kept >= 0 && kept + ntaken <= room);
	end = kept;
	for (int i = ntaken - 1; i >= 0; i--)
	{
		/* the pool may have lost the candidates that its place was among */
		int			place = Min(taken[i].place, kept);

		memmove(&pool[place + i + 1], &pool[place], sizeof(LokiCandidate) * (end - place));
		pool[place + i] = taken[i].candidate;
		end = place;
	}
	*npool = kept + ntaken;
	return end;
}

int
loki_pool_merge_scalar(LokiCandidate *pool, int *npool, int room, const float *distances,
					   const uint32 *nodes, int n)
{
	int			first = room;

	Assert(room > 0 && room % LOKI_POOL_STEP == 0 && *npool >= 0 && *npool <= room);
	Assert(*npool == room || isinf(pool[*npool].distance));
	for (int i = 0; i < n; i += BATCH)
	{
		int			place = merge_batch(pool, npool, room, distances + i, nodes + i,
										Min(n - i, BATCH));

		first = Min(first, place);
	}
	Assert(first == room || (first < *npool && *npool <= room));
	return first;
}
