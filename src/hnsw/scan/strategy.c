/*-------------------------------------------------------------------------
 *
 * strategy.c
 *	  The strategy of a scan with a filter, by what each would cost, and the account of a scan.
 *
 * There are three.  The plain walk scores all nodes and keeps those that match.  The walk
 * by hops scores only nodes that match.  A flat scan scores every node of the index that
 * matches.  Before the walk, a sample of the index says how many nodes match.  The nodes
 * that a walk meets say more.  Times are in nanoseconds, measured in doc/design/search.md;
 * only their ratios matter.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/strategy.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/heaptoast.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "utils/memutils.h"

/* A sample has LOKI_STRATEGY_SEEDS runs of nodes that share pages, from all of the index */
#define SAMPLE_RUN			16

/* Slots that show how many of all are in use */
#define REST_SAMPLE			64

/* A node in a walk: scored, or tested while it hops */
#define SCORE_TIME			48
#define HOP_TIME			45
#define EXPAND_TIME			300 /* a node whose links are read; most lead to
								 * nodes that were met */

/* In a flat scan, where the test of an attribute takes 1 */
#define FLAT_TID_TIME		8	/* a node's row in a set */
#define FLAT_MATCH_TIME		36	/* a node that matches ... */
#define FLAT_NEAR_TIME		22	/* ... next to another that does */
#define LIST_TIME			3	/* a node of a list, or its 1-bit sketch ... */
#define LIST_TEST_TIME		15	/* ... each attribute of it that is tested ... */
#define LIST_TID_TIME		30	/* ... its row in a set */
#define MAP_TIME			100 /* a row of a set, by the row map */

/*
 * Nodes of a list with 1-bit sketches that are scored: a fixed number, and a share of those that match,
 * which grows with the dimensions that 1-bit sketches leave out
 */
#define SKETCH_SCORED		250
#define SKETCH_SHARE		0.01

#define MILLISECOND			1000000

#define CERTAIN_TIME		80	/* a node's bound that always holds ... */
#define CERTAIN_DIM_TIME	0.25	/* ... for each dimension of it */
#define REFINE_TIME			100 /* a candidate that is refined ... */
#define ROW_TIME			1000	/* ... and whose row is read */
#define OPERATOR_TIME		20	/* an operator of the caller's filter */
#define MEASURE_TIME		100 /* a distance, of the filter or the order ... */
#define MEASURE_DIM_TIME	0.25	/* ... for each dimension ... */
#define TOAST_TIME			1500	/* ... if that is out of line ... */
#define SERVERS_TOAST_TIME	3600	/* ... and the server reads it, for the filter */

/* In the order of the table */
#define REST_NODE_TIME		5	/* a node's TID ... */
#define REST_ROW_TIME		60	/* ... its row, once its page is there ... */
#define REST_PAGE_TIME		300 /* ... which takes this ... */
#define RANDOM_TOAST_TIME	3500	/* a value out of line that is not the next one */

/*
 * If the share of matching nodes around the query is less than one part in this number of the
 * share of all nodes, those that match lie elsewhere.  A plain walk leaves such a region by
 * the few links that it has to others, which may not be the nearest.
 */
#define SPARSE_REGION		8.0

/* Time of a flat scan of n nodes before any is scored */
static double
test_time(const LokiSearch *search, double nodes)
{
	double		node = search->filter->ntests;

	if (search->filter->tids != NULL)
		node += FLAT_TID_TIME;
	return nodes * node;
}

/* Nodes that are scored, of those that match, by a list or the map if there is one */
static double
scored_nodes(const LokiSearch *search, double matches)
{
	if (search->choice->listed < 0)
		return matches;
	matches = Min(matches, search->choice->listed + search->choice->unlisted);
	if (!search->choice->sketches)
		return matches;
	return Min(matches, SKETCH_SCORED +
			   SKETCH_SHARE * Max(1.0, search->state->dim / (double) LOKI_SKETCH_DIMS) * matches);
}

