/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  Index scans: in the order of distance, complete, with filters.
 *
 * A GiST scan that is ordered by distance keeps one queue of pages and tuples, and is exact because no
 * tuple is nearer than its page.  A graph has no such bound.  So a scan here finds candidates by codes,
 * reads the vectors of the nearest, and returns them in order; the rest comes later, from farther away.
 *
 * Rows come in batches (src/hnsw/scan/README, "Batches").  Within one the order is exact: all its vectors are read
 * before its first row is returned.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/scan.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "hnsw/scan/width.h"
#include "hnsw/statistics/statistics.h"
#include "lokivector.h"
#include "pgstat.h"
#include "storage/predicate.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* A walk is made wider if the width that it should have is more than its own times this */
#define WORTH_WIDENING		1.1

/*
 * ambeginscan.  Nothing of the index is read yet: the scan's caller, its rows and its bound come first
 * (hnsw.h).  All memory is in a context of its own, which amendscan deletes.
 */
IndexScanDesc
loki_hnsw_beginscan(Relation index, int nkeys, int norderbys)
{
	IndexScanDesc scan = RelationGetIndexScan(index, nkeys, norderbys);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw scan",
												  ALLOCSET_DEFAULT_SIZES);
	LokiScan   *so = MemoryContextAllocZero(context, sizeof(LokiScan));

	so->scan = scan;
	so->plan.skip = LOKI_NONE;
	so->context = context;
	so->filter.bound = get_float8_nan();
	if (norderbys > 0)
	{
		scan->xs_orderbyvals = palloc0_array(Datum, norderbys);
		scan->xs_orderbynulls = palloc_array(bool, norderbys);
		memset(scan->xs_orderbynulls, true, sizeof(bool) * norderbys);
	}
	scan->opaque = so;
	return scan;
}

/*
 * amrescan: take new keys, and a new query.  The work up to now is counted; the search's memory, pins of
 * the heap and what is known of the index are kept for the next one.
 */
void
loki_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys, ScanKey orderbys,
				 int norderbys)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	if (keys && scan->numberOfKeys > 0)
		memmove(scan->keyData, keys, scan->numberOfKeys * sizeof(ScanKeyData));
	if (orderbys && scan->numberOfOrderBys > 0)
		memmove(scan->orderByData, orderbys, scan->numberOfOrderBys * sizeof(ScanKeyData));

	/* the rest is reset by begin_scan(), when the first row is asked for */
	loki_scan_count(so);
	loki_hnsw_scan_work(scan, &so->work.done);
	so->course.phase = LOKI_SCAN_START;
}

/* amendscan: leaves no pin */
void
loki_hnsw_endscan(IndexScanDesc scan)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	loki_scan_count(so);
	loki_rerank_end(so);
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

	Assert(so->scan->numberOfOrderBys == 1);
	so->query.isnull = (key->sk_flags & SK_ISNULL) != 0;
	so->query.zero = false;
	if (so->query.value != NULL)
		pfree(so->query.value);
	so->query.value = NULL;
	if (so->query.isnull)
		return;
	/* values that are measured by themselves: documents, sparse vectors, words */
	if (so->state->column.type->distance != NULL)
	{
		old = MemoryContextSwitchTo(so->context);
		so->query.value = PG_DETOAST_DATUM_COPY(key->sk_argument);
		MemoryContextSwitchTo(old);
	}
	/* detoasting leaves a copy, which is not needed once the floats are out of it */
	old = MemoryContextSwitchTo(so->heap.context);
	so->query.zero = loki_query_open(&so->state->column, key->sk_subtype, key->sk_argument,
									 so->query.values) == LOKI_VALUE_ZERO_NORM;
	MemoryContextSwitchTo(old);
	MemoryContextReset(so->heap.context);
}

