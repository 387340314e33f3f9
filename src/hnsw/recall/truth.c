/*-------------------------------------------------------------------------
 *
 * truth.c
 *	  What is true of queries: how far their nearest rows are, by the table, and which of the nodes
 *	  that a walk has found are as near.
 *
 * A pass over the table finds the distances of the nearest rows of all queries (recall/exact.c).
 * A node is a hit if its row is no farther than the k-th of them (M1): node IDs of the true rows need not
 * be known, which would cost a look-up of each heap TID.  A node counts with all of its rows.  Only rows
 * are read whose estimates may be as near as that, each once for a query: what was read is kept by node.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/truth.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/measure.h"
#include "hnsw/scan/width.h"
#include "miscadmin.h"
#include "utils/float.h"

/* A node that a walk for the query has found */
typedef struct TruthNode
{
	uint32		node;
	char		status;
	int			rows;			/* its rows */
	double		distance;		/* of them; infinite: farther than any that
								 * counts */
} TruthNode;

#define SH_PREFIX truth
#define SH_ELEMENT_TYPE TruthNode
#define SH_KEY_TYPE uint32
#define SH_KEY node
#define SH_HASH_KEY(tb, key) murmurhash32(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* See measure.h.  The row stays in its slot until loki_rows_release(). */
bool
loki_measure_read_row(LokiMeasure *measure, uint32 node, Datum *value)
{
	bool		isnull;

	Assert(loki_no_buffer_locked() && node < measure->end);
	if (!loki_rows_fetch_node(measure->rows, measure->state, node))
		return false;
	*value = loki_rows_value(measure->rows, &isnull);
	return !isnull;
}

/* See measure.h.  No more are looked for, which bounds the time that a node with very many rows takes. */
int
loki_measure_count_rows(LokiMeasure *measure, uint32 node)
{
	LokiNodeRows row = {0};
	ItemPointerData tid;
	int			n = 0;

	Assert(loki_no_buffer_locked());
	while (n < LOKI_TRUTH && loki_node_row(measure->state, measure->index, node, &row, &tid))
	{
		bool		last = row.next == LOKI_NONE;

		/* one without a list */
		n += row.read == 0 || loki_rows_fetch(measure->rows, &tid);
		if (last)
			break;
	}
	loki_rows_release(measure->rows);
	return n;
}

/*
 * Find the distances of the nearest rows, one more than counts, to know of ties.  One pass over the table for
 * all queries, which is most of the time that a calibration takes.
 */
void
loki_truth_gather(LokiMeasure *measure)
{
	if (measure->queries.n == 0)
		return;
	/* it takes half of what it is given for blocks: given_queries() in calibrate.c */
	loki_exact_answer(&measure->exact, measure->rows, &measure->queries, LOKI_TRUTH + 1,
					  (Size) maintenance_work_mem * 1024 / 2);
	measure->truth.nodes = truth_create(CurrentMemoryContext, LOKI_TRUTH, NULL);
}

/* The distance of a node's row from the query; infinite if it has none.  All rows of a node have one vector. */
static double
true_distance(LokiMeasure *measure, uint32 node)
{
	const LokiColumn *column = &measure->state->column;
	const LokiQueries *queries = &measure->queries;
	int			query = measure->truth.query;
	double		distance = get_float8_infinity();
	Datum		value;
	const float *x;

	CHECK_FOR_INTERRUPTS();
	if (loki_measure_read_row(measure, node, &value))
	{
		if (loki_column_encoded(column))
		{
			MemoryContext old = MemoryContextSwitchTo(measure->rows->context);

			(void) loki_value_distance(column, value, false, (struct varlena *)
									   DatumGetPointer(queries->data[query]), &distance);
			MemoryContextSwitchTo(old);
		}
		else if ((x = loki_rows_vector(measure->rows, value, false)) != NULL)
			distance = loki_exact_distance(column->metric, column->dim,
										   queries->values + (Size) query * column->dim, x);
	}
	loki_rows_release(measure->rows);
	return isnan(distance) ? get_float8_infinity() : distance;
}

/*
 * See measure.h.  Rows of the query's own node are no neighbors (M2), of which the pass has left out one; and what
 * is known of nodes is forgotten: it was of another query.
 */
