/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Index scans: in the order of distance, complete, with filters.
 *
 * A scan returns rows in batches.  The first is as large as the caller's
 * LIMIT where it is known (hnsw.h, loki_hnsw_set_limit), and hnsw.ef_search
 * otherwise; later ones double.  Within a batch the order is exact: its rows
 * are known by their vectors before the first is returned.  A walk that has
 * no more goes on wider, then all other nodes follow in flat scans,
 * then the rows that have no place in the graph.  src/hnsw/README, "Scan".
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/scan.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/relscan.h"
#include "access/skey.h"
#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/graph/requantize.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "hnsw/scan/strategy.h"
#include "hnsw/scan/width.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Nodes that a walk visits for each of its width */
#define VISITED_PER_WIDTH	20

/* Walks so wide are for the row that has the query's vector: making its codes costs
 * a narrow one more than it gains */
#define ROW_WIDTH	256

/* Each batch of a certain scan is so many times as large as the one before */
#define CERTAIN_GROWTH	8.0

/* Of the rows that a walk is wide enough for, those that may be looked at and dropped */
#define FILTERED_SHARE		0.95

/*
 * A list tells the share of nodes that match if no more than this part of it may
 * not, such as arrays whose elements it does not know
 */
#define LISTED_IN_VAIN		0.1

/* A LIMIT for the next scan of an index that begins, and what follows it */
static Oid	limit_index = InvalidOid;
static double limit_rows = 0;
static LokiRowFilter *limit_filter = NULL;

/*
 * Tell a scan, or with scan = NULL the next one of an index, how many rows its
 * caller takes at most, and what it does with them.
 */
void
loki_hnsw_set_limit(IndexScanDesc scan, Oid index, double limit, LokiRowFilter *filter)
{
	LokiScan   *so = scan != NULL ? (LokiScan *) scan->opaque : NULL;

	if (so != NULL)
	{
		so->limit = limit;
		so->row_filter = filter;
	}
	else
	{
		limit_index = limit > 0 ? index : InvalidOid;
		limit_rows = limit;
		limit_filter = filter;
	}
}

/* Keep a scan to the rows of a set, and to those that are not beyond a bound. */
void
loki_hnsw_restrict(IndexScanDesc scan, const LokiTidSet *tids, double bound, bool nans,
				   bool all)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	so->within = tids;
	so->bound = bound;
	so->bound_nans = nans;
	so->bound_all = all;
}

/* ambeginscan */
IndexScanDesc
loki_hnsw_beginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw scan",
												  ALLOCSET_DEFAULT_SIZES);
	LokiScan   *so = MemoryContextAllocZero(context, sizeof(LokiScan));

	so->scan = scan;
	so->skip = LOKI_NONE;
	so->context = context;
	so->fetch_context = AllocSetContextCreate(context, "hnsw scan row",
											  ALLOCSET_DEFAULT_SIZES);
	so->bound = get_float8_nan();
	so->page = MemoryContextAlloc(context, BLCKSZ);
	so->toast.context = context;
	if (norderbys > 0)
	{
		scan->xs_orderbyvals = palloc0_array(Datum, norderbys);
		scan->xs_orderbynulls = palloc_array(bool, norderbys);
		memset(scan->xs_orderbynulls, true, sizeof(bool) * norderbys);
	}
	scan->opaque = so;
	return scan;
}

/* amrescan */
void
loki_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys,
				 int norderbys)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	if (keys && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderbys && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));

	loki_hnsw_scan_work(scan, &so->done);
	so->phase = LOKI_SCAN_START;
	if (limit_index == RelationGetRelid(scan->indexRelation))
	{
		so->limit = limit_rows;
		so->row_filter = limit_filter;
		limit_index = InvalidOid;
	}
}

/* amendscan */
void
loki_hnsw_endscan(IndexScanDesc scan)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	loki_toast_close(&so->toast);
	if (BufferIsValid(so->visibility))
		ReleaseBuffer(so->visibility);
	if (so->slot != NULL)
		ExecDropSingleTupleTableSlot(so->slot);
	if (so->estate != NULL)
		FreeExecutorState(so->estate);
	MemoryContextDelete(so->context);
	scan->opaque = NULL;
}

/* ----------------------------------------------------------------
 * Beginning
 * ----------------------------------------------------------------
 */

