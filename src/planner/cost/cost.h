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

/*
 * amcostestimate, in cost/cost.c.  Opens the index, whose lock the planner holds, and reads its
 * metapage; leaves neither open nor pinned.
 */
extern void loki_cost_estimate(PlannerInfo *root, IndexPath *path, double loop_count,
							   Cost *startup_cost, Cost *total_cost,
							   Selectivity *selectivity, double *correlation,
							   double *pages);

/* The least share of rows that guesses leave to a search */
#define LOKI_LEAST_GUESS		0.05

/*
 * Functions in cost/guess.c: how many of a scan's rows are to be expected to pass the executor's conditions, of which
 * the server guesses so many; the share of rows that guesses leave of what is joined to a table; and write the shares that
 * a partial index knows into such conditions, if there are any
 */
extern double loki_rows_by_guess(PlannerInfo *root, const IndexPath *path, double guessed, double rows);
extern Selectivity loki_joined_by_guess(PlannerInfo *root, const RelOptInfo *rel);
extern double loki_rows_for_joins(PlannerInfo *root, RelOptInfo *rel, double rows);
extern bool loki_share_by_predicate(PlannerInfo *root, RelOptInfo *rel);

/* Whether an index is of our access method, and has a file; hypothetical ones have none */
extern bool loki_may_scan(const IndexOptInfo *info);

/* The relation's hnsw indexes that the query can use: IndexOptInfo */
extern List *loki_usable_indexes(RelOptInfo *rel);

/*
 * Open an index of a query that is being planned.  The planner holds a lock on it until
 * the transaction ends; the caller closes it with NoLock.  Hypothetical indexes, which
 * other extensions plan with, have no file and must not be opened.
 */
extern Relation loki_open_planned(const IndexOptInfo *info);

/* The settings that a scan of an index would go by now */
extern LokiScanSettings loki_planned_settings(const IndexOptInfo *info);

/* Whether pgvector's limits end no scan of a relation's usable indexes */
extern bool loki_scans_are_complete(RelOptInfo *rel);

/* The share of so many pages that effective_cache_size does not cover, 1 % at least */
extern double loki_share_missed(double pages);

/* Nodes that a walk of width ef scores in a graph of n nodes with m links each */
extern double loki_walk_nodes(double n, double ef, int m);

/* Scoring one node; in a pending index, reading its row, unless it has posting lists */
extern Cost loki_score_cost(const LokiHnswShape *shape);

/* What a row of a search costs that finds its rows in batches, as nearly all are dropped */
extern Cost loki_dropped_row_cost(void);

/* Called by loki_planner_init() */
extern void loki_cost_init(void);

#endif							/* LOKI_PLANNER_COST_COST_H */
