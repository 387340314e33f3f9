/*-------------------------------------------------------------------------
 *
 * selectivity.c
 *	  How many rows a distance predicate lets pass.
 *
 * Core knows nothing of the expression v <-> q < r and estimates a third of the rows.
 * ANALYZE keeps a profile of distances (cost/analyze.c): the share of rows within r of
 * a typical row.  A given query vector is not typical.  Its distances from the
 * references show how it differs: r is scaled by that from the reference which is as near as the
 * bound, or one of the nearest (for <#>, by its norm).  Below the least quantile the share is a power
 * of r, from the two lowest decades.
 *
 *		WHERE v <-> $1 < 0.3 AND kind = 3
 *				the profile says .02, core .1 for the kind: .002 of the rows
 *
 * Core asks operators for selectivities, and < of float8 is core's own.  But it
 * remembers the selectivity of a clause (RestrictInfo.norm_selec).  We write ours there, and then compute the
 * rows of the relation again.  That is done by set_rel_pathlist_hook, when core has made the paths of the
 * relation but no join of it, so rows of those paths are corrected as well.
 *
 * All numbers here are estimates.  No row of a result depends on them.
 *
 * IDENTIFICATION
 *	  src/planner/cost/selectivity.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/cost/distance_profile.h"
#include "planner/cost/selectivity.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/* A quantile counts if this number of targets was nearer */
#define MIN_TARGETS	3

/* A query's distance from a reference counts if, with it, this number of references is as near */
#define MIN_NEAREST	5

static const double shares[] = LOKI_DISTANCE_SHARES;

/*
 * The share of rows that are at most so far from a typical row.  Between two quantiles its logarithm is
 * linear in the distance: shares are from 0.0001 to 1, and their relative error is what matters.
 *
 * Nearer than the first quantile that counts, distances fall as a power of
 * the share; the power is the number of dimensions that the data really has.  Inner products, which have
 * no least value, fall as its logarithm.
 *
 *		share(r) = share(r0) (r / r0) ^ n,		n = log(share1 / share0) / log(r1 / r0)
 *
 * The second point (r1) is a decade of rows farther, so that n is not that of noise.  It is 0.5 at
 * least, since a share that hardly falls would make a bound of 0 as good as any.
 */
static double
profile_share(const LokiDistanceProfile *profile, double distance)
{
	const float4 *quantiles = profile->quantiles;
	int			first = 0;
	int			i;
	double		r0;
	double		below;
	double		steps;

	if (isnan(distance))
		return 1;

	/*
	 * The first quantile that stands on more than a few targets: with 4,000
	 * of them that of 0.001, below which there are four.  A nearer one would
	 * be the distance of a single pair.
	 */
	while (first < LOKI_DISTANCE_QUANTILES - 1 && shares[first] * profile->targets < MIN_TARGETS)
		first++;
	i = first;
	r0 = quantiles[first];
	if (distance < r0)
	{
		Assert(shares[first] > 0);
		while (i < LOKI_DISTANCE_QUANTILES - 1 && shares[i] < 10 * shares[first])
			i++;
		if (i == first || quantiles[i] <= r0)
			return shares[first];
		steps = log(shares[i] / shares[first]);
		if (r0 > 0)
			return shares[first] * pow(Max(distance, 0) / r0, Max(0.5, steps / log(quantiles[i] / r0)));
		return shares[first] * exp((distance - r0) * steps / (quantiles[i] - r0));
	}
	while (i < LOKI_DISTANCE_QUANTILES && quantiles[i] <= distance)
		i++;
	if (i == LOKI_DISTANCE_QUANTILES)
		return 1;
	Assert(i > first && quantiles[i - 1] < quantiles[i]);
	below = quantiles[i - 1];
	return shares[i - 1] * pow(shares[i] / shares[i - 1], (distance - below) / (quantiles[i] - below));
}

/*
 * How far a typical row is from the reference by whose distance the query is judged, over that distance:
 * the scale.  0 if there is none.
 *
 * The reference is the farthest one within the bound, or one of the nearest.  If it is the fifth of 64,
 * it ought to be as far as 4.5 / 64 of the rows are from a typical row: profile_share() the other way round.  A query
 * whose fifth one is twice as far lies apart from the rows, and finds within r what a typical row finds within r / 2.
 */
