/*-------------------------------------------------------------------------
 *
 * score.c
 *	  Scores that are made of a distance and of other columns.
 *
 *		SELECT * FROM items ORDER BY 0.7 * (1 - (v <=> $1)) + 0.3 * exp(-age) DESC LIMIT 10
 *
 * If rows come in the order of the distance, no row that is still to come has a better score
 * than one at the distance reached whose other columns have their best values.  So the first
 * rows by score are known as soon as theirs are as good as that.  The best values of columns
 * are those that indexes have when the first row is there (query/bounds.c).  Of several distances, the others
 * have no bound; but some sums of them are one (forms/sums.c).
 *
 *		age is 0 to 9, and v <=> $1 has come to 0.2
 *				no score to come is above 0.7 * (1 - 0.2) + 0.3 * exp(0) = 0.86
 *
 * That is the threshold algorithm of Fagin, Lotem and Naor, with one sorted list.
 *
 * While the paths of a table are made, forms/scores.c has rows come by the first of the score's distances that an
 * index of the table knows.  It makes its own paths when all joins are planned.
 *
 * IDENTIFICATION
 *	  src/planner/forms/score.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "planner/cost/selectivity.h"
#include "planner/forms/score.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"

/*
 * expression_tree_walker callback: whether an expression has a value only where it stands.  CaseTestExpr
 * and CoerceToDomainValue are placeholders for what the node around them has just computed.
 */
static bool
depends_on_row(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, Var) || IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue) ||
		expression_tree_walker(node, depends_on_row, context);
}

/* expression_tree_mutator callback: parameters have their values. */
static Node *
with_parameters(Node *node, void *values)
{
	if (node != NULL && IsA(node, Param))
		return ((const LokiValues *) values)->value(node, ((const LokiValues *) values)->context);
	return expression_tree_mutator(node, with_parameters, values);
}

Node *
loki_with_values(Node *node, void *values)
{
	if (node == NULL || IsA(node, List))
		return expression_tree_mutator(node, loki_with_values, values);
	if (IsA(node, Const) || exprType(node) == BOOLOID)
		return node;
	if (!depends_on_row(node, NULL))
		return ((const LokiValues *) values)->value(node, ((const LokiValues *) values)->context);
	/* all arguments of these are evaluated whenever they are */
	return IsA(node, FuncExpr) || IsA(node, OpExpr) || IsA(node, MinMaxExpr) || IsA(node, RelabelType) ?
		expression_tree_mutator(node, loki_with_values, values) : with_parameters(node, values);
}

/*
 * expression_tree_mutator callback: each function that is called for a distance becomes that.  Then equal()
 * finds the distance of the rows in the score, however it was written.
 */
static Node *
with_operators(Node *node, void *context)
{
	OpExpr	   *distance;
	bool		falling;

	if (node == NULL)
		return NULL;
	distance = loki_base_distance(node, &falling);
	if (distance == NULL)
		return expression_tree_mutator(node, with_operators, context);
	return falling ? (Node *) loki_negative(distance) : (Node *) distance;
}

/* One within another has no rows to come by. */
bool
loki_list_distances(Node *node, List **distances)
{
	bool		falling;

	if (node == NULL)
		return false;
	if (loki_base_distance(node, &falling) != NULL)
	{
		*distances = list_append_unique(*distances, node);
		return false;
	}
	return expression_tree_walker(node, loki_list_distances, distances);
}

/*
 * The expression of the first sort key that is no constant.  Core drops constant keys from the pathkeys,
 * so the first one need not be that of the first ORDER BY item.  A member of its class would be equal in
 * value, but the target list has this one.
 */
static Expr *
sorted_by(const PlannerInfo *root, List *clauses, const PathKey *key)
{
	foreach_ptr(SortGroupClause, clause, clauses)
	{
		Expr	   *expr = (Expr *) get_sortgroupclause_expr(clause, root->processed_tlist);

		foreach_node(EquivalenceMember, member, key->pk_eclass->ec_members)
			if (equal(member->em_expr, expr))
			return expr;
	}
	return NULL;
}

