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

/* functions in order/order.c: index paths for further forms of ORDER BY */
extern void loki_order_paths(PlannerInfo *root, RelOptInfo *rel);
extern List *loki_core_index_paths(PlannerInfo *root, RelOptInfo *rel,
								   IndexOptInfo *info, OpExpr *distance);
extern bool loki_orders_by_distance(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
									LokiDistanceExpr *distance);
extern bool loki_mixes_nulls(PlannerInfo *root, RelOptInfo *rel, const LokiDistanceExpr *distance);
extern void loki_distance_order_paths(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
									  const LokiDistanceExpr *distance, bool core_makes);
extern OpExpr *loki_order_operator(OpExpr *distance, const PathKey *key);

/* functions in order/parts.c: tables that are read in parts */
extern List *loki_paths_with(PlannerInfo *root, RelOptInfo *rel, ParamPathInfo *more,
							 RestrictInfo *without, PathKey *key,
							 const LokiDistanceExpr *distance);
extern void loki_part_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);

/* functions in order/groups.c: the first rows of each group, in order */
extern void loki_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
							 RelOptInfo *output);
extern void loki_groups_name_number(CustomScan *scan);
extern const LokiNodeKind loki_groups_kind;

/* functions in order/scores.c: the best rows by a score of more than a distance */
extern void loki_score_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
							 RelOptInfo *output);
extern const LokiNodeKind loki_scores_kind;

/* functions in order/limit.c: install the executor hook */
extern void loki_limit_init(void);

/* functions in arms.c: the arms of a UNION ALL */
extern void loki_order_arms(Query *query);
extern bool loki_sorts_by_score(const Query *query);

/* functions in order/resjunk.c: install the planner hook */
extern void loki_resjunk_init(void);

/* Whether finished plans pass that hook; not the one of the statement that loads the library */
extern bool loki_walks_plans(void);

/* functions in search.c: install the hook that sees finished paths */
extern void loki_search_init(void);
extern bool loki_may_repeat(Node *count, Node *offset);
extern int64 loki_rows_taken_estimate(const FinalPathExtraData *final);
extern Path *loki_limit_search(PlannerInfo *root, RelOptInfo *rel, LimitPath *limit,
							   const FinalPathExtraData *final);

/* functions in shards.c: partitions that are on other servers */
extern void loki_shard_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
							 const FinalPathExtraData *final);

#endif							/* LOKI_PLANNER_ORDER_ORDER_H */
