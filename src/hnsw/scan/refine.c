/*-------------------------------------------------------------------------
 *
 * refine.c
 *	  Refining the candidates of a scan by finer codes.
 *
 * There are two queues.  Candidates (LokiRefineQueue) come with estimates from CODE.  Nodes that were
 * refined (LokiRerankQueue) have lower bounds, as items of a GiST scan's queue whose heap tuple is to be
 * rechecked.  REFINE says more than CODE, but costs reading a page for each.  So only candidates that may
 * be among the nearest by their estimates are refined, best first.  The others wait until rows farther
 * away are asked for.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/refine.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "hnsw/graph/candidate_heap.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "utils/memutils.h"

/*
 * A candidate may be nearer than its estimate from CODE by so many errors.  Bounds of rows
 * are wider: the walk has already chosen candidates by such estimates.
 */
#define COARSE_SIGMAS	2.5f

/* Forget all candidates. */
void
loki_refine_begin(LokiScan *so)
{
	so->queue.n = so->queue.next = so->rerank.n = so->rerank.next = 0;
	so->queue.squares = so->rerank.excess = 0;
	so->queue.compared = so->rerank.measured = 0;
}

/* Add candidates, ascending by distance. */
void
loki_refine_add(LokiScan *so, const LokiCandidate *candidates, uint32 n)
{
	uint32		left = so->queue.n - so->queue.next;

	if (n == 0)
		return;
	so->queue.candidates = loki_grow(so->context, so->queue.candidates, &so->queue.allocated,
									 left + n, 1, sizeof(LokiCandidate));
	memmove(so->queue.candidates, so->queue.candidates + so->queue.next,
			sizeof(LokiCandidate) * left);
	memcpy(so->queue.candidates + left, candidates, sizeof(LokiCandidate) * n);
	so->queue.next = 0;
	so->queue.n = left + n;
	if (left > 0)
		loki_candidates_sort(so->queue.candidates, so->queue.n);
}

/* Share lock the page of a slot that was opened, and check it; the caller unlocks it. */
static void
lock_code_slot(LokiScan *so, const LokiSlots *slots, int i)
{
	LockBuffer(slots->buffers[i], BUFFER_LOCK_SHARE);
	loki_slot_array_page_check(so->state, so->scan->indexRelation, slots->buffers[i],
							   slots->array);
}

/*
 * What read_codes() sets, of n opened slots from `first` on: without candidates limits of distances
 * that always hold, else estimates and errors, from REFINE if the index has it.
 */
static void
refine_slots(LokiScan *so, const LokiCandidate *candidates, const LokiSlots *codes,
			 const LokiSlots *refines, int first, int n, float *estimates, float *errors)
{
	const LokiQuantizer *quantizer = so->state->quantizer;
	const LokiQuery *query = so->search.query.given;
	const void *const *code = (const void *const *) codes->slots + first;
	const void *const *refine = (const void *const *) refines->slots + first;

	if (candidates == NULL)
		quantizer->limits(quantizer, query, code, refine, n, estimates + first,
						  errors != NULL ? errors + first : NULL);
	else if (quantizer->refine_size > 0)
		quantizer->refine(quantizer, query, code, refine, n, estimates + first, errors + first);
	else
		for (int i = 0; i < n; i++)
		{
			estimates[first + i] = candidates[first + i].distance;
			errors[first + i] = quantizer->error(quantizer, query, code[i], estimates[first + i]);
		}
}

/*
 * Read CODE and REFINE of n nodes, LOKI_REFINE_BATCH at most, and set their estimates and
 * errors; without candidates, limits that always hold in place of these.  No page may be
 * locked.  In recovery slots are read under share lock, otherwise without; no lock or pin is
 * left.
 */
