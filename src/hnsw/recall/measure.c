/*-------------------------------------------------------------------------
 *
 * measure.c
 *	  Measuring how much walks of several widths find.
 *
 * Queries are nodes of the index, by their codes.  But a node is easier to search for than
 * other vectors, since its links lead to its neighbors.  So its own search goes around it,
 * as if it did not exist.  A few links are added that would exist in that case, in place of
 * links to the node.
 *
 * The true neighbors of all queries come from one pass over CODE, whose best nodes are
 * refined by REFINE.  Codes of sketches do not tell which nodes are nearest.  There true
 * neighbors come from one pass over the values of all rows.
 *
 * Then each query is searched for once, with the largest width.  A walk always expands the
 * nearest node that is not expanded yet, whatever its width.  So a narrow walk is the
 * beginning of a wide one, up to the point where its own pool is expanded, and one walk
 * measures all widths.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/measure.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "compat/pgcompat.h"
#include "hnsw/graph/candidate_heap.h"
#include "hnsw/graph/search.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/scan/width.h"
#include "utils/memutils.h"

/* Nodes that are queries; fewer if the pass over CODE would cost too much */
#define MAX_QUERIES			500
#define MIN_QUERIES			100

/* The nodes that are refined for each query, and the true neighbors among them */
#define KEPT				600
#define TRUTH				100

/*
 * The walks of one query in DEEP_EVERY go on until all true neighbors are found.  The others
 * only find those of the first SHALLOW_KS numbers, which takes less time.
 */
#define DEEP_EVERY			4
#define SHALLOW_KS			2

/* After so many queries, widths are left out if narrower ones find enough */
#define FIRST_QUERIES		64
#define ENOUGH				0.998

#define TRUTH_SLOTS			256 /* of a hash table of TRUTH nodes */
#define REFINE_BATCH		32

StaticAssertDecl(TRUTH < TRUTH_SLOTS && TRUTH_SLOTS == 1 << 8,
				 "8 bits of a hash find a place, and the table is never full");
StaticAssertDecl(TRUTH <= KEPT, "true neighbors are among the nodes that are refined");

static const uint16 widths[LOKI_CALIBRATION_WIDTHS] = {
	8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536
};

typedef struct Measure
{
	Relation	index;
	LokiIndex  *state;
	LokiMetaPageData meta;
	LokiRows   *rows;			/* whose values tell what is nearest; NULL:
								 * codes do */
	BufferAccessStrategy strategy;
	LokiSearch	search;
	LokiSlots	refines;

	uint8	   *live;			/* bitmap of nodes in the graph, which were
								 * below end */
	uint32		end;
	uint32		nlive;

	int			nqueries;
	Size		query_size;
	char	   *queries;		/* prepared, query_size bytes each */
	Datum	   *values;			/* themselves, if there are rows */
	uint32	   *own;			/* the node that is the query, or LOKI_NONE */
	LokiCandidate *near;		/* 2 * KEPT of each query */
	int		   *nnear;
	float	   *bound;			/* nodes that are farther are not kept */

	/* the query that is searched for */
	uint32		truth_nodes[TRUTH_SLOTS];
	uint16		truth_ranks[TRUTH_SLOTS];
	int			ntruth;
	uint32		links[2 * LOKI_MAX_M];	/* of its node */

	LokiCalibrationSums *sums;
} Measure;

static inline LokiQuery *
query_of(const Measure *measure, int query)
{
	return (LokiQuery *) (measure->queries + measure->query_size * query);
}

static inline bool
is_live(const uint8 *live, uint32 node)
{
	return (live[node / 8] & (1 << (node % 8))) != 0;
}

/* ----------------------------------------------------------------
 * Queries
 * ----------------------------------------------------------------
 */

/* Pin a page of a slot array.  Checks for interrupts and delays. */
static Buffer
read_page(Relation index, LokiIndex *state, int array, uint32 ordinal,
		  BufferAccessStrategy strategy)
{
	LokiVacuumDelayPoint();
	return ReadBufferExtended(index, MAIN_FORKNUM,
							  loki_page_block(&state->arrays[array], ordinal),
							  RBM_NORMAL, strategy);
}

