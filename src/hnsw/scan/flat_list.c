/*-------------------------------------------------------------------------
 *
 * flat_list.c
 *	  Flat scans over the nodes of a sorted list.
 *
 * The codes of listed nodes lie anywhere, and each is waited for.  If the list has 1-bit sketches
 * (derived/sketch.c), these are read first, in order.  They give a likely lower bound of each
 * distance.  The nodes with the least bounds are scored until the selection is full; then
 * those whose bound is nearer than the farthest that is wanted of it.  The others are left
 * behind.
 *
 * If few of the listed nodes match other keys, those are tested on many nodes for nothing.
 * Then the nodes of a second list, of another key, become a bitmap, and only nodes that are on
 * both lists are tested and scored.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/flat_list.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/page/page.h"
#include "hnsw/scan/flat.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* Bounds that are made together, and parts of these that are looked at by the least of them */
#define BLOCK			LOKI_SKETCH_BLOCK
#define LEAST			LOKI_SKETCH_LEAST

/* Nodes of a list whose bounds are in memory at a time, at most: 640 kB of it */
#define PIECE			(128 * 1024)

/* How many more nodes are scored each time */
#define MORE_SCORED		4.0

/* Part of a list, whose nodes match the key that was looked up, or may match it */
typedef struct ListPart
{
	uint32		first;			/* in a block of the piece, as in one of the
								 * list */
	uint32		end;
	uint32		place;			/* of the first in the list */
	bool		sure;
} ListPart;

/* A piece of a list: the bounds that its 1-bit sketches give, in its order */
typedef struct BoundedList
{
	float	   *bounds;			/* infinity outside of parts */
	float	   *least;			/* LEAST of each block, also of bounds outside
								 * of parts */
	uint32		n;				/* whole blocks */
	ListPart	parts[3 * LOKI_LOOKUP_PLACES + 1];
	int			nparts;
} BoundedList;

/* ----------------------------------------------------------------
 * Every node of a list
 * ----------------------------------------------------------------
 */

/* Whether a listed node is as it was when the list was made */
static inline bool
is_as_listed(const LokiLookup *lookup, uint32 node)
{
	return node < lookup->list.end && !loki_bits_have(&lookup->reused, node);
}

/*
 * Test and gather the nodes at places of a sorted list, and on the second one, if that is read; those in
 * REUSED come separately.
 */
