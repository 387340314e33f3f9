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

/* Add such paths, of the order that the query asks of a relation, or that a node of ours will. */
extern void loki_order_paths(PlannerInfo *root, RelOptInfo *rel);

/* Whether a sort key puts rows in the order of a distance (P7), which then describes it */
extern bool loki_orders_by_distance(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
									LokiDistanceExpr *distance);

/* Whether rows whose vector is NULL, if there may be any, are not at an end of the order */
extern bool loki_mixes_nulls(PlannerInfo *root, RelOptInfo *rel, const LokiDistanceExpr *distance);

/*
 * Add the paths of indexes that return rows in the order of a distance, which is that of a sort
 * key.  Where core has made them as well, only those with more index clauses are added.
 */
extern void loki_distance_order_paths(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
									  const LokiDistanceExpr *distance);

/* A distance that a scan goes by in the order of a sort key: itself, or a copy */
extern OpExpr *loki_order_operator(OpExpr *distance, const PathKey *key);

/* Functions in order/parts.c: tables that are read in parts */

/*
 * Make the paths of a relation as if it had further conditions, and one less if that is given,
 * in the order of the query or of a key that is that of a distance, or, without one, the same for
 * all rows.  If the conditions depend on other relations (`outer`), so many rows are left.
 */
extern List *loki_paths_with(PlannerInfo *root, const RelOptInfo *rel, List *conditions,
							 const RestrictInfo *without, Relids outer, double rows, PathKey *key,
							 const LokiDistanceExpr *distance);

/* Add paths that read a table in parts, if it has the same rows each time (P10). */
extern void loki_part_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);

/* Functions in order/groups_node.c: the first rows of each group, in order */
extern void loki_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
							 RelOptInfo *output);
extern const LokiNodeKind loki_groups_kind;

/* Function in order/row_groups_path.c: groups of a table's rows, in order */
extern void loki_row_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
								 RelOptInfo *output);

/* Functions in order/scores.c: the best rows by a score of more than a distance */
extern void loki_score_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
							 RelOptInfo *output);
extern const LokiNodeKind loki_scores_kind;

/* Function in order/score_rows.c: about how many rows of a path are read for that; -1 if the score has no bound */
struct LokiScore;

extern double loki_score_rows_read(PlannerInfo *root, const struct LokiScore *score, List *columns, double rows);

/* Function in order/limit.c: install the executor hook */
extern void loki_limit_init(void);

/*
 * Functions in order/arms.c: order the arms of a query before it is planned, which may change it;
 * and whether its first sort key is a score
 */
extern void loki_order_arms(Query *query);
extern bool loki_sorts_by_score(const Query *query);

/* Function in order/resjunk.c: what is changed in finished plans */
extern void loki_finish_plans(PlannedStmt *statement);

/* Whether finished plans come there, from the hook's first call on; not the one of the statement that loads the library */
extern bool loki_walks_plans;

/* Functions in order/limit_search.c: the first ranks of rows; and make searches of scans that the finished paths permit */
extern void loki_rank_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output);
extern void loki_search_paths(PlannerInfo *root, RelOptInfo *output, const FinalPathExtraData *final);

/* The Limit with scans that are searches, or as it was */
extern Path *loki_limit_search(PlannerInfo *root, RelOptInfo *rel, LimitPath *limit,
							   const FinalPathExtraData *final);

/*
 * Functions in order/shards.c: partitions that are on other servers; and whether a table or one of its children
 * is on another server, but for those of postgres_fdw if that does not count
 */
extern void loki_shard_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
							 const FinalPathExtraData *final);
extern bool loki_reads_foreign(const RangeTblEntry *rte, bool but_shards);

#endif							/* LOKI_PLANNER_ORDER_ORDER_H */
