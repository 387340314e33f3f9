/*-------------------------------------------------------------------------
 *
 * cost.h
 *	  What a scan of an hnsw index costs.
 *
 * IDENTIFICATION
 *	  src/planner/cost/cost.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_COST_COST_H
#define LOKI_PLANNER_COST_COST_H

#include "hnsw/hnsw.h"
#include "nodes/pathnodes.h"

/* Costs that are settings, in units of cpu_operator_cost */
extern double loki_scan_cost;
extern double loki_flat_node_cost;
extern double loki_row_cost;
extern double loki_detoast_cost;

/* The cost of a path that must not be chosen, more than that of any other path */
#define LOKI_FORBIDDEN_COST		1e100

/* functions in cost/cost.c */
extern void loki_cost_estimate(PlannerInfo *root, IndexPath *path, double loop_count,
							   Cost *startup_cost, Cost *total_cost,
							   Selectivity *selectivity, double *correlation,
							   double *pages);
extern bool loki_may_scan(const IndexOptInfo *info);
extern List *loki_usable_indexes(RelOptInfo *rel);
extern Relation loki_open_planned(const IndexOptInfo *info);
extern void loki_planned_settings(const IndexOptInfo *info, LokiScanSettings *settings);
extern double loki_walk_nodes(double n, double ef, int m);
extern Cost loki_score_cost(const LokiHnswShape *shape);

/* Called by loki_planner_init() */
extern void loki_cost_init(void);

#endif							/* LOKI_PLANNER_COST_COST_H */