/* Set up the search for the state that the scan opened. */
static void
prepare_search(LokiScan *so)
{
	/* an encoding of an array shows nothing certain of it, and a pending index has no codes */
	so->plan.unbounded = so->state->quantizer->limits == NULL ||
		loki_column_encoded(&so->state->column) || so->state->pending;

	if (so->search.state != so->state)
	{
		loki_search_begin(&so->search, so->scan->indexRelation, so->state, so->context);
		memset(&so->filter.choice, 0, sizeof(so->filter.choice));
		so->search.choice = &so->filter.choice;
	}
	so->search.filter = &so->filter.nodes;
	so->search.rows = (LokiRowTest) {loki_rerank_test_rows, so, false};
	so->search.budget.memory_limit = (Size) (work_mem * (double) 1024 * loki_scan_mem_multiplier);
	if (so->plan.skip != LOKI_NONE || so->search.skip.node != LOKI_NONE)
		loki_search_skip(&so->search, so->plan.skip);
	memset(&so->search.count, 0, sizeof(so->search.count));
	so->search.budget.scored_limit = 0;
	loki_search_reset(&so->search);
	/* with pgvector's limits a filter only drops rows: nothing is to find those that the walk missed */
	so->search.budget.flat_nodes = so->plan.complete && so->filter.nodes.any ?
		loki_node_end(so->state, so->scan->indexRelation) : 0;
	so->query.ready = so->query.sketch_ready = false;
}

/*
 * Choose the phases of a scan.  Rows that are in the graph come first, unless the planner
 * asks for another order (hnsw.h).  pgvector's limits leave the other rows out.  So does a
 * bound: a distance that is NULL is beyond any, one that is NaN beyond most.
 */
static void
choose_phases(LokiScan *so)
{
	int			first = loki_label_of_key(so->scan->orderByData).first;
	LokiScanPhase *phase = so->course.phases;
	bool		bounded = loki_is_bounded(so);
	bool		beyond = bounded && !so->filter.bound_nans;
	bool		zeros = so->plan.complete && !so->filter.keys.vector_null && !beyond;
	bool		nulls = !so->filter.keys.vector_not_null && !bounded &&
		(so->plan.complete || so->filter.keys.vector_null);
	bool		unordered = so->query.isnull || so->query.zero;

	if (!so->filter.nodes.never)
	{
		if (nulls && (first & LOKI_FIRST_NULLS))
			*phase++ = LOKI_SCAN_NULL;
		if (zeros && (first & LOKI_FIRST_NANS))
			*phase++ = LOKI_SCAN_ZERO_NORM;
		if (!so->filter.keys.vector_null && !(unordered && (so->query.isnull ? bounded : beyond)))
			*phase++ = so->columns.row != NULL ? LOKI_SCAN_COLUMNS :
				unordered ? LOKI_SCAN_UNORDERED : LOKI_SCAN_WALK;
		if (zeros && !(first & LOKI_FIRST_NANS))
			*phase++ = LOKI_SCAN_ZERO_NORM;
		if (nulls && !(first & LOKI_FIRST_NULLS))
			*phase++ = LOKI_SCAN_NULL;
	}
	Assert(phase < so->course.phases + lengthof(so->course.phases));
	*phase = LOKI_SCAN_DONE;
	so->course.next_phase = 0;
}

/* Go on to the next phase, and begin it.  A walk begins with the first batch. */
static void
next_phase(LokiScan *so)
{
	Assert(so->course.phase != LOKI_SCAN_DONE);
	loki_test_snapshot(so);
	Assert(so->course.next_phase < lengthof(so->course.phases));
	so->course.phase = so->course.phases[so->course.next_phase++];
	if (so->course.phase == LOKI_SCAN_COLUMNS)
		loki_columns_begin(so);
	else if (so->course.phase != LOKI_SCAN_WALK && so->course.phase != LOKI_SCAN_DONE)
		loki_stream_begin(so);
}