bool
loki_truth_begin(LokiMeasure *measure, int query, int nks)
{
	LokiTruth  *truth = &measure->truth;
	const LokiExact *exact = &measure->exact;
	double	   *nearest = exact->nearest + (Size) query * exact->k;
	/* equal distances cannot be told apart: as many are left out as the node has other rows */
	uint32		node = measure->queries.nodes[query];
	int			copies;
	double		own;
	int			found = 0;

	truth->query = query;
	truth->nlimits = nks;
	truth->tied = false;
	truth->error = get_float4_nan();
	truth_reset(truth->nodes);
	copies = node == LOKI_NONE ? 0 : loki_measure_count_rows(measure, node) - 1;
	own = copies > 0 ? true_distance(measure, node) : 0;
	for (int i = 0; i < exact->found[query]; i++)
		if (copies > 0 && nearest[i] == own)
			copies--;
		else
			nearest[found++] = nearest[i];
	Assert(found <= exact->k);
	if (found == 0)
		return false;
	for (int i = 0; i < nks; i++)
	{
		LokiTruthLimit *limit = &truth->limits[i];

		Assert(loki_calibration_ks[i] <= LOKI_TRUTH);
		limit->k = Min(found, loki_calibration_ks[i]);
		limit->limit = loki_hit_limit(nearest[limit->k - 1]);
		/* the row after the k-th is as near: which of them counts as true is chance */
		truth->tied |= limit->k < found && nearest[limit->k] <= limit->limit;
	}
	return true;
}

/* Whether a node may be a hit by the estimate of a walk; those of encodings bound nothing */
static bool
may_be_hit(LokiMeasure *measure, const LokiCandidate *found)
{
	LokiTruth  *truth = &measure->truth;
	LokiIndex  *state = measure->state;
	LokiSlots  *codes = &measure->search.scratch.slots;
	double		limit = truth->limits[truth->nlimits - 1].limit;

	if (found->node >= measure->end || !loki_measure_is_live(measure->live, found->node))
		return false;
	/* an inner product may overflow, estimates are clipped */
	if (isinf(limit) || loki_column_encoded(&state->column))
		return true;
	if (isnan(truth->error))
	{
		/* one standard deviation of what an estimate by CODE is wrong by is about the same for all near nodes */
		loki_slots_find(state, measure->index, LOKI_SLOTS_CODE, &found->node, 1, codes);
		loki_slots_open(state, measure->index, false, codes);	/* pinned, so closing cannot fail */
		truth->error = 4 * state->quantizer->error(state->quantizer, loki_measure_query(measure, truth->query),
												   codes->slots[0], found->distance);	/* hardly ever more */
		(void) loki_slots_close(state, measure->index, codes);
	}
	return !(loki_operator_distance(state->column.metric, found->distance - truth->error) > limit);
}

/*
 * See measure.h.  Reads rows of nodes that were not met before by a walk for this query.  No page may
 * be locked.
 */
void
loki_truth_count(LokiMeasure *measure, const LokiCandidate *pool, int n, int *hits)
{
	LokiTruth  *truth = &measure->truth;

	Assert(truth->nlimits > 0 && truth->nlimits <= LOKI_MEASURED_KS);
	memset(hits, 0, truth->nlimits * sizeof(int));
	for (int i = 0; i < n; i++)
	{
		LokiCandidate found = {pool[i].distance, pool[i].node & ~LOKI_EXPANDED};
		bool		known;
		TruthNode  *node = truth_insert(truth->nodes, found.node, &known);

		if (!known)
		{
			bool		read = may_be_hit(measure, &found);

			node->distance = read ? true_distance(measure, found.node) : get_float8_infinity();
			node->rows = read ? loki_measure_count_rows(measure, found.node) : 0;
			Assert(node->rows >= 0 && node->rows <= LOKI_TRUTH);
		}
		for (int k = 0; k < truth->nlimits; k++)
			/* with ties there may be more than k */
			if (node->distance <= truth->limits[k].limit)
				hits[k] = Min(hits[k] + node->rows, truth->limits[k].k);
	}
}
