/*-------------------------------------------------------------------------
 *
 * scores.c
 *	  Paths for the best rows by a score of a distance and other columns.
 *
 *		Limit
 *		  ->  Custom Scan (LokivectorScoreSearch)		Score: ...
 *				->  Index Scan using ...				Order By: (v <-> $1)
 *
 * forms/score.c says which queries have such a path.  It takes the place of a Sort.
 *
 * The child returns rows in the order of the distance.  They wait in a heap until no row that
 * is still to come can have a better score than the best of them: all of these are at least as
 * far away as the last one, and their other columns are within what indexes say of all rows
 * (query/bounds.c).  A row that is worse than as many as the Limit takes is dropped.  Rows that came
 * late, since a search found them late, are in the result if they are good enough.
 *
 * A plan that was kept may find its bounds useless.  Then the scan below goes on to the rest of its rows when it has spent
 * as much as these take, in the order of the table (hnsw/scan/strategy.c): from there on the node looks at scores
 * alone, and the bound stays where the last distance has left it.
 *
 * Rows come by -d DESC if the score is sorted DESC, so that NULL and NaN come where the score has
 * them.  A row whose score is NULL is first in a descending order, so there the other columns must
 * have no NULLs, or the order be NULLS LAST.  An infinite distance, of elements beyond 1e18 or so, is the last of all;
 * that 0 times it is NaN, which DESC has first, is known only of rows that were read.  Partitions compute the score
 * below their Append, and have no such path.
 *
 * A path is offered if twice the rows that are wanted fit into work_mem (P8).  If the rows that wait
 * outgrow it, all rows that are left are sorted by their scores.
 *
 * IDENTIFICATION
 *	  src/planner/forms/scores.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "common/int.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "lib/pairingheap.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "planner/forms/forms.h"
#include "planner/forms/score.h"
#include "planner/order/node.h"
#include "planner/order/order.h"
#include "planner/query/make_expr.h"
#include "planner/query/matches.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* Bytes of a row that waits, besides its columns */
#define WAITING_BYTES	64

/* Scores beyond this, and so infinite ones, are in any order; NaN and NULL are still farther out. */
#define MOST_SCORE		(DBL_MAX / 2)

/* Rows that may wait before those are dropped that no Limit takes */
#define LEAST_WAITING	256

/*
 * What a plan carries in custom_private; custom_exprs has the score, and the same for bounds,
 * both float8 or numeric.  The first column is the distance.
 */
typedef enum ScoresPrivate
{
	SCORES_DESCENDING,			/* Boolean */
	SCORES_NULLS_FIRST,			/* Boolean */
	SCORES_ROUNDING,			/* Const: how far the distance may be off */
	SCORES_BOUNDS				/* of each column: loki_bounds_write() */
} ScoresPrivate;

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

static const LokiNodeKind scores_kind;

/*
 * A LokiForm's method: if the level sorts by a score that is made of a distance and other columns, have its rows
 * come by a distance that an index of the relation knows.
 */
static void
choose_distance(PlannerInfo *root, RelOptInfo *rel)
{
	LokiLevel  *level = unconstify(LokiLevel *, loki_query_level(root));
	LokiScore  *score = level->asked.state;
	List	   *distances = NIL;
	int			orders = 0;		/* and paths, that are equal to the score's */

	if (level->asked.input != NULL)
		return;
	Assert(linitial(root->query_pathkeys) == score->output);

	/*
	 * Core frees some of the paths that are in the order of the score, before
	 * add_score_paths() looks for those in the order of the distance.  So
	 * there must be none: a btree index on the score has some, and where the
	 * score equals another expression, as WHERE says, a merge join.
	 */
	foreach_node(EquivalenceMember, member, score->output->pk_eclass->ec_members)
		orders += !member->em_is_child;
	foreach_ptr(Path, path, rel->pathlist)
		orders += path->pathkeys != NIL && linitial(path->pathkeys) == score->output;
	if (orders > 1)
		return;
	(void) loki_list_distances((Node *) score->bounded, &distances);
	foreach_node(OpExpr, distance, distances)
	{
		/* how many rows are within a distance is known of one relation */
		if (!bms_equal(pull_varnos(root, (Node *) distance), rel->relids))
			continue;
		foreach_node(IndexOptInfo, info, loki_usable_indexes(rel))
		{
			if (loki_match_distance(root, info, distance) == NULL)
				continue;

			/*
			 * NULL and NaN come where the score puts them: DESC, rows whose
			 * distance is NaN are first.  So the key is that of a score which
			 * falls; there is none if a condition makes the distance the same
			 * for all rows.
			 */
			score->distance = distance;
			score->input = loki_sort_key(root, score->descending ? loki_negative(distance) : (Expr *) distance,
										 loki_sort_clause(FLOAT8OID, score->descending, score->nulls_first));
			if (score->input == NULL)
				return;
			level->asked.input = score->input;
			level->asked.reorders = true;
			loki_ask_for_order(root, rel, score->input, true);
			return;
		}
	}
}

