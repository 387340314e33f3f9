/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  Measuring how much walks of several widths find.
 *
 * The metapage keeps the result, as pg_statistic keeps what ANALYZE found: a sample of queries, measured
 * when the index was built, and again when much of it has changed.
 *
 * Queries are nodes of the index, by the values of their rows.  But a node is easier to search for
 * than other vectors, since its links lead to its neighbors.  So its own search goes around it, as
 * if it did not exist.  A few links are added that would exist in that case, in place of links to
 * the node.
 *
 * When the true neighbors are known (recall/truth.c), each query is searched for once, with the
 * largest width.  A walk always expands the nearest node that is not expanded yet, whatever its
 * width.  So a narrow walk is the beginning of a wide one, up to the point where its own pool is
 * expanded, and one walk measures all widths.
 *
 * That does not hold where distances tie: a full pool takes no more nodes that are as far as its
 * last one, but a wide pool does, and walks on from them.  There each width has a walk of its own.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/measure.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "compat/pgcompat.h"
#include "hnsw/derived/derived.h"
#include "hnsw/graph/candidate_heap.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/measure.h"
#include "hnsw/scan/width.h"
#include "utils/memutils.h"

/*
 * The walks of one query in DEEP_EVERY go on until all true neighbors are found.  The others
 * only find those of the first SHALLOW_KS numbers, which takes less time.
 */
#define DEEP_EVERY			8
#define SHALLOW_KS			(LOKI_FEW_PLACE + 1)

/* Nodes whose distances show how these grow around rows */
#define GROWTH_NODES		128

/*
 * Among them are the numbers of neighbors in loki_calibration_ks.  Below such a number, a walk
 * finds fewer because it keeps fewer, and no line leads from there to wider ones.  Nor does one lead to
 * LOKI_ROW_WIDTH, from which on a walk is to find each row by its own vector.
 */
static const uint16 widths[LOKI_CALIBRATION_WIDTHS] = {
	8, 10, 16, 24, 32, 48, 64, 100, 128, 192, LOKI_ROW_WIDTH - 1, LOKI_ROW_WIDTH, 500, 768, 1024, 1536
};

/* ----------------------------------------------------------------
 * Queries
 * ----------------------------------------------------------------
 */

/* Add a query, as loki_query_add(), and prepare it for walks. */
static void
add_walk_query(LokiMeasure *measure, Datum value, const ItemPointerData *own, uint32 node)
{
	const LokiQuantizer *quantizer = measure->state->quantizer;
	const LokiColumn *column = &measure->state->column;
	float	   *floats = palloc_array(float, column->dim);

	(void) loki_query_open(column, column->typid, value, floats);
	quantizer->prepare(quantizer, floats, loki_measure_query(measure, measure->queries.n));
	pfree(floats);
	loki_query_add(&measure->queries, column, value, own, node);
}

/*
 * Choose live nodes at equal intervals, from a random one on.  Near nodes have near node IDs,
 * so this spreads the queries over the data.
 */
static void
choose_nodes(LokiMeasure *measure)
{
	pg_prng_state prng;
	LokiQueries *queries = &measure->queries;
	double		step = (double) measure->nlive / queries->allocated;
	double		next;
	uint32		seen = 0;

	Assert(step >= 1);
	loki_seed_prng(&prng);
	next = pg_prng_double(&prng) * step;
	for (uint32 node = 0; node < measure->end && queries->n < queries->allocated; node++)
	{
		Datum		value;

		if (!loki_measure_is_live(measure->live, node) || seen++ < next)
			continue;
		CHECK_FOR_INTERRUPTS();

		/*
		 * the answer leaves the node's rows out, of as many as it has; it has
		 * none if all are dead to the snapshot
		 */
		if (loki_measure_count_rows(measure, node) <= queries->few / 2 &&
			loki_measure_read_row(measure, node, &value))
		{
			add_walk_query(measure, PointerGetDatum(PG_DETOAST_DATUM_COPY(value)),
						   &measure->rows->slot->tts_tid, node);
			next += step;
		}
		loki_rows_release(measure->rows);
	}
}

/* ----------------------------------------------------------------
 * Walks
 * ----------------------------------------------------------------
 */