uint32
loki_calibrate_count(Relation index, LokiIndex *state, uint8 *live)
{
	LokiSlotArray *array = &state->arrays[LOKI_SLOTS_TID];
	BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
	uint32		count = 0;

	Assert(loki_no_buffer_locked());
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		PGAlignedBlock page;
		int			used;

		LokiVacuumDelayPoint();
		used = loki_page_copy(state, index, LOKI_SLOTS_TID, ordinal, strategy, page.data);
		for (int i = 0; i < used; i++)
		{
			LokiTidData *tid = (LokiTidData *) LokiPageSlot(page.data, array->slot_size, i);
			uint32		node = ordinal * array->per_page + i;

			if (!LokiTidIsLive(tid))
				continue;
			count++;
			if (live != NULL)
				live[node / 8] |= 1 << (node % 8);
		}
	}
	FreeAccessStrategy(strategy);
	return count;
}

/* Make a query of a node.  Its slots are pinned meanwhile, not locked; no pin is left. */
static void
prepare_node(Measure *measure, uint32 node, LokiQuery *query)
{
	LokiIndex  *state = measure->state;
	const LokiQuantizer *quantizer = state->quantizer;
	LokiSlots  *codes = &measure->search.scratch.slots;

	loki_slots_find(state, measure->index, LOKI_SLOTS_CODE, &node, 1, codes);
	loki_slots_open(state, measure->index, false, codes);
	if (quantizer->refine_size > 0)
	{
		loki_slots_find(state, measure->index, LOKI_SLOTS_REFINE, &node, 1,
						&measure->refines);
		loki_slots_open(state, measure->index, false, &measure->refines);
		quantizer->prepare_refined(quantizer, codes->slots[0],
								   measure->refines.slots[0], query);
		(void) loki_slots_close(state, measure->index, &measure->refines);
	}
	else
		quantizer->prepare_code(quantizer, codes->slots[0], query);
	(void) loki_slots_close(state, measure->index, codes);
}

/*
 * The value of a node's row, of the first in its TID list that the snapshot sees; false if it
 * sees none.  No page may be locked.
 */
static bool
read_row(Measure *measure, uint32 node, Datum *value)
{
	ItemPointerData tid;
	uint32		next = LOKI_NONE;
	bool		isnull = true;

	Assert(loki_no_buffer_locked());
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!loki_node_row(measure->state, measure->index, node, &next, &tid))
			return false;
		if (loki_rows_fetch(measure->rows, &tid))
		{
			*value = loki_rows_value(measure->rows, &isnull);
			return !isnull;
		}
	} while (next != LOKI_NONE);
	return false;
}

/* Make a query of a node's row.  False if it has none. */
static bool
prepare_row(Measure *measure, uint32 node, int query)
{
	float	   *floats = palloc_array(float, measure->state->dim);
	Datum		value;
	bool		found = read_row(measure, node, &value);

	if (found)
	{
		measure->values[query] = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		(void) loki_query_open(&measure->state->column, measure->state->column.typid,
							   measure->values[query], floats);
		measure->state->quantizer->prepare(measure->state->quantizer, floats,
										   query_of(measure, query));
	}
	loki_rows_release(measure->rows);
	pfree(floats);
	return found;
}

/*
 * Choose live nodes at equal intervals, from a random one on.  Near nodes have near node IDs,
 * so this spreads the queries over the data.
 */
static void
choose_nodes(Measure *measure)
{
	pg_prng_state prng;
	double		step = (double) measure->nlive / measure->nqueries;
	double		next;
	uint32		seen = 0;
	int			n = 0;

	Assert(step >= 1);
	pg_prng_seed(&prng, loki_build_seed >= 0 ? (uint64) loki_build_seed :
				 pg_prng_uint64(&pg_global_prng_state));
	next = pg_prng_double(&prng) * step;
	for (uint32 node = 0; node < measure->end && n < measure->nqueries; node++)
	{
		if (!is_live(measure->live, node) || seen++ < next)
			continue;
		if (measure->rows == NULL)
			prepare_node(measure, node, query_of(measure, n));
		else if (!prepare_row(measure, node, n))
			continue;
		measure->own[n++] = node;
		next += step;
		CHECK_FOR_INTERRUPTS();
	}
	measure->nqueries = n;
}