/*
 * The columns of the rows below the node: the distance, and what the result and the score are
 * made of.  NULL if a path does not have them.
 */
static PathTarget *
input_target(PlannerInfo *root, const LokiScore *score, const Path *path)
{
	const PathTarget *have = IsA(path, ProjectionPath) ?
		((const ProjectionPath *) path)->subpath->pathtarget : path->pathtarget;
	PathTarget *target = create_empty_pathtarget();
	List	   *exprs = list_make1(score->expr);
	List	   *columns;

	exprs = list_concat(exprs, root->upper_targets[UPPERREL_ORDERED]->exprs);
	if (root->upper_targets[UPPERREL_DISTINCT] != NULL)
		exprs = list_concat(exprs, root->upper_targets[UPPERREL_DISTINCT]->exprs);
	columns = loki_columns_outside((Node *) exprs, score->distance);
	if (list_difference(columns, have->exprs) != NIL ||
		list_difference(pull_var_clause((Node *) score->distance, PVC_INCLUDE_PLACEHOLDERS),
						have->exprs) != NIL)
		return NULL;
	add_column_to_pathtarget(target, (Expr *) score->distance, 0);
	add_new_columns_to_pathtarget(target, columns);
	return set_pathtarget_cost_width(root, target);
}

/* The node compares scores as float8.  Those of numeric that are equal as float8 are in any order. */
static Expr *
as_float8(Expr *expr)
{
	Oid			type = exprType((Node *) expr);

	return type == FLOAT4OID ? loki_make_cast(F_FLOAT8_FLOAT4, FLOAT8OID, expr) : expr;
}

/* Add a path that is in the order of the first sort key; an incremental sort sees to further ones. */
static void
add_ordered(PlannerInfo *root, RelOptInfo *output, Path *path)
{
	if (list_length(root->sort_pathkeys) > 1)
		path = (Path *) create_incremental_sort_path(root, output, path, root->sort_pathkeys,
													 1, root->limit_tuples);
	add_path(output, path);
}

/*
 * Offer the best rows of a path, which are in the order of the distance.  All that is read before the
 * best rows are known is startup; what a LIMIT takes beyond costs next to nothing.  The input's total
 * cost is that of asking for one row more than it has, which is done if LIMIT wants more.
 */
static void
offer_scores_path(PlannerInfo *root, RelOptInfo *output, const LokiScore *score, List *columns,
				  Path *path)
{
	PathTarget *final = root->upper_targets[UPPERREL_ORDERED];
	PathTarget *target = input_target(root, score, path);
	double		wanted = loki_query_level(root)->wanted;
	double		rows = loki_score_rows_read(root, score, columns, path->rows);
	double		asked = path->rows + (wanted < path->rows ? 1 : 0);
	List	   *bounds = NIL;
	CustomPath *custom;
	Path	   *input;
	QualCost	cost;

	/* twice as many rows as are wanted may wait */
	if (target == NULL || rows < 0 ||
		2 * wanted * (target->width + WAITING_BYTES) > work_mem * 1024.0)
		return;

	/* what bounds the columns; the first one is the distance, with the range of its metric */
	foreach_ptr(Expr, expr, target->exprs)
	{
		LokiBounds	bound = {.always = loki_any_range};

		foreach_ptr(LokiColumnValues, column, columns)
			if (equal(column->column, expr))
			bound = column->bounds;
		if (bounds == NIL)
			loki_distance_range(score->distance->opno, &bound.always.low, &bound.always.high);
		bounds = lappend(bounds, loki_bounds_write(&bound));
	}
	input = (Path *) create_projection_path(root, path->parent, path, target);
	cost_qual_eval_node(&cost, (Node *) score->expr, root);
	custom = loki_node_path(&scores_kind, output, final, input, target->exprs,
							list_make2(as_float8(score->expr), as_float8(score->bounded)),
							NIL, list_make4(makeBoolean(score->descending),
											makeBoolean(score->nulls_first),
											loki_float_const(score->rounding),
											bounds));
	custom->path.rows = path->rows;
	custom->path.startup_cost = input->startup_cost + cost.startup + final->cost.startup +
		(input->total_cost - input->startup_cost - loki_limit_saves(root, path)) * rows / Max(asked, 1) +
		rows * (cost.per_tuple + 4 * cpu_operator_cost);
	foreach_ptr(LokiColumnValues, column, columns)
		custom->path.startup_cost += loki_bounds_cost(&column->bounds, path->rows);
	custom->path.total_cost = custom->path.startup_cost +
		path->rows * (final->cost.per_tuple + cpu_operator_cost);
	custom->path.pathkeys = list_make1(score->output);
	add_ordered(root, output, &custom->path);
}

