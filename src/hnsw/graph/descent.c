/*-------------------------------------------------------------------------
 *
 * descent.c
 *	  The way down the layers above 0.
 *
 * A descent is what _bt_search() is for nbtree: it begins at the entry point, which the metapage
 * names as nbtree's names its root, and goes down layer by layer to where layer 0 is searched.  But a
 * layer is a graph, in which several nodes are followed, and nothing is locked from one to the next.
 * What vacuum has freed meanwhile is noticed by the UPPER slot, which names its node and layer.
 *
 * On each layer the narrow search of scans, inserts and vacuum comes first, and
 * wider ones go on from there.  src/hnsw/graph/README, "Nothing is lost".
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/descent.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/search.h"
#include "hnsw/page/page.h"

/* Insert into an array sorted by distance; the place, -1 if not among ef. */
static int
found_insert(LokiUpperFound *found, int *n, int ef, const LokiUpperFound *new)
{
	int			place = *n;

	if (*n == ef && new->distance >= found[ef - 1].distance)
		return -1;
	while (place > 0 && found[place - 1].distance > new->distance)
		place--;
	if (*n < ef)
		(*n)++;
	memmove(&found[place + 1], &found[place], sizeof(LokiUpperFound) * (*n - 1 - place));
	found[place] = *new;
	Assert(place == 0 || found[place - 1].distance <= new->distance);
	return place;
}

/*
 * Add a node to those found on a layer, if it was not visited there.  The search
 * begins somewhere even where its first node is the one to go around.
 */
static void
found_start(LokiSearch *search, LokiDescent *descent, const LokiUpperFound *start, int ef)
{
	if (loki_visit(search, start->node) || descent->nfound == 0)
		found_insert(descent->found, &descent->nfound, ef, start);
}

/* A walk of a layer above 0 */
typedef struct UpperWalk
{
	LokiWalk	walk;
	LokiDescent *descent;
	bool		at_once;		/* the narrow search: it would end elsewhere if it
								 * went on before it knows a node's neighbors */
	int			next;			/* none found before this is unexpanded */
	uint32		slots[2][LOKI_MAX_M];	/* UPPER slots of the nodes of both batches */
} UpperWalk;

/* LokiWalkSteps.next: the nearest that is not expanded among the walk's width */
static bool
upper_next(LokiWalk *walk, LokiBatch *waiting)
{
	UpperWalk  *upper = (UpperWalk *) walk;
	int			end = Min(upper->descent->nfound, (int) walk->width);

	while (upper->next < end && (upper->descent->found[upper->next].node & LOKI_EXPANDED))
		upper->next++;
	return upper->next < end;
}

/*
 * LokiWalkSteps.score: score a batch, and add its nodes to those found.  Lists of the near ones, which are likely
 * to be read soon, are fetched.
 */
static void
upper_score(LokiWalk *walk, LokiBatch *batch)
{
	UpperWalk  *upper = (UpperWalk *) walk;
	LokiDescent *descent = upper->descent;
	LokiSearch *search = walk->search;
	const uint32 *slots = upper->slots[batch - search->scratch.batches];

	loki_search_score_batch(search, batch, search->scratch.estimates);
	for (int i = 0; i < batch->n; i++)
	{
		LokiUpperFound new = {search->scratch.estimates[i], batch->nodes[i], slots[i]};
		int			place = found_insert(descent->found, &descent->nfound, (int) walk->ef, &new);

		if (place < 0)
			continue;
		if (place < (int) walk->width)
			loki_slot_prefetch(search->state, search->index, LOKI_SLOTS_UPPER, new.slot);
		upper->next = Min(upper->next, place);
	}
	batch->n = 0;
}

/*
 * LokiWalkSteps.expand: expand a node, unless its UPPER slot does not (any more) stand for it on this layer, and begin
 * to fetch the codes of its neighbors, and its own list one layer below.
 */