/*
 * Time to read a sorted list, or the row map, whichever was chosen, before any node is scored.
 * With 1-bit sketches few of the listed nodes are tested: as many as let those pass that are
 * scored.
 */
static double
list_time(const LokiSearch *search)
{
	double		node = search->choice->mapped ? MAP_TIME : LIST_TIME;
	double		listed = Max(search->choice->listed, 1);
	double		matches = Min(search->choice->share * search->budget.flat_nodes, listed);
	double		tests = search->choice->listed_tests;

	Assert(search->choice->listed >= 0 && search->choice->unlisted >= 0);
	if (search->choice->sketches)
		tests *= Min(1, scored_nodes(search, matches) / Max(matches, 1));
	if (!search->choice->mapped && search->filter->tids != NULL)
		node += LIST_TID_TIME;
	return node * search->choice->listed + LIST_TEST_TIME * tests +
		test_time(search, search->choice->unlisted);
}

/*
 * Time of a flat scan of the nodes that are on two lists, which are all scored.  Infinity if there is
 * one list, or if it is not known how many nodes match: they may be all that are on either list.
 */
static double
joint_time(const LokiSearch *search)
{
	const LokiStrategyChoice *choice = search->choice;
	double		matches = Min(choice->share * search->budget.flat_nodes, choice->listed);
	double		match = FLAT_MATCH_TIME;

	if (choice->listed < 0 || choice->mapped || choice->second < 0 || choice->share == 0 ||
		(search->budget.memory_limit > 0 &&
		 search->budget.flat_nodes / 8 > search->budget.memory_limit))
		return get_float8_infinity();
	if (search->filter->tids != NULL)
		match += LIST_TID_TIME;
	match += LIST_TEST_TIME * choice->listed_tests / Max(choice->listed, 1);
	/* any node has a bit */
	return choice->listed + choice->second + 0.02 * search->budget.flat_nodes +
		matches * match + test_time(search, choice->unlisted);
}

/* Whether that takes less time than a flat scan of one list, which was chosen */
bool
loki_strategy_joint(const LokiSearch *search)
{
	double		matches = search->choice->share * search->budget.flat_nodes;

	return joint_time(search) <
		list_time(search) + scored_nodes(search, matches) * FLAT_MATCH_TIME;
}

/* Time of a flat scan, by sorted lists if that is better */
static double
flat_time(const LokiSearch *search)
{
	double		test = test_time(search, search->budget.flat_nodes);
	double		matches = search->choice->share * search->budget.flat_nodes;
	double		match = FLAT_MATCH_TIME -
		(FLAT_MATCH_TIME - FLAT_NEAR_TIME) * Max(search->choice->correlated, 0);

	if (search->choice->listed >= 0)
		test = Min(test, list_time(search));
	return Min(test + scored_nodes(search, matches) * match, joint_time(search));
}

/*
 * Whether a flat scan by a sorted list takes less time than one that tests all nodes.  With
 * 1-bit sketches it scores fewer of those that match, which are the listed ones at most.
 */
bool
loki_strategy_short(const LokiSearch *search)
{
	double		spared = search->choice->listed - scored_nodes(search, search->choice->listed);

	return list_time(search) <
		test_time(search, search->budget.flat_nodes) + spared * FLAT_MATCH_TIME;
}

/* Whether all nodes of a sorted list can be scored in the time of a short walk */
bool
loki_strategy_list(const LokiSearch *search)
{
	return search->choice->listed >= 0 &&
		list_time(search) + scored_nodes(search, search->choice->listed) * FLAT_MATCH_TIME <
		search->choice->rows * (double) LOKI_SCORED_PER_WIDTH * SCORE_TIME;
}

/* Time of a plain walk that meets such a share of matching nodes */
static double
plain_time(const LokiSearch *search, double share)
{
	Assert(share > 0);
	return loki_strategy_width(search, LOKI_STRATEGY_PLAIN, search->choice->share) / share *
		LOKI_SCORED_PER_WIDTH * SCORE_TIME;
}