/* Open the index, and decide the first phase.  No page may be locked. */
static void
begin_scan(LokiScan *so)
{
	IndexScanDesc scan = so->scan;
	LokiCondition *condition = NULL;
	LokiIndex  *state;
	MemoryContext old;

	loki_plan_completeness(so);

	/*
	 * What slots can decide of the caller's filter.  It comes first, since it
	 * may run functions of the user's, which may use this index, so that its
	 * state is another afterwards.  Exact scans do not ask: rows that a guess
	 * excludes would come late.  Under pgvector's limits it is the executor's.
	 */
	if (so->plan.caller != NULL && so->plan.caller->condition != NULL && so->plan.complete &&
		!so->plan.exact)
		condition = so->plan.caller->condition(so->plan.caller);
	state = loki_index_open(scan->indexRelation, &so->meta);
	old = MemoryContextSwitchTo(so->context);
	/* another state: the index got its codes between two rescans; the search is begun anew for it */
	if (state != so->state || so->query.values == NULL)
	{
		so->state = state;
		so->search.state = NULL;
		so->query.metric = state->code.metric;
		so->query.values = palloc_array(float, state->dim);
	}
	if (so->state->pending)
	{
		/*
		 * The scan reads the vectors of all rows that match: it is certain,
		 * and there are no bounds (prepare_search).  It goes on so if the
		 * index gets its codes meanwhile, since nodes keep their IDs (N4).
		 * Exact scans have no condition.
		 */
		so->plan.certain = so->plan.exact = true;
		condition = NULL;
	}
	loki_filter_compile(&so->filter.keys, scan->indexRelation, scan->keyData, scan->numberOfKeys,
						condition);
	loki_node_filter_make(&so->filter.nodes, &so->filter.keys, so->filter.within);
	so->work = (LokiScanCounts)
	{
		.done = so->work.done, .sample = so->work.sample
	};
	so->course.returned = 0;
	so->course.farthest = -get_float8_infinity();
	so->course.walked = so->course.widened = false;
	so->course.walk_taken = so->filter.choice.hops = false;
	so->filter.has_list = so->filter.has_map = false;
	loki_rerank_begin(so);
	open_query(so);
	loki_kill_begin(so);
	prepare_search(so);
	loki_scan_terms_begin(so);
	MemoryContextSwitchTo(old);

	so->course.batch = so->plan.complete && so->plan.limit > 0 ?
		(uint32) Min(so->plan.limit, (double) LOKI_MAX_NUMBER / 4) : so->plan.settings.ef;
	so->course.batch_left = so->course.batch;

	Assert(so->course.batch > 0 && so->course.batch <= LOKI_MAX_NUMBER);
	Assert(!so->plan.certain || (so->plan.exact && so->plan.complete) || so->state->pending);
	if (so->plan.settings.recall_sample_rate > 0)
		loki_scan_choose_sample(so);
	choose_phases(so);
	next_phase(so);
}

/* ----------------------------------------------------------------
 * Finding candidates
 * ----------------------------------------------------------------
 */

/*
 * Queue what the walk found, of which at most `most` nodes are reranked.  A walk that was
 * stopped by its limit has not seen the best nodes.  If a flat scan comes next, that finds
 * them all, and nothing is taken here.
 */
static void
take_walk(LokiScan *so, uint32 most)
{
	LokiCandidate *taken;
	uint32		n;

	Assert(so->course.phase == LOKI_SCAN_WALK && so->course.walked);
	if (so->plan.complete && so->course.walk_end == LOKI_WALK_LIMIT)
		return;
	n = loki_walk_take(&so->search, &taken);
	so->course.walk_taken = true;
	loki_refine_add(so, taken, n);
	loki_rerank_most(so, most);
}

/*
 * Choose how to begin with a filter; false if that is a flat scan.  For that, a sorted list is looked for
 * that has all nodes that match.  The bounds of a key's list say at once how many nodes it has, and so the
 * share that match, for which others take a sample.
 */
static bool
begin_filtered(LokiScan *so)
{
	LokiSearch *search = &so->search;
	LokiStrategyChoice *choice = search->choice;
	double		nodes = search->budget.flat_nodes;
	MemoryContext old = MemoryContextSwitchTo(so->context);

	Assert(so->plan.complete && so->filter.nodes.any && nodes > 0);
	choice->rows = loki_walk_width(so->state, so->course.batch);
	choice->width = so->course.width;
	so->filter.strategy = LOKI_STRATEGY_FLAT;
	loki_bits_release(&so->filter.list.reused);
	so->filter.has_list = loki_lookup_begin(&so->filter.list, &so->filter.second, so->state,
											so->scan->indexRelation, &so->meta,
											&so->filter.nodes);
	choice->nseeds = 0;
	choice->correlated = -1;

	/* the list may have others, such as arrays whose elements it does not know */
	choice->share_known = so->filter.has_list && so->filter.nodes.ntests == 1 &&
		so->filter.within == NULL &&
		so->filter.list.tested <= 0.1 * so->filter.list.count;
	/* a list of arrays has a node several times */
	choice->share = !choice->share_known ? 0 : Min(Max(so->filter.list.count, 1) / nodes, 1);
	choice->mapped = choice->sketches = false;
	choice->second = choice->listed = -1;
	if (so->filter.has_list)
	{
		if (so->filter.second.key != NULL)
			choice->second = so->filter.second.count;
		choice->listed = so->filter.list.count + loki_bits_count(&so->filter.list.reused);
		choice->listed_tests = choice->listed * (so->filter.nodes.ntests - 1) +
			so->filter.list.tested;
		choice->sketches = loki_flat_goes_by_sketches(so);
		choice->unlisted = Max(0, nodes - so->filter.list.list.end);
		so->filter.has_list = loki_strategy_short(search);
		if (!so->filter.has_list)
			choice->listed = -1;
	}
	loki_scan_begin_map(so);
	MemoryContextSwitchTo(old);
	if (loki_strategy_list(search))
		return false;
	if (!choice->share_known)
		loki_strategy_sample(search, (uint32) nodes, false);
	so->filter.strategy = loki_strategy_choose(search, choice->share);
	if (so->filter.strategy == LOKI_STRATEGY_FLAT)
		return false;
	so->course.width = loki_strategy_width(search, LOKI_STRATEGY_PLAIN, choice->share);
	loki_walk_reserve(&so->search, so->course.width / choice->share);
	return true;
}