static double
scale_of_nearest(const LokiDistances *known, double bound)
{
	const double *distances = known->references;
	const float4 *quantiles = known->profile.quantiles;
	int			nearest = 0;
	int			i = 1;
	double		share;
	double		part;

	while (nearest < known->n - 1 &&
		   (nearest + 1 < MIN_NEAREST || distances[nearest + 1] <= bound || distances[nearest] <= 0))
		nearest++;
	if (distances[nearest] <= 0)
		return 0;
	share = (nearest + 0.5) / known->n;
	while (i < LOKI_DISTANCE_QUANTILES - 1 && shares[i] < share)
		i++;
	part = log(Max(share, shares[0]) / shares[i - 1]) / log(shares[i] / shares[i - 1]);
	return (quantiles[i - 1] + part * (quantiles[i] - quantiles[i - 1])) / distances[nearest];
}

/*
 * Compare a query with the references that have its dimensions: of others, the function would raise an error, and a
 * column without a number of dimensions may have any.  If no distance is negative, those from the references
 * give the scale of a bound.  Inner products grow with the norm of the query, which is the root of its
 * product with itself.  The query is the right side of the operator.  Its type may be
 * another than that of the references, as of halfvec <-> vector.
 */
static void
compare_query(LokiDistances *known, HeapTuple statistics, int place, Datum query)
{
	double		own[LOKI_DISTANCE_REFERENCES];	/* of references from
												 * themselves */
	AttStatsSlot slot;
	FmgrInfo	function;
	FmgrInfo	reference_function;
	FmgrInfo	query_function;
	Oid			reference_type;
	Oid			query_type;
	Oid			reference_operator;
	Oid			query_operator;
	double		scale;
	int			n = 0;

	op_input_types(known->distance->opno, &reference_type, &query_type);
	reference_operator = loki_distance_operator(reference_type, place);
	query_operator = loki_distance_operator(query_type, place);
	if (!OidIsValid(reference_operator) || !OidIsValid(query_operator) ||
		!get_attstatsslot(&slot, statistics, LOKI_STATISTIC_DISTANCES, InvalidOid, ATTSTATSSLOT_VALUES))
		return;
	fmgr_info(get_opcode(known->distance->opno), &function);
	fmgr_info(get_opcode(reference_operator), &reference_function);
	fmgr_info(get_opcode(query_operator), &query_function);
	query = PointerGetDatum(PG_DETOAST_DATUM(query));
	for (int i = 0; i < slot.nvalues && n < LOKI_DISTANCE_REFERENCES; i++)
	{
		Datum		reference = PointerGetDatum(PG_DETOAST_DATUM(slot.values[i]));

		/* equal dimensions, as in cost/analyze.c */
		if (memcmp(VARDATA(DatumGetPointer(reference)), VARDATA(DatumGetPointer(query)),
				   sizeof(int32)) != 0)
			continue;
		known->references[n] = DatumGetFloat8(FunctionCall2(&function, reference, query));
		own[n] = DatumGetFloat8(FunctionCall2(&reference_function, reference, reference));
		if (isfinite(known->references[n]) && isfinite(own[n]))
			n++;
	}
	free_attstatsslot(&slot);
	known->n = n;
	if (n < 3)
		return;
	if (known->profile.quantiles[0] >= 0)
	{
		qsort(known->references, n, sizeof(double), loki_compare_doubles);
		known->scale = 0;
		return;
	}
	/* the median of the references' products with themselves */
	qsort(own, n, sizeof(double), loki_compare_doubles);
	scale = sqrt(fabs(own[n / 2]) /
				 fabs(DatumGetFloat8(FunctionCall2(&query_function, query, query))));
	if (scale > 0 && isfinite(scale))
		known->scale = scale;
}

/* Stable functions and parameters have the values that they have now: good for an estimate, not for a plan. */
bool
loki_known_value(PlannerInfo *root, Node *expr, Datum *value)
{
	Const	   *constant = (Const *) estimate_expression_value(root, expr);

	if (!IsA(constant, Const) || constant->constisnull)
		return false;
	*value = constant->constvalue;
	return true;
}

/*
 * The greatest distance within a bound.  Very many sparse vectors are at the same distance: all that
 * have nothing in common with the query have the inner product 0, so that <#> < 0 and <#> <= 0 differ by
 * nearly all rows.
 */
static double
farthest_within(double bound, bool strict)
{
	return strict ? nextafter(bound, -get_float8_infinity()) : bound;
}

/*
 * The profile of a column's distances, and how the query compares with typical rows.  The operator's left side has the
 * type of the column; names decide, as its right side may have another.
 */