/*
 * A LokiForm's method: core has made its own paths of the same input by now.
 *
 * PlaceHolderVars are left out of the score's columns, and so taken for anything: nothing is known of expressions of a
 * subquery.  A path is made if the score has a bound by what can be asked, as it is now; when it is executed it may have
 * another, or none.
 */
static void
add_score_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, const void *state)
{
	const LokiScore *score = state;
	List	   *columns = NIL;

	if (stage != UPPERREL_ORDERED || score->input == NULL)
		return;
	foreach_ptr(Var, var, loki_columns_outside((Node *) score->bounded, score->distance))
	{
		LokiColumnValues *column;

		if (!IsA(var, Var))
			continue;
		column = palloc0_object(LokiColumnValues);
		column->column = var;
		loki_bounds_of(root, var, &column->bounds);
		loki_estimate_values(root, column);
		columns = lappend(columns, column);
	}
	foreach_ptr(Path, path, input->pathlist)
		if (path->param_info == NULL && pathkeys_contained_in(list_make1(score->input), path->pathkeys))
			offer_scores_path(root, output, score, columns, path);
	foreach_ptr(Path, path, loki_query_level(root)->asked.in_order)
		add_ordered(root, output, (Path *)
					create_projection_path(root, output, path, root->upper_targets[UPPERREL_ORDERED]));
}

/* ----------------------------------------------------------------
 * Execution
 * ----------------------------------------------------------------
 */

/* A row that waits */
typedef struct WaitingRow
{
	pairingheap_node node;
	double		score;			/* greater is better: score_of() */
	MinimalTuple row;
} WaitingRow;

/* The node's state; what the plan says comes first, then what changes with each row */
typedef struct ScoresState
{
	LokiNode	node;
	ExprState  *score;			/* of the child's columns */
	bool		numeric;		/* it is numeric, and not float8 */
	bool		descending;		/* greater scores are better */
	bool		nulls_first;
	double		rounding;
	TupleTableSlot *slot;		/* holds the row that is returned */
	LokiRange  *bounds;			/* of the columns, in all rows that the
								 * executor's snapshot sees; NULL before the
								 * first row of all rescans */

	Node	   *expr;			/* the score for bounds, parameters replaced;
								 * NULL before the first row */
	LokiRange  *columns;		/* of rows that are to come */
	pairingheap *waiting;		/* WaitingRow, the best first */
	int64		nwaiting;
	Size		bytes;			/* of rows that wait (P8) */
	int64		returned;		/* rows, since the last rescan */
	int64		most;			/* may wait before rows are dropped again */
	double		dropped;		/* rows of worse scores are not wanted */
	double		bound;			/* no row to come has a better score */
} ScoresState;

/* pairingheap_comparator: the best row first */
static int
compare_scored_rows(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	double		left = pairingheap_const_container(WaitingRow, node, a)->score;
	double		right = pairingheap_const_container(WaitingRow, node, b)->score;

	return left < right ? -1 : left > right ? 1 : 0;
}