/* Make the first walk, wide enough for the first batch, unless a flat scan is chosen. */
static void
first_walk(LokiScan *so)
{
	LokiUpperFound entries[LOKI_SCAN_ENTRIES];
	int			nnarrow;
	int			nentries;
	uint64		limit = 0;

	so->course.walked = true;
	so->course.rows = so->course.batch;
	so->course.width = loki_width_for(so, so->course.rows);
	loki_warn_of_target(so);
	if (so->state->pending ||
		(so->search.budget.flat_nodes > 0 && !begin_filtered(so)) || so->plan.exact ||
		(loki_account_wide(so) && so->course.width > loki_account_expanded(so)))
	{
		so->filter.strategy = LOKI_STRATEGY_FLAT;
		so->course.walk_end = LOKI_WALK_LIMIT;
		return;
	}
	so->course.first_width = so->course.width;
	so->course.walk_end = LOKI_WALK_DRY;
	if (so->search.budget.flat_nodes == 0)
		loki_walk_reserve(&so->search, so->course.width);
	loki_scan_query(so);
	if (so->course.width >= LOKI_ROW_WIDTH)
		loki_search_walk_as_row(&so->search, so->query.values);
	loki_choose_reach(so, so->course.batch, so->search.budget.flat_nodes > 0 ?
					  so->filter.choice.width : so->course.width);
	/* rows within a bound can lie where the narrow search of the upper layers does not lead */
	nentries = loki_scan_entries(&so->search, &so->meta, so->course.width >= LOKI_ROW_WIDTH || loki_is_bounded(so),
								 entries, &nnarrow);

	/*
	 * pgvector counts nodes of layer 0, and looks at its limit before each
	 * batch of ef rows, but the first
	 */
	if (!so->plan.complete && so->plan.settings.iterative_scan != LOKI_ITERATIVE_OFF)
		limit = so->search.count.scored + so->plan.settings.max_tuples +
			so->plan.settings.ef * LOKI_SCORED_PER_WIDTH;
	if (nentries > 0)
	{
		so->course.walk_end = loki_walk_begin(&so->search, entries, nentries, nnarrow);
		so->search.budget.scored_limit = limit;

		/* pgvector's limit applies if nothing follows that would find the rest */
		take_walk(so, so->plan.complete || limit > 0 ? PG_UINT32_MAX : so->course.rows);
	}
}

/* Whether the walk has converged and may be widened */
static bool
may_widen(const LokiScan *so)
{
	if (so->course.walk_end != LOKI_WALK_CONVERGED)
		return false;
	if (so->plan.complete)
		return true;
	return so->search.count.scored < so->search.budget.scored_limit;
}

/* Make the walk at least this wide, and wide enough for so many nodes. */
static void
widen_walk(LokiScan *so, double nodes, double width)
{
	nodes = Min(Max(so->course.rows, nodes), (double) LOKI_MAX_NUMBER / 4);
	width = Max(Max(so->course.width, width), loki_width_for(so, nodes));
	so->course.widened = true;
	so->course.rows = (uint32) nodes;
	so->course.width = (uint32) Min(width, (double) LOKI_MAX_NUMBER);
	loki_choose_reach(so, nodes, so->course.width);
	so->course.walk_end = loki_walk_widen(&so->search);
	take_walk(so, PG_UINT32_MAX);
}