/* Take the query's vector out of the scan's order-by key. */
static void
open_query(LokiScan *so)
{
	ScanKey		key = &so->scan->orderByData[0];
	MemoryContext old;

	so->query_null = (key->sk_flags & SK_ISNULL) != 0;
	so->query_zero = false;
	if (so->query_value != NULL)
		pfree(so->query_value);
	so->query_value = NULL;
	if (so->query_null)
		return;
	if (so->state->column.type->distance != NULL)
	{
		old = MemoryContextSwitchTo(so->context);
		so->query_value = PG_DETOAST_DATUM_COPY(key->sk_argument);
		MemoryContextSwitchTo(old);
	}
	old = MemoryContextSwitchTo(so->fetch_context);
	so->query_zero = loki_query_open(&so->state->column, key->sk_argument,
									 so->query) == LOKI_VALUE_ZERO_NORM;
	MemoryContextSwitchTo(old);
	MemoryContextReset(so->fetch_context);
}

/*
 * Rows for which a walk of this width is asked to be good.  A code that keeps
 * little of a vector needs a wider pool for the same recall; the factors are
 * measured in doc/design/search.md.
 */
static uint32
walk_width(LokiScan *so, double rows)
{
	double		factor = 1.0;

	if (so->state->code.kind == LOKI_CODE_ROTATED)
		factor = so->state->code.bits == 1 ? 1.6 : so->state->code.bits == 2 ? 1.3 : 1.2;
	else if (so->state->code.kind == LOKI_CODE_BITS)
		factor = 1.2;			/* with many at the same distance, the graph
								 * leads less far, ... */
	else if (so->metric == LOKI_METRIC_L1)
		factor = 1.3;			/* ... and so does that of taxicabs */
	if (loki_column_sketched(&so->state->column))
		factor *= 1.5;			/* a code of a sketch */
	return (uint32) Min(rows * factor + 8, (double) LOKI_MAX_NUMBER);
}

/* Set up the search for the state that the scan opened. */
static void
prepare_search(LokiScan *so)
{
	/* codes of sketches, of parts, or of two epochs at once tell nothing for certain */
	so->blind = so->state->quantizer->least == NULL ||
		loki_column_sketched(&so->state->column) ||
		(so->meta.flags & LOKI_META_REQUANTIZING) != 0;

	if (!so->search_ready)
	{
		loki_search_begin(&so->search, so->scan->indexRelation, so->state, so->context);
		so->search_ready = true;
	}
	so->search.filter = &so->nodes;
	so->search.skip = so->skip;
	so->search.memory_limit = (Size) (work_mem * (double) 1024 * loki_scan_mem_multiplier);
	so->search.nodes_scored = so->search.nodes_expanded = 0;
	so->search.nodes_filtered = so->search.nodes_matched = 0;
	so->search.scored_limit = !so->complete && so->settings.iterative_scan != LOKI_ITERATIVE_OFF ?
		so->settings.max_tuples : 0;
	loki_search_reset(&so->search);
	so->search.pass_nodes = so->complete && so->nodes.any ?
		loki_node_end(so->state, so->scan->indexRelation) : 0;
	so->query_ready = false;
}

/* Open the index, when its codes are of one epoch. */
static LokiIndex *
open_index(LokiScan *so)
{
	LokiIndex  *state = loki_index_open(so->scan->indexRelation, &so->meta);

	if (so->meta.flags & LOKI_META_REQUANTIZING)
	{
		loki_requantize_wait(so->scan->indexRelation);
		state = loki_index_open(so->scan->indexRelation, &so->meta);
	}
	return state;
}

/*
 * The phases of a scan.  Rows that are in the graph come first, if the planner
 * does not ask for another order (hnsw.h); pgvector's limits leave the others
 * out, and so does a bound: distances that are NULL are beyond any, those that
 * are NaN beyond most.
 */