/* Add what one search of a width found of loki_calibration_ks[k] rows. */
static void
add_recall(LokiMeasure *measure, int width, int k, double recall)
{
	Assert(recall >= 0 && recall <= 1);
	Assert(width < LOKI_CALIBRATION_WIDTHS && k < LOKI_MEASURED_KS);
	measure->sums->recall[width][k] += recall;
	measure->sums->squares[width][k] += recall * recall;
}

/*
 * Whether a scan ends before the walk, which has expanded as many candidates as a width, goes on to the
 * next: what it reaches is fewer, maybe fewer than its own width.  Notes which part of the way that is.
 */
static bool
ends_here(LokiMeasure *measure, int width, int k, int step)
{
	LokiSearch *search = &measure->search;
	LokiMeasuredScan *scan = &measure->scans[width][k];
	LokiReach  *reach = &scan->reach;
	const LokiCandidate *nearest = search->pool.nearest;
	int			next = step + 1 < LOKI_CALIBRATION_WIDTHS ? widths[step + 1] : INT_MAX;
	int			n = Min(search->pool.n, reach->most);
	float		far;

	if (n < next || reach->rows == 0)
		return step >= width;
	if (n < reach->width)
		return false;
	search->reach = *reach;
	loki_search_note_error(search, nearest, nearest[reach->rows - 1].node & ~LOKI_EXPANDED);
	*reach = search->reach;
	memset(&search->reach, 0, sizeof(search->reach));
	far = loki_reach(reach, nearest, n);
	if (nearest[next - 1].distance <= far)
		return false;
	scan->part = (double) loki_candidates_place(nearest + widths[step], next - widths[step], far) /
		(next - widths[step]);
	return true;
}

/*
 * The walk has expanded the nearest candidates, as many as a width.  Count what was found of the first nks
 * numbers of neighbors by the scans that end here, or between here and the step before, in proportion.
 * Scans keep as many candidates as their width, expanded or not.  True if all were found.
 */
static bool
count_found(LokiMeasure *measure, int step, int nks, double scored)
{
	const LokiTruthLimit *limits = measure->truth.limits;
	const LokiPool *pool = &measure->search.pool;
	int			expanded = Min(widths[step], pool->n);
	int			hits[LOKI_MEASURED_KS];

	for (int width = 0; width < LOKI_CALIBRATION_WIDTHS; width++)
		for (int k = 0; k < nks; k++)
		{
			LokiMeasuredScan *scan = &measure->scans[width][k];
			bool		ended = scan->ended;
			double		recall;

			if (scan->counted || (!ended && !ends_here(measure, width, k, step)))
				continue;
			loki_truth_count(measure, pool->nearest, Min(pool->n, Max(expanded, widths[width])), hits);
			recall = (double) hits[k] / limits[k].k;
			/* after it has ended, another step may have lost a hit to a tie */
			if (ended)
				recall = scan->recall + scan->part * Max(recall - scan->recall, 0);
			scan->ended = true;
			scan->counted = ended || scan->part == 0;
			scan->recall = recall;
			if (scan->counted)
				add_recall(measure, width, k, recall);
		}
	loki_truth_count(measure, pool->nearest, expanded, hits);
	measure->sums->scored[step] += scored;
	measure->sums->walked[step]++;
	return hits[nks - 1] == limits[nks - 1].k;
}

/*
 * Search for a query, around its own node.  When all true neighbors are found, wider walks
 * need not be made, since they find them too.
 */
