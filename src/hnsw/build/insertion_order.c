/*-------------------------------------------------------------------------
 *
 * insertion_order.c
 *	  The order in which the nodes of a new graph are numbered and inserted.
 *
 * Most of an insert's time goes into waiting for memory: codes and lists of
 * some hundred nodes near the new one.  Where a node is inserted after others
 * that are near it, these are in the processor's caches; where such nodes also
 * have neighboring numbers, their codes and lists lie close together.
 *
 * So the nodes are divided among pivots, a few of them chosen at random, each
 * node going to the nearest; then the nodes of each pivot again, until few are
 * left.  Pivots follow each other in a chain from one to the nearest that is
 * left.  Codes are moved to their new numbers; what is not needed until the
 * index is written stays where it is, and is found by the number of its row.
 *
 * A graph needs some links that lead far, which nodes get that are inserted
 * while there are few others.  One node in sixteen, from all over the set, is
 * therefore inserted before all others, in no order.
 *
 * Tables whose rows are stored near similar ones are left as they are.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/insertion_order.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "hnsw/build/build.h"
#include "hnsw/graph/select.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Graphs of fewer nodes stay in the processor's caches anyway */
#define MIN_NODES		10000

#define MAX_PIVOTS		32
#define MAX_DEPTH		8

/* So many nodes are not divided any more */
#define GROUP_NODES		64

/* Nodes that are scored at a time */
#define BATCH			256

/* Nodes by which orders are compared */
#define SAMPLE			1000

/* The others are inserted after one of so many */
#define FIRST_OF		16

#define QUERY_ALIGN		64

typedef struct InsertionOrderState
{
	const LokiQuantizer *quantizer;
	const char *codes;
	pg_prng_state *prng;
	Size		query_size;
	char	   *queries;		/* of the pivots */
	uint8	   *nearest;		/* of each node of a group: its pivot */
	uint32	   *sorted;			/* a group */
} InsertionOrderState;

static const char *
code_of(const InsertionOrderState *state, uint32 node)
{
	return state->codes + (Size) state->quantizer->code_size * node;
}

static LokiQuery *
query_of(const InsertionOrderState *state, int pivot)
{
	return (LokiQuery *) (state->queries + state->query_size * pivot);
}

/*
 * Choose n pivots among the nodes of a group, and order them to a chain.
 */
