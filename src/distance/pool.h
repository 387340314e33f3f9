/*-------------------------------------------------------------------------
 *
 * pool.h
 *	  The nearest of many scored nodes, in order.
 *
 * IDENTIFICATION
 *	  src/distance/pool.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_POOL_H
#define LOKI_POOL_H

#include "c.h"

typedef struct LokiCandidate
{
	float		distance;
	uint32		node;			/* high bit: free for its user */
} LokiCandidate;

/* A pool has room for a multiple of this number; what is behind its end is empty */
#define LOKI_POOL_STEP		8
#define LokiPoolRoom(n)		(((n) + LOKI_POOL_STEP - 1) / LOKI_POOL_STEP * LOKI_POOL_STEP)

/*
 * Take the nearer of n scored nodes into a pool.  pool[0 .. *npool) ascends by
 * distance; `room` is a multiple of LOKI_POOL_STEP, and pool[*npool .. room) is
 * empty (loki_pool_clear).  The pool keeps the nearest `room`; of equal
 * distances, what comes later stands first, and what is in a full pool stays.
 * Distances that are not finite count as the farthest there are.
 *
 * Returns the place of the first that was taken in, or room if none was.
 */
typedef int (*LokiPoolMerge) (LokiCandidate *pool, int *npool, int room,
							  const float *distances, const uint32 *nodes, int n);

/* The one for this processor, and both that there are */
extern LokiPoolMerge loki_pool_merge;
extern int	loki_pool_merge_scalar(LokiCandidate *pool, int *npool, int room,
								   const float *distances, const uint32 *nodes, int n);
#if defined(__x86_64__)
extern int	loki_pool_merge_avx512(LokiCandidate *pool, int *npool, int room,
								   const float *distances, const uint32 *nodes, int n);
#endif

/* Empty the places from n on: they are at infinity, farther than any candidate */
extern void loki_pool_clear(LokiCandidate *pool, int n, int room);

#endif							/* LOKI_POOL_H */