static void
prepare_given(Measure *measure, const LokiGivenQueries *given)
{
	const LokiQuantizer *quantizer = measure->state->quantizer;

	for (int i = 0; i < given->n; i++)
	{
		measure->own[i] = LOKI_NONE;
		measure->values[i] = PointerGetDatum(PG_DETOAST_DATUM(given->data[i]));
		quantizer->prepare(quantizer, given->values + (Size) i * measure->state->dim,
						   query_of(measure, i));
	}
}

/* ----------------------------------------------------------------
 * True neighbors
 * ----------------------------------------------------------------
 */

/*
 * Move the KEPT nearest of n candidates to the front; returns the distance of the farthest
 * of these.
 */
static float
select_nearest(LokiCandidate *candidates, int n)
{
	int			low = 0;
	int			high = n - 1;

	Assert(n > KEPT);
	while (low < high)
	{
		float		pivot = candidates[(low + high) / 2].distance;
		int			i = low;
		int			j = high;

		while (i <= j)
		{
			while (candidates[i].distance < pivot)
				i++;
			while (candidates[j].distance > pivot)
				j--;
			if (i <= j)
			{
				LokiCandidate swap = candidates[i];

				candidates[i++] = candidates[j];
				candidates[j--] = swap;
			}
		}
		if (KEPT - 1 <= j)
			high = j;
		else if (KEPT - 1 >= i)
			low = i;
		else
			break;
	}
	return candidates[KEPT - 1].distance;
}

/* Keep the near nodes of a page that was scored for a query. */
static void
keep_near(Measure *measure, int query, uint32 first, const float *estimates, int n)
{
	LokiCandidate *near = measure->near + (Size) query * 2 * KEPT;
	float		bound = measure->bound[query];

	for (int i = 0; i < n; i++)
	{
		LokiCandidate *new;

		if (!(estimates[i] < bound) || !is_live(measure->live, first + i) ||
			first + i == measure->own[query])
			continue;
		Assert(measure->nnear[query] < 2 * KEPT);
		new = &near[measure->nnear[query]++];
		new->distance = estimates[i];
		new->node = first + i;
		if (measure->nnear[query] == 2 * KEPT)
		{
			bound = measure->bound[query] = select_nearest(near, 2 * KEPT);
			measure->nnear[query] = KEPT;
		}
	}
}

/* Score all nodes for all queries, by one pass over CODE.  Pages are pinned, not locked. */
static void
score_all(Measure *measure)
{
	LokiIndex  *state = measure->state;
	LokiSlotArray *array = &state->arrays[LOKI_SLOTS_CODE];
	const void **codes = palloc_array(const void *, array->per_page);
	float	   *estimates = palloc_array(float, array->per_page);

	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		Buffer		buffer = read_page(measure->index, state, LOKI_SLOTS_CODE, ordinal,
									   measure->strategy);
		Page		page = BufferGetPage(buffer);
		uint32		first = ordinal * array->per_page;
		int			used;

		loki_page_check(measure->index, buffer, page, LOKI_SLOTS_CODE, ordinal);
		used = LokiPageUsed(page, array->slot_size);
		used = first < measure->end ? Min(used, measure->end - first) : 0;
		for (int i = 0; i < used; i++)
			codes[i] = LokiPageSlot(page, array->slot_size, i);
		for (int query = 0; query < measure->nqueries; query++)
		{
			state->quantizer->score(state->quantizer, query_of(measure, query), codes,
									used, estimates);
			keep_near(measure, query, first, estimates, used);
		}
		ReleaseBuffer(buffer);
	}
	pfree(codes);
	pfree(estimates);
}