/*
 * The width of a walk that meets such a share of matching nodes.  If few match, they lie far
 * apart, and errors of estimates put fewer of them out of the pool, so that a narrower one is as
 * good.  But if it is much less than the share of all nodes, matching nodes lie together far
 * from the query.  For hops they are linked badly to each other, which needs a wider pool.
 */
uint32
loki_strategy_width(const LokiSearch *search, LokiStrategy strategy, double share)
{
	double		factor = Max(0.35, sqrt(share));

	Assert(strategy != LOKI_STRATEGY_FLAT);
	if (strategy == LOKI_STRATEGY_HOPS)
		factor = 8;
	else if (share < search->choice->share / 2)
		factor = 1;
	return (uint32) Max(search->choice->rows, search->choice->width * factor);
}

/*
 * Sample the nodes below an end: sets the share that matches, unless that is known, and
 * keeps some that match as seeds for hops.  The sample ends when there are enough.  If most
 * nodes match, they are from a few runs then, unless they shall be spread.
 */
void
loki_strategy_sample(LokiSearch *search, uint32 end, bool spread)
{
	uint32		run[SAMPLE_RUN];
	uint8		passes[SAMPLE_RUN];
	uint64		step = loki_golden_step(end);
	uint64		at = 0;
	uint32		sampled = 0;
	uint32		matched = 0;
	uint32		pairs = 0;
	uint32		both = 0;
	uint32		of_run = SAMPLE_RUN;
	LokiStrategyChoice *choice = search->choice;

	Assert(end > 0 && (!spread || choice->share > 0));
	if (spread)
		of_run = Min(ceil(1 / choice->share), SAMPLE_RUN);
	if (choice->seeds == NULL)
		choice->seeds = MemoryContextAlloc(search->context, sizeof(uint32) * LOKI_STRATEGY_SEEDS);
	choice->nseeds = 0;
	for (int i = 0; i < LOKI_STRATEGY_SEEDS && choice->nseeds < LOKI_STRATEGY_SEEDS; i++)
	{
		int			n = 0;
		uint32		most = Min(choice->nseeds + of_run, LOKI_STRATEGY_SEEDS);

		at = (at + step) % end;
		for (uint32 node = (uint32) at; node < end && n < SAMPLE_RUN; node++)
			run[n++] = node;
		matched += loki_filter_nodes(search, run, n, passes);
		sampled += n;
		for (int k = 1; k < n; k++)
		{
			pairs += passes[k - 1];
			both += passes[k - 1] & passes[k];
		}
		for (int k = 0; k < n && choice->nseeds < most; k++)
			if (passes[k])
				choice->seeds[choice->nseeds++] = run[k];
	}
	Assert(choice->nseeds <= LOKI_STRATEGY_SEEDS && both <= pairs);
	choice->correlated = (both + choice->share) / (pairs + 1);
	if (!choice->share_known)
		choice->share = Max(matched, 0.5) / Max(sampled, 1);
	Assert(choice->share > 0 && choice->share <= 1);
}

/* What a walk has cost so far */
static double
time_spent(const LokiSearch *search)
{
	return search->count.scored * (double) SCORE_TIME +
		search->count.filtered * (double) HOP_TIME;
}

/*
 * The rule of the account: a way is left for another when it has cost as much as the other takes, so that both
 * together cost twice the better one at most.
 */
static bool
is_due(double spent, double other)
{
	return spent >= other;
}

/*
 * The best strategy if such a share of the nodes around the query matches.  A walk that leads nowhere is left for a flat
 * scan when it has cost as much (loki_account_ends_walk()).  A plain walk that was due for hops does not go on.
 *
 * Nodes with neighboring IDs are near each other.  If the neighbor of a node that matches matches
 * hardly more often than any node (by a fifth of the way from there to always), matching nodes
 * are everywhere, and a walk needs no hops to reach them.
 */
