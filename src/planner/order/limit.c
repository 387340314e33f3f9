/*-------------------------------------------------------------------------
 *
 * limit.c
 *	  Tell index scans how many rows their LIMIT will take.
 *
 * The access method's interface does not carry LIMIT, but a scan that knows it
 * makes its first walk as wide as needed and no wider.  When an executor starts, each
 * hnsw index scan below a Limit gets a wrapper around its ExecProcNode, which hands
 * over count + offset.  Between the two there may be nodes that pass rows on in order.
 * Limit evaluates count and offset before it asks for its first row, so this works for
 * parameters too.
 *
 * The wrapper also hands over the scan's filter: the conditions that the index does not
 * decide.  If the filter drops rows, the scan evaluates it on further rows itself, before
 * it measures and sorts them.
 *
 * IDENTIFICATION
 *	  src/planner/order/limit.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "planner/query/condition.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

/* The filter of an index scan, for the access method */
typedef struct ScanFilter
{
	LokiRowFilter filter;
	IndexScanState *scan;
	ExprContext *econtext;
} ScanFilter;

typedef struct LimitedScan
{
	PlanState  *scan;			/* hash key */
	LimitState *limit;
	ScanFilter *filter;			/* NULL: none */
	ExecProcNodeMtd exec;		/* the function that the wrapper calls */
	EState	   *estate;
} LimitedScan;

static HTAB *limited_scans = NULL;
static ExecutorStart_hook_type previous_executor_start = NULL;

/* A LIMIT that is above the rows of any table means all */
#define ALL_ROWS	1e18

/* Rows that a Limit will take; 0 if all, or if that is not known yet */
static double
limit_rows(LimitState *limit)
{
	double		rows = (double) limit->count + (double) limit->offset;

	Assert(rows >= 0);			/* Limit has raised an error otherwise */
	if (limit->noCount || limit->lstate == LIMIT_INITIAL || rows >= ALL_ROWS)
		return 0;
	return rows;
}

/*
 * LokiRowFilter's callback: whether a row passes.  As in the executor, index conditions
 * that slots did not decide come first, and then the others in the planner's order.  No
 * condition sees a row that an earlier one excludes.
 */
static bool
filter_passes(LokiRowFilter *row_filter, TupleTableSlot *slot, bool recheck)
{
	ScanFilter *filter = (ScanFilter *) row_filter;
	IndexScanState *scan = filter->scan;
	ExprContext *econtext = filter->econtext;
	bool		matches;
	bool		passes;

	Assert(econtext->ecxt_scantuple == NULL);	/* conditions do not nest */
	econtext->ecxt_scantuple = slot;
	matches = !recheck || ExecQual(scan->indexqualorig, econtext);
	passes = matches && ExecQual(scan->ss.ps.qual, econtext);
	econtext->ecxt_scantuple = NULL;
	ResetExprContext(econtext);
	if (!matches)
		InstrCountFiltered2(scan, 1);
	else if (!passes)
		InstrCountFiltered1(scan, 1);
	return passes;
}

/*
 * The filter of a scan; NULL if it has none.  If it is volatile or has sub-plans, only the
 * executor evaluates it, once for each row.
 */
static ScanFilter *
make_filter(IndexScanState *scan)
{
	PlanState  *ps = &scan->ss.ps;
	Node	   *clauses = (Node *) ps->plan->qual;
	ScanFilter *filter;
	MemoryContext old;

	if (ps->qual == NULL)
		return NULL;
	old = MemoryContextSwitchTo(ps->state->es_query_cxt);
	filter = palloc0_object(ScanFilter);
	filter->scan = scan;
	if (!contain_volatile_functions(clauses) && !contain_subplans(clauses))
	{
		filter->filter.passes = filter_passes;
		filter->econtext = CreateExprContext(ps->state);
	}
	loki_condition_attach(&filter->filter, &scan->ss, scan->iss_RelationDesc);
	MemoryContextSwitchTo(old);
	return filter;
}

/* The filter of a scan, which is told how many rows are still wanted; or NULL */
static LokiRowFilter *
current_filter(LimitedScan *entry, double rows)
{
	if (entry->filter == NULL)
		return NULL;
	Assert((PlanState *) entry->filter->scan == entry->scan);
	entry->filter->filter.wanted = rows - (double) entry->limit->position;
	return &entry->filter->filter;
}

/* The entry of a scan; it was made when the scan's own executor started */
static LimitedScan *
find_entry(PlanState *ps)
{
	LimitedScan *entry = hash_search(limited_scans, &ps, HASH_FIND, NULL);

	Assert(entry != NULL && entry->scan == ps && entry->estate == ps->state);
	return entry;
}

/* The wrapper around a hybrid scan's ExecProcNode */
static TupleTableSlot *
exec_limited_hybrid(PlanState *ps)
{
	LimitedScan *entry = find_entry(ps);

	loki_hybrid_set_limit(ps, limit_rows(entry->limit));
	return entry->exec(ps);
}

