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
 * functions in cost/selectivity.c
 *
 * The share of a relation's rows for which a clause such as v <-> q < r holds, from the
 * distances that ANALYZE sampled.  -1 if the clause is no distance predicate.
 */
extern Selectivity loki_distance_selectivity(PlannerInfo *root, RelOptInfo *rel,
											 Node *clause);

/* Correct the estimated rows of a relation that has such clauses. */
extern void loki_distance_rows(PlannerInfo *root, RelOptInfo *rel);

/* The value of an expression that the planner knows, or guesses; false for NULL */
extern bool loki_known_value(PlannerInfo *root, Node *expr, Datum *value);

/* functions in cost/words_share.c */

/* Whether a distance is a score of words */
extern bool loki_is_words_distance(const OpExpr *distance);

/* Whether a search is weighed by an index of other parameters than this one's, whose lists cannot serve it */
extern bool loki_words_weighed_otherwise(const OpExpr *distance, Relation index);

/*
 * The share of rows that have words within a bound of a score, `strict` below it; -1 if the query is not
 * known
 */
extern double loki_words_share(PlannerInfo *root, RelOptInfo *rel, const OpExpr *distance, double bound,
							   bool strict);

#endif							/* LOKI_PLANNER_COST_SELECTIVITY_H */