LokiStrategy
loki_strategy_choose(const LokiSearch *search, double share)
{
	double		flat = flat_time(search);
	double		plain = plain_time(search, share);
	/* for any share, hops test about 125 nodes for each of their width */
	double		hops = loki_strategy_width(search, LOKI_STRATEGY_HOPS, search->choice->share) *
		125.0 * HOP_TIME;

	if (search->choice->correlated >= 0 &&
		search->choice->correlated <
		search->choice->share + 0.2 * (1 - search->choice->share))
		hops = get_float8_infinity();
	if (share * SPARSE_REGION < search->choice->share || is_due(time_spent(search), hops))
		plain = get_float8_infinity();
	if (flat < Min(plain, 2 * hops))
		return LOKI_STRATEGY_FLAT;
	return plain < 2 * hops ? LOKI_STRATEGY_PLAIN : LOKI_STRATEGY_HOPS;
}

/* Whether a walk with a filter is due for a flat scan */
bool
loki_account_ends_walk(const LokiSearch *search)
{
	return is_due(time_spent(search), flat_time(search));
}

/*
 * Whether a search without a filter is for so many rows that its walk may cost more than a flat scan; and the nodes
 * that a walk expands in the time of one
 */
bool
loki_account_wide(const LokiScan *so)
{
	return so->plan.complete && so->course.batch > LOKI_ACCOUNT_ROWS && so->search.budget.flat_nodes == 0;
}

double
loki_account_expanded(const LokiScan *so)
{
	return loki_node_end(so->state, so->scan->indexRelation) * (double) FLAT_MATCH_TIME / EXPAND_TIME;
}

/* Whether vectors of rows are mostly out of line */
static bool
is_toasted(const LokiScan *so)
{
	return OidIsValid(so->scan->heapRelation->rd_rel->reltoastrelid) &&
		loki_value_size(&so->state->column) > TOAST_TUPLE_THRESHOLD;
}

/* What it takes to measure a row, whose vector may have to be read */
static double
measure_time(const LokiScan *so, double toast)
{
	return MEASURE_TIME + MEASURE_DIM_TIME * so->state->dim + (is_toasted(so) ? toast : 0);
}

/*
 * What the caller's filter takes for a row, if the scan evaluates it.  How many rows come to a condition is not known;
 * each is taken to let the same share pass.
 */
static double
filter_time(const LokiScan *so)
{
	const LokiScanCaller *caller = so->plan.caller;
	double		time = 0;
	double		share;

	if (!loki_filters_rows(so))
		return 0;
	share = (so->ranking.passed + 0.5) / (so->ranking.passed + so->ranking.dropped + 1);
	for (int i = 0; i < caller->nconditions; i++)
		time += pow(share, (double) i / caller->nconditions) *
			(caller->work[i].operators * OPERATOR_TIME +
			 caller->work[i].distances * measure_time(so, SERVERS_TOAST_TIME));
	return time;
}

/*
 * Whether the caller takes the rest of the rows in any order.  A scan that leaves rows out which come late has to have
 * one.
 */
bool
loki_account_unordered(const LokiScan *so)
{
	return so->plan.caller != NULL && so->plan.caller->unordered != NULL && so->plan.complete &&
		(so->plan.exact || !so->plan.ordered) && !loki_is_bounded(so);
}

/* What such a caller does with a row; and with one that comes by distance, whose vector the scan and it read out of line */
static double
caller_time(const LokiScan *so)
{
	if (!loki_account_unordered(so))
		return 0;
	return so->plan.caller->above.operators * OPERATOR_TIME + so->plan.caller->above.distances * measure_time(so, 0);
}

static double
ranked_time(const LokiScan *so)
{
	return caller_time(so) + (loki_account_unordered(so) && is_toasted(so) ? 2 * RANDOM_TOAST_TIME : 0);
}

/* What the scan has spent up to now, and its caller on the rows that it has ranked */
static double
scan_spent(const LokiScan *so)
{
	double		tested = so->work.tested;
	double		flat = so->work.flat_scored;

	return (so->search.count.scored - flat) * SCORE_TIME + flat * FLAT_MATCH_TIME +
		(so->search.count.filtered - tested) * HOP_TIME + test_time(&so->search, tested) +
		so->work.nodes_refined * (double) REFINE_TIME +
		so->work.heap_fetches * (ROW_TIME + filter_time(so)) +
		((double) so->course.returned + so->ranking.nrows - so->ranking.next_row) * ranked_time(so);
}

