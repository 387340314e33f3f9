/*-------------------------------------------------------------------------
 *
 * selectivity.h
 *	  How many rows a distance predicate lets pass.
 *
 * IDENTIFICATION
 *	  src/planner/cost/selectivity.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_COST_SELECTIVITY_H
#define LOKI_PLANNER_COST_SELECTIVITY_H

#include "nodes/pathnodes.h"

/*
 * The share of a relation's rows for which a clause such as v <-> q < r holds, from the
 * distances that ANALYZE sampled.  -1 if the clause is no distance predicate.
 */
extern Selectivity loki_distance_selectivity(PlannerInfo *root, RelOptInfo *rel,
											 Node *clause);

/* Correct the estimated rows of a relation that has such clauses. */
extern void loki_distance_rows(PlannerInfo *root, RelOptInfo *rel);

#endif							/* LOKI_PLANNER_COST_SELECTIVITY_H */