/*
 * If so many of the nodes that were read have no visible row that a walk by their share would be wider, let it ask for
 * rows from now on: it finds as much as without them.  Marks say it without a read of the table, as long as few others
 * are met.  Else false.
 */
static bool
ask_for_rows(LokiScan *so)
{
	LokiRowTest *rows = &so->search.rows;
	double		few = (WORTH_WIDENING * WORTH_WIDENING - 1) * so->ranking.found;
	bool		unmarked = so->ranking.rowless.unseen - so->ranking.rowless.marked > few;

	if (rows->asked ? !rows->by_marks || !unmarked : so->ranking.rowless.unseen <= few)
		return false;
	*rows = (LokiRowTest) {rows->test, rows->scan, true, !unmarked};
	widen_walk(so, so->course.rows, so->course.width);
	return true;
}

/* Widen it for twice as many nodes, or for `nodes`. */
static void
widen_twice(LokiScan *so, double nodes)
{
	if (ask_for_rows(so))
		return;
	nodes = Max(so->course.rows * 2.0, nodes);
	widen_walk(so, nodes, loki_filters_rows(so) ?
			   so->course.first_width * sqrt(nodes / so->plan.limit) : 0);
}

/* The batch's rows are known: widen the walk if it was too narrow for them, else false. */
static bool
widen_by_share(LokiScan *so)
{
	double		nodes;
	double		width;

	if (ask_for_rows(so))
		return true;
	width = loki_width_by_share(so, &nodes);
	if (width <= WORTH_WIDENING * so->course.width)
		return false;
	widen_walk(so, nodes, width);
	return true;
}

/* The walk is over: flat scans follow. */
static void
begin_flat(LokiScan *so)
{
	loki_flat_begin(so);
	so->course.phase = LOKI_SCAN_FLAT;
}

/* Find more candidates; false if the graph has no more for this scan. */
static bool
find_more(LokiScan *so)
{
	uint64		scored = so->search.count.scored;

	if (so->course.phase == LOKI_SCAN_WALK)
	{
		if (may_widen(so) && !loki_account_leaves(so))
		{
			widen_twice(so, loki_is_bounded(so) ? LOKI_BOUND_ROWS : 0);
			return true;
		}
		if (!so->plan.complete && !so->plan.exact)
		{
			/* pgvector's limits end an iterative walk, but not the rows that it has scored: all are queued */
			bool		more = so->search.budget.scored_limit > 0 && so->course.walk_end != LOKI_WALK_DRY &&
				so->course.width < scored;

			if (more)
				widen_walk(so, scored, scored);
			return more;
		}
		begin_flat(so);
	}
	return loki_flat_select(so) || (loki_flat_doubt(so) && loki_flat_select(so));
}

/*
 * Walk on if the distance of the batch's last row, known now, and the errors that refining has shown
 * say that the walk has not looked far enough: of many estimates the least are too small.  False if
 * it has.  More rows only make that distance smaller, so this ends.
 */
static bool
walk_on_by_rows(LokiScan *so)
{
	LokiReach  *reach = &so->search.reach;
	float		looked = so->course.phase == LOKI_SCAN_WALK ? loki_walk_reach(&so->search) : FLT_MAX;

	reach->floor = loki_refine_reach(so, so->ranking.rows[so->course.batch_left - 1].distance,
									 reach->errors);
	if (looked == FLT_MAX || !(reach->floor > looked))
		return false;
	so->course.walk_end = loki_walk_widen(&so->search);
	return true;
}

/*
 * A search within a bound ends when all that was found and not returned is beyond it.  Estimates say so of
 * what the walk has met, which may be another region than that of the nearest rows, and too few rows are a
 * worse answer than a few that are not the nearest.  So a walk is made wider before it is believed, and if
 * all nodes can be looked at in little time, they are: the scan goes on by bounds that always hold, and
 * flat scans find the nodes that the walk, or flat scans by estimates, have not queued.  False if that takes
 * too long, or was done.
 */
static bool
begin_certain(LokiScan *so)
{
	if (so->plan.certain ||
		!(so->plan.exact || (so->plan.complete && loki_account_proves(so))))
		return false;
	Assert(loki_is_bounded(so) && so->ranking.npartials == 0);
	if (so->course.phase == LOKI_SCAN_WALK)
		begin_flat(so);
	so->plan.certain = true;
	loki_flat_certain(so);
	return true;
}

