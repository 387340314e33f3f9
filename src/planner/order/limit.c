/*-------------------------------------------------------------------------
 *
 * limit.c
 *	  Tell index scans how many rows their LIMIT will take.
 *
 * The access method's interface does not carry LIMIT, but a scan that knows it
 * makes its first walk as wide as needed and no wider.  When an executor
 * starts, each hnsw index scan below a Limit (through nodes that pass rows on
 * one by one or in order) gets a wrapper around its ExecProcNode, which hands
 * over count + offset.  Limit evaluates both before it asks for its first
 * row, so that this works for parameters too.
 *
 * With it goes the scan's filter, the conditions that the index does not know, or not
 * for certain: a scan whose rows are dropped by it looks at further ones itself,
 * before it measures and sorts them.
 *
 * IDENTIFICATION
 *	  src/planner/order/limit.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"

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
	ScanFilter *filter;			/* NULL: none, or one to be left alone */
	ExecProcNodeMtd exec;		/* what the wrapper stands before */
	EState	   *estate;
} LimitedScan;

static HTAB *limited_scans = NULL;
static ExecutorStart_hook_type previous_executor_start = NULL;

/* More than any table has, as a Limit may be told that is to take all */
#define ALL_ROWS	1e18

/* Rows that a Limit will take, 0 if all or not known */
static double
limit_rows(LimitState *limit)
{
	double		rows = (double) limit->count + (double) limit->offset;

	if (limit->noCount || limit->lstate == LIMIT_INITIAL || rows >= ALL_ROWS)
		return 0;
	return rows;
}

/*
 * Whether a row passes, in the access method's name.  As in the executor, conditions
 * of the index that it did not decide come before all others, which are in the order
 * that the planner gave them: none sees a row that one before it excludes.
 */
static bool
filter_passes(LokiRowFilter *row_filter, TupleTableSlot *slot, bool recheck)
{
	ScanFilter *filter = (ScanFilter *) row_filter;
	IndexScanState *scan = filter->scan;
	ExprContext *econtext = filter->econtext;
	bool		matches;
	bool		passes;

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
 * The filter of a scan; NULL if it has none, or one that is not to be evaluated more
 * often than need be.
 */
static ScanFilter *
make_filter(IndexScanState *scan)
{
	PlanState  *ps = &scan->ss.ps;
	ScanFilter *filter;
	Node	   *clauses = (Node *) ps->plan->qual;

	if (ps->qual == NULL || contain_volatile_functions(clauses) || contain_subplans(clauses))
		return NULL;
	filter = MemoryContextAllocZero(ps->state->es_query_cxt, sizeof(ScanFilter));
	filter->filter.passes = filter_passes;
	filter->scan = scan;
	filter->econtext = CreateExprContext(ps->state);
	return filter;
}

/* The same, and how many rows are still wanted */
static LokiRowFilter *
current_filter(LimitedScan *entry, double rows)
{
	if (entry->filter == NULL)
		return NULL;
	entry->filter->filter.wanted = rows - (double) entry->limit->position;
	return &entry->filter->filter;
}

/* The wrapper around ExecProcNode of a scan of ours */
static TupleTableSlot *
exec_limited_hybrid(PlanState *ps)
{
	LimitedScan *entry = hash_search(limited_scans, &ps, HASH_FIND, NULL);

	loki_hybrid_set_limit(ps, limit_rows(entry->limit));
	return entry->exec(ps);
}

/* The wrapper around an index scan's ExecProcNode */
static TupleTableSlot *
exec_limited_scan(PlanState *ps)
{
	IndexScanState *scan = castNode(IndexScanState, ps);
	LimitedScan *entry = hash_search(limited_scans, &ps, HASH_FIND, NULL);
	Oid			index = RelationGetRelid(scan->iss_RelationDesc);
	double		rows = limit_rows(entry->limit);
	TupleTableSlot *slot;

	/* the scan itself begins only when its first row is asked for */
	if (scan->iss_ScanDesc != NULL)
	{
		loki_hnsw_set_limit(scan->iss_ScanDesc, index, rows, current_filter(entry, rows));
		return entry->exec(ps);
	}

	/*
	 * Evaluate the query vector now, as ExecIndexScan() is about to: that may
	 * run other scans of the index, for which the limit is not meant, or
	 * fail.
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

/* Forget the scans of an executor whose memory goes away. */
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
	entry = hash_search(limited_scans, &ps, HASH_ENTER, NULL);
	entry->limit = limit;
	entry->filter = IsA(ps, IndexScanState) ? make_filter((IndexScanState *) ps) : NULL;
	entry->exec = ps->ExecProcNodeReal;
	entry->estate = estate;
	ExecSetExecProcNode(ps, IsA(ps, CustomScanState) ? exec_limited_hybrid :
						exec_limited_scan);
}

/*
 * Remember the scans whose rows a Limit takes: those that it reaches through
 * nodes that pass rows on.  Subplans of these nodes have limits of their own.
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
			/* the outer side is in order, or one row (join/join.c) */
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
