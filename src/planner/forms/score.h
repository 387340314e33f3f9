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

/*
 * In sums.c: an expression_tree_mutator callback, with a LokiScore that learns of the rounding: each sum of several
 * distances becomes one distance
 */
extern Node *loki_sums_as_one(Node *node, void *score);

/* An expression_tree_walker callback: list the distances of an expression, each once */
extern bool loki_list_distances(Node *node, List **distances);

/* The columns that an expression has outside of this distance, and PlaceHolderVars */
extern List *loki_columns_outside(Node *expr, const OpExpr *distance);

/*
 * About how many rows of a path are read for the best ones by a score, of whose columns outside of distances
 * LokiColumnValues are known; -1 if it has no bound
 */
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