/*
 * Find and rerank rows for the rest of the batch.  Afterwards rows[next_row ..) are in order.  If they
 * are fewer than batch_left, the graph has no more.  No page may be locked, and none is afterwards.
 */
static void
fill_batch(LokiScan *so)
{
	instr_time	start;
	bool		accounts;

	Assert(so->course.batch_left > 0 && loki_no_buffer_locked());
	INSTR_TIME_SET_CURRENT(start);
	if (!so->course.walked)
		first_walk(so);
	accounts = loki_account_is_kept(so);
	while (so->course.phase == LOKI_SCAN_WALK && may_widen(so) && loki_nodes_ahead(so) > so->course.rows &&
		   !loki_account_leaves(so))
		widen_twice(so, loki_nodes_ahead(so));
	/*
	 * Each turn either ends the batch, or makes the search look farther: the
	 * walk wider, then flat scans with larger selections, until there is no
	 * node left.  With rows enough, it goes on only if nearer ones may be
	 * missing; with too few, as long as any can be found.
	 */
	for (;;)
	{
		bool		walks;
		bool		complete;

		if (accounts && !loki_account_open(so))
		{
			if (so->course.phase == LOKI_SCAN_WALK)
				begin_flat(so);
			loki_rest_read(so);
			accounts = false;
		}
		walks = so->course.phase == LOKI_SCAN_WALK;
		complete = loki_rerank_complete(so, so->course.batch_left);
		if (accounts && so->ranking.fetch_most == 0)
			continue;
		if (complete)
		{
			if (loki_is_least(so, so->ranking.rows[so->course.batch_left - 1].distance))
				break;
			else if (walks && may_widen(so) && widen_by_share(so))
				continue;
			else if (may_widen(so) && walk_on_by_rows(so))
				take_walk(so, PG_UINT32_MAX);

			/*
			 * It was too narrow for these rows, and has stopped before its
			 * end since: its memory is used up, hops lead no farther, or a
			 * flat scan takes less time.  Nothing was taken (take_walk()).
			 */
			else if ((walks && so->plan.complete && so->course.walk_end == LOKI_WALK_LIMIT) ||
					 loki_account_leaves(so))
			{
				begin_flat(so);
				loki_flat_select(so);
			}
			else if (loki_flat_falls_short(so))
				loki_flat_select(so);
			else
				break;
		}
		/* a flat scan has seen all nodes, so nothing nearer is to be expected of a next one */
		else if (loki_refine_beyond(so) &&
				 (!walks || !may_widen(so) || so->course.rows >= LOKI_BOUND_ROWS))
		{
			if (!begin_certain(so))
				break;
		}
		else if (!find_more(so))
			break;
	}
	loki_test_snapshot(so);
	loki_kill_flush(so);
	so->work.microseconds += loki_microseconds_since(start);
}

/* ----------------------------------------------------------------
 * Returning rows
 * ----------------------------------------------------------------
 */

/*
 * Return a row of the table, whose distance is known or NULL, to the executor, and whether it has passed the caller's
 * filter; always true.
 */
static bool
return_row(LokiScan *so, const ItemPointerData *tid, double distance, bool isnull, bool passed)
{
	IndexScanDesc scan = so->scan;

	/* the executor reads the row next */
	Assert(loki_no_buffer_locked());
	if (so->columns.row != NULL)
		so->columns.row->known = false;
	loki_pin_row_page(so, ItemPointerGetBlockNumberNoCheck(tid), true);
	scan->xs_heaptid = *tid;
	scan->xs_recheck = loki_filter_needs_recheck(&so->filter.keys);
	scan->xs_recheckorderby = false;
	scan->xs_orderbyvals[0] = isnull ? (Datum) 0 : Float8GetDatum(distance);
	scan->xs_orderbynulls[0] = isnull;
	if (so->plan.caller != NULL)
		so->plan.caller->passed = passed;
	so->course.returned++;
	loki_scan_report(so);
	return true;
}

/*
 * The next row of the graph, in order of distance.  A batch is filled when its first row is asked for, and again if its
 * rows ran out before its end.  pgvector keeps a strict order by leaving late rows out.  A complete scan does so if the
 * plan relies on its order: if a row of the first batch is dead, the executor asks for more than LIMIT takes.
 */
