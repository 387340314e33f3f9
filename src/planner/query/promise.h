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

/* Labels of paths that go by one distance */

/* Give a path its first label, when its costs are estimated (P1). */
extern void loki_promise_label(IndexPath *path);

/* Have the scan of a path put rows without a distance first: LOKI_FIRST_xxx. */
extern void loki_promise_first(IndexPath *path, int first);

/*
 * Have the scan of a path find rows by a search (P2).  `complete` is false under pgvector's
 * limits, which end a search early, and `late` says whether rows may come late.
 */
extern void loki_promise_permit(IndexPath *path, bool complete, bool late);

/*
 * Functions in words.c.  An expression that core has not simplified, with its operators <@> as they will be
 * if they find an index; it is to be looked at only.  An expression_tree_mutator callback, without a context.
 */
extern Node *loki_words_as_by_index(Node *expr, void *context);

/* An expression of a query, with what its columns of joins and of groups stand for */
extern Node *loki_without_columns(Node *expr, const Query *query);

/*
 * Mark the operators <@> of an expression that is moved below a security barrier (P11); it is changed.  An
 * expression_tree_walker callback, without a context.
 */
extern bool loki_words_from_above_barrier(Node *expr, void *context);

/*
 * The share of rows that meet words @@ q, if they come first in the order of
 * words <@> q, and are known to be many more than the query takes; or else 1.  Tells whether q is not
 * known yet.
 */
extern Selectivity loki_words_first(PlannerInfo *root, const IndexPath *path, bool *unknown);

#endif							/* LOKI_PLANNER_QUERY_PROMISE_H */