/* Compare all rows with all queries, by their values.  No page may be locked. */
static void
compare_rows(Measure *measure)
{
	for (uint32 node = 0; node < measure->end; node++)
	{
		MemoryContext old;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		if (!is_live(measure->live, node) || !read_row(measure, node, &value))
			continue;
		old = MemoryContextSwitchTo(measure->rows->context);
		/* no pin of the row's page, for which vacuum may wait, during the comparisons */
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		loki_rows_release(measure->rows);
		for (int query = 0; query < measure->nqueries; query++)
		{
			double		distance;
			float		rounded;

			CHECK_FOR_INTERRUPTS();
			(void) loki_value_distance(&measure->state->column, value, false,
									   (struct varlena *) DatumGetPointer(measure->values[query]),
									   &distance);
			rounded = (float) distance;
			keep_near(measure, query, node, &rounded, 1);
		}
		MemoryContextSwitchTo(old);
	}
}

/*
 * Estimate the distances again, by REFINE.  Slots are read without locks, and without pins where
 * that is possible; no pin is left.
 */
static void
refine_near(Measure *measure, int query, LokiCandidate *near, int n)
{
	LokiIndex  *state = measure->state;
	LokiSlots  *codes = &measure->search.scratch.slots;
	LokiSlots  *refines = &measure->refines;
	int			most = Min(REFINE_BATCH, Max(1, loki_max_pins(state) / 2));
	uint32		nodes[REFINE_BATCH];
	float		estimates[REFINE_BATCH];
	float		errors[REFINE_BATCH];

	for (int done = 0; done < n; done += most)
	{
		int			count = Min(most, n - done);
		bool		peek = true;
		bool		valid;

		for (int i = 0; i < count; i++)
			nodes[i] = near[done + i].node;
		loki_slots_find(state, measure->index, LOKI_SLOTS_CODE, nodes, count, codes);
		loki_slots_find(state, measure->index, LOKI_SLOTS_REFINE, nodes, count, refines);
		do
		{
			loki_slots_open(state, measure->index, peek, codes);
			loki_slots_open(state, measure->index, peek, refines);
			state->quantizer->refine(state->quantizer, query_of(measure, query), codes->slots,
									 refines->slots, count, estimates, errors);
			valid = loki_slots_close(state, measure->index, codes);
			valid = loki_slots_close(state, measure->index, refines) && valid;
			peek = false;
		} while (!valid);
		for (int i = 0; i < count; i++)
			near[done + i].distance = isfinite(estimates[i]) ? estimates[i] : FLT_MAX;
	}
}

/* Put the true neighbors of a query into the hash table. */
static void
find_truth(Measure *measure, int query)
{
	LokiCandidate *near = measure->near + (Size) query * 2 * KEPT;
	int			n = measure->nnear[query];

	if (n > KEPT)
	{
		select_nearest(near, n);
		n = KEPT;
	}
	if (measure->rows == NULL && measure->state->quantizer->refine_size > 0)
		refine_near(measure, query, near, n);
	loki_candidates_sort(near, n);

	measure->ntruth = Min(n, TRUTH);
	memset(measure->truth_nodes, 0xFF, sizeof(measure->truth_nodes));
	for (int rank = 0; rank < measure->ntruth; rank++)
	{
		uint32		i = near[rank].node * 0x9E3779B1u >> 24;

		while (measure->truth_nodes[i] != LOKI_NONE)
			i = (i + 1) % TRUTH_SLOTS;
		measure->truth_nodes[i] = near[rank].node;
		measure->truth_ranks[i] = rank;
	}
}

static inline uint16
rank_of(const Measure *measure, uint32 node)
{
	uint32		i = node * 0x9E3779B1u >> 24;

	while (measure->truth_nodes[i] != LOKI_NONE)
	{
		if (measure->truth_nodes[i] == node)
			return measure->truth_ranks[i];
		i = (i + 1) % TRUTH_SLOTS;
	}
	return TRUTH;
}

/* ----------------------------------------------------------------
 * Walks
 * ----------------------------------------------------------------
 */

static void
add_recall(Measure *measure, int width, int k, double recall)
{
	measure->sums->recall[width][k] += recall;
	measure->sums->squares[width][k] += recall * recall;
}

/*
 * The walk of this width has come to its end: count what it found of the first nks numbers of
 * neighbors.  True if it found all.
 */