/*
 * Rows must come out of the scans and joins of the level as they are, and be sorted, and no more
 * (LokiLevel.takes_first).  Without a LIMIT all rows are read, and a sort costs less.
 *
 * A search below the node may find a row late, so the rows that LIMIT takes are sorted above it
 * (order/limit_search.c).  A LIMIT that cannot be evaluated twice would be without that.
 *
 * The node computes the score for the order, and once more in the row that it returns.  A volatile score
 * would differ, and sub-plans would run twice.  A score that is monotone in a single distance needs none
 * of this: order/order.c returns its rows in order.
 */
void *
loki_find_score(PlannerInfo *root, const Query *parse, const Query *outer, LokiLevel *level)
{
	LokiScore  *score = palloc0_object(LokiScore);
	const PlannerInfo *parent = root->parent_root;
	LokiDistanceExpr distance;

	/*
	 * Core makes a level for an aggregate: min(x) is ORDER BY x LIMIT 1.  It
	 * takes the rows from a path of the relation in the order of
	 * query_pathkeys (build_minmax_path()), so no node can stand above that.
	 * Only then does the level above know its aggregates, and no relations
	 * yet.
	 */
	if (!level->takes_first || root->sort_pathkeys == NIL ||
		(parent != NULL && parent->agginfos != NIL && parent->simple_rel_array == NULL))
		return NULL;
	score->output = linitial_node(PathKey, root->sort_pathkeys);
	if (!loki_may_be_score_order(score->output))
		return NULL;
	score->descending = LokiPathKeyIsDescending(score->output);
	score->nulls_first = score->output->pk_nulls_first;
	score->expr = sorted_by(root, parse->sortClause, score->output);
	if (score->expr == NULL || loki_distance_expr((Node *) score->expr, &distance) ||
		!loki_is_repeatable(score->expr))
		return NULL;
	score->expr = (Expr *) with_operators((Node *) score->expr, NULL);
	score->bounded = (Expr *) loki_sums_as_one((Node *) score->expr, score);
	return score;
}

/* expression_tree_mutator callback: a distance becomes NULL, which has no columns. */
static Node *
without_distance(Node *node, void *distance)
{
	if (node == NULL)
		return NULL;
	if (equal(node, distance))
		return (Node *) makeNullConst(FLOAT8OID, -1, InvalidOid);
	return expression_tree_mutator(node, without_distance, distance);
}

List *
loki_columns_outside(Node *expr, const OpExpr *distance)
{
	return pull_var_clause(without_distance(expr, unconstify(OpExpr *, distance)),
						   PVC_INCLUDE_PLACEHOLDERS);
}

/* What the planner knows of the parts of a score */
typedef struct KnownParts
{
	const LokiScore *score;
	List	   *columns;
	LokiRange	distance;
	bool		typical;
} KnownParts;

/*
 * The distance of the queries of two distances of a column; -infinity if they are not known, or have
 * none: by <=>, a query of length 0.
 *
 *		ORDER BY 0.5 * (v <-> a) + 0.5 * (v <-> b)
 *				a row near to a is about a <-> b away from b
 *
 * The operator is called here, while planning, so its arguments must be of its own type and of equal
 * dimensions, which would be an error otherwise.  Only an estimate depends on the result.
 */
static double
between_queries(const OpExpr *a, const OpExpr *b)
{
	const Const *from = lsecond(a->args);
	const Const *to = lsecond(b->args);
	const char *from_value;
	const char *to_value;
	double		between;

	if (a->opno != b->opno || !equal(linitial(a->args), linitial(b->args)) ||
		!IsA(from, Const) || !IsA(to, Const) || from->constisnull || to->constisnull ||
		from->consttype != exprType(linitial(a->args)) || from->consttype != to->consttype ||
		OidIsValid(get_element_type(from->consttype)))
		return -INFINITY;
	from_value = VARDATA(PG_DETOAST_DATUM(from->constvalue));
	to_value = VARDATA(PG_DETOAST_DATUM(to->constvalue));

	/* vectors and bit strings begin with their dimensions */
	if (memcmp(from_value, to_value, sizeof(int32)) != 0)
		return -INFINITY;
	between = DatumGetFloat8(OidFunctionCall2(get_opcode(a->opno), from->constvalue, to->constvalue));
	return isnan(between) ? -INFINITY : between;
}

