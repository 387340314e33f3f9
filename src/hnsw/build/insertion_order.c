/*-------------------------------------------------------------------------
 *
 * insertion_order.c
 *	  The order in which the nodes of a new graph are numbered and inserted.
 *
 * An insert spends most of its time waiting for memory: for codes and lists of some hundred
 * nodes near the new one.  If near nodes are inserted one after another, these are in the
 * processor's caches; if near nodes also have near numbers, they lie close together.
 *
 * So a few nodes are chosen at random as pivots, and each node goes to the nearest pivot.
 * The nodes of each pivot are divided in the same way, until few are left.  After each
 * pivot comes the nearest of the pivots that are left.  Codes are moved to their new places;
 * slots that are not needed until the index is written stay in the order of the table.
 *
 * A graph needs some links that lead far.  They are those of nodes that were inserted while
 * there were few others.  Therefore one node in sixteen, from all over the table, is inserted
 * before all others, in an order that is spread over them.
 *
 * If similar rows are stored near each other in the table, its order is kept.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/insertion_order.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/build.h"
#include "hnsw/graph/select.h"
#include "utils/memutils.h"

/* Graphs of fewer nodes stay in the processor's caches anyway */
#define MIN_NODES		10000

/* Pivots of a group; nearest[] has their numbers in a byte each */
#define MAX_PIVOTS		32

/* Groups in groups, where most nodes of each keep to one pivot */
#define MAX_DEPTH		8

/* A group of this many nodes is not divided any more */
#define GROUP_NODES		64

/* Nodes that are scored at a time */
#define BATCH			256

/* Nodes sampled to compare orders */
#define SAMPLE			1000

/* One node of this many is inserted before the others */
#define FIRST_OF		16

/* The codes that are ordered, and memory for it */
typedef struct InsertionOrderState
{
	const LokiQuantizer *quantizer;
	const char *codes;
	pg_prng_state *prng;
	char	   *queries;		/* of the pivots */
	uint8	   *nearest;		/* of each node of a group: its pivot */
	uint32	   *sorted;			/* a group */
} InsertionOrderState;

/* The code of a node, which is at its place in the order of the table yet */
static const char *
code_of(const InsertionOrderState *state, uint32 node)
{
	return state->codes + (Size) state->quantizer->code_size * node;
}

/* The query that was made of a pivot's code */
static LokiQuery *
pivot_query(const InsertionOrderState *state, int pivot)
{
	return (LokiQuery *) (state->queries + loki_query_stride(state->quantizer) * pivot);
}

/*
 * Choose n pivots among the nodes of a group, each followed by the nearest of those left: this greedy path
 * makes groups that follow each other near to each other.  A node may be drawn twice; then the later of
 * the two pivots gets no nodes.
 */
static void
choose_pivots(InsertionOrderState *state, const uint32 *nodes, uint32 nnodes, int n)
{
	const LokiQuantizer *quantizer = state->quantizer;
	const void *pivots[MAX_PIVOTS];
	float		distances[MAX_PIVOTS];

	Assert(n > 0 && n <= MAX_PIVOTS);
	for (int i = 0; i < n; i++)
		pivots[i] = code_of(state, nodes[pg_prng_uint64(state->prng) % nnodes]);
	for (int i = 0; i < n; i++)
	{
		int			next = i + 1;
		const void *pivot;

		quantizer->prepare_code(quantizer, pivots[i], pivot_query(state, i));
		if (next == n)
			break;
		quantizer->score(quantizer, pivot_query(state, i), pivots + next, n - next,
						 distances + next);
		for (int j = next + 1; j < n; j++)
			if (distances[j] < distances[next])
				next = j;
		pivot = pivots[next];
		pivots[next] = pivots[i + 1];
		pivots[i + 1] = pivot;
	}
}