static bool
next_ranked(LokiScan *so)
{
	for (;;)
	{
		const LokiRow *row;

		if (so->course.batch_left == 0)
		{
			double		rows = so->course.batch * (so->plan.certain ? 8.0 : 2.0);
			double		wanted = 0;

			if (loki_may_be_given_up(so))
				rows = Min(rows, so->plan.caller->left(so->plan.caller, (double) so->course.returned));
			if (loki_filters_rows(so) && !loki_account_unordered(so))
				wanted = so->plan.limit - so->plan.caller->taken(so->plan.caller);
			rows = wanted >= 1 ? Min(rows, wanted) : rows;
			if (rows < 1)
				so->course.phases[so->course.next_phase] = LOKI_SCAN_DONE;
			if (rows < 1)
				return false;
			so->course.batch = so->course.batch_left = (uint32) Min(rows, LOKI_MAX_NUMBER / 4);
		}
		if (so->ranking.next_row >= so->ranking.nrows || so->course.batch_left == so->course.batch)
			fill_batch(so);
		if (so->ranking.next_row >= so->ranking.nrows)
			return false;
		loki_prefetch_ranked(so, so->course.batch_left);
		/* it stays in the array until the next batch is completed */
		row = &so->ranking.rows[so->ranking.next_row++];
		Assert(so->course.batch_left > 0 && so->course.batch_left <= so->course.batch);
		so->course.batch_left--;

		if (loki_is_nearer(row->distance, so->course.farthest))
		{
			if (!so->plan.exact &&
				(so->plan.ordered ||
				 (!so->plan.complete && so->plan.settings.iterative_scan == LOKI_ITERATIVE_STRICT)))
				continue;
			so->work.late_rows++;
		}
		else
			so->course.farthest = row->distance;
		return return_row(so, &row->tid, row->distance, false, row->passed);
	}
}

/* amgettuple: the next row, nearest first.  Leaves no page locked. */
bool
loki_hnsw_gettuple(IndexScanDesc scan, ScanDirection dir)
{
	LokiScan   *so = (LokiScan *) scan->opaque;
	ItemPointerData tid;

	Assert(ScanDirectionIsForward(dir) && loki_no_buffer_locked());
	if (so->course.phase == LOKI_SCAN_START)
	{
		/* pgvector's messages */
		if (scan->numberOfOrderBys != 1)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot scan hnsw index without order")));
		if (!IsMVCCSnapshot(scan->xs_snapshot))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("non-MVCC snapshots are not supported with hnsw")));
		/* the whole index: any insert may be among the nearest rows of a serializable transaction */
		PredicateLockRelation(scan->indexRelation, scan->xs_snapshot);
		pgstat_count_index_scan(scan->indexRelation);
		LokiCountIndexSearch(scan);
		begin_scan(so);
	}

	for (;; next_phase(so))
	{
		switch (so->course.phase)
		{
			case LOKI_SCAN_WALK:
			case LOKI_SCAN_FLAT:
				if (next_ranked(so))
					return true;
				break;
			case LOKI_SCAN_COLUMNS:
				if (loki_columns_next(so))
				{
					scan->xs_recheck = loki_filter_needs_recheck(&so->filter.keys);
					so->course.returned++;
					return true;
				}
				break;
			case LOKI_SCAN_UNORDERED:
				/* under pgvector's limits it stops where a walk would */
				if ((so->plan.complete || so->course.returned < (uint64)
					 (so->plan.settings.iterative_scan == LOKI_ITERATIVE_OFF ?
					  so->plan.settings.ef : so->plan.settings.max_tuples)) &&
					loki_stream_next(so, LOKI_SLOTS_TID, 0, &tid))
					return return_row(so, &tid, get_float8_nan(), so->query.isnull, false);
				break;
			case LOKI_SCAN_ZERO_NORM:
				if (loki_stream_next(so, LOKI_SLOTS_NULLTID, LOKI_TID_ZERO_NORM, &tid))
					return return_row(so, &tid, get_float8_nan(), so->query.isnull, false);
				break;
			case LOKI_SCAN_NULL:
				if (loki_stream_next(so, LOKI_SLOTS_NULLTID, 0, &tid))
					return return_row(so, &tid, 0, true, false);
				break;
			default:
				loki_scan_report(so);
				return false;
		}
	}
}
