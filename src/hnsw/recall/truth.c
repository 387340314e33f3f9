/*-------------------------------------------------------------------------
 *
 * truth.c
 *	  The true neighbors of queries, and what a walk has found of them.
 *
 * They come from one pass over CODE, whose best nodes are refined by REFINE.  Codes of
 * sketches do not tell which nodes are nearest.  There true neighbors come from one pass over
 * the values of all rows.  Nor do codes of few bits, or of the leading dimensions.  There a
 * pass over the table tells how far the true neighbors are (exact.c), and the rows of the nodes
 * that a walk has found tell which of them are as near.
 *
 * A node that a walk finds is a hit if it is no farther than the k-th true neighbor.  Distances
 * of columns with few values tie often, and then many nodes are equally right.  Estimates of
 * equal distances differ, though.  So the rows of nodes decide whose estimates are too near to
 * that of the k-th neighbor to tell; there are a few of them for each query, many only where
 * distances tie.  Where rows cannot be read, estimates decide.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/truth.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/graph/candidate_heap.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/measure.h"
#include "hnsw/scan/width.h"
#include "miscadmin.h"
#include "utils/float.h"

#define REFINE_BATCH		32

/* Two estimates may be in the wrong order if they differ by fewer standard errors of one */
#define WRONG_ORDER			4.0f

/* The rows that are read to find the k-th distance, before and behind the k-th estimate */
#define MOST_READ			64

StaticAssertDecl(LOKI_TRUTH <= LOKI_TRUTH_KEPT, "true neighbors are among the nodes that are refined");
StaticAssertDecl(LOKI_TRUTH_PLACES == 1 << 12 && LOKI_TRUTH_ROOM < LOKI_TRUTH_PLACES / 2,
				 "12 bits of a hash find a place, and the table is never full");

/* ----------------------------------------------------------------
 * Reading
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

bool
loki_measure_read_row(LokiMeasure *measure, uint32 node, Datum *value)
{
	ItemPointerData tid;
	LokiNodeRows row = {0};
	bool		isnull = true;

	Assert(loki_no_buffer_locked());
	do
	{
		CHECK_FOR_INTERRUPTS();
		if (!loki_node_row(measure->state, measure->index, node, &row, &tid))
			return false;
		if (loki_rows_fetch(measure->rows, &tid))
		{
			*value = loki_rows_value(measure->rows, &isnull);
			return !isnull && !(measure->rows->inline_only &&
								VARATT_IS_EXTERNAL(DatumGetPointer(*value)));
		}
	} while (row.next != LOKI_NONE);
	return false;
}

/* ----------------------------------------------------------------
 * Nodes that are near to a query
 * ----------------------------------------------------------------
 */

/*
 * Move the LOKI_TRUTH_KEPT nearest of n candidates to the front; returns the distance of the
 * farthest of these.
 */
static float
select_nearest(LokiCandidate *candidates, int n)
{
	int			low = 0;
	int			high = n - 1;

	Assert(n > LOKI_TRUTH_KEPT);
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
		if (LOKI_TRUTH_KEPT - 1 <= j)
			high = j;
		else if (LOKI_TRUTH_KEPT - 1 >= i)
			low = i;
		else
			break;
	}
	return candidates[LOKI_TRUTH_KEPT - 1].distance;
}

/* Keep the near nodes of a page that was scored for a query. */
static void
keep_near(LokiMeasure *measure, int query, uint32 first, const float *estimates, int n)
{
	LokiCandidate *near = measure->near + (Size) query * LOKI_TRUTH_ROOM;
	float		bound = measure->bound[query];

	for (int i = 0; i < n; i++)
	{
		LokiCandidate *new;

		if (!(estimates[i] < bound) || !loki_measure_is_live(measure->live, first + i) ||
			first + i == measure->own[query])
			continue;
		Assert(measure->nnear[query] < LOKI_TRUTH_ROOM);
		new = &near[measure->nnear[query]++];
		new->distance = estimates[i];
		new->node = first + i;
		if (measure->nnear[query] == LOKI_TRUTH_ROOM)
		{
			bound = measure->bound[query] = select_nearest(near, LOKI_TRUTH_ROOM);
			measure->nnear[query] = LOKI_TRUTH_KEPT;
		}
	}
}

