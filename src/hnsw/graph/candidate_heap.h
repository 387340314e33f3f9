/*-------------------------------------------------------------------------
 *
 * candidate_heap.h
 *	  Candidates in a binary heap, or sorted.
 *
 * With sign 1 the nearest candidate is on top of the heap, with sign -1 the farthest.  A
 * distance lies beside its node, so comparing reads nothing else.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/candidate_heap.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_CANDIDATE_HEAP_H
#define LOKI_GRAPH_CANDIDATE_HEAP_H

#include "distance/pool.h"

/* Ascending by distance, ties by node ID */
static inline int
loki_compare_candidates(const LokiCandidate *a, const LokiCandidate *b)
{
	if (a->distance != b->distance)
		return a->distance < b->distance ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

/* The first of n candidates, ascending, that is no nearer than a distance; n if all are */
static inline uint32
loki_candidates_place(const LokiCandidate *candidates, uint32 n, float distance)
{
	uint32		low = 0;

	while (low < n)
	{
		uint32		middle = (low + n) / 2;

		if (candidates[middle].distance < distance)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

/* Whether a belongs above b */
static inline bool
loki_heap_above(LokiCandidate a, LokiCandidate b, float sign)
{
	return sign * a.distance < sign * b.distance;
}

/* Move candidate i up to its place. */
static inline void
loki_heap_sift_up(LokiCandidate *heap, uint32 i, float sign)
{
	LokiCandidate item = heap[i];

	while (i > 0)
	{
		uint32		parent = (i - 1) / 2;

		if (!loki_heap_above(item, heap[parent], sign))
			break;
		heap[i] = heap[parent];
		i = parent;
	}
	heap[i] = item;
}

/* Move candidate i of n down to its place. */
static inline void
loki_heap_sift_down(LokiCandidate *heap, uint32 n, uint32 i, float sign)
{
	LokiCandidate item = heap[i];

	for (uint32 child = 2 * i + 1; child < n; child = 2 * i + 1)
	{
		/*
		 * which of two children is above is a toss-up: no branch is to guess
		 * it
		 */
		child += loki_heap_above(heap[Min(child + 1, n - 1)], heap[child], sign);
		if (!loki_heap_above(heap[child], item, sign))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
}

/* Sort n candidates by loki_compare_candidates(). */
extern void loki_candidates_sort(LokiCandidate *candidates, size_t n);

#endif							/* LOKI_GRAPH_CANDIDATE_HEAP_H */
