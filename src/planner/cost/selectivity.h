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
#include "planner/cost/distance_profile.h"

/* What is known of the distances of a relation's rows from one query, for several bounds */
typedef struct LokiDistances
{
	PlannerInfo *root;
	RelOptInfo *rel;
	OpExpr	   *distance;		/* the column on its left; NULL: nothing is
								 * known */
	double		nulls;			/* share of rows without a vector */
	LokiDistanceProfile profile;	/* of a typical row; no targets: there is
									 * none */
	double		scale;			/* from the query's to those of a typical row;
								 * 0 if the nearest references say it */
	int			n;				/* references, and how far from them the query
								 * is, ascending */
	double		references[LOKI_DISTANCE_REFERENCES];
} LokiDistances;

/* functions in cost/selectivity.c: false if the distance is not one of the relation */
extern bool loki_find_distances(PlannerInfo *root, RelOptInfo *rel, OpExpr *distance,
								LokiDistances *known);

/*
 * The share of rows within a distance, `strict` nearer than it.  Where nothing is known, core's guess for a
 * range (DEFAULT_RANGE_INEQ_SEL) stands for that of rows with a vector.
 */
extern Selectivity loki_share_within(const LokiDistances *known, double bound, bool strict);

/*
 * The share of a relation's rows for which a clause such as v <-> q < r holds, from the
 * distances that ANALYZE sampled.  -1 if the clause is no distance predicate.
 */
extern Selectivity loki_distance_selectivity(PlannerInfo *root, RelOptInfo *rel,
											 Node *clause);

/* Correct the estimated rows of a relation that has such clauses, or those of a partial index's predicate. */
extern void loki_distance_rows(PlannerInfo *root, RelOptInfo *rel);

/* The value of an expression that the planner knows, or guesses; false for NULL */
extern bool loki_known_value(PlannerInfo *root, Node *expr, Datum *value);

/* functions in cost/values.c */

/* What costs of a score go by.  Without statistics values are taken to be spread evenly. */
struct LokiColumnValues;
extern void loki_estimate_values(PlannerInfo *root, struct LokiColumnValues *column);

/* The share of rows of which statistics tell that a column is NULL; of any relation's (0), or of one */
extern float4 loki_null_share(PlannerInfo *root, Node *column, Index relid);

/* functions in cost/words_share.c */

/* Whether a distance is a score of words */
extern bool loki_is_words_distance(const OpExpr *distance);

/* The arguments of bm25_weighed() where the planner has made its call (query/words.c); or else NIL */
extern const List *loki_planned_words(const OpExpr *distance);

/* Whether a search is weighed by an index of other parameters than this one's, whose lists cannot serve it */
extern bool loki_words_weighed_otherwise(const OpExpr *distance, Relation index);

/*
 * The share of rows that have words within a bound of a score, `strict` below it; -1 if the query is not
 * known
 */
extern double loki_words_share(PlannerInfo *root, RelOptInfo *rel, const OpExpr *distance, double bound,
							   bool strict);

#endif							/* LOKI_PLANNER_COST_SELECTIVITY_H */
