/*-------------------------------------------------------------------------
 *
 * exec.c
 *	  Execute a scan of an hnsw index within a bitmap or a distance.
 *
 * The bitmap is made when the first row is asked for.  It is kept over rescans as long
 * as nothing that it depends on changes.  Then the access method has to stay inside
 * the bitmap and within the bound, and returns rows in order.  If the bitmap has few
 * rows, these are all read and sorted instead (hybrid/bitmap_rows.c).
 *
 *		none	the bitmap is empty, or a bound is NULL
 *		rows	all rows of the bitmap are read in the order of the heap, checked,
 *				measured, sorted, and read again; if that costs less
 *		walk	the access method finds them, inside the set and the bound
 *		alone	the same, in no order; rows that the index knows are not fetched
 *
 * A row is checked by what the index and the bitmap leave open: lossy pages of the
 * bitmap, lossy conditions of the index, and a bound that is very near to the distance.
 * Within 1e-5 of the bound the clause itself decides, and the access method's bound is wider by as
 * much.  Without LIMIT the bound is a condition: a flat scan that misses no row.  NaN is above all
 * numbers, so 1 - (v <=> q) > 0.8 is true for zero vectors; the access method knows whether all bounds
 * let NaN pass.
 *
 * On a row's new version, in EvalPlanQual(), all clauses that are not in the filter are checked again.
 * Cursors get a Material node.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/exec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/genam.h"
#include "access/tableam.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "executor/nodeIndexscan.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "optimizer/clauses.h"
#include "planner/hybrid/hybrid.h"
#include "planner/query/condition.h"
#include "planner/query/make_expr.h"
#include "utils/float.h"
#include "utils/memutils.h"

static const CustomExecMethods exec_methods;

/* How far the operator's result may be from the distance that the index returns */
#define DISTANCE_SLOP	1e-5