static void
choose_phases(LokiScan *so)
{
	Oid			first = so->scan->orderByData[0].sk_collation;
	LokiScanPhase *phase = so->phases;
	bool		bounded = loki_is_bounded(so);
	bool		beyond = bounded && !so->bound_nans;
	bool		zeros = so->complete && !so->filter.vector_null && !beyond;
	bool		nulls = !so->filter.vector_not_null && !bounded &&
		(so->complete || so->filter.vector_null);
	bool		unordered = so->query_null || so->query_zero;

	if (!so->nodes.never)
	{
		if (nulls && (first & LOKI_FIRST_NULLS))
			*phase++ = LOKI_SCAN_NULL;
		if (zeros && (first & LOKI_FIRST_NANS))
			*phase++ = LOKI_SCAN_ZERO_NORM;
		if (!so->filter.vector_null && !(unordered && (so->query_null ? bounded : beyond)))
			*phase++ = unordered ? LOKI_SCAN_UNORDERED : LOKI_SCAN_WALK;
		if (zeros && !(first & LOKI_FIRST_NANS))
			*phase++ = LOKI_SCAN_ZERO_NORM;
		if (nulls && !(first & LOKI_FIRST_NULLS))
			*phase++ = LOKI_SCAN_NULL;
	}
	Assert(phase < so->phases + lengthof(so->phases));
	*phase = LOKI_SCAN_DONE;
	so->next_phase = 0;
}

static void
next_phase(LokiScan *so)
{
	so->phase = so->phases[so->next_phase++];
	if (so->phase != LOKI_SCAN_WALK && so->phase != LOKI_SCAN_DONE)
		loki_stream_begin(so);
}

/*
 * Whether the scan is complete, exact and in order: as planned, since what is above it
 * in the plan relies on that, whatever the settings have become.  A search is in order
 * as long as its first batch has all rows that the caller takes; where these are not
 * known it is exact.
 */
static void
choose_completeness(LokiScan *so)
{
	Oid			plan = so->scan->orderByData[0].sk_collation;

	loki_scan_settings(so->scan->indexRelation, &so->settings);
	so->complete = so->settings.complete;
	so->exact = so->settings.exact;
	so->ordered = false;
	if (plan & LOKI_PLAN_MADE)
	{
		so->complete = (plan & LOKI_PLAN_COMPLETE) != 0;
		so->ordered = (plan & LOKI_PLAN_LATE) == 0;
	}
	Assert(!(plan & LOKI_PLAN_EXACT) || so->ordered);

	/*
	 * All rows in an order that the plan relies on; or all within a bound, which
	 * is a condition then, and no search.
	 */
	so->certain = (plan & LOKI_PLAN_EXACT) != 0 ||
		(so->complete && so->ordered && so->limit == 0) ||
		(so->complete && so->bound_all && loki_is_bounded(so));
	so->complete |= so->certain;
	so->exact |= so->certain;
}

/*
 * Open the index and decide the first phase.
 */
static void
begin_scan(LokiScan *so)
{
	IndexScanDesc scan = so->scan;
	LokiIndex  *state = open_index(so);
	MemoryContext old = MemoryContextSwitchTo(so->context);

	if (state != so->state || so->query == NULL)
	{
		so->state = state;
		so->search_ready = false;
		so->metric = state->code.metric;
		so->query = palloc_array(float, state->dim);
	}
	loki_filter_compile(&so->filter, scan->indexRelation, scan->keyData, scan->numberOfKeys);
	loki_node_filter_make(&so->nodes, &so->filter, so->within);
	choose_completeness(so);
	so->nodes_refined = so->heap_fetches = so->flat_scans = so->late_rows = 0;
	so->returned = so->dropped = 0;
	so->farthest = -get_float8_infinity();
	so->walked = so->walk_taken = so->search.hops = false;
	so->has_list = so->has_map = false;
	open_query(so);
	loki_rerank_begin(so);
	loki_kill_begin(so);
	prepare_search(so);
	MemoryContextSwitchTo(old);

	so->batch = so->complete && so->limit > 0 ?
		(uint32) Min(so->limit, (double) LOKI_MAX_NUMBER / 4) : so->settings.ef;
	so->batch_left = so->batch;

	choose_phases(so);
	next_phase(so);
}

/* ----------------------------------------------------------------
 * Finding candidates
 * ----------------------------------------------------------------
 */

/*
 * Hand what the walk found to ranking; at most `most` nodes.  A walk that was
 * stopped by its limit has not seen the best nodes: where a flat scan
 * comes next, that finds them all.
 */