/* Score all nodes for all queries, by one pass over CODE.  Pages are pinned, not locked. */
static void
score_all(LokiMeasure *measure)
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
			state->quantizer->score(state->quantizer, loki_measure_query(measure, query), codes,
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
compare_rows(LokiMeasure *measure)
{
	for (uint32 node = 0; node < measure->end; node++)
	{
		MemoryContext old;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		if (!loki_measure_is_live(measure->live, node) ||
			!loki_measure_read_row(measure, node, &value))
			continue;
		old = MemoryContextSwitchTo(measure->rows->context);

		/* no pin of the row's page, for which vacuum may wait, meanwhile */
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

/* Find the distances of the nearest rows, one more than counts, to know of ties. */
static void
scan_table(LokiMeasure *measure)
{
	const LokiColumn *column = &measure->state->column;
	int			n = measure->nqueries;
	LokiQueries queries = {.n = n, .data = measure->values, .own = measure->own_rows};

	queries.values = palloc_extended(mul_size(mul_size(n, column->dim), sizeof(float)),
									 MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
		(void) loki_query_open(column, column->typid, measure->values[i],
							   queries.values + (Size) i * column->dim);
	/* it takes half of what it is given for blocks: loki_calibrate_most() */
	loki_exact_begin(&measure->exact, column, LOKI_TRUTH + 1, &queries, 0, n,
					 (Size) maintenance_work_mem * 1024 / 2);
	loki_exact_answer(&measure->exact, measure->rows);
}

void
loki_truth_gather(LokiMeasure *measure)
{
	if (measure->nqueries == 0)
		return;
	if (measure->by_table)
		scan_table(measure);
	else if (measure->by_rows)
		compare_rows(measure);
	else
		score_all(measure);
}

/*
 * Estimate the distances again, by REFINE; of the last ones also the error of the first, unless
 * that is NULL.  Slots are read without locks, and without pins where that is possible; no pin is
 * left.
 */
static void
refine_near(LokiMeasure *measure, LokiCandidate *near, int n, float *error)
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
			state->quantizer->refine(state->quantizer, loki_measure_query(measure, measure->truth.query),
									 codes->slots,
									 refines->slots, count, estimates, errors);
			valid = loki_slots_close(state, measure->index, codes);
			valid = loki_slots_close(state, measure->index, refines) && valid;
			peek = false;
		} while (!valid);
		for (int i = 0; i < count; i++)
			near[done + i].distance = isfinite(estimates[i]) ? estimates[i] : FLT_MAX;
		if (error != NULL)
			*error = errors[0];
	}
}

/* ----------------------------------------------------------------
 * Distances of nodes
 * ----------------------------------------------------------------
 */

/* The distance of a node's row from the query; infinite if it has none. */
static double
row_distance(LokiMeasure *measure, uint32 node)
{
	const LokiColumn *column = &measure->state->column;
	double		distance = get_float8_infinity();
	MemoryContext old;
	Datum		value;
	const float *x;

	if (loki_measure_read_row(measure, node, &value))
	{
		old = MemoryContextSwitchTo(measure->rows->context);
		if (measure->by_rows)
			(void) loki_value_distance(column, value, false,
									   (struct varlena *) DatumGetPointer(measure->values[measure->truth.query]),
									   &distance);
		else if (loki_value_open(column, value, false, &x) == LOKI_VALUE_VECTOR)
			distance = loki_exact_distance(column->metric, column->dim,
										   measure->truth.query_floats, x);
		MemoryContextSwitchTo(old);
	}
	loki_rows_release(measure->rows);
	return isnan(distance) ? get_float8_infinity() : distance;
}

/* The same of near[i], which is read once. */
static double
exact_distance(LokiMeasure *measure, int i)
{
	LokiTruth  *truth = &measure->truth;

	if (isnan(truth->exact[i]))
	{
		CHECK_FOR_INTERRUPTS();
		truth->exact[i] = row_distance(measure, truth->near[i].node);
	}
	return truth->exact[i];
}

/* One standard deviation of what an estimate by CODE is wrong by */
static float
code_error(LokiMeasure *measure, const LokiCandidate *candidate)
{
	LokiIndex  *state = measure->state;
	LokiSlots  *codes = &measure->search.scratch.slots;
	float		error;

	loki_slots_find(state, measure->index, LOKI_SLOTS_CODE, &candidate->node, 1, codes);
	loki_slots_open(state, measure->index, false, codes);
	error = state->quantizer->error(state->quantizer,
									loki_measure_query(measure, measure->truth.query),
									codes->slots[0], candidate->distance);
	(void) loki_slots_close(state, measure->index, codes);
	/* a bound of a sum, whose terms are rounded one by one */
	if (state->code.kind == LOKI_CODE_SCALAR)
		error *= 2 / sqrtf(state->code.dim);
	return error;
}

/* The same by CODE and REFINE; 0 if the estimate is the distance */
static float
estimate_error(LokiMeasure *measure, const LokiCandidate *candidate)
{
	const LokiCodeSpec *code = &measure->state->code;
	LokiCandidate again = *candidate;
	float		error;

	if (measure->by_rows || code->kind == LOKI_CODE_BITS ||
		(code->kind == LOKI_CODE_EXACT && code->metric != LOKI_METRIC_COSINE))
		return 0;
	if (measure->state->quantizer->refine_size == 0)
		return code_error(measure, candidate);
	refine_near(measure, &again, 1, &error);
	return error;
}

/* ----------------------------------------------------------------
 * The query that is searched for
 * ----------------------------------------------------------------
 */

/* The place of a node in places[], or where it belongs */
static inline uint32
place_of(const LokiTruth *truth, uint32 node)
{
	uint32		place = node * 0x9E3779B1u >> 20;

	while (truth->places[place] != 0 && truth->near[truth->places[place] - 1].node != node)
		place = (place + 1) % LOKI_TRUTH_PLACES;
	return place;
}

static void
add_place(LokiTruth *truth, int i)
{
	truth->places[place_of(truth, truth->near[i].node)] = i + 1;
	truth->exact[i] = get_float8_nan();
}

/* Open the value of the query, by which rows can be compared with it. */
static bool
open_query(LokiMeasure *measure, int query)
{
	LokiIndex  *state = measure->state;

	if (measure->rows == NULL || measure->by_rows || measure->values[query] == (Datum) 0)
		return false;
	(void) loki_query_open(&state->column, state->column.typid, measure->values[query],
						   measure->truth.query_floats);
	return true;
}

/*
 * The distance of the k-th true neighbor by rows: by the exact distances of nodes whose
 * estimates are near to its own.  NaN if too few of them have rows that can be read.
 */
static double
limit_by_rows(LokiMeasure *measure, LokiTruthLimit *limit)
{
	LokiTruth  *truth = &measure->truth;
	int			last = limit->k - 1;
	int			low = last;
	int			high = last;
	double		exact[2 * MOST_READ + 1];

	while (low > 0 && last - low < MOST_READ &&
		   truth->near[low - 1].distance >= limit->estimate - limit->margin)
		low--;
	while (high + 1 < truth->n && high - last < MOST_READ &&
		   truth->near[high + 1].distance <= limit->estimate + limit->margin)
		high++;
	for (int i = low; i <= high; i++)
		exact[i - low] = exact_distance(measure, i);
	qsort(exact, high - low + 1, sizeof(double), loki_compare_doubles);
	limit->tied = high > last && exact[last - low + 1] <= loki_hit_limit(exact[last - low]);
	return isinf(exact[last - low]) ? get_float8_nan() : exact[last - low];
}

static void
set_limit(LokiMeasure *measure, LokiTruthLimit *limit, int k)
{
	LokiTruth  *truth = &measure->truth;
	const LokiCandidate *farthest = &truth->near[k - 1];
	double		by_rows = get_float8_nan();

	limit->k = k;
	limit->estimate = farthest->distance;
	limit->margin = truth->query_read ? WRONG_ORDER * estimate_error(measure, farthest) : 0;
	if (limit->margin > 0)
		by_rows = limit_by_rows(measure, limit);
	if (isnan(by_rows))
	{
		limit->margin = 0;
		by_rows = limit->estimate;
		limit->tied = k < truth->n && truth->near[k].distance <= loki_hit_limit(by_rows);
	}
	limit->limit = loki_hit_limit(by_rows);
	truth->tied |= limit->tied;
}

/*
 * Set limits from the distances of true neighbors in the table.  Nodes are added as walks find
 * them, and all that may be hits are measured by their rows.
 */
static bool
limits_by_table(LokiMeasure *measure, int query, int nks)
{
	LokiTruth  *truth = &measure->truth;
	int			found = measure->exact.found[query];
	const double *nearest = measure->exact.nearest + (Size) query * measure->exact.k;

	if (found == 0)
		return false;
	truth->n = 0;
	truth->more = true;
	truth->error = get_float4_nan();
	for (int i = 0; i < nks; i++)
	{
		LokiTruthLimit *limit = &truth->limits[i];

		limit->k = Min(found, loki_calibration_ks[i]);
		limit->estimate = 0;
		limit->margin = get_float4_infinity();
		limit->limit = loki_hit_limit(nearest[limit->k - 1]);
		limit->tied = limit->k < found && nearest[limit->k] <= limit->limit;
		truth->tied |= limit->tied;
	}
	return true;
}

bool
loki_truth_begin(LokiMeasure *measure, int query, int nks)
{
	LokiTruth  *truth = &measure->truth;
	int			n = measure->nnear[query];
	LokiTruthLimit *farthest;

	truth->query = query;
	truth->near = measure->near + (Size) query * LOKI_TRUTH_ROOM;
	truth->nlimits = nks;
	truth->tied = false;
	memset(truth->places, 0, sizeof(truth->places));
	truth->query_read = open_query(measure, query);
	if (measure->by_table)
		return limits_by_table(measure, query, nks);
	if (n > LOKI_TRUTH_KEPT)
	{
		select_nearest(truth->near, n);
		n = LOKI_TRUTH_KEPT;
	}
	if (!measure->by_rows && measure->state->quantizer->refine_size > 0)
		refine_near(measure, truth->near, n, NULL);
	loki_candidates_sort(truth->near, n);
	truth->n = n;
	if (n == 0)
		return false;
	for (int i = 0; i < n; i++)
		add_place(truth, i);
	for (int k = 0; k < nks; k++)
		set_limit(measure, &truth->limits[k], Min(n, loki_calibration_ks[k]));
	farthest = &truth->limits[nks - 1];
	truth->more = n == LOKI_TRUTH_KEPT &&
		truth->near[n - 1].distance <= (farthest->margin > 0 ?
										farthest->estimate + farthest->margin :
										farthest->limit);
	return true;
}

/* Whether a node may be a hit by the estimate of a walk, where rows measure all that may be */
static bool
may_be_hit(LokiMeasure *measure, const LokiCandidate *found)
{
	LokiTruth  *truth = &measure->truth;
	double		limit = truth->limits[truth->nlimits - 1].limit;

	if (isnan(truth->error))
		truth->error = WRONG_ORDER * code_error(measure, found);
	/* an inner product may overflow, estimates are clipped */
	return isinf(limit) ||
		!(loki_operator_distance(measure->state->column.metric,
								 found->distance - truth->error) > limit);
}

/*
 * The place in near[] of a node that a walk has found.  One that is not there is added if it may
 * be as near as true neighbors are; else, or if there is no more room, the result is below 0.
 */
static int
find_near(LokiMeasure *measure, LokiCandidate found)
{
	LokiTruth  *truth = &measure->truth;
	uint32		place;

	found.node &= ~LOKI_EXPANDED;
	place = place_of(truth, found.node);
	if (truth->places[place] != 0 || !truth->more || truth->n == LOKI_TRUTH_ROOM ||
		found.node >= measure->end || !loki_measure_is_live(measure->live, found.node))
		return truth->places[place] - 1;
	if (measure->by_table)
	{
		if (!may_be_hit(measure, &found))
			return -1;
	}
	else if (measure->by_rows)
		found.distance = (float) row_distance(measure, found.node);
	else if (measure->state->quantizer->refine_size > 0)
		refine_near(measure, &found, 1, NULL);
	truth->near[truth->n] = found;
	add_place(truth, truth->n);
	return truth->n++;
}

static bool
is_hit(LokiMeasure *measure, int i, const LokiTruthLimit *limit)
{
	float		distance = measure->truth.near[i].distance;

	if (limit->margin == 0)
		return distance <= limit->limit;
	if (distance < limit->estimate - limit->margin)
		return true;
	return distance <= limit->estimate + limit->margin &&
		exact_distance(measure, i) <= limit->limit;
}

/* How many rows of a node count: all of them, up to `most`, if true neighbors are rows */
static int
count_rows(LokiMeasure *measure, uint32 node, int most)
{
	LokiNodeRows row = {0};
	ItemPointerData tid;
	int			n = 0;

	if (!measure->by_table)
		return 1;
	while (n < most && loki_node_row(measure->state, measure->index, node, &row, &tid))
	{
		n++;
		if (row.next == LOKI_NONE)
			break;
	}
	return n;
}

void
loki_truth_count(LokiMeasure *measure, const LokiCandidate *pool, int n, int *hits)
{
	LokiTruth  *truth = &measure->truth;

	Assert((truth->n > 0 || measure->by_table) && truth->nlimits > 0);
	for (int k = 0; k < truth->nlimits; k++)
		hits[k] = 0;
	for (int i = 0; i < n; i++)
	{
		int			found = find_near(measure, pool[i]);

		for (int k = 0; found >= 0 && k < truth->nlimits; k++)
		{
			int			left = truth->limits[k].k - hits[k];

			if (left > 0 && is_hit(measure, found, &truth->limits[k]))
				hits[k] += count_rows(measure, truth->near[found].node, left);
		}
	}
}
