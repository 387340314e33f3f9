/*-------------------------------------------------------------------------
 *
 * planner.h
 *	  Costs of hnsw index scans, paths for them, and what they are told.
 *
 * IDENTIFICATION
 *	  src/planner/planner.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_H
#define LOKI_PLANNER_H

#include "hnsw/hnsw.h"
#include "nodes/pathnodes.h"
#include "planner/distexpr.h"

/* functions in clauses.c: x = ANY (column), text = name, boolean columns */
extern bool loki_is_text_equality(Node *clause);
extern IndexClause *loki_index_clause(RestrictInfo *rinfo, RestrictInfo *indexqual, int col);
extern IndexClause *loki_other_index_clause(PlannerInfo *root, IndexOptInfo *info,
											RestrictInfo *rinfo);

/* Costs that are settings, in units of cpu_operator_cost */
extern double loki_scan_cost;
extern double loki_node_cost;
extern double loki_pass_cost;
extern double loki_row_cost;
extern double loki_late_row_cost;
extern double loki_detoast_cost;

/* What a path costs that is not to be chosen: more than any that may be */
#define LOKI_FORBIDDEN_COST		1e100

/* functions in cost.c */
extern void loki_cost_estimate(PlannerInfo *root, IndexPath *path, double loop_count,
							   Cost *startup_cost, Cost *total_cost,
							   Selectivity *selectivity, double *correlation,
							   double *pages);
extern Relation loki_open_planned(const IndexOptInfo *info);
extern double loki_walk_nodes(double n, double ef, int m);
extern Cost loki_score_cost(const LokiHnswShape *shape);

/* functions in hybrid_path.c: scans within a bitmap or a distance */
extern void loki_hybrid_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);
extern void loki_hybrid_init(void);

/* functions in limit.c: install the executor hook */
extern void loki_limit_init(void);

/* functions in order.c: index paths for further forms of ORDER BY */
extern void loki_order_paths(PlannerInfo *root, RelOptInfo *rel);
extern List *loki_usable_indexes(RelOptInfo *rel);
extern List *loki_core_index_paths(PlannerInfo *root, RelOptInfo *rel,
								   IndexOptInfo *info, OpExpr *distance);
extern Oid	loki_order_first(PathKey *key, LokiDistanceExpr *distance);

/* functions in join.c: install the hook that joins a row with its neighbors */
extern OpExpr *loki_constant_distance(OpExpr *op);
extern void loki_join_init(void);

/* functions in paths.c: install the hook that adds paths to base relations */
extern void loki_paths_init(void);

/* functions in resjunk.c: install the planner hook */
extern void loki_resjunk_init(void);

/* Called by _PG_init, after loki_hnsw_init() */
extern void loki_planner_init(void);

#endif							/* LOKI_PLANNER_H */
