/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  The walk of an index scan over layer 0.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/walk.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_WALK_H
#define LOKI_SCAN_WALK_H

#include "postgres.h"

#include "hnsw/graph/search.h"

/*
 * Why a walk stopped.
 */
typedef enum LokiWalkEnd
{
	LOKI_WALK_CONVERGED,		/* the ef best are expanded */
	LOKI_WALK_DRY,				/* everything reachable is expanded */
	LOKI_WALK_LIMIT				/* scored_limit, memory_limit, or a pass over
								 * all nodes is cheaper */
} LokiWalkEnd;

/*
 * The walk of scans: as loki_search_layer0(), but with the search's filter,
 * of which the ef best are those that match, and resumable.
 */
extern LokiWalkEnd loki_walk_begin(LokiSearch *search, const LokiUpperFound *entries,
								   int nentries, uint32 ef);

/* Go on with a larger ef */
extern LokiWalkEnd loki_walk_widen(LokiSearch *search, uint32 ef);

/*
 * The matching nodes found that were not taken before, ascending by distance;
 * the array lives until the next call.
 */
extern uint32 loki_walk_take(LokiSearch *search, LokiCandidate **taken);

#endif							/* LOKI_SCAN_WALK_H */