static bool
count_found(Measure *measure, int width, int nks, uint64 scored)
{
	int			hits[LOKI_CALIBRATION_KS] = {0};

	for (int i = 0; i < Min(widths[width], measure->search.npool); i++)
	{
		int			rank = rank_of(measure, measure->search.pool[i].node & ~LOKI_EXPANDED);

		for (int k = 0; k < nks; k++)
			hits[k] += rank < loki_calibration_ks[k];
	}
	for (int k = 0; k < nks; k++)
		add_recall(measure, width, k, (double) hits[k] /
				   Min(loki_calibration_ks[k], measure->ntruth));
	measure->sums->scored[width] += scored;
	measure->sums->walked[width]++;
	return hits[nks - 1] == Min(loki_calibration_ks[nks - 1], measure->ntruth);
}

/*
 * Search for a query, around its own node.  When all true neighbors are found, wider walks
 * need not be made, since they find them too.
 */
static void
walk(Measure *measure, int query)
{
	LokiSearch *search = &measure->search;
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries;
	int			width = 0;
	int			widest = widths[measure->sums->nwidths - 1];
	int			nks = query % DEEP_EVERY == 0 ? LOKI_CALIBRATION_KS : SHALLOW_KS;
	uint64		scored = 0;
	bool		complete = false;

	Assert(measure->sums->nwidths >= 2);
	memcpy(search->query, query_of(measure, query), measure->state->quantizer->query_size);
	search->skip = measure->own[query];
	search->skip_links = measure->links;
	search->nskip_links = 0;
	search->count.scored = 0;
	loki_visited_reset(search);
	if (search->skip != LOKI_NONE)
		search->nskip_links = loki_search_links(search, search->skip, measure->links);
	/* inserts may have moved the entry point, and vacuum freed the one before */
	loki_meta_read(measure->index, &measure->meta);
	nentries = loki_search_entries(search, &measure->meta, LOKI_ENTRY_WIDTH, entries);
	loki_search_start(search, widest);
	for (; width < measure->sums->nwidths && !complete; width++)
	{
		LokiVacuumDelayPoint();
		loki_search_walk(search, entries, nentries, widths[width], widest);
		complete = count_found(measure, width, nks, search->count.scored - scored);
		scored = search->count.scored;
	}
	for (; width < measure->sums->nwidths; width++)
		for (int k = 0; k < nks; k++)
			add_recall(measure, width, k, 1);
	for (int k = 0; k < nks; k++)
		measure->sums->queries_of[k]++;
}

/* Leave out widths that find hardly more than narrower ones. */
static void
limit_widths(Measure *measure)
{
	for (int i = 0; i + 2 < measure->sums->nwidths; i++)
	{
		bool		enough = widths[i] > TRUTH;

		for (int k = 0; k < LOKI_CALIBRATION_KS; k++)
			enough = enough && measure->sums->recall[i][k] >= ENOUGH * measure->sums->queries_of[k];
		if (enough)
			measure->sums->nwidths = i + 2;
	}
}

/* ----------------------------------------------------------------
 * The whole
 * ----------------------------------------------------------------
 */

static void
allocate(Measure *measure, int nqueries)
{
	measure->nqueries = nqueries;
	measure->query_size = TYPEALIGN(64, measure->state->quantizer->query_size);
	measure->queries = (char *)
		TYPEALIGN(64, (uintptr_t) palloc_extended(mul_size(measure->query_size, nqueries) + 64,
												  MCXT_ALLOC_HUGE));
	measure->own = palloc_array(uint32, nqueries);
	measure->values = palloc_array(Datum, nqueries);
	measure->near = palloc_extended(mul_size(mul_size(2 * KEPT, nqueries),
											 sizeof(LokiCandidate)), MCXT_ALLOC_HUGE);
	measure->nnear = palloc0_array(int, nqueries);
	measure->bound = palloc_array(float, nqueries);
	for (int i = 0; i < nqueries; i++)
		measure->bound[i] = FLT_MAX;
}