/* Find each node's nearest pivot, and count the nodes of each. */
static void
find_nearest(InsertionOrderState *state, const uint32 *nodes, uint32 nnodes, int npivots,
			 uint32 *counts)
{
	const LokiQuantizer *quantizer = state->quantizer;

	for (uint32 start = 0; start < nnodes; start += BATCH)
	{
		int			n = Min(nnodes - start, BATCH);
		const void *codes[BATCH];
		float		distances[BATCH];
		float		least[BATCH];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
			codes[i] = code_of(state, nodes[start + i]);
		for (int pivot = 0; pivot < npivots; pivot++)
		{
			quantizer->score(quantizer, pivot_query(state, pivot), codes, n, distances);
			for (int i = 0; i < n; i++)
				if (pivot == 0 || distances[i] < least[i])
				{
					least[i] = distances[i];
					state->nearest[start + i] = pivot;
				}
		}
		for (int i = 0; i < n; i++)
			counts[state->nearest[start + i]]++;
	}
}

/*
 * Order a group of nodes by its pivots, and the nodes of each pivot in the same way.  A counting sort, which
 * keeps the order of nodes of one pivot.  state->sorted and state->nearest are shared by all depths:
 * they are not needed any more when the recursion begins.
 */
static void
order_group(InsertionOrderState *state, uint32 *nodes, uint32 nnodes, int depth)
{
	int			npivots = Min(MAX_PIVOTS, nnodes / GROUP_NODES + 1);
	uint32		counts[MAX_PIVOTS] = {0};
	uint32		places[MAX_PIVOTS];
	uint32		place = 0;

	if (nnodes <= GROUP_NODES || depth == MAX_DEPTH)
		return;
	choose_pivots(state, nodes, nnodes, npivots);
	find_nearest(state, nodes, nnodes, npivots, counts);
	for (int pivot = 0; pivot < npivots; pivot++)
	{
		places[pivot] = place;
		place += counts[pivot];
	}
	Assert(place == nnodes);
	for (uint32 i = 0; i < nnodes; i++)
		state->sorted[places[state->nearest[i]]++] = nodes[i];
	memcpy(nodes, state->sorted, nnodes * sizeof(uint32));

	for (int pivot = 0; pivot < npivots; pivot++)
	{
		/* a pivot that got all is of codes that cannot be told apart */
		if (counts[pivot] < nnodes)
			order_group(state, nodes, counts[pivot], depth + 1);
		nodes += counts[pivot];
	}
}

/*
 * Whether nodes are much nearer to the node before them in an order than in the order of the
 * table, both compared with the distance of random nodes.  Differences of estimates are used, not ratios:
 * inner products may be negative.
 */
static bool
is_better(InsertionOrderState *state, const uint32 *order, uint32 nnodes)
{
	double		table_gain = 0;
	double		order_gain = 0;

	for (int i = 0; i < SAMPLE; i++)
	{
		uint32		place = (uint64) (nnodes - 1) * i / SAMPLE;
		const void *codes[2];
		float		in_table[2];
		float		in_order[2];

		codes[1] = code_of(state, pg_prng_uint64(state->prng) % nnodes);
		codes[0] = code_of(state, place + 1);
		state->quantizer->prepare_code(state->quantizer, code_of(state, place),
									   pivot_query(state, 0));
		state->quantizer->score(state->quantizer, pivot_query(state, 0), codes, 2, in_table);
		codes[0] = code_of(state, order[place + 1]);
		state->quantizer->prepare_code(state->quantizer, code_of(state, order[place]),
									   pivot_query(state, 0));
		state->quantizer->score(state->quantizer, pivot_query(state, 0), codes, 2, in_order);
		table_gain += in_table[1] - in_table[0];
		order_gain += in_order[1] - in_order[0];
	}
	elog(DEBUG1, "nodes are nearer to the one before by %g in the table, by %g in order",
		 table_gain / SAMPLE, order_gain / SAMPLE);
	return order_gain > 0 && order_gain > 3 * table_gain;
}