/* CreateCustomScanState */
Node *
loki_hybrid_create_state(CustomScan *scan)
{
	LokiHybridState *state = palloc0_object(LokiHybridState);

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

/*
 * What the scan asks of the nodes that take its rows; NULL for other nodes.  It asks when it begins, so
 * order/limit.c fills it in before.
 */
LokiScanCaller *
loki_hybrid_caller(PlanState *ps)
{
	LokiHybridState *state = (LokiHybridState *) ps;

	if (!IsA(ps, CustomScanState) || state->css.methods != &exec_methods)
		return NULL;
	Assert(!state->begun);
	return &state->caller;
}

/* ----------------------------------------------------------------
 * Beginning and ending
 * ----------------------------------------------------------------
 */

/*
 * LokiScanCaller's callback: whether a row passes, by all that next_of_walk() and ExecScan() check, in that order (P6).
 */
static bool
hybrid_filter_passes(LokiScanCaller *caller, TupleTableSlot *slot, bool recheck, double distance)
{
	LokiHybridState *state = (LokiHybridState *) ((char *) caller - offsetof(LokiHybridState, caller));
	ExprContext *econtext = state->filter_context;
	bool		lossy = state->filters || (state->tids != NULL &&
										   loki_tids_recheck(state->tids, ItemPointerGetBlockNumber(&slot->tts_tid)));
	bool		matches;
	bool		within;
	bool		passes;

	Assert(econtext->ecxt_scantuple == NULL);	/* conditions do not nest */
	econtext->ecxt_scantuple = slot;
	matches = (!recheck || ExecQual(state->checks.keys, econtext)) &&
		(!lossy || ExecQual(state->checks.bitmap, econtext));
	within = matches && (!caller->by_distance || loki_hybrid_within(state, econtext, distance, false));
	passes = within && ExecQual(state->filter, econtext);
	econtext->ecxt_scantuple = NULL;
	ResetExprContext(econtext);
	if (!matches)
		state->counts.rechecked++;
	else if (within && !passes)
		InstrCountFiltered1(state, 1);
	return passes;
}

/*
 * Have the access method evaluate the filter, as order/limit.c does for an index scan.  A bound comes before it, unless the
 * plan says otherwise.
 */
static void
init_filter(LokiHybridState *state)
{
	PlanState  *ps = &state->css.ss.ps;
	List	   *qual = ps->plan->qual;
	List	   *bitmap = LokiHybridExpr((CustomScan *) ps->plan, LOKI_HYBRID_BITMAP_ROW);
	List	   *bounds = LokiHybridExpr((CustomScan *) ps->plan, LOKI_HYBRID_BOUND_ROW);

	state->filter = ps->qual;
	if (contain_subplans((Node *) qual))
		state->filter_first = ExecInitQual(loki_repeatable_part(qual), ps);
	if (qual != NIL)
		ps->qual = loki_filter_once(state->filter, &state->caller.passed);
	if (state->row != NULL ||
		!loki_is_repeatable((Node *) bitmap) ||
		!loki_is_repeatable(LokiHybridExpr((CustomScan *) ps->plan, LOKI_HYBRID_KEYS_ROW)))
		return;
	state->filter_context = CreateExprContext(ps->state);
	state->caller.passes = hybrid_filter_passes;
	state->caller.by_distance = state->bounds.n > 0 && !LokiHybridHas((CustomScan *) ps->plan, LOKI_HYBRID_FILTERS);
	state->nhashed = list_length(bitmap);
	foreach_ptr(Node, clause, bitmap)
		if (!IsA(clause, ScalarArrayOpExpr) || !OidIsValid(((ScalarArrayOpExpr *) clause)->hashfuncid))
		state->nhashed = 0;
	state->caller.nconditions = list_length(qual);
	state->caller.work = loki_work_of(list_concat_copy(bitmap, qual)) + list_length(bitmap);
	/* a row that passes all else is measured anyway, which is what its bound costs */
	foreach_ptr(Node, clause, qual)
		if (list_member(bounds, clause))
		state->caller.work[foreach_current_index(clause)] = (LokiConditionWork) {0};
}

/*
 * BeginCustomScan.  Opens the index, with the lock mode that the table has in the query, until
 * end_hybrid_node().  EXPLAIN without ANALYZE needs no index: it may be a hypothetical one of another
 * extension, which has no relation.
 */
static void
begin_hybrid_node(CustomScanState *node, EState *estate, int eflags)
{
	LokiHybridState *state = (LokiHybridState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	PlanState  *ps = &node->ss.ps;
	Relation	table = node->ss.ss_currentRelation;
	Oid			indexid = linitial_oid(list_nth(scan->custom_private, LOKI_HYBRID_INDEX));
	LokiHybridWalk *walk = &state->walk;
	List	   *values = LokiHybridExpr(scan, LOKI_HYBRID_BOUND_VALUES);
	List	   *flags = (List *) list_nth(scan->custom_private, LOKI_HYBRID_BOUNDS);
	int			norderbys;
	OpExpr	   *order;

	Assert(list_length(scan->custom_exprs) == LOKI_HYBRID_NEXPRS);
	Assert(list_length(values) == list_length(flags));

	/*
	 * Scan with the table's own kind of slot.  The server has set up a
	 * virtual slot, and the projection and filter that depend on it; these
	 * are made once more.  A virtual slot could hold no tuple of the heap
	 * with its buffer, which is what index_fetch_heap() stores.  Sub-plans of
	 * the filter are listed again as it is compiled.
	 */
	ps->subPlan = NIL;
	LokiInitScanSlot(estate, &node->ss, RelationGetDescr(table), table_slot_callbacks(table));
	ExecAssignScanProjectionInfo(&node->ss);
	ps->qual = ExecInitQual(ps->plan->qual, ps);
	state->checks.keys = ExecInitQual(LokiHybridExpr(scan, LOKI_HYBRID_KEYS_ROW), ps);
	state->checks.index = ExecInitQual(LokiHybridExpr(scan, LOKI_HYBRID_INDEX_ROW), ps);
	state->checks.bitmap = ExecInitQual(LokiHybridExpr(scan, LOKI_HYBRID_BITMAP_ROW), ps);
	state->checks.bound = ExecInitQual(LokiHybridExpr(scan, LOKI_HYBRID_BOUND_ROW), ps);
	order = linitial_node(OpExpr, LokiHybridExpr(scan, LOKI_HYBRID_ORDER_ROW));
	state->checks.distance = ExecInitExpr((Expr *) order, ps);
	state->label = loki_label_of_operator(order);
	Assert(state->label.promise != LOKI_PROMISE_NONE);
	state->bounds.n = list_length(values);
	state->bounds.clauses = palloc0_array(LokiHybridBound, state->bounds.n + 1);
	for (int i = 0; i < state->bounds.n; i++)
	{
		state->bounds.clauses[i].expr = ExecInitExpr(list_nth(values, i), ps);
		state->bounds.clauses[i].flags = list_nth_int(flags, i);
	}
	if (scan->custom_plans != NIL)
	{
		state->bitmap = ExecInitNode(linitial(scan->custom_plans), estate, eflags);
		node->custom_ps = list_make1(state->bitmap);
	}
	if (LokiHybridHas(scan, LOKI_HYBRID_ALONE))
		state->row = palloc0_object(LokiIndexRow);
	foreach_int(attribute, (List *) list_nth(scan->custom_private, LOKI_HYBRID_ATTRIBUTES))
		state->row->wanted[attribute] = true;
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	walk->index = index_open(indexid, exec_rt_fetch(scan->scan.scanrelid, estate)->rellockmode);
	walk->runtime = CreateExprContext(estate);
	/* the second call appends to the runtime keys of the first */
	ExecIndexBuildScanKeys(ps, walk->index, LokiHybridExpr(scan, LOKI_HYBRID_KEYS), false,
						   &walk->keys, &walk->nkeys,
						   &walk->runtime_keys, &walk->nruntime_keys, NULL, NULL);
	ExecIndexBuildScanKeys(ps, walk->index, LokiHybridExpr(scan, LOKI_HYBRID_ORDER), true,
						   &walk->orderbys, &norderbys,
						   &walk->runtime_keys, &walk->nruntime_keys, NULL, NULL);
	Assert(norderbys == 1);
	init_filter(state);
	loki_condition_attach(&state->caller, &node->ss, walk->index);
	state->rows.context = AllocSetContextCreate(estate->es_query_cxt, "hybrid scan rows",
												ALLOCSET_DEFAULT_SIZES);
}

/* Free the rows of the bitmap: they are made again when a scan begins. */
static void
forget_bitmap(LokiHybridState *state)
{
	if (state->tids != NULL)
		MemoryContextDelete(state->tids->context);
	state->tids = NULL;
}

/* EndCustomScan: closes the index, whose lock stays until the transaction ends. */
static void
end_hybrid_node(CustomScanState *node)
{
	LokiHybridState *state = (LokiHybridState *) node;

	if (state->rows.fetch != NULL)
		table_index_fetch_end(state->rows.fetch);
	if (state->walk.scan != NULL)
		index_endscan(state->walk.scan);
	if (state->walk.index != NULL)
		index_close(state->walk.index, NoLock);
	forget_bitmap(state);
	if (state->bitmap != NULL)
		ExecEndNode(state->bitmap);
}

/*
 * ReScanCustomScan.  Nothing is read here.  The bounds, the bitmap and the strategy are those of the
 * first row that is asked for, when all parameters have their values.
 */
static void
rescan_hybrid_node(CustomScanState *node)
{
	LokiHybridState *state = (LokiHybridState *) node;

	state->begun = false;
	state->rows.n = state->rows.next = 0;
	MemoryContextReset(state->rows.context);
	if (state->rows.fetch != NULL)
		table_index_fetch_reset(state->rows.fetch);
	if (state->bitmap != NULL)
	{
		if (node->ss.ps.chgParam != NULL)
			UpdateChangedParamSet(state->bitmap, node->ss.ps.chgParam);

		/* the same parameters give the same bitmap */
		if (state->bitmap->chgParam != NULL)
			forget_bitmap(state);
	}
	ExecScanReScan(&node->ss);
}

/* ----------------------------------------------------------------
 * The first row
 * ----------------------------------------------------------------
 */

/*
 * The least of the bounds, for the access method; NaN if there is none.  Bounds are widened by what
 * rounding may do to distances.  Posting lists know the distance of all rows that have nothing in
 * common with the query, mostly very many: `sparse <#> q < 0` leaves these out.
 */
static double
least_bound(const LokiHybridState *state)
{
	bool		listed = loki_index_listed(state->walk.index);
	double		least = get_float8_infinity();

	for (int i = 0; i < state->bounds.n; i++)
	{
		const LokiHybridBound *bound = &state->bounds.clauses[i];
		double		value = bound->value;

		if (!listed || !(bound->flags & LOKI_BOUND_EXACT))
			value += DISTANCE_SLOP * Max(fabs(value), 1);
		else if (bound->flags & LOKI_BOUND_STRICT)
			value = nextafter(value, -get_float8_infinity());
		if (value < least)
			least = value;
	}
	/* distances are sums of floats, which may be infinite in their place */
	return fabs(least) > FLT_MAX ? get_float8_nan() : least;
}

/*
 * The distance up to which a row is within all bounds for certain, however their clauses round; infinite
 * if there are none, and -infinite if one is no number to compare with.
 */
static double
sure_bound(const LokiHybridState *state)
{
	double		sure = get_float8_infinity();

	for (int i = 0; i < state->bounds.n; i++)
	{
		double		value = state->bounds.clauses[i].value;

		if (isnan(value) || isinf(value))
			return -get_float8_infinity();
		sure = Min(sure, value - DISTANCE_SLOP * Max(fabs(value), 1));
	}
	return sure;
}

/* Have the access method stay inside the bitmap and within the bounds, and begin. */
static void
begin_walk(LokiHybridState *state)
{
	EState	   *estate = state->css.ss.ps.state;
	LokiHybridWalk *walk = &state->walk;

	Assert(state->begun && state->strategy == LOKI_HYBRID_WALK);
	Assert((state->tids != NULL || state->filters) == (state->bitmap != NULL));
	if (walk->scan == NULL)
	{
		walk->scan = LokiIndexBeginScanKeys(state->css.ss.ss_currentRelation, walk->index,
											estate->es_snapshot, NULL, walk->nkeys, 1);
		loki_hnsw_set_caller(walk->scan, &state->caller);
	}
	index_rescan(walk->scan, walk->keys, walk->nkeys, walk->orderbys, 1);
	if (state->row != NULL)
	{
		state->row->sure = sure_bound(state);
		loki_hnsw_return_columns(walk->scan, state->row);
	}

	/*
	 * Without a LIMIT the bound is a condition, and all rows that meet it are
	 * wanted.
	 */
	loki_hnsw_restrict(walk->scan, state->tids, least_bound(state), state->bounds.nans,
					   state->limit == 0 || state->row != NULL);
	state->counts.walks++;
}

/*
 * Do all that comes before the first row: bounds, bitmap, and the choice of strategy.  Bounds come
 * first, since with one that is NULL no row can pass, and the bitmap need not be made.  A bound that is
 * NaN or infinite excludes nothing, since NaN sorts last.
 */
static void
begin_hybrid_scan(LokiHybridState *state)
{
	Assert(!state->begun && state->rows.n == 0);
	state->begun = true;
	state->limit = state->caller.limit != NULL ? state->caller.limit(&state->caller) : 0;
	state->strategy = LOKI_HYBRID_NOTHING;
	ResetExprContext(state->walk.runtime);
	state->bounds.nans = true;
	for (int i = 0; i < state->bounds.n; i++)
	{
		LokiHybridBound *bound = &state->bounds.clauses[i];
		bool		isnull;
		Datum		value = ExecEvalExprSwitchContext(bound->expr, state->walk.runtime, &isnull);

		bound->value = isnull ? get_float8_nan() : DatumGetFloat8(value);
		if (isnull && (bound->flags & LOKI_BOUND_EXACT))
			return;
		state->bounds.nans &= (bound->flags & LOKI_BOUND_NANS) != 0 || isnan(bound->value);
	}
	ExecIndexEvalRuntimeKeys(state->walk.runtime, state->walk.runtime_keys,
							 state->walk.nruntime_keys);
	if (state->bitmap != NULL)
	{
		if (state->tids == NULL)
		{
			/*
			 * Let the filter do what the bitmap was to do, or not.  That goes for
			 * searches alone: an exact scan would read all rows.
			 */
			bool		filters = state->nhashed > 0 && state->limit > 0 &&
				state->label.promise != LOKI_PROMISE_EXACT && loki_hybrid_keys_outgrow(state);
			int			more = ((int) filters - (int) state->filters) * state->nhashed;

			state->caller.nconditions += more;
			state->caller.work -= more;
			state->filters = filters;
			if (!filters)
				loki_hybrid_make_tids(state);
		}
		if (!state->filters && state->tids->npages == 0)
			return;
	}
	if (state->tids != NULL && state->row == NULL &&
		LokiHybridHas((CustomScan *) state->css.ss.ps.plan, LOKI_HYBRID_MEASURES) && loki_hybrid_rows_pay(state))
	{
		state->strategy = LOKI_HYBRID_ROWS;
		state->counts.row_scans++;
		loki_hybrid_read_rows(state);
		return;
	}
	state->strategy = LOKI_HYBRID_WALK;
	begin_walk(state);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/* Whether the row in a context's slot passes clauses that the planner took the index or the bitmap to answer */
static bool
passes(LokiHybridState *state, ExprState *clauses, ExprContext *econtext)
{
	if (clauses == NULL)
		return true;
	if (ExecQualAndReset(clauses, econtext))
		return true;
	state->counts.rechecked++;
	return false;
}

/*
 * Whether the distance of the row in a context's slot is within the exact bounds.  If it
 * is very near to one of them, the clause decides.
 */
bool
loki_hybrid_within(LokiHybridState *state, ExprContext *econtext, double distance, bool isnull)
{
	bool		near = false;

	Assert(state->begun && state->strategy != LOKI_HYBRID_NOTHING);
	for (int i = 0; i < state->bounds.n; i++)
	{
		LokiHybridBound *bound = &state->bounds.clauses[i];
		double		slop = DISTANCE_SLOP * Max(fabs(bound->value), 1);

		if (!(bound->flags & LOKI_BOUND_EXACT))
			continue;
		if (isnull)
			return false;
		if (isnan(distance) || isnan(bound->value) || isinf(bound->value) ||
			fabs(distance - bound->value) <= slop)
			near = true;
		else if (distance > bound->value)
			return false;
	}
	return !near || passes(state, state->checks.bound, econtext);
}

/* Store the columns of a row that is known in the scan's slot; the others are NULL, and nobody reads them. */
static void
store_columns(LokiHybridState *state, TupleTableSlot *slot)
{
	const LokiIndexRow *row = state->row;
	Relation	index = state->walk.index;

	Assert(row->known);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index) - 1; i++)
	{
		int			column = index->rd_index->indkey.values[i + 1];

		if (!row->wanted[i])
			continue;
		Assert(column > 0);		/* returned_attribute() */
		slot->tts_values[column - 1] = row->values[i];
		slot->tts_isnull[column - 1] = row->isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(state->css.ss.ss_currentRelation);
}

/*
 * The next row of the access method that passes what it did not check.  A node may have several rows, of
 * which not all are in the set, so that each TID is looked up once more.
 */
static bool
next_of_walk(LokiHybridState *state, TupleTableSlot *slot)
{
	IndexScanDesc scan = state->walk.scan;
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	ItemPointer tid;

	Assert(scan->numberOfOrderBys == 1);
	while ((tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		bool		recheck;

		CHECK_FOR_INTERRUPTS();
		if (state->tids != NULL && !loki_tids_has(state->tids, tid))
			continue;
		recheck = state->filters || (state->tids != NULL &&
									 loki_tids_recheck(state->tids, ItemPointerGetBlockNumber(tid)));
		if (state->row != NULL && state->row->known && !recheck)
		{
			store_columns(state, slot);
			return true;
		}
		if (!index_fetch_heap(scan, slot))
			continue;
		if (state->row != NULL)
			state->counts.heap_fetches++;

		/*
		 * The bound comes last.  For rows very near to it the clause is
		 * evaluated, which may call a user's function.
		 */
		if ((!scan->xs_recheck || passes(state, state->checks.keys, econtext)) &&
			(!recheck || passes(state, state->checks.bitmap, econtext)) &&
			(state->row != NULL ? passes(state, state->checks.bound, econtext) :
			 loki_hybrid_within(state, econtext, DatumGetFloat8(scan->xs_orderbyvals[0]),
								scan->xs_orderbynulls[0])))
			return true;
	}
	return false;
}

/* ExecScan's access method: the filter and the projection are ExecScan()'s */
static TupleTableSlot *
next_row(ScanState *node)
{
	LokiHybridState *state = (LokiHybridState *) node;
	TupleTableSlot *slot = node->ss_ScanTupleSlot;
	bool		found = false;

	if (!state->begun)
		begin_hybrid_scan(state);
	node->ps.ps_ExprContext->ecxt_scantuple = slot;
	if (state->strategy == LOKI_HYBRID_WALK)
		found = next_of_walk(state, slot);
	else if (state->strategy == LOKI_HYBRID_ROWS)
		found = loki_hybrid_next_row(state, slot);
	return found ? slot : ExecClearTuple(slot);
}

/*
 * ExecScan's recheck of a row that was updated: all clauses but the filter.  The new version may meet
 * the filter, and be out of the bitmap or the bound.
 */
static bool
recheck_row(ScanState *node, TupleTableSlot *slot)
{
	LokiHybridState *state = (LokiHybridState *) node;
	ExprContext *econtext = node->ps.ps_ExprContext;

	econtext->ecxt_scantuple = slot;
	return ExecQual(state->checks.keys, econtext) && ExecQual(state->checks.index, econtext) &&
		ExecQual(state->checks.bitmap, econtext) && ExecQualAndReset(state->checks.bound, econtext);
}

/* ExecCustomScan */
static TupleTableSlot *
exec_hybrid_node(CustomScanState *node)
{
	return ExecScan(&node->ss, next_row, recheck_row);
}

static const CustomExecMethods exec_methods = {
	.CustomName = LOKI_HYBRID_NAME,
	.BeginCustomScan = begin_hybrid_node,
	.ExecCustomScan = exec_hybrid_node,
	.EndCustomScan = end_hybrid_node,
	.ReScanCustomScan = rescan_hybrid_node,
	.ExplainCustomScan = loki_hybrid_explain,
};