static void
find_statistics(LokiDistances *known, const VariableStatData *column)
{
	const LokiDistanceProfile *profiles;
	Oid			opno = known->distance->opno;
	Oid			left;
	Oid			right;
	AttStatsSlot slot;
	Datum		query;
	int			place = 0;

	known->nulls = ((Form_pg_statistic) GETSTRUCT(column->statsTuple))->stanullfrac;
	Assert(known->nulls >= 0 && known->nulls <= 1);
	if (!get_attstatsslot(&slot, column->statsTuple, LOKI_STATISTIC_DISTANCES,
						  InvalidOid, ATTSTATSSLOT_NUMBERS))
		return;
	profiles = (const LokiDistanceProfile *) slot.numbers;
	if (slot.nnumbers != LOKI_DISTANCE_OPERATORS * LOKI_DISTANCE_NUMBERS)
		place = LOKI_DISTANCE_OPERATORS;
	op_input_types(opno, &left, &right);
	for (; place < LOKI_DISTANCE_OPERATORS; place++)
	{
		Oid			same = profiles[place].targets > 0 ? loki_distance_operator(left, place) : InvalidOid;

		if (same == opno ||
			(left != right && OidIsValid(same) && strcmp(get_opname(same), get_opname(opno)) == 0))
			break;
	}
	if (place < LOKI_DISTANCE_OPERATORS)
	{
		known->profile = profiles[place];

		/* sampled vectors are only for users who may read the column */
		if (column->acl_ok && loki_known_value(known->root, lsecond(known->distance->args), &query))
			compare_query(known, column->statsTuple, place, query);
	}
	free_attstatsslot(&slot);
}

bool
loki_find_distances(PlannerInfo *root, RelOptInfo *rel, OpExpr *distance, LokiDistances *known)
{
	bool		left = bms_is_member(rel->relid, pull_varnos(root, linitial(distance->args)));
	VariableStatData column;

	*known = (LokiDistances) {.root = root, .rel = rel, .scale = 1};
	if (!bms_equal(pull_varnos(root, left ? linitial(distance->args) : lsecond(distance->args)),
				   rel->relids))
		return false;
	/* operators of arrays have no commutator */
	known->distance = left ? distance : loki_commuted(distance);
	if (known->distance == NULL)
		return true;
	examine_variable(root, linitial(known->distance->args), rel->relid, &column);
	if (HeapTupleIsValid(column.statsTuple))
		find_statistics(known, &column);
	ReleaseVariableStats(column);
	return true;
}

Selectivity
loki_share_within(const LokiDistances *known, double bound, bool strict)
{
	double		within = -1;

	if (known->distance != NULL && loki_is_words_distance(known->distance))
		within = loki_words_share(known->root, known->rel, known->distance, bound, strict);
	else if (known->profile.targets > 0)
	{
		double		scale = known->scale > 0 ? known->scale :
			scale_of_nearest(known, farthest_within(bound, strict));

		if (scale <= 0 || !isfinite(scale))
			scale = 1;
		within = profile_share(&known->profile, farthest_within(bound * scale, strict));
		Assert(within >= 0 && within <= 1);
	}
	if (within < 0)
		within = DEFAULT_RANGE_INEQ_SEL;
	CLAMP_PROBABILITY(within);
	return within;
}

/*
 * A bound that each row has of its own, as in v <-> $1 < v <-> $2, is none.
 * NaN and numbers beyond the bound are not told apart: few rows have a distance that is NaN.  Rows
 * without a vector pass neither d < r nor d > r.
 */
Selectivity
loki_distance_selectivity(PlannerInfo *root, RelOptInfo *rel, Node *clause)
{
	LokiDistanceBound bound;
	LokiDistances known;
	double		within = DEFAULT_RANGE_INEQ_SEL;
	Datum		value;

	if (!loki_distance_bound(clause, &bound) ||
		bms_is_member(rel->relid, pull_varnos(root, (Node *) bound.bound)) ||
		!loki_find_distances(root, rel, bound.distance, &known))
		return -1;
	if (!loki_known_value(root, (Node *) bound.bound, &value))
		known.nulls = 0;
	else
		within = loki_share_within(&known, DatumGetFloat8(value), bound.strict == bound.upper);
	return (bound.upper ? within : 1 - within) * (1 - known.nulls);
}

/*
 * Write our selectivities into distance predicates, below OR as well.  True if there are any.  An OR
 * that has one must be estimated again from its parts, so what core remembers of it is dropped.
 * Gap P35, with loki_distance_rows(); ends where support functions see the relation; sql/planner_selectivity.
 */
static bool
set_selectivities(PlannerInfo *root, RelOptInfo *rel, Node *node)
{
	bool		found = false;

	if (node == NULL)
		return false;
	if (IsA(node, RestrictInfo))
	{
		RestrictInfo *rinfo = (RestrictInfo *) node;
		Selectivity selectivity;

		if (rinfo->orclause != NULL)
		{
			found = set_selectivities(root, rel, (Node *) rinfo->orclause);
			if (found)
				rinfo->norm_selec = -1;
			return found;
		}
		selectivity = loki_distance_selectivity(root, rel, (Node *) rinfo->clause);
		if (selectivity < 0)
			return false;
		rinfo->norm_selec = selectivity;
		Assert(clause_selectivity(root, node, 0, JOIN_INNER, NULL) == selectivity);
		return true;
	}
	if (IsA(node, BoolExpr))
		foreach_ptr(Node, arg, ((BoolExpr *) node)->args)
			found |= set_selectivities(root, rel, arg);
	return found;
}

