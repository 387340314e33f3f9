/*-------------------------------------------------------------------------
 *
 * score_rows.c
 *	  How many rows are read until the best ones by a score are known.
 *
 * The node of scores (forms/scores.c) reads rows by distance until no row to come can be better.  So its path costs
 * as much as the rows within the distance where that is so, which is found by the profile of distances, the bounds of
 * columns and their quantiles.  These are estimates: the node asks for its bounds when it is executed.
 *
 * IDENTIFICATION
 *	  src/planner/forms/score_rows.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "planner/cost/selectivity.h"
#include "planner/forms/score.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"

/* Distances are looked for between -2^MOST_BITS and 2^MOST_BITS, in SEARCH_STEPS steps. */
#define MOST_BITS	30
#define SEARCH_STEPS	14

/*
 * A score whose rows are estimated; parameters and stable functions have values, if known.
 *
 *		near = first_distance(false)	some times as many rows are within it as are wanted
 *		enough							the score that as many of these have at least as are wanted
 *		far = first_distance(true)		no row beyond it has a better score than that
 *
 * The scan reads the rows within `far`.  Columns are taken for independent of the distance, and of each other.
 */
typedef struct Estimate
{
	PlannerInfo *root;
	LokiScore	score;
	LokiDistances distances;
	List	   *columns;		/* LokiColumnValues */
	double		least;			/* distances that there can be */
	double		farthest;
	double		rows;			/* of the path */
	double		wanted;
	double		sought;			/* rows within a distance */
	double		enough;			/* the score that the last row wanted has */
} Estimate;

/* The share of rows within a distance */
static double
share_within(const Estimate *estimate, double distance)
{
	return loki_share_within(&estimate->distances, distance, true) * (1 - estimate->distances.nulls);
}

/* The distance at a place between -1 and 1 of a scale that is fine near zero */
static double
distance_at(const Estimate *estimate, double place)
{
	double		distance = exp2((2 * fabs(place) - 1) * MOST_BITS);

	Assert(place >= -1 && place <= 1);
	return Min(Max(place < 0 ? -distance : distance, estimate->least), estimate->farthest);
}

/*
 * Whether there are as many rows within a distance as are sought; or, of the best ones, whether
 * rows beyond it have no better scores
 */
static bool
is_enough(const Estimate *estimate, double distance, bool best)
{
	if (!best)
		return share_within(estimate, distance) * estimate->rows >= estimate->sought;
	return loki_score_estimate(estimate->root, &estimate->score, estimate->columns, distance,
							   estimate->farthest, false) <= estimate->enough;
}

/*
 * The least distance that is far enough, or the greatest of all.  Both questions are monotone in the
 * distance, so halving finds it; each step asks the profile of distances, or does interval arithmetic
 * over the score.
 */
static double
first_distance(const Estimate *estimate, bool best)
{
	double		low = estimate->least < 0 ? -1 : 0;
	double		high = 1;

	for (int i = 0; i < SEARCH_STEPS; i++)
	{
		double		middle = (low + high) / 2;

		if (is_enough(estimate, distance_at(estimate, middle), best))
			high = middle;
		else
			low = middle;
	}
	return distance_at(estimate, high);
}

/* The score of rows at a distance whose columns have the values that are typical: the worst one */
static double
score_at(const Estimate *estimate, double distance)
{
	return loki_score_estimate(estimate->root, &estimate->score, estimate->columns, distance, distance, true);
}

/* Whether the score is better where a column is greater, at a distance and with the others as they are */
static bool
rises(const Estimate *estimate, LokiColumnValues *column, double distance)
{
	double		typical = column->typical;
	double		low;
	double		high;

	column->typical = column->quantiles[0];
	low = score_at(estimate, distance);
	column->typical = column->quantiles[LOKI_QUANTILES - 1];
	high = score_at(estimate, distance);
	column->typical = typical;
	return high >= low;
}

/*
 * The best score that as many rows are likely to have as are wanted.  Of 4 times as many, a quarter has two columns
 * that are each better than the middle; of 16 times as many, which are farther, a sixteenth has better ones.  More
 * are worth less, as soon as some are.
 */
static double
likely_score(Estimate *estimate)
{
	double		best = -INFINITY;
	double		times = 1;

	do
	{
		double		near;
		double		score;

		estimate->sought = Min(estimate->wanted * times, estimate->rows);
		near = first_distance(estimate, false);
		foreach_ptr(LokiColumnValues, column, estimate->columns)
		{
			double		worse = 1 - pow(times, -1.0 / list_length(estimate->columns));
			double		place = (rises(estimate, column, near) ? worse : 1 - worse) * (LOKI_QUANTILES - 1);
			int			at = Min((int) place, LOKI_QUANTILES - 2);

			/* in proportion between two quantiles */
			column->typical = column->quantiles[at] +
				(place - at) * (column->quantiles[at + 1] - column->quantiles[at]);
		}
		score = score_at(estimate, near);
		if (score < best)
			break;
		best = score;
		times *= 4;
	} while (estimate->columns != NIL && estimate->sought < estimate->rows);
	return best;
}

/* LokiValues's callback: the value that an expression has now, if it is known */
static Node *
value_now(Node *expr, void *root)
{
	return estimate_expression_value(root, expr);
}

/*
 * How many rows of a path are read until the best are known: those within the distance where
 * no row has a better score than as many as are wanted are likely to have.  -1 if the score has no
 * bound.
 */
double
loki_score_rows_read(PlannerInfo *root, const LokiScore *score, List *columns, double rows)
{
	Estimate	estimate = {.root = root, .score = *score, .columns = columns, .rows = rows,
	.wanted = Max(loki_query_level(root)->wanted, 1)};
	LokiValues	now = {value_now, root};
	int			relid;

	estimate.score.bounded = (Expr *) loki_with_values((Node *) score->bounded, &now);
	estimate.score.distance = (OpExpr *) loki_with_values((Node *) score->distance, &now);
	if (!IsA(estimate.score.distance, OpExpr))
		return -1;
	/* the rows of one relation: choose_distance() */
	relid = bms_singleton_member(pull_varnos(root, (Node *) estimate.score.distance));
	if (!loki_find_distances(root, find_base_rel(root, relid), estimate.score.distance, &estimate.distances))
		return -1;
	loki_distance_range(score->distance->opno, &estimate.least, &estimate.farthest);
	if (isinf(loki_score_estimate(root, &estimate.score, columns,
								  distance_at(&estimate, 0.9), estimate.farthest, false)))
		return -1;
	estimate.enough = likely_score(&estimate);
	if (!is_enough(&estimate, distance_at(&estimate, 1), true))
		return rows;
	return Min(Max(share_within(&estimate, first_distance(&estimate, true)) * rows,
				   estimate.wanted), rows);
}