static void
choose_first_nodes(InsertionOrderState *state, const uint32 *nodes, uint32 nnodes, int n)
{
	const LokiQuantizer *quantizer = state->quantizer;
	const void *pivots[MAX_PIVOTS];
	float		distances[MAX_PIVOTS];

	for (int i = 0; i < n; i++)
		pivots[i] = code_of(state, nodes[pg_prng_uint64(state->prng) % nnodes]);
	for (int i = 0; i < n; i++)
	{
		int			next = i + 1;
		const void *pivot;

		quantizer->prepare_code(quantizer, pivots[i], query_of(state, i));
		if (next == n)
			break;
		quantizer->score(quantizer, query_of(state, i), pivots + next, n - next,
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
			quantizer->score(quantizer, query_of(state, pivot), codes, n, distances);
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

/* Order a group of nodes by its pivots, and each pivot's nodes likewise. */
static void
order_group(InsertionOrderState *state, uint32 *nodes, uint32 nnodes, int depth)
{
	int			npivots = Min(MAX_PIVOTS, nnodes / GROUP_NODES + 1);
	uint32		counts[MAX_PIVOTS] = {0};
	uint32		places[MAX_PIVOTS];
	uint32		place = 0;

	if (nnodes <= GROUP_NODES || depth == MAX_DEPTH)
		return;
	choose_first_nodes(state, nodes, nnodes, npivots);
	find_nearest(state, nodes, nnodes, npivots, counts);
	for (int pivot = 0; pivot < npivots; pivot++)
	{
		places[pivot] = place;
		place += counts[pivot];
	}
	for (uint32 i = 0; i < nnodes; i++)
		state->sorted[places[state->nearest[i]]++] = nodes[i];
	memcpy(nodes, state->sorted, nnodes * sizeof(uint32));

	for (int pivot = 0; pivot < npivots; pivot++)
	{
		if (counts[pivot] < nnodes)
			order_group(state, nodes, counts[pivot], depth + 1);
		nodes += counts[pivot];
	}
}

/*
 * Whether nodes are much nearer to those before them in an order than they are
 * in that of the table, measured by how near nodes are that have nothing to do
 * with each other.
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
									   query_of(state, 0));
		state->quantizer->score(state->quantizer, query_of(state, 0), codes, 2, in_table);
		codes[0] = code_of(state, order[place + 1]);
		state->quantizer->prepare_code(state->quantizer, code_of(state, order[place]),
									   query_of(state, 0));
		state->quantizer->score(state->quantizer, query_of(state, 0), codes, 2, in_order);
		table_gain += in_table[1] - in_table[0];
		order_gain += in_order[1] - in_order[0];
	}
	elog(DEBUG1, "nodes are nearer to the one before by %g in the table, by %g in order",
		 table_gain / SAMPLE, order_gain / SAMPLE);
	return order_gain > 0 && order_gain > 3 * table_gain;
}

/*
 * Set order[] to the numbers of nodes so that near ones follow each other.
 * False if their own order should be kept.
 */
static bool
find_order(const LokiQuantizer *quantizer, const char *codes, uint32 nnodes,
		   pg_prng_state *prng, uint32 *order)
{
	InsertionOrderState state = {.quantizer = quantizer, .codes = codes, .prng = prng};
	char	   *queries;
	bool		better;

	state.query_size = TYPEALIGN(QUERY_ALIGN, quantizer->query_size);
	queries = palloc(MAX_PIVOTS * state.query_size + QUERY_ALIGN);
	state.queries = (char *) TYPEALIGN(QUERY_ALIGN, queries);
	state.nearest = MemoryContextAllocHuge(CurrentMemoryContext, nnodes);
	state.sorted = MemoryContextAllocHuge(CurrentMemoryContext,
										  mul_size(nnodes, sizeof(uint32)));
	for (uint32 node = 0; node < nnodes; node++)
		order[node] = node;
	order_group(&state, order, nnodes, 0);
	better = is_better(&state, order, nnodes);
	pfree(state.sorted);
	pfree(state.nearest);
	pfree(queries);
	return better;
}

/*
 * Move the elements of an array so that the one at order[i] comes to i.  In
 * place, along the cycles of the permutation; done[] is zeroed.
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
 * Number the nodes for locality, where that is worthwhile: move their codes,
 * and keep in build->rows by which number what else there is of them is found.
 */
void
loki_build_renumber(LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	uint32		nnodes = build->nnodes;
	int			block;
	uint32	   *rows;
	uint32	   *nodes;
	uint8	   *done;

	if (nnodes < MIN_NODES)
		return;
	block = loki_arena_add_block(arena, mul_size(nnodes, sizeof(uint32)));
	rows = (uint32 *) arena->blocks[block];
	if (!find_order(build->graph_quantizer, build->graph_codes, nnodes,
							  &build->prng, rows))
		return;

	done = MemoryContextAllocHuge(build->context, nnodes);
	for (int i = 0; i < arena->shared->narrays; i++)
		if (arena->shared->stride[i] > 0)
		{
			memset(done, 0, nnodes);
			permute(arena->arrays[i], arena->shared->stride[i], rows, nnodes, done);
		}
	pfree(done);

	nodes = MemoryContextAllocHuge(build->context, mul_size(nnodes, sizeof(uint32)));
	for (uint32 node = 0; node < nnodes; node++)
		nodes[rows[node]] = node;
	for (uint32 i = 0; i < build->duplicate.count; i++)
	{
		LokiDuplicateData *slot = (LokiDuplicateData *)
			loki_build_slot(build, LOKI_SLOTS_DUPLICATE, i);

		slot->node = nodes[slot->node];
	}
	pfree(nodes);
	build->shared->rows_block = block;
}

/*
 * The order of insertion.  After renumbering the first nodes are those whose
 * numbers are multiples of FIRST_OF, by steps of the golden section.
 */
void
loki_insertion_begin(LokiInsertion *insertion, const LokiBuild *build)
{
	insertion->renumbered = build->shared->rows_block >= 0;
	insertion->nfirst = (build->shared->graph.nnodes + FIRST_OF - 1) / FIRST_OF;
	insertion->step = (uint32) loki_golden_step(insertion->nfirst);
}

/* The node to be inserted after i others */
uint32
loki_insertion_node(const LokiInsertion *insertion, uint32 i)
{
	if (!insertion->renumbered)
		return i;
	if (i < insertion->nfirst)
		return (uint32) ((uint64) i * insertion->step % insertion->nfirst) * FIRST_OF;
	i -= insertion->nfirst;
	return i + i / (FIRST_OF - 1) + 1;
}