static void
measure_widths(LokiMeasure *measure, int query, int nks)
{
	LokiSearch *search = &measure->search;
	LokiUpperFound entries[LOKI_SCAN_ENTRIES];
	int			nnarrow;
	int			nentries;
	int			width = 0;
	int			widest = widths[LOKI_CALIBRATION_WIDTHS - 1];
	uint64		scored_before;
	double		scored = 0;
	bool		tied = measure->truth.tied;
	bool		complete = false;

	memcpy(search->query.used, loki_measure_query(measure, query), measure->state->quantizer->query_size);
	loki_search_skip(search, measure->queries.nodes[query]);
	search->count.scored = 0;
	/* the scans that the walk stands for */
	memset(measure->scans, 0, sizeof(measure->scans));
	for (int i = 0; i < LOKI_CALIBRATION_WIDTHS; i++)
		for (int k = 0; k < LOKI_MEASURED_KS; k++)
		{
			LokiReach  *reach = &measure->scans[i][k].reach;

			loki_reach_begin(measure->state, reach, widths[i], loki_calibration_ks[k]);
			loki_reach_grow(reach, measure->growth, widths[i], loki_calibration_ks[k], 0);
		}
	/* inserts may have moved the entry point, and vacuum freed the one before */
	loki_meta_read(measure->index, &measure->meta);
	nentries = loki_scan_entries(search, &measure->meta, false, entries, &nnarrow);
	scored_before = search->count.scored;
	for (; width < LOKI_CALIBRATION_WIDTHS && !complete; width++)
	{
		bool		many = nks == LOKI_MEASURED_KS || width >= LOKI_CALIBRATION_MANY_FIRST;
		int			ef = tied ? widths[width] : many ? widest : widths[LOKI_CALIBRATION_MANY_FIRST];

		LokiVacuumDelayPoint();
		/*
		 * most queries soon find a few rows, in a pool that takes less time;
		 * the others begin again with a wider one
		 */
		if (tied || width == 0 || (nks == SHALLOW_KS && width == LOKI_CALIBRATION_MANY_FIRST))
		{
			loki_search_start(search, ef);
			search->count.scored = scored_before;
		}
		loki_search_walk(search, entries, nentries, widths[width], ef);
		complete = count_found(measure, width, nks, search->count.scored - scored);
		scored = search->count.scored;
	}
	for (width = 0; width < LOKI_CALIBRATION_WIDTHS; width++)
		for (int k = 0; k < nks; k++)
		{
			LokiMeasuredScan *scan = &measure->scans[width][k];

			Assert(scan->counted || complete);
			if (!scan->counted)
				add_recall(measure, width, k, scan->ended ? scan->recall + scan->part * (1 - scan->recall) : 1);
		}
	for (int k = 0; k < nks; k++)
		measure->sums->queries_of[k]++;
}

/* ----------------------------------------------------------------
 * The whole
 * ----------------------------------------------------------------
 */

/* Add what another process found for other queries. */
void
loki_calibrate_add(LokiCalibrationSums *sums, const LokiCalibrationSums *more)
{
	Assert(sums->given == more->given);
	sums->nodes = more->nodes;
	sums->end = more->end;
	sums->growth = more->growth;
	sums->nqueries += more->nqueries;
	for (int i = 0; i < LOKI_CALIBRATION_WIDTHS; i++)
	{
		for (int k = 0; k < LOKI_MEASURED_KS; k++)
		{
			sums->recall[i][k] += more->recall[i][k];
			sums->squares[i][k] += more->squares[i][k];
		}
		sums->scored[i] += more->scored[i];
		sums->walked[i] += more->walked[i];
	}
	for (int k = 0; k < LOKI_MEASURED_KS; k++)
		sums->queries_of[k] += more->queries_of[k];
}

/*
 * Make a calibration of the sums, in the units of the metapage: shares of LOKI_CALIBRATION_SCALE.  What
 * is kept of changes is 0.
 */
void
loki_calibrate_form(const LokiCalibrationSums *sums, LokiCalibrationData *result)
{
	double		scored = 0;

	Assert(sums->nqueries > 0);
	memset(result, 0, sizeof(LokiCalibrationData));
	result->nodes = sums->nodes;
	result->queries = (uint16) Min(sums->nqueries, PG_UINT16_MAX);
	result->nwidths = LOKI_CALIBRATION_WIDTHS;
	result->at[LOKI_CALIBRATION_GROWTH].other = sums->growth;
	result->at[LOKI_CALIBRATION_GROWN].other = loki_grown_form(sums->end);
	result->at[LOKI_CALIBRATION_GIVEN].other = sums->given;
	for (int i = 0; i < LOKI_CALIBRATION_WIDTHS; i++)
	{
		result->at[i].width = widths[i];
		/* of walks apart, a wider one may score fewer by chance */
		scored += Max(sums->scored[i], 0) / Max(sums->walked[i], 1);
		result->at[i].scored = (uint32) rint(scored);
		for (int k = 0; k < (i < LOKI_CALIBRATION_MANY_FIRST ? LOKI_CALIBRATION_KS : LOKI_MEASURED_KS); k++)
		{
			int			many = i - LOKI_CALIBRATION_MANY_FIRST;
			uint16	   *found = k < LOKI_CALIBRATION_KS ? &result->at[i].recall[k] :
				&result->at[LOKI_CALIBRATION_MANY + many].other;
			uint16	   *of_found = k < LOKI_CALIBRATION_KS ? &result->at[i].error[k] :
				&result->at[LOKI_CALIBRATION_MANY_ERROR + many].other;
			int			n = Max(sums->queries_of[k], 1);
			double		recall = sums->recall[i][k] / n;
			double		variance = sums->squares[i][k] / n - recall * recall;
			double		half = 0.5 / ((double) n * loki_calibration_ks[k]);

			Assert(recall >= 0 && recall < 1 + 1e-9);
			*found = (uint16) rint(recall * LOKI_CALIBRATION_SCALE);

			/*
			 * The standard error of the mean. If queries missed nothing, that
			 * does not show that none would: as in Wilson's score interval,
			 * half of the least that one of them can miss is added.
			 */
			*of_found = (uint16)
				rint(Min(sqrt(Max(variance, 0) / n + half * half), recall) * LOKI_CALIBRATION_SCALE);
		}
	}
}