/*
 * Whether the scan has cost as much as a flat scan, while its caller dropped most rows: those that pass may lie elsewhere,
 * and a walk leaves the region around the query by the few links that it has to others, which may not be the
 * nearest.
 *
 * It may have cost less, the less often the nearest rows passed: `odds` is how many times as often rows pass
 * beyond the nearest one that does.  Three fewer are counted than passed, since a few by chance prove nothing.
 */
bool
loki_account_leaves(const LokiScan *so)
{
	double		nearer = so->ranking.rejected_nearer;
	double		passed = so->ranking.passed;
	double		dropped = (double) so->course.returned + so->ranking.dropped;
	double		odds = nearer * (passed - 3) / Max(dropped + passed - nearer - 1, 1);
	double		taken;

	if (so->course.phase != LOKI_SCAN_WALK || !so->plan.complete || so->plan.limit == 0 ||
		(double) so->course.returned < so->plan.limit)
		return false;
	taken = so->plan.caller->taken(so->plan.caller);
	if (2 * taken > dropped)
		return false;
	odds = taken > 0 ? 1 : Max(odds, 1);
	return is_due(scan_spent(so) * odds * odds,
				  loki_node_end(so->state, so->scan->indexRelation) * (double) FLAT_MATCH_TIME);
}

/*
 * What a node takes whose row is ranked for the caller.  Each version in its TID list is read that is not marked dead, and
 * later nodes have as many as those up to now.
 */
static double
row_time(const LokiScan *so)
{
	double		nodes = (double) so->ranking.found + so->ranking.dropped +
		so->ranking.rowless.unseen - so->ranking.rowless.marked;
	double		versions = so->work.heap_fetches / Max(nodes, 1);

	return Max(versions, 1) * ROW_TIME + REFINE_TIME + filter_time(so) + ranked_time(so);
}

/* Rows in the slots of an array, by a sample, of which the scan does not know that they are dead */
static double
count_slots(LokiScan *so, int array, double end)
{
	LokiDuplicateData slots[2 * REST_SAMPLE];	/* of 18 bytes at most */
	uint32		numbers[REST_SAMPLE];
	uint64		step = loki_golden_step((uint64) end);
	int			rows = 0;

	for (int i = 0; i < REST_SAMPLE; i++)
		numbers[i] = (uint32) (i * step % (uint64) end);
	loki_slots_copy(so->state, so->scan->indexRelation, array, numbers, REST_SAMPLE, !so->search.in_recovery,
					(char *) slots);
	for (int i = 0; i < REST_SAMPLE; i++)
	{
		int			state = loki_slot_state(array, (char *) slots + (Size) i * so->state->arrays[array].slot_size);

		rows += state == LOKI_TID_LIVE || (state == LOKI_TID_KILLED && !so->killed.trust);
	}
	return rows * end / REST_SAMPLE;
}

/*
 * Count the rows of the index: neither its nodes, which are as many as there were before vacuum freed some, and of which a
 * list of rows is one, nor what VACUUM has counted.
 */
static void
count_rows(LokiScan *so)
{
	const LokiSlotArray *listed = &so->state->arrays[LOKI_SLOTS_DUPLICATE];
	double		nodes = loki_node_end(so->state, so->scan->indexRelation);
	double		rows = nodes > 0 ? count_slots(so, LOKI_SLOTS_TID, nodes) : 0;

	if (listed->npages > 0)
		rows += count_slots(so, LOKI_SLOTS_DUPLICATE, (double) listed->npages * listed->per_page);
	so->work.index_rows = Max(rows, 1);
}

/*
 * What it takes to read the rest in the order of the table (rest.c).  Rows of which the scan cannot know whether they
 * pass are all measured and sorted, and read once more by the executor.  Where their order does not matter, it alone
 * reads them.
 */