/* A LokiNodeKind's method */
static void
begin_scores(LokiNode *node, CustomScan *scan)
{
	ScoresState *state = (ScoresState *) node;

	state->score = ExecInitExpr(linitial(scan->custom_exprs), &node->css.ss.ps);
	node->work = loki_work_of(list_make1(linitial(scan->custom_exprs)));
	state->numeric = exprType(linitial(scan->custom_exprs)) == NUMERICOID;
	state->descending = boolVal(list_nth(scan->custom_private, SCORES_DESCENDING));
	state->nulls_first = boolVal(list_nth(scan->custom_private, SCORES_NULLS_FIRST));
	state->rounding = DatumGetFloat8(list_nth_node(Const, scan->custom_private,
												   SCORES_ROUNDING)->constvalue);
	state->slot = ExecInitExtraTupleSlot(node->css.ss.ps.state,
										 node->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor,
										 &TTSOpsMinimalTuple);
}

/* A LokiNodeKind's method */
static bool
restart_scores(LokiNode *node)
{
	ScoresState *state = (ScoresState *) node;

	ExecClearTuple(state->slot);
	MemoryContextReset(node->context);
	state->waiting = NULL;
	state->expr = NULL;
	state->bytes = 0;
	state->nwaiting = state->returned = state->most = 0;
	state->dropped = -INFINITY;
	state->bound = INFINITY;
	return true;
}

/* ----------------------------------------------------------------
 * What rows to come can have
 * ----------------------------------------------------------------
 */

/*
 * LokiValues's callback: as a constant of the same type or of float8.  It is compiled without its plan node, so that
 * JIT leaves it alone: it is evaluated once for each rescan.
 */
static Node *
evaluate_constant(Node *expr, void *state)
{
	ExprContext *econtext = ((ScoresState *) state)->node.css.ss.ps.ps_ExprContext;
	ExprState  *compiled = ExecInitExprWithParams((Expr *) expr, econtext->ecxt_param_list_info);
	Oid			type = exprType(expr);
	int16		length;
	bool		by_value;
	bool		isnull;
	double		number;
	Datum		value = ExecEvalExprSwitchContext(compiled, econtext, &isnull);

	/* one that a float8 cannot be near to stays as it is: range.c knows what that means */
	if (!isnull && type == NUMERICOID && loki_range_number(value, type, &number) && isnormal(number))
		return (Node *) loki_float_const(number);
	get_typlenbyval(type, &length, &by_value);
	return (Node *) makeConst(type, -1, exprCollation(expr), length,
							  isnull ? (Datum) 0 : datumCopy(value, by_value, length), isnull, by_value);
}

/* LokiRangeOf: the columns of the child; loki_with_values() has left no parameters */
static bool
known_column(Node *expr, void *context, LokiRange *range)
{
	const ScoresState *state = context;

	if (!IsA(expr, Var))
		return false;
	Assert(((Var *) expr)->varno == INDEX_VAR && ((Var *) expr)->varattno > 0);
	*range = state->columns[((Var *) expr)->varattno - 1];
	return true;
}

/*
 * The child has come to a distance: rows that are to come are not nearer.
 *
 * A row that came late is nearer than the one before, and leaves the distance reached as it is.  If the
 * distance has not changed, neither has the bound, so that equal distances cost nothing.  Rounding is taken
 * off the distance, as the score may multiply it.
 */