/*
 * Move the elements of an array such that the one at order[i] comes to i: in place, along the
 * cycles of the permutation.  done[] is zeroed by the caller.
 */
static void
permute(char *array, Size size, const uint32 *order, uint32 count, uint8 *done)
{
	char	   *held = palloc(size);

	for (uint32 start = 0; start < count; start++)
	{
		uint32		to = start;

		if (done[start])
			continue;
		CHECK_FOR_INTERRUPTS();
		memcpy(held, array + size * start, size);
		while (order[to] != start)
		{
			CHECK_FOR_INTERRUPTS();
			Assert(order[to] < count && !done[to]);
			memcpy(array + size * to, array + size * order[to], size);
			done[to] = true;
			to = order[to];
		}
		memcpy(array + size * to, held, size);
		done[to] = true;
	}
	pfree(held);
}

/*
 * Number the nodes in the order of insertion, if that is worthwhile: move their codes, and
 * keep where their other slots are (arrays.rows).
 */
void
loki_build_renumber(LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	InsertionOrderState state = {
		.quantizer = build->graph_quantizer, .codes = build->arrays.graph_codes, .prng = &build->prng
	};
	uint32		nnodes = build->nnodes;
	int			block;
	uint32	   *rows;
	uint32	   *nodes;
	uint8	   *done;
	bool		better;

	Assert(build->part.leader && build->arrays.rows == NULL && build->part.shared->rows_block < 0);
	if (nnodes < MIN_NODES)
		return;
	/* blocks are not given back; if the order is kept, this one stays unused */
	block = loki_arena_add_block(arena, mul_size(nnodes, sizeof(uint32)));
	rows = (uint32 *) arena->blocks[block];
	state.queries = (char *) loki_alloc_queries(CurrentMemoryContext, state.quantizer, MAX_PIVOTS);
	state.nearest = MemoryContextAllocHuge(CurrentMemoryContext, nnodes);
	state.sorted = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(nnodes, sizeof(uint32)));
	for (uint32 node = 0; node < nnodes; node++)
		rows[node] = node;
	order_group(&state, rows, nnodes, 0);
	better = is_better(&state, rows, nnodes);
	pfree(state.sorted);
	pfree(state.nearest);
	if (!better)
		return;

	done = MemoryContextAllocHuge(build->context, nnodes);
	/* codes move, in place, since a second copy of them might not fit; slots of ROWS stay */
	for (int i = 0; i < arena->shared->narrays; i++)
		if (arena->shared->stride[i] > 0)
		{
			memset(done, 0, nnodes);
			permute(arena->arrays[i], arena->shared->stride[i], rows, nnodes, done);
		}
	pfree(done);

	/* duplicates name their node by its old number, so the permutation is inverted */
	nodes = MemoryContextAllocHuge(build->context, mul_size(nnodes, sizeof(uint32)));
	for (uint32 node = 0; node < nnodes; node++)
		nodes[rows[node]] = node;
	for (uint32 i = 0; i < build->arrays.duplicate.count; i++)
	{
		LokiDuplicateData *slot = (LokiDuplicateData *)
			loki_build_slot(build, LOKI_SLOTS_DUPLICATE, i);

		slot->node = nodes[slot->node];
	}
	pfree(nodes);
	build->part.shared->rows_block = block;
}

/*
 * The node to insert after i others.  If nodes were renumbered, the first ones are the multiples of
 * FIRST_OF, visited by steps of the golden section.
 */
uint32
loki_insertion_node(const LokiBuild *build, uint32 i)
{
	uint32		nfirst = (build->part.shared->graph.nnodes + FIRST_OF - 1) / FIRST_OF;

	if (build->part.shared->rows_block < 0)
		return i;
	if (i < nfirst)
		return (uint32) (i * loki_golden_step(nfirst) % nfirst) * FIRST_OF;
	/* the others ascend: multiples of FIRST_OF are left out */
	i -= nfirst;
	return i + i / (FIRST_OF - 1) + 1;
}
