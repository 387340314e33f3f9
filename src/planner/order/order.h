/*-------------------------------------------------------------------------
 *
 * order.h
 *	  Paths in the order of a distance, and what LIMIT takes of them.
 *
 * IDENTIFICATION
 *	  src/planner/order/order.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_ORDER_ORDER_H
#define LOKI_PLANNER_ORDER_ORDER_H

#include "planner/order/node.h"
#include "planner/query/distance_expr.h"

/* Functions in order/order.c: index paths for further forms of ORDER BY */

/* Add such paths, of the order that the query asks of a relation, or that a form has in the place of it. */
extern void loki_order_paths(PlannerInfo *root, RelOptInfo *rel);

/* Have rows of the level come by a sort key, which has expressions that core has not translated to children if new. */
extern void loki_ask_for_order(PlannerInfo *root, RelOptInfo *rel, const PathKey *key, bool is_new);

/* Whether a sort key puts rows in the order of a distance (P7), which then describes it */
extern bool loki_orders_by_distance(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
									LokiDistanceExpr *distance);

/* Whether rows whose vector is NULL, if there may be any, are not at an end of the order */
extern bool loki_mixes_nulls(PlannerInfo *root, RelOptInfo *rel, const LokiDistanceExpr *distance);

/* A distance that a scan goes by in the order of a sort key: itself, or a copy */
extern OpExpr *loki_order_operator(OpExpr *distance, const PathKey *key);

/*
 * Make the paths of a relation as if it had further conditions, and one less if that is given,
 * in the order of the query or of a key that is that of a distance, or, without one, the same for
 * all rows.  If the conditions depend on other relations (`outer`), so many rows are left.
 */
extern List *loki_paths_with(PlannerInfo *root, const RelOptInfo *rel, List *conditions,
							 const RestrictInfo *without, Relids outer, double rows, PathKey *key,
							 const LokiDistanceExpr *distance);

/*
 * Functions in order/limit_cost.c: how much less than a share of all costs what a Limit takes of a path costs, if it
 * took all rows; and let a Limit cost so much less
 */
extern Cost loki_limit_saves(PlannerInfo *root, const Path *path);
extern void loki_cost_limit(LimitPath *limit, Cost saved);

/* Paths that core has dropped for what all of their rows cost: sorted by further keys, and limited */
extern void loki_sort_late(PlannerInfo *root, RelOptInfo *input, RelOptInfo *ordered);
extern void loki_limit_again(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
							 const FinalPathExtraData *final);

/* Function in order/limit.c: install the executor hook */
extern void loki_limit_init(void);

/* Function in order/resjunk.c: what is changed in finished plans */
extern void loki_finish_plans(PlannedStmt *statement);

/* Whether finished plans come there, from the hook's first call on; not the one of the statement that loads the library */
extern bool loki_walks_plans;

/* Functions in order/limit_search.c: make searches of scans that the finished paths permit */
extern void loki_search_paths(PlannerInfo *root, RelOptInfo *output, const FinalPathExtraData *final);

/*
 * A copy of a path that ranks the rows that a Limit takes, whose scans are searches, or NULL, or a path that gives these
 * up for another (`instead`); and whether a subquery may not know the values that LIMIT and OFFSET have above it
 */
extern Path *loki_first_ranks(PlannerInfo *root, LimitPath *limit, const FinalPathExtraData *final, WindowAggPath *path,
							  Path *instead);
extern bool loki_limit_has_parameters(const LimitPath *limit);

/* Walker: whether there are parameters of a plan */
extern bool loki_has_plan_parameters(Node *node, void *context);

/* The Limit with scans that are searches, or as it was */
extern Path *loki_limit_search(PlannerInfo *root, RelOptInfo *rel, LimitPath *limit,
							   const FinalPathExtraData *final);

/*
 * Functions in order/search_or_sort.c: a search of what a Limit takes, whose order comes from one scan, or a path of the
 * table (`source`) that has it; or, where nobody knows how many of its rows are dropped above it, a path of the search
 * and of the plan that takes its place: `instead`, or else the query's cheapest, below the Limit.  And begin.
 */
extern Path *loki_search_or_sort(PlannerInfo *root, RelOptInfo *rel, const LimitPath *limit,
								 const FinalPathExtraData *final, const Path *source, const IndexPath *scan,
								 Path *search, Path *instead);
extern void loki_search_or_sort_init(void);

#endif							/* LOKI_PLANNER_ORDER_ORDER_H */
