/*-------------------------------------------------------------------------
 *
 * matches.h
 *	  The conditions that core has matched to an index.
 *
 * IDENTIFICATION
 *	  src/planner/query/matches.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_MATCHES_H
#define LOKI_PLANNER_QUERY_MATCHES_H

#include "nodes/pathnodes.h"

/* What matches an index for scans that depend on certain other relations */
typedef struct LokiMatch
{
	Relids		outer;			/* these relations; NULL for none */
	double		loops;			/* how often core expects them to be scanned */
	List	   *clauses;		/* IndexClauses */
	List	   *pathkeys;		/* core has made a path in this order ... */
	int			nordered;		/* ... by as many of the clauses */
} LokiMatch;

/* Functions in query/matches.c */

/* Called for each path of an index, with the `loop_count` of its cost estimate. */
extern void loki_note_match(PlannerInfo *root, const IndexPath *path, double loops);

/*
 * The matches of an index, LokiMatch, with what core does not match.  The first is for scans that
 * depend on no more relations than the table itself.  Core's paths of the relation have been made.
 */
extern List *loki_matches(PlannerInfo *root, IndexOptInfo *info);

/* Whether the slots of a path's index decide all of its conditions, so that no row is dropped */
extern bool loki_decides_all(const IndexPath *path);

/* A path by a match in the order of a distance, which loki_match_distance() has found */
extern IndexPath *loki_match_path(PlannerInfo *root, IndexOptInfo *info, const LokiMatch *match,
								  OpExpr *distance, PathKey *key);

/*
 * A distance that an index can order by, with its first column on the left (loki_indexed_vector()).  NULL if it
 * cannot, or if the other side may change during a scan: it has a column of the same table, as in v <-> w,
 * or is volatile.
 */
extern OpExpr *loki_match_distance(PlannerInfo *root, IndexOptInfo *info, OpExpr *distance);

/*
 * A relation of our own: a copy, with copies of these indexes, and no paths yet.  Core makes those of its indexes,
 * before others look for matches; at last it is done.
 */
extern RelOptInfo *loki_own_relation(const RelOptInfo *rel, List *indexes);
extern void loki_make_index_paths(PlannerInfo *root, RelOptInfo *own);
extern void loki_own_paths_done(PlannerInfo *root, const RelOptInfo *own);

/* Bitmap heap scans by these indexes, whether or not core has other paths by them that cost less */
extern List *loki_bitmaps_of_indexes(PlannerInfo *root, RelOptInfo *rel, List *indexes);

#endif							/* LOKI_PLANNER_QUERY_MATCHES_H */
