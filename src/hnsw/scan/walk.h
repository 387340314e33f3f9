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

#include "hnsw/graph/search.h"

/*
 * Why a walk stopped.
 */
typedef enum LokiWalkEnd
{
	LOKI_WALK_CONVERGED,		/* the ef best are expanded */
	LOKI_WALK_DRY,				/* everything reachable is expanded */
	LOKI_WALK_LIMIT				/* scored_limit, memory_limit, or a flat scan
								 * is cheaper */
} LokiWalkEnd;

/*
 * The walk of scans.  Unlike loki_search_layer0() it applies the search's filter, so the ef
 * best are nodes that match, and it can be resumed.
 */
extern LokiWalkEnd loki_walk_begin(LokiSearch *search, const LokiUpperFound *entries,
								   int nentries, uint32 ef);

/* Go on with a larger ef */
extern LokiWalkEnd loki_walk_widen(LokiSearch *search, uint32 ef);

/*
 * Take the matching nodes that were found and not taken before, ascending by distance.  The
 * array lives until the next call.
 */
extern uint32 loki_walk_take(LokiSearch *search, LokiCandidate **taken);

#endif							/* LOKI_SCAN_WALK_H */