static void
take_walk(LokiScan *so, uint32 most)
{
	LokiCandidate *taken;
	uint32		n;

	if (so->complete && so->walk_end == LOKI_WALK_LIMIT)
		return;
	n = loki_walk_take(&so->search, &taken);
	so->walk_taken = true;
	loki_refine_add(so, taken, n);
	so->fetch_most = most;
}

/*
 * The width of the first walk: as wide as lokivector.target_recall asks for, if
 * the index knows what that takes, else for hnsw.ef_search rows.
 */
static void
choose_width(LokiScan *so)
{
	so->ef = so->batch;
	so->width = loki_target_recall > 0 ?
		loki_calibrated_width(&so->meta.calibration, loki_target_recall, so->batch) : 0;
	if (so->width > 0)
		return;
	if (loki_target_recall > 0)
		ereport(DEBUG1,
				(errmsg_internal("index \"%s\" is not calibrated, using hnsw.ef_search",
								 RelationGetRelationName(so->scan->indexRelation))));
	so->ef = Max(so->settings.ef, so->batch);
	so->width = walk_width(so, so->ef);
}

/* Find a list that has all nodes that match, for a pass. */
static void
begin_list(LokiScan *so)
{
	LokiSearch *search = &so->search;
	MemoryContext old = MemoryContextSwitchTo(so->context);

	if (so->lookup.reused != NULL)
		pfree(so->lookup.reused);
	so->lookup.reused = NULL;
	so->has_list = loki_lookup_begin(&so->lookup, so->state, so->scan->indexRelation,
									 &so->meta, &so->nodes);
	search->nseeds = 0;
	search->correlated = -1;
	search->share_known = so->has_list && so->nodes.ntests == 1 && so->within == NULL &&
		so->lookup.tested <= LISTED_IN_VAIN * so->lookup.count;
	if (search->share_known)
		search->share = Max(so->lookup.count, 1) / search->pass_nodes;
	search->mapped = false;
	if (so->has_list)
	{
		search->listed = so->lookup.count + so->lookup.nrenewed;
		search->listed_tests = search->listed * (so->nodes.ntests - 1) + so->lookup.tested;
		search->unlisted = Max(0, search->pass_nodes - so->lookup.sorted_lists.end);
		so->has_list = loki_strategy_short(search);
	}
	if (!so->has_list)
		search->listed = -1;
	loki_scan_begin_map(so);
	MemoryContextSwitchTo(old);
}

/*
 * Choose how to begin with a filter: false if nothing is to be walked.
 */
static bool
begin_filtered(LokiScan *so)
{
	LokiSearch *search = &so->search;

	search->rows = walk_width(so, so->batch);
	search->width = so->width;
	so->strategy = LOKI_STRATEGY_FLAT;
	begin_list(so);
	if (loki_strategy_list(search))
		return false;
	if (!search->share_known)
		loki_strategy_sample(search, (uint32) search->pass_nodes);
	so->strategy = loki_strategy_choose(search, search->share);
	if (so->strategy == LOKI_STRATEGY_FLAT)
		return false;
	so->width = loki_strategy_width(search, LOKI_STRATEGY_PLAIN, search->share);
	loki_visited_reserve(search, so->width / search->share * VISITED_PER_WIDTH);
	return true;
}

/* The first walk, wide enough for the first batch */
static void
first_walk(LokiScan *so)
{
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries;

	so->walked = true;
	choose_width(so);
	if ((so->search.pass_nodes > 0 && !begin_filtered(so)) || so->exact)
	{
		so->strategy = LOKI_STRATEGY_FLAT;
		so->walk_end = LOKI_WALK_LIMIT;
		return;
	}
	so->walk_end = LOKI_WALK_DRY;
	loki_scan_query(so);
	if (so->width >= ROW_WIDTH)
		loki_search_walk_as_row(&so->search, so->query);
	nentries = loki_search_entries(&so->search, &so->meta, entries);
	if (nentries > 0)
	{
		so->walk_end = loki_walk_begin(&so->search, entries, nentries, so->width);
		/* pgvector's limit, where nothing follows that would find the rest */
		take_walk(so, so->complete || so->settings.iterative_scan != LOKI_ITERATIVE_OFF ?
				  PG_UINT32_MAX : so->ef);
	}
}