static void
read_codes(LokiScan *so, const uint32 *nodes, int n, const LokiCandidate *candidates,
		   float *estimates, float *errors)
{
	Relation	index = so->scan->indexRelation;
	LokiSlots  *codes = &so->search.scratch.slots;
	LokiSlots  *refines = &so->queue.slots;
	bool		peek = !so->search.in_recovery;
	bool		valid;

	Assert(n >= 1 && n <= LOKI_REFINE_BATCH);
	Assert(candidates != NULL || !so->plan.unbounded);
	loki_scan_query(so);
	refines->n = 0;
	loki_slots_find(so->state, index, LOKI_SLOTS_CODE, nodes, n, codes);
	if (so->state->quantizer->refine_size > 0)
		loki_slots_find(so->state, index, LOKI_SLOTS_REFINE, nodes, n, refines);
	do
	{
		loki_slots_open(so->state, index, peek, codes);
		loki_slots_open(so->state, index, peek, refines);
		if (!so->search.in_recovery)
			refine_slots(so, candidates, codes, refines, 0, codes->n, estimates, errors);
		/* replay may rewrite slots as soon as the locks are gone; a batch could lock a page twice */
		for (int i = 0; i < codes->n && so->search.in_recovery; i++)
		{
			lock_code_slot(so, codes, i);
			if (refines->n > 0)
				lock_code_slot(so, refines, i);
			refine_slots(so, candidates, codes, refines, i, 1, estimates, errors);
			if (refines->n > 0)
				LockBuffer(refines->buffers[i], BUFFER_LOCK_UNLOCK);
			LockBuffer(codes->buffers[i], BUFFER_LOCK_UNLOCK);
		}
		valid = loki_slots_close(so->state, index, codes);
		valid = loki_slots_close(so->state, index, refines) && valid;
		peek = false;
	} while (!valid);
	so->work.nodes_refined += n;
}

/* Lower bounds of n candidates, LOKI_REFINE_BATCH at most, in the operator's unit */
static void
refine_batch(LokiScan *so, const LokiCandidate *candidates, int n, float *bounds)
{
	uint32		nodes[LOKI_REFINE_BATCH];
	float		estimates[LOKI_REFINE_BATCH];
	float		errors[LOKI_REFINE_BATCH];
	float		squares = 0;
	bool		encoded = loki_column_encoded(&so->state->column);

	for (int i = 0; i < n; i++)
		nodes[i] = candidates[i].node;
	read_codes(so, nodes, n, candidates, estimates, errors);
	/* floats that are not all of a value bound nothing, and their errors say nothing of distances */
	for (int i = 0; i < n && encoded; i++)
		errors[i] = get_float4_infinity();
	for (int i = 0; i < n; i++)
		squares += errors[i] * errors[i];
	so->queue.error = sqrtf(squares / n);
	for (int i = 0; i < n; i++)
	{
		float		bound = estimates[i] - LOKI_BOUND_SIGMAS * errors[i];

		/* an estimate that is not a number says nothing: the row is read */
		bounds[i] = isnan(bound) ? -FLT_MAX :
			(float) loki_operator_distance(so->query.metric, bound);
	}
	if (so->state->quantizer->refine_size == 0 || encoded)
		return;

	/*
	 * how far off estimates from CODE are, for this query and its best
	 * candidates
	 */
	for (int i = 0; i < n; i++)
	{
		double		error = estimates[i] - candidates[i].distance;

		so->queue.squares += error * error;
	}
	so->queue.compared += n;
}

/* The distance of candidate i, in the operator's unit, less a number of errors of it */
static double
nearer_by(const LokiScan *so, uint32 i, double sigmas)
{
	double		error;

	Assert(i < so->queue.n);
	if (so->queue.compared == 0)
		return -get_float8_infinity();
	error = sqrt(so->queue.squares / so->queue.compared);
	return loki_operator_distance(so->query.metric, so->queue.candidates[i].distance -
								  sigmas * error);
}

/* A distance, in the operator's unit; the next candidate is hardly nearer. */
static double
coarse_bound(const LokiScan *so)
{
	Assert(so->queue.next < so->queue.n);
	return nearer_by(so, so->queue.next, COARSE_SIGMAS);
}

/*
 * Lower bounds of the distances of n nodes, in the operator's unit, that always hold, and upper
 * ones unless `most` is NULL; -FLT_MAX and FLT_MAX where codes give none, as posting lists give no
 * upper ones.
 */
void
loki_refine_bounds(LokiScan *so, const uint32 *nodes, int n, float *bounds, float *most)
{
	/* a node takes a page of CODE and one of REFINE */
	int			batch = Min(LOKI_REFINE_BATCH, Max(1, loki_max_pins(so->state) / 2));

	Assert(so->plan.certain);
	for (int i = 0; i < n && most != NULL; i++)
		most[i] = FLT_MAX;
	if (loki_column_listed(&so->state->column))
	{
		loki_scan_terms_bounds(so, nodes, n, bounds);
		return;
	}
	if (so->plan.unbounded)
	{
		for (int i = 0; i < n; i++)
			bounds[i] = -FLT_MAX;
		return;
	}
	for (int i = 0; i < n; i += batch)
		read_codes(so, nodes + i, Min(batch, n - i), NULL, bounds + i,
				   most != NULL ? most + i : NULL);
	for (int i = 0; i < n; i++)
	{
		if (bounds[i] > -FLT_MAX)
			bounds[i] = loki_round_down(loki_operator_distance(so->query.metric, bounds[i]));
		if (most != NULL && most[i] < FLT_MAX)
			most[i] = loki_round_up(loki_operator_distance(so->query.metric, most[i]));
	}
}