/*
 * Correct paths that exist already.  Those of hnsw indexes are estimated again, since what a search
 * costs depends on how many rows its filter leaves.
 */
static void
scale_paths(PlannerInfo *root, List *paths, double ratio)
{
	foreach_ptr(Path, path, paths)
	{
		IndexPath  *index = (IndexPath *) path;

		if (IsA(path, IndexPath) && path->param_info == NULL &&
			index->indexinfo->amcostestimate == loki_cost_estimate)
			cost_index(index, root, 1, false);
		else
			path->rows = clamp_row_est(path->rows * ratio);
	}
}

/*
 * WHERE n = 1, with n the row_number() of the groups of a subquery: core takes it for a rare
 * value, although the run condition n <= 1 within the subquery has left no other.
 */
static bool
set_selectivity_of_first(RelOptInfo *rel, RestrictInfo *rinfo)
{
	OpExpr	   *clause = (OpExpr *) rinfo->clause;
	TargetEntry *entry;
	Var		   *column;
	Const	   *value;

	/* a UNION ALL that was pulled up has children in place of a root */
	if (rel->subroot == NULL || !IsA(clause, OpExpr) ||
		(clause->opfuncid != F_INT8EQ && clause->opfuncid != F_INT84EQ))
		return false;
	column = linitial(clause->args);
	value = lsecond(clause->args);
	if (!IsA(column, Var) || column->varno != rel->relid || !IsA(value, Const) ||
		value->constisnull || (value->consttype == INT8OID ? DatumGetInt64(value->constvalue) :
							   DatumGetInt32(value->constvalue)) != 1)
		return false;
	entry = get_tle_by_resno(rel->subroot->processed_tlist, column->varattno);
	if (entry == NULL || loki_query_level(rel->subroot)->asked.number == NULL || !IsA(entry->expr, WindowFunc))
		return false;
	rinfo->norm_selec = 1;
	return true;
}

/*
 * What core computed of a relation's rows before the hook: set_baserel_size_estimates(), the rows of
 * paths, and those of parameterized paths (ppi_rows).  Costs of core's own paths are left, since a
 * sequential scan costs the same however many rows pass.
 */
void
loki_distance_rows(PlannerInfo *root, RelOptInfo *rel)
{
	bool		found = false;
	double		rows;
	double		ratio;

	if (rel->rows <= 0 || IS_DUMMY_REL(rel))
		return;
	foreach_ptr(RestrictInfo, rinfo, rel->baserestrictinfo)
		found |= rel->rtekind == RTE_SUBQUERY ? set_selectivity_of_first(rel, rinfo) :
		set_selectivities(root, rel, (Node *) rinfo);
	if (rel->rtekind == RTE_RELATION && !planner_rt_fetch(rel->relid, root)->inh)
		found |= loki_share_by_predicate(root, rel);
	if (planner_rt_fetch(rel->relid, root)->inh)
	{
		/* the sum of its children's, where the hook has been before */
		rows = 0;
		foreach_node(AppendRelInfo, info, root->append_rel_list)
		{
			RelOptInfo *child = info->parent_relid == rel->relid ? root->simple_rel_array[info->child_relid] : NULL;

			if (child != NULL && !IS_DUMMY_REL(child))
				rows += child->rows;
		}
		/* a child may expect more for joins, too */
		if (found || rows > rel->rows)
			rel->rows = rel->tuples = Max(rows, 1);
		return;
	}
	if (!found && (rel->rtekind != RTE_RELATION || loki_rows_for_joins(root, rel, rel->rows) <= rel->rows))
		return;
	rows = clamp_row_est(rel->tuples * clauselist_selectivity(root, rel->baserestrictinfo,
															  0, JOIN_INNER, NULL));
	if (rel->rtekind == RTE_RELATION)
		rows = loki_rows_for_joins(root, rel, rows);
	ratio = rows / rel->rows;
	Assert(rows >= 1 && ratio > 0);
	rel->rows = rows;
	scale_paths(root, rel->pathlist, ratio);
	scale_paths(root, rel->partial_pathlist, ratio);
	foreach_node(ParamPathInfo, info, rel->ppilist)
		info->ppi_rows = clamp_row_est(info->ppi_rows * ratio);
}
