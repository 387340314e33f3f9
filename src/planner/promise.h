/*-------------------------------------------------------------------------
 *
 * promise.h
 *	  What plans may rely on in a scan of an hnsw index.
 *
 * IDENTIFICATION
 *	  src/planner/promise.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PROMISE_H
#define LOKI_PROMISE_H

#include "hnsw/hnsw.h"
#include "nodes/pathnodes.h"

extern void loki_promise_label(IndexPath *path, bool complete);
extern void loki_promise_first(IndexPath *path, Oid first);
extern void loki_promise_exact(IndexPath *path);
extern bool loki_promise_likely_search(const PlannerInfo *root);
extern double loki_promise_wanted(const PlannerInfo *root);
extern void loki_promise_permit(List *scans, Oid late);

/* functions in search.c: install the hook that sees finished paths */
extern void loki_search_init(void);

/* functions in rank.c: queries that number the rows of a search */
extern bool loki_ranks_rows(const Query *parse);
extern void loki_rank_paths(const PlannerInfo *root, RelOptInfo *windows);

#endif							/* LOKI_PROMISE_H */