/*
 * Make room for n more nodes in the queue: what is left of it moves to place `to`,
 * which is 0, or n for nodes that come first.  Returns how many are left.
 */
static uint32
make_room_in_queue(LokiScan *so, uint32 n, uint32 to)
{
	uint32		left = so->rerank.n - so->rerank.next;
	LokiCandidate *queue = loki_grow(so->context, so->rerank.nodes, &so->rerank.allocated,
									 left + n, 1, sizeof(LokiCandidate));

	Assert(to == 0 || to == n);
	memmove(queue + to, queue + so->rerank.next, sizeof(LokiCandidate) * left);
	so->rerank.nodes = queue;
	so->rerank.next = 0;
	so->rerank.n = left + n;
	return left;
}

/* Refine the next candidates and queue them by lower bound. */
static void
refine_next(LokiScan *so)
{
	/* a candidate takes a page of CODE and one of REFINE */
	uint32		most = Min(LOKI_REFINE_BATCH, Max(1, loki_max_pins(so->state) / 2));
	uint32		n = Min(most, so->queue.n - so->queue.next);
	uint32		left = make_room_in_queue(so, n, 0);
	float		bounds[LOKI_REFINE_BATCH];
	LokiCandidate batch[LOKI_REFINE_BATCH];

	/* those of the next batch are on their way meanwhile */
	if (so->state->quantizer->refine_size > 0)
		for (uint32 i = so->queue.next + n; i < Min(so->queue.next + 2 * n, so->queue.n); i++)
			loki_slot_prefetch(so->state, so->scan->indexRelation, LOKI_SLOTS_REFINE,
							   so->queue.candidates[i].node);
	refine_batch(so, so->queue.candidates + so->queue.next, n, bounds);
	for (uint32 i = 0; i < n; i++)
		batch[i] = (LokiCandidate) {bounds[i], so->queue.candidates[so->queue.next + i].node};
	so->queue.next += n;
	Assert(so->queue.next <= so->queue.n);
	/* merge it into the queue, which has room; from the last one on, so that each is moved once */
	loki_candidates_sort(batch, n);
	for (LokiCandidate *queue = so->rerank.nodes; n > 0;)
		if (left > 0 && loki_compare_candidates(&queue[left - 1], &batch[n - 1]) > 0)
		{
			queue[left + n - 1] = queue[left - 1];
			left--;
		}
		else
		{
			queue[left + n - 1] = batch[n - 1];
			n--;
		}
	CHECK_FOR_INTERRUPTS();
}

/* Queue nodes whose rows will all be read, so that their codes are not needed. */
void
loki_refine_pass_by(LokiScan *so, const uint32 *nodes, uint32 n)
{
	if (n == 0)
		return;
	make_room_in_queue(so, n, n);
	for (uint32 i = 0; i < n; i++)
		so->rerank.nodes[i] = (LokiCandidate) {-FLT_MAX, nodes[i]};
}

/* Queue candidates of a certain scan, whose distances are bounds, by these. */
void
loki_refine_queue(LokiScan *so, const LokiCandidate *candidates, uint32 n)
{
	uint32		left;

	Assert(so->plan.certain && so->queue.next == so->queue.n);
	if (n == 0)
		return;
	left = make_room_in_queue(so, n, 0);
	memcpy(so->rerank.nodes + left, candidates, sizeof(LokiCandidate) * n);
	loki_candidates_sort(so->rerank.nodes, so->rerank.n);
}

/*
 * The scan becomes certain: what is queued by estimates is queued by bounds that always hold.
 * What these show to be beyond the scan's bound is dropped.
 */