/* Add what another process found for other queries. */
void
loki_calibrate_add(LokiCalibrationSums *sums, const LokiCalibrationSums *more)
{
	sums->nodes = more->nodes;
	sums->nwidths = sums->nqueries == 0 ? more->nwidths : Min(sums->nwidths, more->nwidths);
	sums->nqueries += more->nqueries;
	for (int i = 0; i < LOKI_CALIBRATION_WIDTHS; i++)
	{
		for (int k = 0; k < LOKI_CALIBRATION_KS; k++)
		{
			sums->recall[i][k] += more->recall[i][k];
			sums->squares[i][k] += more->squares[i][k];
		}
		sums->scored[i] += more->scored[i];
		sums->walked[i] += more->walked[i];
	}
	for (int k = 0; k < LOKI_CALIBRATION_KS; k++)
		sums->queries_of[k] += more->queries_of[k];
}

void
loki_calibrate_form(const LokiCalibrationSums *sums, LokiCalibrationData *result)
{
	double		scored = 0;

	Assert(sums->nqueries > 0);
	memset(result, 0, sizeof(LokiCalibrationData));
	result->nodes = sums->nodes;
	result->queries = (uint16) Min(sums->nqueries, PG_UINT16_MAX);
	result->nwidths = sums->nwidths;
	for (int i = 0; i < sums->nwidths; i++)
	{
		result->at[i].width = widths[i];
		scored += sums->scored[i] / Max(sums->walked[i], 1);
		result->at[i].scored = (uint32) rint(scored);
		for (int k = 0; k < LOKI_CALIBRATION_KS; k++)
		{
			int			n = Max(sums->queries_of[k], 1);
			double		recall = sums->recall[i][k] / n;
			double		variance = sums->squares[i][k] / n - recall * recall;

			Assert(recall >= 0 && recall < 1 + 1e-9);
			result->at[i].recall[k] = (uint16) rint(recall * LOKI_CALIBRATION_SCALE);
			result->at[i].error[k] = (uint16)
				rint(sqrt(Max(variance, 0) / n) * LOKI_CALIBRATION_SCALE);
		}
	}
}

bool
loki_calibrate_codes_suffice(const LokiIndex *state)
{
	return state->code.projection == LOKI_PROJECT_NONE &&
		Max(state->code.bits, state->code.refine_bits) >= 4 &&
		!loki_column_sketched(&state->column);
}

/* Search for all queries.  No page may be locked. */
static void
search_all(Measure *measure, int nshares)
{
	for (int i = 0; i < measure->nqueries; i++)
	{
		find_truth(measure, i);
		if (measure->ntruth > 0)
			walk(measure, i);
		if (i + 1 == FIRST_QUERIES / nshares)
			limit_widths(measure);
	}
	measure->sums->nqueries = measure->sums->queries_of[0];
}

bool
loki_calibrate_measure(Relation index, LokiRows *rows, const LokiGivenQueries *given,
					   double max_scores, int nshares, LokiCalibrationSums *sums)
{
	Measure    *measure = palloc0(sizeof(Measure));
	LokiIndex  *state = loki_index_open(index, &measure->meta);
	LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	double		nqueries;

	Assert(nshares >= 1 && (given == NULL || nshares == 1));
	loki_index_refresh(state, index);
	measure->index = index;
	measure->state = state;
	measure->rows = rows;
	measure->end = tid->npages * tid->per_page;
	measure->live = palloc_extended(measure->end / 8 + 1,
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	measure->nlive = loki_calibrate_count(index, state, measure->live);
	if (measure->nlive < LOKI_CALIBRATE_MIN_NODES || measure->meta.entry_node == LOKI_NONE ||
		(rows == NULL && !loki_calibrate_codes_suffice(state)))
		return false;
	measure->strategy = GetAccessStrategy(BAS_BULKREAD);
	loki_search_begin(&measure->search, index, state, CurrentMemoryContext);

	nqueries = given ? given->n :
		Max(MIN_QUERIES, Min(MAX_QUERIES, max_scores / measure->nlive)) / nshares;
	memset(sums, 0, sizeof(*sums));
	sums->nodes = measure->nlive;
	sums->nwidths = LOKI_CALIBRATION_WIDTHS;
	measure->sums = sums;
	allocate(measure, (int) nqueries);
	if (given != NULL)
		prepare_given(measure, given);
	else
		choose_nodes(measure);
	if (rows != NULL)
		compare_rows(measure);
	else
		score_all(measure);
	search_all(measure, nshares);
	FreeAccessStrategy(measure->strategy);
	return sums->nqueries > 0;
}