/* The wrapper around an index scan's ExecProcNode */
static TupleTableSlot *
exec_limited_scan(PlanState *ps)
{
	IndexScanState *scan = castNode(IndexScanState, ps);
	LimitedScan *entry = find_entry(ps);
	Oid			index = RelationGetRelid(scan->iss_RelationDesc);
	double		rows = limit_rows(entry->limit);
	TupleTableSlot *slot;

	Assert(loki_is_hnsw_index(scan->iss_RelationDesc));
	/* the scan itself begins only when its first row is asked for */
	if (scan->iss_ScanDesc != NULL)
	{
		loki_hnsw_set_limit(scan->iss_ScanDesc, index, rows, current_filter(entry, rows));
		return entry->exec(ps);
	}

	/*
	 * Evaluate the query vector now, as ExecIndexScan() would do next.  That
	 * may fail, or run other scans of the index, which the limit is not for.
	 */
	if (scan->iss_NumRuntimeKeys != 0 && !scan->iss_RuntimeKeysReady)
		ExecReScan(ps);
	loki_hnsw_set_limit(NULL, index, rows, current_filter(entry, rows));
	PG_TRY();
	{
		slot = entry->exec(ps);
	}
	PG_FINALLY();
	{
		loki_hnsw_set_limit(NULL, index, 0, NULL);
	}
	PG_END_TRY();
	return slot;
}

/* Callback of an executor's memory context: forget its scans. */
static void
forget_scans(void *arg)
{
	HASH_SEQ_STATUS status;
	LimitedScan *entry;

	hash_seq_init(&status, limited_scans);
	while ((entry = hash_seq_search(&status)) != NULL)
		if (entry->estate == (EState *) arg)
			hash_search(limited_scans, &entry->scan, HASH_REMOVE, NULL);
}

static void
remember_scan(PlanState *ps, LimitState *limit, bool first)
{
	EState	   *estate = ps->state;
	LimitedScan *entry;

	if (limited_scans == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(PlanState *);
		control.entrysize = sizeof(LimitedScan);
		control.hcxt = TopMemoryContext;
		limited_scans = hash_create("hnsw limited scans", 16, &control,
									HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	if (first)
	{
		MemoryContextCallback *callback =
			MemoryContextAllocZero(estate->es_query_cxt, sizeof(MemoryContextCallback));

		callback->func = forget_scans;
		callback->arg = estate;
		MemoryContextRegisterResetCallback(estate->es_query_cxt, callback);
	}
	/* a scan has one Limit, and a node of an executor that ended has no entry */
	Assert(hash_search(limited_scans, &ps, HASH_FIND, NULL) == NULL);
	Assert(ps->ExecProcNodeReal != exec_limited_hybrid &&
		   ps->ExecProcNodeReal != exec_limited_scan);
	entry = hash_search(limited_scans, &ps, HASH_ENTER, NULL);
	entry->limit = limit;
	entry->filter = IsA(ps, IndexScanState) ? make_filter((IndexScanState *) ps) : NULL;
	entry->exec = ps->ExecProcNodeReal;
	entry->estate = estate;
	ExecSetExecProcNode(ps, IsA(ps, CustomScanState) ? exec_limited_hybrid :
						exec_limited_scan);
}

/*
 * Remember the scans whose rows a Limit takes: those that it reaches through nodes that
 * pass rows on.  Sub-plans of these nodes are not asked for LIMIT rows.
 */
static void
find_limited(PlanState *ps, LimitState *limit, bool *found)
{
	if (ps == NULL)
		return;
	switch (nodeTag(ps))
	{
		case T_IndexScanState:
			{
				Relation	index = ((IndexScanState *) ps)->iss_RelationDesc;

				if (index != NULL && loki_is_hnsw_index(index))
				{
					remember_scan(ps, limit, !*found);
					*found = true;
				}
				break;
			}
		case T_CustomScanState:
			if (loki_is_hybrid_scan(ps))
			{
				remember_scan(ps, limit, !*found);
				*found = true;
			}
			break;
		case T_MergeAppendState:
			{
				MergeAppendState *append = (MergeAppendState *) ps;

				for (int i = 0; i < append->ms_nplans; i++)
					find_limited(append->mergeplans[i], limit, found);
				break;
			}
		case T_NestLoopState:
			/* the outer side is in order, or has one row (join/join.c) */
			find_limited(outerPlanState(ps), limit, found);
			find_limited(innerPlanState(ps), limit, found);
			break;
		case T_SubqueryScanState:
			find_limited(((SubqueryScanState *) ps)->subplan, limit, found);
			break;
		case T_IncrementalSortState:
		case T_ResultState:
		case T_ProjectSetState:
		case T_LockRowsState:
			find_limited(outerPlanState(ps), limit, found);
			break;
		default:
			break;
	}
}

/* planstate_tree_walker callback */
static bool
find_limits(PlanState *ps, void *found)
{
	if (IsA(ps, LimitState))
		find_limited(outerPlanState(ps), (LimitState *) ps, (bool *) found);
	return planstate_tree_walker(ps, find_limits, found);
}

static void
limit_executor_start(QueryDesc *query, int flags)
{
	bool		found = false;

	if (previous_executor_start)
		previous_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
	if (!(flags & EXEC_FLAG_EXPLAIN_ONLY) && query->planstate != NULL)
		find_limits(query->planstate, &found);
}

void
loki_limit_init(void)
{
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = limit_executor_start;
}