static void
upper_expand(LokiWalk *walk, LokiBatch *batch)
{
	UpperWalk  *upper = (UpperWalk *) walk;
	LokiDescent *descent = upper->descent;
	LokiSearch *search = walk->search;
	LokiUpperFound *nearest = &descent->found[upper->next];
	LokiUpperData *data = (LokiUpperData *) search->scratch.link;
	uint32	   *slots = upper->slots[batch - search->scratch.batches];
	bool		own = loki_search_read_list(search, LOKI_SLOTS_UPPER, nearest->slot, data) &&
		data->node == nearest->node && data->level == descent->level;

	nearest->node |= LOKI_EXPANDED;
	nearest->down = own ? data->down : LOKI_NONE;
	if (!own)
		return;
	if (unlikely(data->count > search->state->m))
		loki_damaged(search->index,
					 psprintf("Slot %u of the %s array has %u neighbors, of at most %u.",
							  nearest->slot, loki_slot_array_name(LOKI_SLOTS_UPPER), data->count,
							  search->state->m),
					 "has a damaged list of links");
	loki_slot_prefetch(search->state, search->index, descent->level == 1 ? LOKI_SLOTS_LINK : LOKI_SLOTS_UPPER,
					   descent->level == 1 ? nearest->node & ~LOKI_EXPANDED : data->down);
	for (int i = 0; i < data->count; i++)
	{
		slots[batch->n] = data->neighbors[i].slot;
		batch->nodes[batch->n] = data->neighbors[i].node;
		batch->n += loki_visit(search, data->neighbors[i].node);
	}
	loki_search_fetch(search, batch);
	if (upper->at_once)
		upper_score(walk, batch);
}

/*
 * Expand the nearest of those found on a layer, until the nearest `width` of at
 * most ef are expanded.  Those have the node's high bit set, and have `down`.
 */
static void
walk_upper(LokiSearch *search, LokiDescent *descent, int width, int ef, bool at_once)
{
	static const LokiWalkSteps steps = {upper_next, upper_expand, upper_score};
	UpperWalk	upper;

	upper.walk = (LokiWalk) {search, width, ef};
	upper.descent = descent;
	upper.at_once = at_once;
	upper.next = 0;
	loki_walk(&upper.walk, &steps);
}

/*
 * Begin at the entry point; found[] has room for as many as any of the layers
 * will be searched for.  False if the graph is empty.
 */
bool
loki_descent_begin(LokiSearch *search, const LokiMetaPageData *meta, LokiDescent *descent,
				   LokiUpperFound *found)
{
	if (meta->entry.node == LOKI_NONE)
		return false;
	Assert(meta->entry.level <= LOKI_MAX_LEVEL);
	descent->level = meta->entry.level;
	descent->found = found;
	descent->nfound = descent->nnarrow = 1;
	found[0].node = meta->entry.node;
	found[0].slot = meta->entry.slot;
	loki_search_score(search, &found[0].node, 1, &found[0].distance);
	descent->narrow[0] = found[0];
	return true;
}

/*
 * Search the layer that the descent has come to, from what was found on the layer above, until the nearest `width`
 * are expanded, and keep the nearest ef of all that were scored.  The narrow search comes first, and is the same
 * whatever they are, if not below its width.  With a width of 1 it is greedy.
 */
static void
search_layer(LokiSearch *search, LokiDescent *descent, int width, int ef)
{
	LokiUpperFound starts[LOKI_NARROW_SEARCH];
	int			nstarts = Min(descent->nfound, LOKI_NARROW_SEARCH);
	int			narrow = Min(width, LOKI_ENTRY_WIDTH);

	Assert(descent->level > 0 && descent->level <= LOKI_MAX_LEVEL && width > 0 && ef >= width);
	memcpy(starts, descent->found, sizeof(LokiUpperFound) * nstarts);
	loki_visited_reset(search);
	descent->nfound = 0;
	for (int i = 0; i < descent->nnarrow; i++)
		found_start(search, descent, &descent->narrow[i], ef);
	walk_upper(search, descent, narrow, ef, true);
	descent->nnarrow = Min(descent->nfound, narrow);
	memcpy(descent->narrow, descent->found, sizeof(LokiUpperFound) * descent->nnarrow);
	for (int i = 0; i < descent->nnarrow; i++)
		descent->narrow[i].node &= ~LOKI_EXPANDED;
	if (width > LOKI_ENTRY_WIDTH)
	{
		for (int i = 0; i < nstarts; i++)
			found_start(search, descent, &starts[i], ef);
		walk_upper(search, descent, width, ef, false);
	}
	for (int i = 0; i < descent->nfound; i++)
		descent->found[i].node &= ~LOKI_EXPANDED;
}