void
loki_refine_certain(LokiScan *so)
{
	uint32		unrefined = so->queue.n - so->queue.next;
	uint32		n = make_room_in_queue(so, unrefined, 0);
	uint32		kept = 0;

	for (uint32 i = 0; i < unrefined; i++)
		so->rerank.nodes[n++] = so->queue.candidates[so->queue.next + i];
	so->queue.next = so->queue.n;
	for (uint32 first = 0; first < n; first += LOKI_REFINE_BATCH)
	{
		uint32		nodes[LOKI_REFINE_BATCH];
		float		bounds[LOKI_REFINE_BATCH];
		int			batch = (int) Min(n - first, LOKI_REFINE_BATCH);

		for (int i = 0; i < batch; i++)
			nodes[i] = so->rerank.nodes[first + i].node;
		loki_refine_bounds(so, nodes, batch, bounds, NULL);
		for (int i = 0; i < batch; i++)
			if (!(bounds[i] > so->filter.bound))
				so->rerank.nodes[kept++] = (LokiCandidate) {bounds[i], nodes[i]};
		CHECK_FOR_INTERRUPTS();
	}
	so->rerank.n = kept;
	loki_candidates_sort(so->rerank.nodes, kept);
}

/* Refine every candidate that may be nearer than `distance`, in the operator's unit. */
void
loki_refine_within(LokiScan *so, double distance)
{
	while (so->queue.next < so->queue.n && !(coarse_bound(so) > distance))
		refine_next(so);
}

/* Refine until the n candidates with the lowest bounds are at the head of the queue. */
void
loki_refine_first(LokiScan *so, uint32 n)
{
	while (so->queue.next < so->queue.n &&
		   (so->rerank.n - so->rerank.next < n ||
			!(coarse_bound(so) > so->rerank.nodes[so->rerank.next + n - 1].distance)))
		refine_next(so);
}

/* A distance in the operator's unit, in that of codes */
static double
in_unit_of_codes(const LokiScan *so, double distance)
{
	return so->query.metric == LOKI_METRIC_L2 ? distance * distance : distance;
}

/* See scan.h.  Nodes without a bound of their own, and rows without a distance, say nothing. */
void
loki_refine_measured(LokiScan *so, double bound, double distance)
{
	if (bound == -FLT_MAX || isnan(distance))
		return;
	so->rerank.excess += in_unit_of_codes(so, bound) - in_unit_of_codes(so, distance);
	so->rerank.measured++;
}

/*
 * Bounds lie under most distances.  If those of the rows that were read lie over them in the mean,
 * estimates are too large around this query: what codes do not keep of a vector is taken to be
 * independent of the query, and a row that is nearly equal to the query has that in common with it.
 * Then all bounds are lowered by that, and are bounds again by as many errors.
 */
bool
loki_refine_may_be_within(const LokiScan *so, double distance)
{
	double		bound = so->rerank.nodes[so->rerank.next].distance;
	double		excess;

	Assert(so->rerank.next < so->rerank.n);
	if (!(bound > distance))
		return true;
	if (!(so->rerank.excess > 0))
		return false;
	excess = so->rerank.excess / so->rerank.measured + LOKI_BOUND_SIGMAS * so->queue.error;
	return in_unit_of_codes(so, bound) - excess <= in_unit_of_codes(so, distance);
}

/*
 * The estimate up to which nodes may be nearer than `distance`, in the operator's unit, by so many
 * errors as refining has shown
 */
float
loki_refine_reach(const LokiScan *so, double distance, double errors)
{
	if (so->queue.compared == 0)
		return -FLT_MAX;
	return (float) (in_unit_of_codes(so, distance) +
					errors * sqrt(so->queue.squares / so->queue.compared));
}

/*
 * Whether even the last of the candidates, all of which were refined, may be nearer than
 * `distance`, in the operator's unit.  Then so may be nodes that are no candidates.  `sure`,
 * up to 1, says how many errors count.
 */
bool
loki_refine_doubts(const LokiScan *so, double distance, double sure)
{
	return so->queue.compared > 0 && so->queue.n > 0 && so->queue.next == so->queue.n &&
		!(nearer_by(so, so->queue.n - 1, COARSE_SIGMAS * sure) > distance);
}

/*
 * Whether the queue is not empty, and everything in it is beyond the scan's bound.  Then the
 * walk that found it has found all that is nearer.
 */
bool
loki_refine_beyond(const LokiScan *so)
{
	bool		waiting = so->rerank.next < so->rerank.n;
	bool		coarse = so->queue.next < so->queue.n;

	if (!loki_is_bounded(so) || (!waiting && !coarse))
		return false;
	return (!waiting || loki_is_beyond(so, so->rerank.nodes[so->rerank.next].distance)) &&
		(!coarse || loki_is_beyond(so, coarse_bound(so)));
}