/* Make the walk wide enough for twice as many rows, or for `rows`. */
static void
widen_walk(LokiScan *so, double rows)
{
	so->ef = (uint32) Min(Max(so->ef * 2.0, rows), (double) LOKI_MAX_NUMBER / 4);
	so->width = Max(so->width, walk_width(so, so->ef));
	so->walk_end = loki_walk_widen(&so->search, so->width);
	take_walk(so, PG_UINT32_MAX);
}

/*
 * Whether the walk may be widened, when it has converged
 */
static bool
may_widen(LokiScan *so)
{
	if (so->walk_end != LOKI_WALK_CONVERGED)
		return false;
	if (so->complete)
		return true;
	return so->settings.iterative_scan != LOKI_ITERATIVE_OFF &&
		so->search.nodes_scored < (uint64) so->settings.max_tuples;
}

/*
 * Find more candidates; false when the graph has no more for this scan.
 */
static bool
find_more(LokiScan *so)
{
	if (so->phase == LOKI_SCAN_WALK)
	{
		if (may_widen(so))
		{
			widen_walk(so, 0);
			return true;
		}
		if (!so->complete && !so->exact)
			return false;
		loki_flat_begin(so);
		so->phase = LOKI_SCAN_FLAT;
	}
	return loki_flat_select(so);
}

/*
 * Rows up to the end of the batch, those that are dropped too: as many to each that
 * passes as up to now, but not many more than were seen.
 */
static double
rows_ahead(const LokiScan *so)
{
	double		seen = (double) so->returned + so->dropped;
	double		passed;

	if (!loki_filters_rows(so))
		return seen + so->batch_left;
	passed = Max(so->limit - so->row_filter->wanted, 0);
	return seen + Min(so->batch_left * (seen + 1) / (passed + 0.5), 2 * seen);
}

/*
 * Whether rows were looked at that the walk was hardly wide enough for: the farthest
 * of what it found are not all that there are.
 */
static bool
wants_wider(LokiScan *so)
{
	return loki_filters_rows(so) && so->phase == LOKI_SCAN_WALK && may_widen(so) &&
		so->returned + so->dropped > FILTERED_SHARE * so->ef;
}

/* Find and rank rows for the rest of the batch. */
static void
search_batch(LokiScan *so)
{
	if (!so->walked)
		first_walk(so);
	while (so->phase == LOKI_SCAN_WALK && may_widen(so) && rows_ahead(so) > so->ef)
		widen_walk(so, rows_ahead(so));
	for (;;)
	{
		if (loki_rerank_complete(so, so->batch_left))
		{
			if (!wants_wider(so))
				break;
			widen_walk(so, 0);
		}
		else if (loki_refine_beyond(so) || !find_more(so))
			break;
	}
	loki_kill_flush(so);
}

/*
 * Whether codes were made anew while the scan was reading them, so that it knows
 * nothing of the distances; not where it began in spite of that.
 */
static bool
was_requantized(LokiScan *so)
{
	return (so->meta.flags & LOKI_META_REQUANTIZING) == 0 &&
		loki_was_requantized(so->state, so->scan->indexRelation);
}

/*
 * Go on with new codes after rows were returned: the flat scans find all
 * that were not handed to ranking before.
 */
static void
continue_requantized(LokiScan *so)
{
	MemoryContext old = MemoryContextSwitchTo(so->context);

	if (so->phase == LOKI_SCAN_WALK)
		loki_flat_begin(so);
	if (so->certain)
		loki_flat_requantized(so);
	so->phase = LOKI_SCAN_FLAT;
	so->state = open_index(so);
	so->search_ready = false;
	prepare_search(so);
	MemoryContextSwitchTo(old);
}

/*
 * Make the rest of the batch known.  Afterwards rows[next_row ..) are in
 * order; if they are fewer than batch_left, the graph has no more.
 */
static void
fill_batch(LokiScan *so)
{
	search_batch(so);
	while (was_requantized(so))
	{
		if (so->returned == 0)
		{
			begin_scan(so);
			while (so->phase != LOKI_SCAN_WALK)
				next_phase(so); /* had no rows */
		}
		else if (so->complete || so->exact)
			continue_requantized(so);
		else
			break;
		search_batch(so);
	}
}

/* ----------------------------------------------------------------
 * Returning rows
 * ----------------------------------------------------------------
 */

