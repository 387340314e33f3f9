/*-------------------------------------------------------------------------
 *
 * score.h
 *	  Scores that are made of a distance and of other columns.
 *
 * IDENTIFICATION
 *	  src/planner/forms/score.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_FORMS_SCORE_H
#define LOKI_PLANNER_FORMS_SCORE_H

#include "nodes/pathnodes.h"
#include "planner/query/bounds.h"
#include "planner/query/level.h"

/* What a query level with a LIMIT sorts by first */
typedef struct LokiScore
{
	Expr	   *expr;			/* distances in it are operators */
	Expr	   *bounded;		/* the same but for rounding, sums of distances
								 * as one: for bounds */
	double		rounding;		/* how far its distances may be off */
	PathKey    *output;			/* the order of the result */
	bool		descending;		/* as output says ... */
	bool		nulls_first;	/* ... as well */
	OpExpr	   *distance;		/* the one that rows come by ... */
	PathKey    *input;			/* ... and their order; NULL until it is
								 * chosen */
} LokiScore;

/* A LokiForm's method: levels that sort by such a score; no distance is chosen yet */
extern void *loki_find_score(PlannerInfo *root, const Query *parse, const Query *outer, LokiLevel *level);

/* functions in sums.c: write a score for bounds */
extern void loki_sums_as_one(LokiScore *score);

/* The distances that rows may come by, each once: OpExpr */
extern List *loki_score_distances(const LokiScore *score);

/* Have rows come by one of them; false if a condition makes it the same for all. */
extern bool loki_score_choose(const PlannerInfo *root, LokiScore *score, OpExpr *distance);

/* The columns that an expression has outside of this distance, and PlaceHolderVars */
extern List *loki_columns_outside(Node *expr, const OpExpr *distance);

/* The columns of a score outside of distances, and what is known of them: LokiColumnValues */
extern List *loki_score_columns(PlannerInfo *root, const LokiScore *score);

/* About how many rows of a path are read for the best ones by a score; -1 if it has no bound */
extern double loki_score_rows_read(PlannerInfo *root, const LokiScore *score, List *columns, double rows);

/* What values are taken from */
typedef struct LokiValues
{
	Node	   *(*value) (Node *expr, void *context);	/* of an expression without columns */
	void	   *context;
} LokiValues;

/*
 * An expression_tree_mutator callback, with LokiValues: what does not depend on the row has its value, unless it might
 * raise an error that a row does not, as in a branch that is never taken, or is no expression by itself
 */
extern Node *loki_with_values(Node *node, void *values);

/* The best of a range of scores, as such a number */
extern double loki_score_best(const LokiRange *range, bool descending, bool nulls_first);

#endif							/* LOKI_PLANNER_FORMS_SCORE_H */
