/*-------------------------------------------------------------------------
 *
 * promise.h
 *	  What plans may rely on in a scan of an hnsw index.
 *
 * IDENTIFICATION
 *	  src/planner/query/promise.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_PROMISE_H
#define LOKI_PLANNER_QUERY_PROMISE_H

#include "hnsw/hnsw.h"
#include "nodes/pathnodes.h"

extern void loki_promise_label(IndexPath *path);
extern void loki_promise_first(IndexPath *path, Oid first);
extern bool loki_promise_likely_search(const PlannerInfo *root, bool complete);
extern bool loki_promise_limit_unknown(const PlannerInfo *root);
extern double loki_promise_wanted(const PlannerInfo *root);
extern bool loki_consumes_order(const Query *parse);
extern bool loki_has_limit(const Query *parse);
extern void loki_promise_permit(IndexPath *path, bool complete, Oid late);

/* functions in ranks.c: queries that number their rows */
extern bool loki_ranks_rows(const Query *parse);
extern bool loki_windows_need_all(const Query *parse);
extern bool loki_sorts_by_rank(const PlannerInfo *root);
extern Node *loki_number_bound(List *conditions);
extern Node *loki_ranks_wanted(const PlannerInfo *root);

/*
 * functions in words.c: the share of rows that meet words @@ q, if they come first in the order of
 * words <@> q, and are known to be many more than the query takes; or else 1.  Tells whether q is not
 * known yet.
 */
extern Selectivity loki_words_first(PlannerInfo *root, const IndexPath *path, bool *unknown);

#endif							/* LOKI_PLANNER_QUERY_PROMISE_H */