static void
come_to_distance(ScoresState *state, double distance, bool isnull)
{
	LokiRange	range;
	LokiRange  *reached = &state->columns[0];
	double		nearest = reached->low;

	Assert(reached->low <= reached->high);

	/*
	 * after numbers there is nothing but NaN, and then NULL, unless they were
	 * first
	 */
	if (isnull ? !state->nulls_first : isnan(distance) && !state->descending)
		nearest = reached->high;
	else if (!isnull && !isnan(distance))
		nearest = Min(Max(nearest, distance - state->rounding), reached->high);
	if (nearest == reached->low)
		return;
	reached->low = nearest;
	loki_range_of_expr(state->expr, known_column, state, &range);
	state->bound = Max(loki_score_best(&range, state->descending, state->nulls_first), -MOST_SCORE);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/* The score of a row as a number that is greater the better it is; NaN and NULL are beyond MOST_SCORE. */
static double
score_of(const ScoresState *state, TupleTableSlot *slot)
{
	ExprContext *econtext = state->node.css.ss.ps.ps_ExprContext;
	bool		isnull;
	Datum		value;
	double		score;

	econtext->ecxt_scantuple = slot;
	value = ExecEvalExprSwitchContext(state->score, econtext, &isnull);
	if (isnull)
		return state->nulls_first ? INFINITY : -INFINITY;
	/* a cast to float8 would be an error of numbers that are beyond it */
	if (state->numeric)
		value = DirectFunctionCall1(numeric_float8_no_overflow, value);
	score = DatumGetFloat8(value);
	if (isnan(score))
		return state->descending ? DBL_MAX : -DBL_MAX;
	score = Min(Max(score, -MOST_SCORE), MOST_SCORE);
	return state->descending ? score : -score;
}

/*
 * Drop rows that are worse than as many as are wanted.  Those as good as the last stay for a Limit that
 * takes ties, so there may be more than were wanted.
 *
 * That sorts all of them, and comes when there are twice as many as stayed the last time: the cost for
 * each row is that of a heap.
 */
static void
drop_rows(ScoresState *state, int64 wanted)
{
	bool		ties = state->node.limit->limitOption == LIMIT_OPTION_WITH_TIES;
	WaitingRow **rows = palloc_array(WaitingRow *, state->nwaiting);
	int64		n = 0;

	while (!pairingheap_is_empty(state->waiting))
		rows[n++] = pairingheap_container(WaitingRow, node,
										  pairingheap_remove_first(state->waiting));
	Assert(n == state->nwaiting && wanted < n);
	state->dropped = rows[wanted - 1]->score;
	state->nwaiting = 0;
	for (int64 i = 0; i < n; i++)
	{
		if (i < wanted || (ties && rows[i]->score >= state->dropped))
		{
			pairingheap_add(state->waiting, &rows[i]->node);
			state->nwaiting++;
			continue;
		}
		state->bytes -= rows[i]->row->t_len + WAITING_BYTES;
		pfree(rows[i]->row);
		pfree(rows[i]);
	}
	Assert(state->nwaiting >= wanted);
	pfree(rows);
	state->most = 2 * state->nwaiting;
}

/*
 * Begin, with the first row: the bound depends on parameters, which the Limit and a nested loop have by
 * then, and what of the score is evaluated might be an error, if there were no row.
 *
 * The first row is there, so the executor's snapshot was taken before the bounds of columns are asked for
 * (query/bounds.c); all rescans have it, and a cursor that was opened long ago, so that what is asked once is good for
 * all of them.
 */
static void
begin_scored_rows(ScoresState *state)
{
	CustomScan *scan = (CustomScan *) state->node.css.ss.ps.plan;
	List	   *bounds = list_nth(scan->custom_private, SCORES_BOUNDS);
	int			ncolumns = state->slot->tts_tupleDescriptor->natts;
	MemoryContext old = MemoryContextSwitchTo(state->node.context);

	Assert(list_length(bounds) == ncolumns);
	Assert(state->node.css.ss.ps.state->es_snapshot != InvalidSnapshot);	/* P12 */
	if (state->bounds == NULL)
	{
		LokiRange  *ranges = MemoryContextAllocZero(state->node.css.ss.ps.state->es_query_cxt,
													sizeof(LokiRange) * ncolumns);

		for (int i = 0; i < ncolumns; i++)
		{
			LokiBounds	column = loki_bounds_parse(list_nth(bounds, i));

			ranges[i] = loki_bounds_read(&column, state->node.css.ss.ps.state->es_snapshot);
		}
		state->bounds = ranges;
	}
	state->waiting = pairingheap_allocate(compare_scored_rows, NULL);
	state->columns = palloc_array(LokiRange, ncolumns);
	memcpy(state->columns, state->bounds, sizeof(LokiRange) * ncolumns);

	/* rows without a distance come first where the score has them first */
	state->columns[0].low = -INFINITY;
	state->columns[0].high += state->rounding;
	state->columns[0].nulls = !state->nulls_first;
	state->columns[0].nans = !state->descending;
	state->expr = loki_with_values(lsecond(scan->custom_exprs), &(LokiValues) {evaluate_constant, state});
	MemoryContextSwitchTo(old);
}

/* The best row that waits, in the node's slot; NULL if there is none */
static TupleTableSlot *
take_best(ScoresState *state)
{
	WaitingRow *best;

	if (state->nwaiting == 0)
		return NULL;
	best = pairingheap_container(WaitingRow, node, pairingheap_remove_first(state->waiting));
	Assert(state->bytes >= best->row->t_len + WAITING_BYTES);
	state->nwaiting--;
	state->bytes -= best->row->t_len + WAITING_BYTES;
	ExecStoreMinimalTuple(best->row, state->slot, true);
	pfree(best);
	return loki_node_store(&state->node, state->slot);
}

/*
 * Let the row in the node's slot wait, unless it is worse than those that the Limit takes from now on.  Its distance
 * counts in any case: it says how far the child has come.  A LIMIT beyond the rows of any table is none, so that twice as
 * many is a number too.
 */
static void
keep_scored_row(ScoresState *state, TupleTableSlot *slot)
{
	const LimitState *limit = state->node.limit;
	int64		taken;
	int64		wanted = 0;		/* not known */
	double		score = score_of(state, slot);
	WaitingRow *waiting;
	MemoryContext old;
	bool		isnull;
	Datum		distance;

	Assert(!state->node.ended);
	if (state->expr == NULL)
		begin_scored_rows(state);
	distance = slot_getattr(slot, 1, &isnull);
	old = MemoryContextSwitchTo(state->node.css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	if (!state->node.unordered)
		come_to_distance(state, isnull ? 0 : DatumGetFloat8(distance), isnull);
	MemoryContextSwitchTo(old);
	if (score < state->dropped)
		return;
	old = MemoryContextSwitchTo(state->node.context);
	waiting = palloc_object(WaitingRow);
	waiting->score = score;
	waiting->row = ExecCopySlotMinimalTuple(slot);
	pairingheap_add(state->waiting, &waiting->node);
	state->nwaiting++;
	state->bytes += waiting->row->t_len + WAITING_BYTES;
	if (limit != NULL && !limit->noCount && limit->lstate != LIMIT_INITIAL &&
		!pg_add_s64_overflow(limit->count, limit->offset, &taken) && taken <= PG_INT64_MAX / 2)
		wanted = Max(taken - state->returned, 1);
	if (wanted > 0 && state->nwaiting > Max(Max(state->most, 2 * wanted), LEAST_WAITING))
		drop_rows(state, wanted);
	MemoryContextSwitchTo(old);
}

/*
 * A LokiNodeKind's method: rows are read until one that waits is better than all that are to come, or as good, since
 * equal scores have no order.
 */
static TupleTableSlot *
next_of_scores(LokiNode *node)
{
	ScoresState *state = (ScoresState *) node;
	TupleTableSlot *slot;

	while (!node->ended &&
		   (state->nwaiting == 0 ||
			pairingheap_container(WaitingRow, node, pairingheap_first(state->waiting))->score < state->bound))
	{
		slot = loki_node_next_of_child(node);
		if (slot != NULL)
			keep_scored_row(state, slot);
		if (state->bytes <= work_mem * (Size) 1024)
			continue;

		/* sort rows that wait, and those that the child still has */
		while ((slot = take_best(state)) != NULL || (slot = loki_node_next_of_child(node)) != NULL)
		{
			double		number = -score_of(state, slot);

			if (-number >= state->dropped)
				loki_sorted_put(node, 0, 1, &number);
		}
		Assert(node->ended);
	}
	slot = loki_sorted_next(node, 0, NULL);
	if (slot == NULL)
		slot = take_best(state);
	state->returned += slot != NULL;
	return slot;
}

/* A LokiNodeKind's method */
static void
explain_scores(LokiNode *node, List *ancestors, ExplainState *es)
{
	ExplainPropertyText("Score", linitial(loki_node_deparse(node, ancestors, es, 1)), es);
}

static const LokiNodeKind scores_kind = {
	.path = {.CustomName = "LokivectorScoreSearch", .PlanCustomPath = loki_node_plan},
	.plan = {.CustomName = "LokivectorScoreSearch", .CreateCustomScanState = loki_node_create_state},
	.size = sizeof(ScoresState),
	.ordered = true,
	.takes_late = true,
	.any_order = true,
	.begin = begin_scores,
	.restart = restart_scores,
	.next = next_of_scores,
	.explain = explain_scores,
};

const LokiForm loki_scores_form = {
	.level = loki_find_score,
	.order = choose_distance,
	.upper = add_score_paths,
	.kind = &scores_kind,
};