static double
rest_time(const LokiScan *so)
{
	double		nodes = loki_node_end(so->state, so->scan->indexRelation);
	double		rows = so->work.index_rows > 0 ? so->work.index_rows : nodes;
	double		measured = 1;
	double		row = REST_ROW_TIME + filter_time(so) + caller_time(so);
	double		measure = measure_time(so, TOAST_TIME);

	if (so->filter.within != NULL)
		rows = Min(rows, so->filter.within->count);
	if (so->filter.nodes.ntests > 0 && so->filter.choice.share > 0)
		rows *= so->filter.choice.share;
	if (so->course.phase == LOKI_SCAN_FLAT && so->flat.last)
		rows = Min(rows, (double) (so->queue.n - so->queue.next) + (so->rerank.n - so->rerank.next));
	if (loki_account_unordered(so))
		measure = is_toasted(so) ? TOAST_TIME : 0;
	else if (!loki_filters_rows(so))
		measure += ROW_TIME;
	else if (!so->plan.caller->by_distance)
		measured = (so->ranking.passed + 1.0) / (so->ranking.passed + so->ranking.dropped + 2.0);
	return nodes * REST_NODE_TIME + test_time(&so->search, nodes) +
		Min(rows, RelationGetNumberOfBlocks(so->scan->heapRelation)) * REST_PAGE_TIME +
		rows * (row + measured * measure);
}

/* See hnsw.h. */
double
loki_table_time(double rows, double pages)
{
	return rows * (REST_NODE_TIME + REST_ROW_TIME + OPERATOR_TIME) + pages * REST_PAGE_TIME;
}

/* Rows that the caller has, or will take as they have passed its filter */
static double
rows_taken(const LokiScan *so)
{
	double		taken = Max(so->plan.caller->taken(so->plan.caller), 0);

	for (uint32 i = so->ranking.next_row; i < so->ranking.nrows; i++)
		taken += so->ranking.rows[i].passed;
	return taken;
}

/*
 * Whether the caller has a LIMIT, and has dropped rows, which tells how many more it needs; measuring has none (recall.c).
 * One that takes rows in any order keeps them until no better ones can come.
 */
static bool
is_short_of_rows(const LokiScan *so)
{
	return so->plan.caller != NULL && so->plan.limit > 0 && (double) so->course.returned >= so->plan.limit &&
		!loki_account_unordered(so);
}

/* Rows of which it is known whether the caller takes them */
static double
rows_met(const LokiScan *so)
{
	return (double) so->course.returned + so->ranking.dropped;
}

/*
 * How many rows the scan may rank before it is due.  It is when the rows that its caller still needs take as long as
 * the rest, if those to come pass as often as those that were met.  Few that passed say little of how many will, so
 * some more are counted.  A walk for so many rows ends in a flat scan, and where one has no more nodes the next one
 * follows.
 *
 * It is also due when it has spent as much as the rest takes.
 */
static double
rows_until_due(const LokiScan *so)
{
	double		rest = rest_time(so);
	double		spent = scan_spent(so);
	double		flat = loki_node_end(so->state, so->scan->indexRelation) * (double) FLAT_MATCH_TIME;
	double		taken;
	double		ahead = rest;
	double		rows = (rest - spent) / row_time(so);

	if (!is_short_of_rows(so))
		return rows;
	if (so->course.phase == LOKI_SCAN_WALK ||
		(so->queue.next == so->queue.n && so->rerank.next == so->rerank.n))
		ahead = Max(rest - flat, rest / 2);
	taken = rows_taken(so);
	return Min(rows, (taken + LOKI_UNSEEN_ROWS) * ahead / (Max(so->plan.limit - taken, 1) * row_time(so)) - rows_met(so));
}

/* See scan.h. */
double
loki_account_needed(const LokiScan *so)
{
	double		taken;

	if (!is_short_of_rows(so))
		return 0;
	taken = rows_taken(so);
	return Min(2 * (so->plan.limit - taken) * rows_met(so) / (taken + LOKI_UNSEEN_ROWS), rows_until_due(so));
}

/*
 * See scan.h.  A search for few rows, all of which its caller takes, has none: it ends long before.  Under
 * pgvector's limits an iterative scan has one for the rows of a LIMIT.
 */
