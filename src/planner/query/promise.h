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

#include "nodes/pathnodes.h"

/*
 * Labels are bits LOKI_FIRST_xxx and LOKI_PLAN_xxx (src/hnsw/hnsw.h) of a path that goes by one distance;
 * they are in the collation of its order-by operator.
 */

/* Give a path its first label, when its costs are estimated (P1). */
extern void loki_promise_label(IndexPath *path);

/* Have the scan of a path put rows without a distance first: LOKI_FIRST_xxx. */
extern void loki_promise_first(IndexPath *path, Oid first);

/*
 * Have the scan of a path find rows by a search (P2).  `complete` is false under pgvector's
 * limits, which end a search early.  `late` is LOKI_PLAN_LATE if rows may come late, or 0.
 */
extern void loki_promise_permit(IndexPath *path, bool complete, Oid late);

/*
 * Whether scans of a query level are likely to be searches.  Only their costs depend
 * on it.  `complete` is false under pgvector's limits, which need no LIMIT.
 */
extern bool loki_promise_likely_search(const PlannerInfo *root, bool complete);

/*
 * The level whose LIMIT takes the rows of a query level, if the planner does not know how many
 * it takes, as in a plan for all values of LIMIT $1; or else NULL
 */
extern const PlannerInfo *loki_promise_unknown_limit(const PlannerInfo *root);

/* The rows that a query level takes from its scans; 0 or less for all rows, or a cursor's */
extern double loki_promise_wanted(const PlannerInfo *root);

/* Whether something in a query needs all rows, or relies on their order */
extern bool loki_consumes_order(const Query *parse);

/* Whether rows of a query pass through groups, windows or the like, or are locked; set operations aside */
extern bool loki_changes_rows(const Query *parse);

/* What a query selects from, if that is one member of the range table without a join; or else NULL */
extern const RangeTblEntry *loki_only_source(const Query *parse);

/* Whether a query has a LIMIT that may be less than all, and not WITH TIES */
extern bool loki_has_limit(const Query *parse);

/* Functions in ranks.c: queries that number their rows */

/*
 * Whether all window functions of a query are ranks within one window that has no
 * PARTITION BY, and nothing but a Sort and a Limit follows
 */
extern bool loki_ranks_rows(const Query *parse);

/* The order of such ranks, if a query sorts by that or by one of them; NIL if not */
extern List *loki_order_of_ranks(const Query *parse);

/* Whether a window function needs all rows before it returns one */
extern bool loki_windows_need_all(const Query *parse);

/* Whether a query's sort keys are one of its ranks, ascending */
extern bool loki_sorts_by_rank(const PlannerInfo *root);

/* Whether a window function is a rank, which depends only on the rows before its own */
extern bool loki_is_rank(const WindowFunc *function);

/*
 * The most that row_number() or another rank is by conditions that end its window, r <= n or r < n: a
 * bigint expression, 0 or more; NULL if there is none
 */
extern Node *loki_number_bound(List *conditions, Oid function);

/*
 * How many rows of a query level have a rank that is wanted, as WHERE r <= n says above a
 * subquery with row_number() AS r; NULL if it does not, or if others may be wanted.  If r is
 * rank(), rows that are the same by `ties` as the last of these are wanted too; or else it is NIL.
 */
extern Node *loki_ranks_wanted(const PlannerInfo *root, List **ties);

/*
 * Functions in words.c.  An expression that core has not simplified, with its operators <@> as they will be
 * if they find an index; it is to be looked at only.
 */
extern Node *loki_words_as_by_index(Node *expr);

/* An expression of a query, with what its columns of joins and of groups stand for */
extern Node *loki_without_columns(Node *expr, const Query *query);

/* Mark the operators <@> of an expression that is moved below a security barrier (P11); it is changed. */
extern void loki_words_from_above_barrier(Node *expr);

/*
 * The share of rows that meet words @@ q, if they come first in the order of
 * words <@> q, and are known to be many more than the query takes; or else 1.  Tells whether q is not
 * known yet.
 */
extern Selectivity loki_words_first(PlannerInfo *root, const IndexPath *path, bool *unknown);

#endif							/* LOKI_PLANNER_QUERY_PROMISE_H */
