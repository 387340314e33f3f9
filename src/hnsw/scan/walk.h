/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  The walk of an index scan over layer 0, and what a scan with a filter does in its place.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/walk.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_WALK_H
#define LOKI_SCAN_WALK_H

#include "hnsw/graph/search.h"

/* Nodes that a walk scores for each of its width */
#define LOKI_SCORED_PER_WIDTH	10

/*
 * Why a walk stopped.
 */
typedef enum LokiWalkEnd
{
	LOKI_WALK_CONVERGED,		/* what is within reach is expanded */
	LOKI_WALK_DRY,				/* everything reachable is expanded */
	LOKI_WALK_LIMIT				/* scored_limit, memory_limit, or a flat scan
								 * is cheaper */
} LokiWalkEnd;

/*
 * The walk of scans, as far as search->reach says.  Unlike loki_search_layer0() it applies the
 * search's filter, so the nearest are nodes that match, and it can be resumed.  From the first `nnarrow` of
 * the entries the narrow search is made first.
 */
extern LokiWalkEnd loki_walk_begin(LokiSearch *search, const LokiUpperFound *entries,
								   int nentries, int nnarrow);

/* Make room for the marks of the nodes that a walk visits */
extern void loki_walk_reserve(LokiSearch *search, double width);

/* How far the walk has looked; FLT_MAX if it keeps as many nodes as it may */
extern float loki_walk_reach(const LokiSearch *search);

/* Go on with a larger reach */
extern LokiWalkEnd loki_walk_widen(LokiSearch *search);

/*
 * Take the matching nodes that were found and not taken before, ascending by distance.  The
 * array lives until the next call.
 */
extern uint32 loki_walk_take(LokiSearch *search, LokiCandidate **taken);

/*
 * The filter strategy (scan/strategy.c).  A sample of the nodes below an end shows how many
 * of all nodes match.  The nodes that a walk meets show how many match around the query.
 */
extern void loki_strategy_sample(LokiSearch *search, uint32 end, bool spread);
extern bool loki_strategy_short(const LokiSearch *search);
extern bool loki_strategy_joint(const LokiSearch *search);
extern bool loki_strategy_list(const LokiSearch *search);
extern LokiStrategy loki_strategy_choose(const LokiSearch *search, double share);

/* How wide a walk has to be, and whether one has cost more than a flat scan */
extern uint32 loki_strategy_width(const LokiSearch *search, LokiStrategy strategy, double share);
extern bool loki_account_ends_walk(const LokiSearch *search);

#endif							/* LOKI_SCAN_WALK_H */