bool
loki_account_is_kept(const LokiScan *so)
{
	return (so->course.returned > 0 || so->plan.exact || so->course.batch > LOKI_ACCOUNT_ROWS) &&
		(so->plan.complete || (loki_goes_on(so) && so->plan.limit > 0)) &&
		so->heap.is_heap && !so->plan.measuring && (!loki_may_be_given_up(so) || loki_filters_rows(so)) &&
		!(so->course.phase == LOKI_SCAN_FLAT && so->flat.last &&
		  so->queue.next == so->queue.n && so->rerank.next == so->rerank.n);
}

/*
 * See scan.h.  A walk without a filter, and the fetching of rows, stop there.  If most scans of a node came there,
 * as a condition drops nearly all rows, the next one goes there at once.
 */
bool
loki_account_open(LokiScan *so)
{
	const LokiScanWork *done = &so->work.done;
	double		rows;

	if (so->work.index_rows == 0)
		count_rows(so);
	rows = rows_until_due(so);
	if (rows <= 0 || loki_reads_all_rows(so) || (loki_filters_rows(so) && 2 * done->rests > done->walks + done->flats))
		return false;
	loki_rerank_most(so, (uint32) Min(1 + rows, (double) PG_UINT32_MAX));
	/* pgvector's limit stays */
	if (so->course.phase == LOKI_SCAN_WALK && so->plan.complete)
		so->search.budget.scored_limit = so->search.count.scored + 1 +
			(uint64) Min(rows * row_time(so) / SCORE_TIME, (double) PG_UINT32_MAX);
	return true;
}

/*
 * Whether a search within a bound is due for bounds that always hold, of all nodes that match, so that it need not return
 * fewer rows than there are: a millisecond more than it has spent pays for that.  How many rows have to be read is not
 * known before.
 */
bool
loki_account_proves(const LokiScan *so)
{
	double		nodes = loki_node_end(so->state, so->scan->indexRelation);
	double		node = so->plan.unbounded ? ROW_TIME :
		CERTAIN_TIME + CERTAIN_DIM_TIME * so->state->dim;
	double		time = 0;

	if (so->filter.nodes.any)
	{
		time = so->filter.has_list || so->filter.has_map ? list_time(&so->search) :
			test_time(&so->search, nodes);
		nodes *= so->filter.choice.share;
	}
	return is_due(scan_spent(so) + MILLISECOND, time + nodes * node);
}

/*
 * Choose the row map for a flat scan within a set of rows, if it takes less time than a
 * sorted list and than testing all nodes.
 */
void
loki_scan_begin_map(LokiScan *so)
{
	LokiSearch *search = &so->search;
	LokiRowLookup *lookup = &so->filter.map;
	LokiStrategyChoice *choice = search->choice;
	LokiStrategyChoice without;
	double		time = so->filter.has_list ? list_time(search) :
		get_float8_infinity();

	loki_bits_release(&lookup->reused);
	choice->mapped = false;
	if (so->filter.within == NULL)
		return;
	if (so->filter.nodes.ntests == 0)
	{
		Assert(!so->filter.has_list);
		choice->share_known = true;
		choice->share = Max(so->filter.within->count, 1) /
			Max(search->budget.flat_nodes, 1);
		choice->share = Min(choice->share, 1);
	}
	if (!loki_row_lookup_begin(lookup, so->state, so->scan->indexRelation, &so->meta,
							   so->filter.within))
		return;
	without = *choice;
	choice->mapped = true;
	choice->sketches = false;
	choice->listed = lookup->count + lookup->stale * FLAT_TID_TIME / MAP_TIME;
	choice->listed_tests = choice->listed * so->filter.nodes.ntests;
	choice->unlisted = Max(0, search->budget.flat_nodes - lookup->list.end);
	so->filter.has_map = loki_strategy_short(search) && list_time(search) < time;
	Assert(so->filter.strategy == LOKI_STRATEGY_FLAT);
	if (so->filter.has_map)
		so->filter.has_list = false;
	else
		*choice = without;
}