/* See search.h. */
void
loki_descent_search(LokiSearch *search, LokiDescent *descent, int ef)
{
	search_layer(search, descent, ef, ef);
}

/*
 * Take nodes down to a layer: their slots become those that they have there.  Above layer 0 those that
 * were not expanded, or whose slot was stale, have none and are dropped.  Returns how many are left.
 */
static int
lower_found(LokiUpperFound *found, int n, int level)
{
	int			kept = 0;

	for (int i = 0; i < n; i++)
		if (level == 0 || found[i].down != LOKI_NONE)
		{
			found[kept] = found[i];
			found[kept++].slot = found[i].down;
		}
	return kept;
}

/*
 * Go down one layer from what was found, and to layer 0 where the way of the
 * narrow search is stale, because vacuum freed it just now: its links there stay
 * until the node is used again.
 */
void
loki_descent_lower(LokiDescent *descent)
{
	Assert(descent->level > 0 && descent->nnarrow > 0);
	descent->level = descent->narrow[0].down == LOKI_NONE ? 0 : descent->level - 1;
	descent->nnarrow = lower_found(descent->narrow, descent->nnarrow, descent->level);
	descent->nfound = lower_found(descent->found, descent->nfound, descent->level);
}

/* Search the layers above one with a pool of ef, and go down to it, or below where the way is stale. */
void
loki_descent_to(LokiSearch *search, LokiDescent *descent, int level, int ef)
{
	while (descent->level > level)
	{
		loki_descent_search(search, descent, ef);
		loki_descent_lower(descent);
	}
}

/*
 * Where the narrow search of layer 0 starts: the nearest nodes of layer 1, found with a
 * pool of `width`, LOKI_ENTRY_WIDTH at most, on each upper layer.  One greedy path through noisy
 * estimates would now and then end in a wrong part of the graph, from which a
 * narrow walk does not come back (R2).  Returns their number, 0 if the graph is empty.
 */
int
loki_search_entries(LokiSearch *search, const LokiMetaPageData *meta, int width,
					LokiUpperFound *entries)
{
	LokiDescent descent;

	Assert(width > 0 && width <= LOKI_ENTRY_WIDTH);
	if (!loki_descent_begin(search, meta, &descent, entries))
		return 0;
	loki_descent_to(search, &descent, 0, width);
	memcpy(entries, descent.narrow, sizeof(LokiUpperFound) * descent.nnarrow);
	return descent.nnarrow;
}

/*
 * Where a walk of scans starts.  A wide one starts where the narrow search does, whose nodes come first (*nnarrow),
 * and then at those that a pool of LOKI_NARROW_SEARCH finds on each layer.  Any other starts at the nearest
 * LOKI_NARROW_SEARCH of all that the narrow search has scored on layer 1: they cost nothing more, and where a query
 * lies between clusters they are in more than one.  entries[] has room for LOKI_SCAN_ENTRIES.  Returns the number
 * of all, 0 if the graph is empty.
 */
int
loki_scan_entries(LokiSearch *search, const LokiMetaPageData *meta, bool wide, LokiUpperFound *entries, int *nnarrow)
{
	LokiUpperFound found[LOKI_NARROW_SEARCH];
	LokiDescent descent;
	int			width = wide ? LOKI_NARROW_SEARCH : LOKI_ENTRY_WIDTH;

	*nnarrow = 0;
	if (!loki_descent_begin(search, meta, &descent, found))
		return 0;
	loki_descent_to(search, &descent, 1, width);
	if (descent.level == 1)
	{
		search_layer(search, &descent, width, LOKI_NARROW_SEARCH);
		loki_descent_lower(&descent);
	}
	if (wide)
	{
		*nnarrow = descent.nnarrow;
		memcpy(entries, descent.narrow, sizeof(LokiUpperFound) * descent.nnarrow);
	}
	memcpy(entries + *nnarrow, found, sizeof(LokiUpperFound) * descent.nfound);
	return *nnarrow + descent.nfound;
}