static void
flat_places(LokiFlatScan *flat, uint32 place, uint32 end)
{
	LokiLookup *lookup = &flat->so->filter.list;
	uint32		listed[LOKI_LOOKUP_READ];

	while (place < end)
	{
		uint32		read = Min(end - place, LOKI_LOOKUP_READ);
		int			n = 0;

		if (!loki_sorted_list_read(&lookup->list, NULL, place, read, listed))
			break;
		place += read;
		for (uint32 i = 0; i < read; i++)
			if (is_as_listed(lookup, listed[i]) &&
				(flat->joint == NULL || (flat->joint[listed[i] / 64] >> (listed[i] % 64) & 1) != 0) &&
				(!lookup->repeats || loki_visit(&flat->so->search, listed[i])))
				listed[n++] = listed[i];
		loki_flat_batch(flat, listed, n);
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * The nodes that follow match the key that was looked up.  Their attribute is not read: they
 * were not reused, so they have the attribute that they had.  Sort keys do not separate lossy
 * values from exact ones, so rows need a recheck if there may be both.  That ends when the caller sets `known` to
 * NULL.
 */
static void
begin_sure(LokiScan *so)
{
	LokiFilterKey *key = so->filter.list.key;

	Assert(so->filter.nodes.known == NULL);
	key->recheck |= loki_attr_type_lossy((LokiAttrType) key->type) &&
		key->kind != LOKI_FILTER_ISNULL;
	so->filter.nodes.known = key;
}

/* ----------------------------------------------------------------
 * The nodes that 1-bit sketches leave
 * ----------------------------------------------------------------
 */

/*
 * A bound that about `wanted` of the nodes are below; infinity if all are to be.  It is that of
 * one of the nearest nodes in a sample, which is so large that these are below it.
 */
static float
bound_of(const BoundedList *list, double wanted)
{
	float		nearest[8];
	double		step = wanted / lengthof(nearest);

	if (wanted * MORE_SCORED >= list->n)
		return get_float4_infinity();
	for (int i = 0; i < (int) lengthof(nearest); i++)
		nearest[i] = get_float4_infinity();
	for (double at = 0; at < list->n; at += step)
	{
		float		bound = list->bounds[(uint32) at];
		int			i = lengthof(nearest) - 1;

		if (bound >= nearest[i])
			continue;
		for (; i > 0 && bound < nearest[i - 1]; i--)
			nearest[i] = nearest[i - 1];
		nearest[i] = bound;
	}
	return nearest[lengthof(nearest) - 1];
}

/*
 * The places in the list of a block's nodes that are of a part, and whose bounds are in [from, to).  Up
 * to infinity, these are all that are left, also those whose bound is no number.  Returns how many.
 */
static inline int
places_between(const BoundedList *list, const ListPart *part, uint32 block, float from, float to,
			   uint32 *places)
{
	const float *least = list->least + block * LEAST;
	const float *bounds = list->bounds + block * BLOCK;
	bool		all = to == get_float4_infinity();
	uint32		near;
	int			n = 0;

	StaticAssertStmt(LEAST == 8, "each of the least bounds has a term");
	/* most blocks have nothing near */
	if (!all && Min(Min(Min(least[0], least[1]), Min(least[2], least[3])),
					Min(Min(least[4], least[5]), Min(least[6], least[7]))) >= to)
		return 0;
	/* few are near, and at random: so there is no branch for each */
	near = (least[0] < to) | (least[1] < to) << 1 | (least[2] < to) << 2 | (least[3] < to) << 3 |
		(least[4] < to) << 4 | (least[5] < to) << 5 | (least[6] < to) << 6 | (least[7] < to) << 7;
	if (all)
		near = (1 << LEAST) - 1;
	for (; near != 0; near &= near - 1)
		for (int i = pg_rightmost_one_pos32(near); i < BLOCK; i += LEAST)
		{
			uint32		place = block * BLOCK + i;

			if ((all || bounds[i] < to) && !(bounds[i] < from) &&
				place >= part->first && place < part->end)
				places[n++] = part->place + (place - part->first);
		}
	return n;
}

/*
 * Test and score the nodes at places of the list; those in REUSED come separately.  False if the list
 * is no longer there.
 */
static bool
score_places(LokiFlatScan *flat, const uint32 *places, int n)
{
	LokiLookup *lookup = &flat->so->filter.list;
	uint32		nodes[LOKI_SCORE_BATCH];
	int			kept = 0;

	Assert(n <= LOKI_SCORE_BATCH);
	if (n > 0 && !loki_sorted_list_read(&lookup->list, places, 0, n, nodes))
		return false;
	for (int i = 0; i < n; i++)
		if (is_as_listed(lookup, nodes[i]))
			nodes[kept++] = nodes[i];
	loki_flat_batch(flat, nodes, kept);
	return true;
}

/* Test and score the nodes whose bounds are in [from, to).  False if the list is no longer there. */
static bool
score_between(LokiFlatScan *flat, const BoundedList *list, float from, float to)
{
	uint32		places[LOKI_SCORE_BATCH];
	bool		found = true;

	for (int i = 0; i < list->nparts && found; i++)
	{
		const ListPart *part = &list->parts[i];
		int			n = 0;

		if (part->sure)
			begin_sure(flat->so);
		for (uint32 block = part->first / BLOCK; block * BLOCK < part->end && found; block++)
		{
			n += places_between(list, part, block, from, to, places + n);
			if (n > LOKI_SCORE_BATCH - BLOCK)
			{
				found = score_places(flat, places, n);
				n = 0;
				CHECK_FOR_INTERRUPTS();
			}
		}
		found = found && score_places(flat, places, n);
		flat->so->filter.nodes.known = NULL;
	}
	/* those that wait, too */
	loki_flat_score(flat);
	loki_flat_score(flat);
	return found;
}

/*
 * The distance up to which no node of the list shall be left behind, now that the selection is full.
 * That is several times as large as the rows that are wanted, since its codes show no more.  The
 * sketches need not find all of it, but three eighths, which have these rows, with some to spare.
 */
static float
wanted_distance(LokiFlatScan *flat)
{
	const LokiScan *so = flat->so;
	const LokiSelection *selection = &flat->selection;
	LokiSelection nearest = {0};

	Assert(selection->n == selection->capacity);
	if (so->plan.limit == 0 || so->course.returned > 0 || so->flat.selections > 0)
		return selection->heap[0].distance;
	nearest.capacity = nearest.allocated = (uint32) (0.375 * selection->capacity) + 1;
	nearest.heap = MemoryContextAllocHuge(CurrentMemoryContext,
										  mul_size(nearest.capacity, sizeof(LokiCandidate)));
	for (uint32 i = 0; i < selection->n; i++)
		loki_flat_keep(&nearest, selection->heap[i].distance, selection->heap[i].node);
	flat->horizon = nearest.heap[0].distance;
	flat->nearest = nearest.n;
	pfree(nearest.heap);
	return flat->horizon;
}

/*
 * Score nodes of a piece of the list from the least bound on, until none of the others is likely
 * to be among what is wanted of the selection.  False if the list is no longer there.
 */
static bool
score_least(LokiFlatScan *flat, const BoundedList *list)
{
	LokiSelection *selection = &flat->selection;
	double		wanted = 1.5 * selection->capacity;
	float		from = -get_float4_infinity();
	float		to = from;

	while (selection->n < selection->capacity && to < get_float4_infinity())
	{
		to = Max(bound_of(list, wanted), from);
		if (!score_between(flat, list, from, to))
			return false;
		from = to;
		wanted *= MORE_SCORED;
	}
	if (to == get_float4_infinity())
		return true;
	selection->overflowed = true;
	to = wanted_distance(flat);
	return to <= from || score_between(flat, list, from, to);
}

/*
 * Add the bounds from a place on to a piece of the list, up to another or until it is full.
 * Returns the place after the last; the first one if the 1-bit sketches are no longer there.
 */
static uint32
add_part(LokiFlatScan *flat, BoundedList *list, uint32 place, uint32 end, bool sure)
{
	LokiLookup *lookup = &flat->so->filter.list;
	uint32		block = place / BLOCK;
	uint32		blocks = Min(loki_sketch_blocks(end) - block, (PIECE - list->n) / BLOCK);
	uint32		begin = list->n;
	ListPart   *part = &list->parts[list->nparts++];

	Assert(place < end && begin % BLOCK == 0 && begin < PIECE);
	Assert(list->nparts <= (int) lengthof(list->parts));
	end = Min(end, (block + blocks) * BLOCK);
	list->n += blocks * BLOCK;
	part->first = begin + (place - block * BLOCK);
	part->end = part->first + (end - place);
	part->place = place;
	part->sure = sure;
	if (!loki_sketch_bounds(&lookup->list, flat->so->query.sketch, block, blocks, list->bounds + begin,
							list->least + begin / BLOCK * LEAST))
		return place;
	for (uint32 i = begin; i < part->first; i++)
		list->bounds[i] = get_float4_infinity();
	for (uint32 i = part->end; i < list->n; i++)
		list->bounds[i] = get_float4_infinity();
	return end;
}

/*
 * Read a part of the list, and score what is nearest of each piece as soon as it is full.  False
 * if the list or its 1-bit sketches are no longer there.
 */
static bool
score_part(LokiFlatScan *flat, BoundedList *list, uint32 place, uint32 end, bool sure)
{
	while (place < end)
	{
		uint32		next = add_part(flat, list, place, end, sure);

		if (next == place)
			return false;
		place = next;
		if (list->n == PIECE)
		{
			if (!score_least(flat, list))
				return false;
			list->n = list->nparts = 0;
		}
	}
	return true;
}

/* Score the nodes that 1-bit sketches leave; false as in score_part(). */
static bool
flat_by_sketches(LokiFlatScan *flat)
{
	LokiScan   *so = flat->so;
	const LokiLookup *lookup = &so->filter.list;
	const LokiQuantizer *sketch = so->state->sketch;
	BoundedList list = {.n = 0};
	uint64		size = 0;
	bool		found = true;

	/*
	 * the bounds would mean nothing if the query were prepared for other
	 * codes
	 */
	Assert(lookup->list.state == so->state);
	if (so->query.sketch == NULL)
		so->query.sketch = loki_alloc_queries(so->context, sketch, 1);
	if (!so->query.sketch_ready)
	{
		sketch->prepare(sketch, so->query.values, so->query.sketch);
		sketch->prepare_bounds(sketch, so->query.sketch);
	}
	so->query.sketch_ready = true;
	/* the parts of each run of places begin and end within blocks */
	for (int i = 0; i < lookup->nplaces; i++)
		size += ((uint64) lookup->places[i].end - lookup->places[i].first) + 4 * BLOCK;
	size = Min(size / BLOCK * BLOCK, PIECE);
	list.bounds = palloc_array(float, size + size / BLOCK * LEAST);
	list.least = list.bounds + size;
	for (int i = 0; i < lookup->nplaces && found; i++)
	{
		const LokiPlaces *places = &lookup->places[i];

		found = score_part(flat, &list, places->first, places->sure_first, false) &&
			score_part(flat, &list, places->sure_first, places->sure_end, true) &&
			score_part(flat, &list, places->sure_end, places->end, false);
	}
	found = found && score_least(flat, &list);
	pfree(list.bounds);
	return found;
}

/* Score the listed nodes, of which a second list may leave few.  False if that is no longer there. */
static bool
flat_places_all(LokiFlatScan *flat, bool joint)
{
	LokiScan   *so = flat->so;
	LokiLookup *lookup = &so->filter.list;
	bool		found = true;

	if (joint)
	{
		flat->joint = MemoryContextAllocExtended(so->context,
												 mul_size(lookup->list.end / 64 + 1, sizeof(uint64)),
												 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		found = loki_lookup_mark(&so->filter.second, flat->joint);
	}
	for (int i = 0; found && i < lookup->nplaces; i++)
	{
		const LokiPlaces *places = &lookup->places[i];

		Assert(places->first <= places->sure_first && places->sure_first <= places->sure_end &&
			   places->sure_end <= places->end);
		flat_places(flat, places->first, places->sure_first);
		if (places->sure_first < places->sure_end)
			begin_sure(so);
		flat_places(flat, places->sure_first, places->sure_end);
		so->filter.nodes.known = NULL;
		flat_places(flat, places->sure_end, places->end);
	}
	if (joint)
		pfree(flat->joint);
	flat->joint = NULL;
	return found;
}

/* See flat.h. */
bool
loki_flat_list(LokiScan *so, LokiFlatScan *flat)
{
	LokiLookup *lookup = &so->filter.list;
	const LokiTidSet *tids = so->filter.nodes.tids;
	bool		joint = loki_strategy_joint(&so->search);
	uint32		reused[LOKI_LOOKUP_READ];
	uint32		next = 0;
	bool		found;

	Assert(lookup->reused.end == lookup->list.end);	/* I16 */
	/* rows of a set are tested when TID is read */
	loki_flat_start(so, flat);
	flat->check = so->filter.within != NULL ? LOKI_CHECK_GATHERED : LOKI_CHECK_SELECTED;
	if (lookup->repeats)
	{
		loki_visited_reset(&so->search);
		loki_visited_reserve(&so->search, lookup->count);
	}
	so->filter.nodes.tids = NULL;
	found = so->filter.choice.sketches && !joint ? flat_by_sketches(flat) : flat_places_all(flat, joint);
	for (int n = LOKI_LOOKUP_READ; found && n == LOKI_LOOKUP_READ;)
	{
		CHECK_FOR_INTERRUPTS();
		for (n = 0; n < LOKI_LOOKUP_READ && loki_bits_next(&lookup->reused, &next, &reused[n]);)
			n++;
		loki_flat_batch(flat, reused, n);
	}
	so->filter.nodes.tids = tids;
	if (!found)
		return false;
	loki_flat_nodes(flat, lookup->list.end, so->flat.seen_nodes);
	loki_flat_finish(flat);
	return loki_sorted_list_valid(&lookup->list);
}