/*
 * LokiRangeOf: a parameter is taken for 1, since its sign is what matters most.  A row that
 * is near by one distance is typically as near by another, but from another query it is as far
 * as the queries are from each other.
 */
static bool
known_part(Node *expr, void *context, LokiRange *range)
{
	const KnownParts *parts = context;
	bool		falling;
	OpExpr	   *other;

	if (equal(expr, parts->score->distance))
	{
		*range = parts->distance;
		return true;
	}
	if (parts->typical && (other = loki_base_distance(expr, &falling)) != NULL)
	{
		double		between = between_queries(parts->score->distance, other);

		*range = parts->distance;
		range->low = Max(range->low, between);
		range->high = Max(range->high, between);
		return true;
	}
	if (IsA(expr, Param))
	{
		range->low = range->high = 1;
		range->nulls = range->nans = false;
		return true;
	}
	foreach_ptr(const LokiColumnValues, column, parts->columns)
	{
		if (!equal(expr, column->column))
			continue;
		*range = column->range;
		if (parts->typical && isfinite(range->low))
			range->low = range->high = column->typical;
		return true;
	}
	return false;
}

/* NULL sorts where NULLS FIRST or LAST says, and NaN above all numbers, which is first by DESC. */
double
loki_score_best(const LokiRange *range, bool descending, bool nulls_first)
{
	if ((range->nulls && nulls_first) || (range->nans && descending))
		return INFINITY;
	return descending ? range->high : -range->low;
}

/*
 * The best score, as a number that is greater the better it is, of rows whose distance is in a range; infinite if it
 * has no bound.  Where columns have the values that are typical, it is the worst one.
 *
 * Rows whose distance is NULL or NaN came first where the order has them first, so none of these is
 * still to come.  Where it has them last, they may be among the rows to come, at any distance.
 */
static double
score_within(PlannerInfo *root, const LokiScore *score, List *columns, double low, double high, bool typical)
{
	KnownParts	parts = {.score = score, .columns = columns, .typical = typical,
		.distance = {.low = low, .high = high, .nulls = !score->nulls_first,
	.nans = !score->descending}};
	LokiRange	range;

	Assert(low <= high);
	loki_range_of_expr((Node *) score->bounded, known_part, &parts, &range);
	if (typical)
		return score->descending ? range.low : -range.high;
	return loki_score_best(&range, score->descending, score->nulls_first);
}

/* ----------------------------------------------------------------
 * How many rows are read until the best ones are known
 *
 * The node of scores (forms/scores.c) reads rows by distance until no row to come can be better.  So its path costs
 * as much as the rows within the distance where that is so, which is found by the profile of distances, the bounds of
 * columns and their quantiles.  These are estimates: the node asks for its bounds when it is executed.
 * ----------------------------------------------------------------
 */

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
	return score_within(estimate->root, &estimate->score, estimate->columns, distance, estimate->farthest,
						false) <= estimate->enough;
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
	return score_within(estimate->root, &estimate->score, estimate->columns, distance, distance, true);
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
			double		place = 1 - pow(times, -1.0 / list_length(estimate->columns));
			double		low;
			int			at;

			/* is the score better where the column is greater, with the others as they are? */
			column->typical = column->quantiles[0];
			low = score_at(estimate, near);
			column->typical = column->quantiles[LOKI_QUANTILES - 1];
			if (score_at(estimate, near) < low)
				place = 1 - place;
			place *= LOKI_QUANTILES - 1;
			at = Min((int) place, LOKI_QUANTILES - 2);

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
	if (isinf(score_within(root, &estimate.score, columns,
								  distance_at(&estimate, 0.9), estimate.farthest, false)))
		return -1;
	estimate.enough = likely_score(&estimate);
	if (!is_enough(&estimate, distance_at(&estimate, 1), true))
		return rows;
	return Min(Max(share_within(&estimate, first_distance(&estimate, true)) * rows,
				   estimate.wanted), rows);
}