static bool
return_row(LokiScan *so, ItemPointer tid, double distance, bool isnull)
{
	IndexScanDesc scan = so->scan;

	scan->xs_heaptid = *tid;
	scan->xs_recheck = loki_filter_needs_recheck(&so->filter);
	scan->xs_recheckorderby = false;
	scan->xs_orderbyvals[0] = isnull ? (Datum) 0 : Float8GetDatum(distance);
	scan->xs_orderbynulls[0] = isnull;
	so->returned++;
	loki_scan_report(so);
	return true;
}

/* Rows to find at once, after those that were returned */
static uint32
next_batch(const LokiScan *so)
{
	double		rows = so->batch * (so->certain ? CERTAIN_GROWTH : 2.0);

	if (loki_filters_rows(so) && so->row_filter->wanted >= 1)
		rows = Min(rows, so->row_filter->wanted);
	return (uint32) Min(rows, LOKI_MAX_NUMBER / 4);
}

/*
 * Whether rows that come late are left out: pgvector's way of keeping a strict order.
 * Where scans are complete, that is for rows which the executor finds to be dead by
 * now, so that it asks for more than LIMIT takes.
 */
static bool
drops_late(const LokiScan *so)
{
	if (so->exact)
		return false;
	return so->ordered ||
		(!so->complete && so->settings.iterative_scan == LOKI_ITERATIVE_STRICT);
}

/* The next row of the graph, in order of distance */
static bool
next_ranked(LokiScan *so)
{
	for (;;)
	{
		LokiRow    *row;

		if (so->batch_left == 0)
			so->batch = so->batch_left = next_batch(so);
		if (so->next_row >= so->nrows || so->batch_left == so->batch)
		{
			fill_batch(so);
			if (so->next_row >= so->nrows)
				return false;
		}
		loki_rerank_announce(so, so->batch_left);
		row = &so->rows[so->next_row++];
		so->batch_left--;

		if (loki_is_nearer(row->distance, so->farthest))
		{
			if (drops_late(so))
				continue;
			so->late_rows++;
		}
		else
			so->farthest = row->distance;
		return return_row(so, &row->tid, row->distance, false);
	}
}

/*
 * Whether a scan without a distance to go by may return more: under pgvector's
 * limits it stops where a walk would.
 */
static bool
may_stream(LokiScan *so)
{
	if (so->complete)
		return true;
	return so->returned < (uint64) (so->settings.iterative_scan == LOKI_ITERATIVE_OFF ?
									so->settings.ef : so->settings.max_tuples);
}

/*
 * amgettuple: the next row, nearest first.
 */
bool
loki_hnsw_gettuple(IndexScanDesc scan, ScanDirection dir)
{
	LokiScan   *so = (LokiScan *) scan->opaque;
	ItemPointerData tid;

	Assert(ScanDirectionIsForward(dir));
	if (so->phase == LOKI_SCAN_START)
	{
		if (scan->numberOfOrderBys != 1)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot scan hnsw index without order")));
		if (!IsMVCCSnapshot(scan->xs_snapshot))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("non-MVCC snapshots are not supported with hnsw")));
		pgstat_count_index_scan(scan->indexRelation);
		LokiCountIndexSearch(scan);
		begin_scan(so);
	}

	for (;; next_phase(so))
	{
		switch (so->phase)
		{
			case LOKI_SCAN_WALK:
			case LOKI_SCAN_FLAT:
				if (next_ranked(so))
					return true;
				break;
			case LOKI_SCAN_UNORDERED:
				if (may_stream(so) && loki_stream_next(so, LOKI_SLOTS_TID, 0, &tid))
					return return_row(so, &tid, get_float8_nan(), so->query_null);
				break;
			case LOKI_SCAN_ZERO_NORM:
				if (loki_stream_next(so, LOKI_SLOTS_NULLTID, LOKI_TID_ZERO_NORM, &tid))
					return return_row(so, &tid, get_float8_nan(), so->query_null);
				break;
			case LOKI_SCAN_NULL:
				if (loki_stream_next(so, LOKI_SLOTS_NULLTID, 0, &tid))
					return return_row(so, &tid, 0, true);
				break;
			default:
				loki_scan_report(so);
				return false;
		}
	}
}