/*
 * See calibrate.h.  All memory is in the current context, and stays.  Nodes that are inserted meanwhile
 * are not counted, as measure->live does not have them.  No page may be locked.
 */
bool
loki_calibrate_measure(Relation index, LokiRows *rows, const LokiGivenQueries *given,
					   int nshares, LokiCalibrationSums *sums)
{
	LokiMeasure *measure = palloc0(sizeof(LokiMeasure));
	LokiIndex  *state = loki_index_open(index, &measure->meta);
	LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	bool		building = nshares > 0;
	double		n;
	int			nqueries;

	Assert(given == NULL || !building);
	nshares = Max(nshares, 1);
	loki_index_refresh(state, index);
	measure->index = index;
	measure->state = state;
	measure->rows = rows;
	measure->end = tid->npages * tid->per_page;
	measure->live = palloc_extended(measure->end / 8 + 1,
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	measure->nlive = loki_count_live(state, index, measure->live, NULL);
	if (measure->nlive < LOKI_CALIBRATE_MIN_NODES || measure->meta.entry.node == LOKI_NONE)
		return false;
	loki_search_begin(&measure->search, index, state, CurrentMemoryContext);

	/*
	 * As many nodes are queries as LOKI_CALIBRATE_QUERIES, unless the pass over the table would compute too many
	 * distances of rows and queries.  It may not if it is a part of a build, whose queries shall also stay in the
	 * processor's cache, or if values are compared one by one, as encodings show too little.
	 */
	n = (loki_column_encoded(&state->column) ? 1e6 : building ? 1e8 : 4e9) / measure->nlive;
	n = Min(LOKI_CALIBRATE_QUERIES, n);
	if (building)
		n = Min(n, 200000 / state->dim);
	nqueries = given != NULL ? given->n : (int) Max(n, 100) / nshares;
	memset(sums, 0, sizeof(*sums));
	sums->nodes = measure->nlive;
	sums->end = measure->end;
	sums->given = given != NULL;
	sums->growth = loki_growth_around(index, state, measure->end, GROWTH_NODES);
	measure->growth = (double) sums->growth / LOKI_GROWTH_SCALE;
	measure->sums = sums;
	measure->prepared = (char *) loki_alloc_queries(CurrentMemoryContext, state->quantizer, nqueries);
	loki_queries_begin(&measure->queries, &state->column, nqueries);
	measure->queries.deep_every = DEEP_EVERY;
	measure->queries.few = loki_calibration_ks[SHALLOW_KS] + 1;
	for (int i = 0; given != NULL && i < nqueries; i++)
	{
		CHECK_FOR_INTERRUPTS();
		add_walk_query(measure, given->data[i], NULL, LOKI_NONE);
	}
	if (given == NULL)
		choose_nodes(measure);
	loki_truth_gather(measure);
	if (given != NULL)
		loki_warn_of_rows(rows, loki_exact_count_rows(&measure->exact), nqueries);
	/* queries are at equal intervals of nodes, so that each DEEP_EVERY-th of them is, too */
	for (int i = 0; i < measure->queries.n; i++)
	{
		int			nks = i % DEEP_EVERY == 0 ? LOKI_MEASURED_KS : SHALLOW_KS;

		if (loki_truth_begin(measure, i, nks))
			measure_widths(measure, i, nks);
	}
	/* a query counts for the first numbers of neighbors if for any */
	Assert(sums->queries_of[0] >= sums->queries_of[LOKI_MEASURED_KS - 1]);
	sums->nqueries = sums->queries_of[0];
	return sums->nqueries > 0;
}
