/*-------------------------------------------------------------------------
 *
 * repair.c
 *	  Taking dead nodes out of the graph.
 *
 * One pass over UPPER and one over LINK change only the neighbor lists that name dead
 * nodes.  Neighbors of a dead one take its place in a list, chosen by the distances of codes; live
 * neighbors stay.  No search from the entry point is needed for that, so the work grows with the
 * number of such lists.  README, "Repair", says which nodes are searched for and linked again
 * afterwards.
 *
 * Inserts run meanwhile.  They link to no dead node.  A new list is written only if the old
 * one has not changed since.
 *
 *	a -> b (dead) -> c		the list of a names b; c, a neighbor of b, becomes a candidate for it
 *
 * A page is copied, the new lists of all its slots are chosen without any lock, and they are
 * written in one record.  The bitmaps `live` and `dead` are of the moment after the wait for
 * inserts.  A node in neither was free or reserved then: an insert may have used it since.
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/repair.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/vacuum/vacuum.h"

/*
 * The most candidates that are gathered for a list.  With its live links, if
 * they are fewer than enough, the neighbors of dead neighbors of dead neighbors are
 * added.
 */
#define MAX_GATHERED	512
#define ENOUGH_GATHERED	64

/* The width of the search for a node that was cut off, and links made to the node */
#define SEARCH_WIDTH	64
#define LINKS_AGAIN		4

/* Passes over LINK that mark reachable nodes, if they find any, however few, and others are left */
#define MIN_PASSES		6

/* A neighbor list that is to change */
typedef struct ListChange
{
	int			place;			/* of its slot on the page at hand */
	uint32		node;			/* whose list it is, ... */
	int			level;			/* ... on this layer */
	LokiList	old;			/* as it was copied; it is written only over this */
	LokiList	new;
} ListChange;

/* ----------------------------------------------------------------
 * Entry point
 * ----------------------------------------------------------------
 */

/* Choose an entry point in place of a dead one: the highest live node, or any; LOKI_NONE if no node is live. */
static void
choose_entry(LokiVacuum *vacuum, LokiListRef *entry)
{
	LokiAllSlots all = {vacuum->state, vacuum->index, LOKI_SLOTS_UPPER, vacuum->strategy, loki_vacuum_step};
	const LokiUpperData *upper;
	uint32		node = loki_bitmap_next(&vacuum->live, 0);

	entry->node = node < vacuum->live.size ? node : LOKI_NONE;
	entry->slot = LOKI_NONE;
	entry->level = 0;
	while ((upper = loki_all_slots_next(&all)) != NULL)
		if (upper->level > entry->level && upper->level <= LOKI_MAX_LEVEL &&
			loki_bitmap_test(&vacuum->live, upper->node))
			*entry = (LokiListRef) {upper->node, all.number, upper->level};
}

/* Replace the entry point if it is dead, unless an insert just did.  No page may be locked. */
void
loki_repair_entry(LokiVacuum *vacuum)
{
	LokiMetaPageData meta;
	LokiListRef entry;
	LokiChange	change;
	LokiMetaPage new;

	loki_meta_read(vacuum->index, &meta);
	if (meta.entry.node != LOKI_NONE &&
		!loki_bitmap_test(&vacuum->dead, meta.entry.node))
		return;

	choose_entry(vacuum, &entry);
	loki_change_begin(&change, vacuum->state, vacuum->index);
	new = loki_change_meta(&change);
	if (new->entry.node == meta.entry.node)
	{
		new->entry.node = entry.node;
		new->entry.slot = entry.slot;
		new->entry.level = entry.level;
		new->upper_version++;
	}
	loki_change_finish(&change);
}

/* ----------------------------------------------------------------
 * Lists
 * ----------------------------------------------------------------
 */

/*
 * Whether a node is live, so that it may be linked to.  One that was not in the graph when repair began is
 * looked up, since an insert may have added it.
 */
static bool
is_live(LokiVacuum *vacuum, uint32 node)
{
	Assert(!loki_bitmap_test(&vacuum->live, node) || !loki_bitmap_test(&vacuum->dead, node));
	if (loki_bitmap_test(&vacuum->live, node))
		return true;
	if (loki_bitmap_test(&vacuum->dead, node))
		return false;
	return loki_node_is_live(vacuum->state, vacuum->index, node);
}

/* Whether a list names a node that is not live */
static bool
needs_repair(LokiVacuum *vacuum, const LokiList *list)
{
	for (int i = 0; i < list->count; i++)
		if (!is_live(vacuum, list->nodes[i]))
			return true;
	return false;
}

/*
 * Add the live neighbors of a list's dead neighbors, which were not met before, as candidates.  The dead ones among
 * them are put into *further, as many as fit.
 */
static void
gather_behind(LokiVacuum *vacuum, const LokiList *list, int level, LokiList *further)
{
	LokiLinker *linker = &vacuum->linker;
	LokiList	theirs;

	further->count = 0;
	for (int i = 0; i < list->count; i++)
	{
		LokiListRef ref = {list->nodes[i], list->slots[i], level};

		if (!loki_bitmap_test(&vacuum->dead, ref.node) ||
			!loki_list_read(linker, &ref, &theirs))
			continue;
		for (int j = 0; j < theirs.count && linker->n < MAX_GATHERED; j++)
			if (is_live(vacuum, theirs.nodes[j]) && loki_visit(&vacuum->search, theirs.nodes[j]))
				loki_linker_add(linker, theirs.nodes[j], theirs.slots[j], 0);
		for (int j = 0; j < theirs.count && further->count < lengthof(further->nodes); j++)
		{
			if (!loki_bitmap_test(&vacuum->dead, theirs.nodes[j]) ||
				!loki_visit(&vacuum->search, theirs.nodes[j]))
				continue;
			further->nodes[further->count] = theirs.nodes[j];
			further->slots[further->count] = theirs.slots[j];
			further->count++;
		}
	}
}

/*
 * Choose a list without dead neighbors for a live node.  Its live neighbors stay: choosing among them
 * again would take links from nodes, which then would have to be searched for.  As many others as are dead are
 * chosen behind these, whatever the live ones lead to: they keep the ways that led through the dead ones.  One
 * more is, if there is room, as inserts take links from lists.
 */
static void
choose_list(LokiVacuum *vacuum, ListChange *change)
{
	LokiLinker *linker = &vacuum->linker;
	const LokiList *old = &change->old;
	LokiList   *new = &change->new;
	LokiList	further;
	LokiList	none;
	LokiList	chosen;
	int			nlive = 0;
	int			next = 0;
	int			max;

	Assert(loki_bitmap_test(&vacuum->live, change->node));
	linker->n = 0;
	loki_visited_reset(&vacuum->search);
	loki_visit(&vacuum->search, change->node);
	for (int i = 0; i < old->count; i++)
		nlive += is_live(vacuum, old->nodes[i]) && loki_visit(&vacuum->search, old->nodes[i]);
	gather_behind(vacuum, old, change->level, &further);
	if (nlive + linker->n < ENOUGH_GATHERED)
		gather_behind(vacuum, &further, change->level, &none);
	Assert(linker->n <= MAX_GATHERED);
	if (change->level == 0 && 2 * nlive < old->count)
		loki_bitmap_set(&vacuum->thin, change->node);
	loki_linker_score(linker, change->node);
	max = Min(old->count + 1, loki_list_max(change->level, vacuum->state->m));
	loki_linker_choose(linker, change->level, max - nlive, false, LOKI_NONE, &chosen);

	/*
	 * Links that may stay keep their places in the list; chosen ones that it has not take those of its dead
	 * links, and one follows.  So a record has hardly more bytes than links that are new.
	 */
	new->count = 0;
	for (int i = 0; i <= old->count; i++)
	{
		if (i < old->count && is_live(vacuum, old->nodes[i]))
		{
			loki_list_push(new, old->nodes[i], old->slots[i]);
			continue;
		}
		while (next < chosen.count && loki_list_contains(old, chosen.nodes[next]))
			next++;
		if (next < chosen.count)
		{
			loki_list_push(new, chosen.nodes[next], chosen.slots[next]);
			next++;
		}
	}
}

/*
 * Whether the first of a node's own neighbors on a layer that is linked to it and stays is no
 * farther from it than this, and another one is linked to it and stays, as far as it may be.  Neighbors are
 * about in order of distance, so that the first is hardly ever farther than another; if it is, the
 * search for the node is wasted.  One link alone would be the only way to many nodes where lists are short.
 */
static bool
is_linked_nearer(LokiVacuum *vacuum, const LokiListRef *ref, float distance)
{
	LokiList	own;
	bool		nearer = false;

	if (!loki_list_peek(&vacuum->linker, ref, &own))
		return false;
	for (int i = 0; i < own.count; i++)
	{
		LokiListRef other = {own.nodes[i], own.slots[i], ref->level};
		LokiList	itself = {.count = 1, .nodes = {ref->node}};
		float		between;

		if (!loki_bitmap_test(&vacuum->live, other.node) ||
			!loki_list_leads_to(&vacuum->linker, &other, ref->node))
			continue;
		if (nearer)
			return true;
		loki_list_measure(&vacuum->linker, other.node, &itself, &between);
		if (!(between <= distance))
			return false;
		nearer = true;
	}
	return false;
}

/* Remember which nodes the list of a dead one leads to, those that it may have been the nearest of all linked to. */
static void
note_lost_with(LokiVacuum *vacuum, const ListChange *change)
{
	float		distances[2 * LOKI_MAX_M];
	const LokiList *list = &change->old;

	loki_list_measure(&vacuum->linker, change->node, list, distances);
	for (int i = 0; i < list->count; i++)
	{
		LokiListRef ref = {list->nodes[i], list->slots[i], change->level};

		if (!loki_bitmap_test(&vacuum->live, ref.node) || is_linked_nearer(vacuum, &ref, distances[i]))
			continue;
		if (ref.level == 0)
			loki_bitmap_set(&vacuum->lost[0], ref.node);
		else if (ref.slot < vacuum->lost[1].size)
			loki_bitmap_set(&vacuum->lost[1], ref.slot);
	}
}

/*
 * Write the new lists of a page in one record.  Lists that have changed meanwhile are left
 * out; then returns false.  No page may be locked before, and none is afterwards.
 */
static bool
write_changes(LokiVacuum *vacuum, int array, uint32 ordinal,
			  const ListChange *changes, int n)
{
	LokiSlotArray *slots = &vacuum->state->arrays[array];
	LokiChange	change;
	Page		page;
	int			written = 0;

	Assert(n > 0 && loki_no_buffer_locked());
	loki_vacuum_change(vacuum, &change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, array, ordinal));
	for (int i = 0; i < n; i++)
	{
		const ListChange *list = &changes[i];
		char	   *slot = LokiPageSlot(page, slots->slot_size, list->place);
		LokiList	current;

		Assert(i == 0 || list[-1].place < list->place);
		loki_list_get(vacuum->index, slot, list->level, vacuum->state->m, &current);
		if (!loki_list_equal(&current, &list->old, list->level))
			continue;
		loki_list_put(slot, list->level, vacuum->state->m, &list->new);
		written++;
	}
	/* what was written stays; the page is read again, and has fewer lists to repair then */
	loki_change_finish(&change);
	return written == n;
}

/*
 * Repair the lists of one page.  False if an insert changed one of them meanwhile, and the
 * page has to be done again.
 */
static bool
repair_page(LokiVacuum *vacuum, int array, uint32 ordinal, ListChange *changes)
{
	uint32		per_page = vacuum->state->arrays[array].per_page;
	int			used = loki_vacuum_read_page(vacuum, array, ordinal);
	int			nchanges = 0;

	for (int i = 0; i < used; i++)
	{
		ListChange *change = &changes[nchanges];
		const LokiUpperData *upper = loki_vacuum_slot(vacuum, array, i);

		change->place = i;
		change->node = array == LOKI_SLOTS_LINK ? ordinal * per_page + i : upper->node;
		change->level = array == LOKI_SLOTS_LINK ? 0 : upper->level;
		/* not part of the graph, be it alive or dead */
		if ((array != LOKI_SLOTS_LINK && upper->level == 0) ||
			(!loki_bitmap_test(&vacuum->live, change->node) && !loki_bitmap_test(&vacuum->dead, change->node)))
			continue;
		loki_list_get(vacuum->index, upper, change->level, vacuum->state->m, &change->old);
		if (loki_bitmap_test(&vacuum->dead, change->node))
			note_lost_with(vacuum, change);
		else if (needs_repair(vacuum, &change->old))
		{
			CHECK_FOR_INTERRUPTS();
			choose_list(vacuum, change);
			nchanges++;
		}
	}
	return nchanges == 0 || write_changes(vacuum, array, ordinal, changes, nchanges);
}

/* Repair the lists of a slot array, page by page; a page is done again until no insert interfered. */
static void
repair_array(LokiVacuum *vacuum, int array)
{
	LokiSlotArray *slots = &vacuum->state->arrays[array];
	ListChange *changes = palloc(mul_size(slots->per_page, sizeof(ListChange)));

	for (uint32 ordinal = 0; ordinal < slots->npages; ordinal++)
		while (!repair_page(vacuum, array, ordinal, changes))
			CHECK_FOR_INTERRUPTS();
	pfree(changes);
}

/* ----------------------------------------------------------------
 * Nodes that were cut off
 * ----------------------------------------------------------------
 */

/*
 * Pass over LINK once, and expand the nodes that were reached and not expanded before, or all live ones: their
 * neighbors are reached too, but dead ones.  Returns how many nodes were expanded.
 */
static uint32
reach_pass(LokiVacuum *vacuum, LokiBitmap *expanded)
{
	LokiAllSlots all = {vacuum->state, vacuum->index, LOKI_SLOTS_LINK, vacuum->strategy, loki_vacuum_step};
	const void *slot;
	uint32		count = 0;
	LokiList	list;

	while ((slot = loki_all_slots_next(&all)) != NULL)
	{
		if (!loki_bitmap_test(vacuum->named ? &vacuum->live : &vacuum->linked, all.number) ||
			loki_bitmap_test(expanded, all.number))
			continue;
		loki_bitmap_set(expanded, all.number);
		loki_list_get(vacuum->index, slot, 0, vacuum->state->m, &list);
		for (int j = 0; j < list.count; j++)
			if (!loki_bitmap_test(&vacuum->dead, list.nodes[j]))
				loki_bitmap_set(&vacuum->linked, list.nodes[j]);
		count++;
	}
	return count;
}

/* Note that a node can be reached now, and all nodes that can be reached from it. */
static void
reach_from(LokiVacuum *vacuum, uint32 node)
{
	uint32		allocated = 256;
	uint32		n = 0;
	uint32	   *stack = palloc_array(uint32, allocated);
	LokiList	list;

	Assert(!loki_bitmap_test(&vacuum->dead, node));
	loki_bitmap_set(&vacuum->linked, node);
	stack[n++] = node;
	while (n > 0)
	{
		LokiListRef ref = {stack[--n], LOKI_NONE, 0};

		LokiVacuumDelayPoint();
		if (!loki_list_read(&vacuum->linker, &ref, &list))
			continue;
		for (int i = 0; i < list.count; i++)
		{
			if (!loki_bitmap_test(&vacuum->live, list.nodes[i]) ||
				loki_bitmap_test(&vacuum->linked, list.nodes[i]))
				continue;
			loki_bitmap_set(&vacuum->linked, list.nodes[i]);
			if (n == allocated)
				stack = repalloc_huge(stack, mul_size(allocated *= 2, sizeof(uint32)));
			stack[n++] = list.nodes[i];
		}
	}
	pfree(stack);
}

/*
 * Set `linked` to the nodes that can be reached from an entry point by way of nodes that are not dead.
 *
 * Finding all of them takes several passes over LINK.  That is worth it if those pages stay in memory, or
 * if much has changed.  Otherwise one pass finds those that a list names.
 *
 * As long as a pass over LINK finds many new nodes, it is cheaper than looking nodes up one
 * by one.  These are the first few passes.  In data of few dimensions the ends of the graph
 * are many links apart, and each further pass would follow only a few links.  So the rest is
 * followed node by node, as soon as it has no more nodes than LINK has pages.
 */
static void
note_reachable(LokiVacuum *vacuum, uint32 entry)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_LINK];
	LokiBitmap	expanded;
	uint32		progress;
	uint64		left;
	int			passes = 0;

	Assert(entry == LOKI_NONE || loki_bitmap_test(&vacuum->live, entry));
	Assert(vacuum->linked.size == vacuum->live.size);
	memset(vacuum->linked.words, 0, (vacuum->linked.size / 64 + 1) * sizeof(uint64));
	loki_bitmap_init(&expanded, vacuum->live.size);
	vacuum->named = array->npages >= NBuffers / 2 && vacuum->ndead <= vacuum->live.size / 50;
	loki_bitmap_set(&vacuum->linked, entry);
	do
	{
		progress = reach_pass(vacuum, &expanded);
		left = 0;
		for (uint32 i = 0; i <= expanded.size / 64; i++)
			left += pg_popcount64(vacuum->live.words[i] & ~expanded.words[i]);
	} while (!vacuum->named && left > array->npages &&
			 (progress > array->npages || (progress > 0 && ++passes < MIN_PASSES)));

	/* the nodes that were reached and not expanded */
	for (uint32 i = 0; i <= expanded.size / 64; i++)
		expanded.words[i] = vacuum->linked.words[i] & ~expanded.words[i];
	if (!vacuum->named)
		loki_bitmap_foreach(node, &expanded)
			reach_from(vacuum, node);
	pfree(expanded.words);
}

/*
 * Make links to a node that was cut off, from near nodes that a search from the entry point
 * finds; false if it finds none.  If the node has too few links itself, they are linked from it as well; more of
 * both for one whose list was thin.
 */
static bool
link_again(LokiVacuum *vacuum, uint32 node, bool repaired, bool thin)
{
	LokiSearch *search = &vacuum->search;
	LokiLinker *linker = &vacuum->linker;
	LokiListRef ref = {node, LOKI_NONE, 0};
	LokiMetaPageData meta;
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries;
	LokiList	list;
	LokiList	own;
	bool		linked = false;

	Assert(loki_bitmap_test(&vacuum->live, node));
	loki_meta_read(vacuum->index, &meta);
	loki_code_read(vacuum->state, vacuum->index, node, vacuum->linker.own);
	loki_search_query_code(search, vacuum->linker.own);
	nentries = loki_search_entries(search, &meta, LOKI_ENTRY_WIDTH, entries);
	if (nentries == 0 || !loki_list_read(linker, &ref, &own))
		return false;
	loki_search_layer0(search, entries, nentries, SEARCH_WIDTH);

	linker->n = 0;
	for (int i = 0; i < search->pool.n; i++)
	{
		uint32		other = search->pool.nearest[i].node & ~LOKI_EXPANDED;

		/* upper layers, or an insert meanwhile, may lead to the node itself */
		if (other != node && (repaired ? is_live(vacuum, other) : loki_bitmap_test(&vacuum->linked, other)))
			loki_linker_add(linker, other, LOKI_NONE, search->pool.nearest[i].distance);
	}
	loki_linker_choose(linker, 0, loki_list_max(0, vacuum->state->m), false, LOKI_NONE, &list);
	for (int i = 0; i < list.count && own.count + i < (thin ? vacuum->state->m : vacuum->state->m / 2); i++)
		loki_list_add(linker, &ref, list.nodes[i], LOKI_NONE, LOKI_LINK_CHOSEN);
	for (int i = 0; i < list.count && (i < (thin ? vacuum->state->m : LINKS_AGAIN) || !linked); i++)
	{
		ref.node = list.nodes[i];
		if (loki_list_add(linker, &ref, node, LOKI_NONE, LOKI_LINK_CHOSEN))
			linked = true;
	}
	if (!linked && list.count > 0)
	{
		ref.node = list.nodes[0];
		loki_list_add(linker, &ref, node, LOKI_NONE, LOKI_LINK_FORCED);
		loki_pushed_out_make_reachable(linker, search, NULL);
	}
	return list.count > 0;
}

/*
 * Link nodes again that are cut off; returns how many there were.  Before links to dead nodes are replaced, only from
 * nodes that are not cut off: where a search ends among others, the node has to wait.
 */
static uint32
link_cut_off_nodes(LokiVacuum *vacuum, bool repaired)
{
	uint32		cut_off = 0;

	loki_bitmap_foreach(node, &vacuum->live)
	{
		if (loki_bitmap_test(&vacuum->linked, node))
			continue;
		LokiVacuumDelayPoint();
		cut_off++;
		if (link_again(vacuum, node, repaired, false) && !vacuum->named)
			reach_from(vacuum, node);
	}
	return cut_off;
}

/*
 * Take dead nodes out of all lists.  Inserts that knew a dead node as live have ended.  No
 * page may be locked.
 */
void
loki_repair_graph(LokiVacuum *vacuum)
{
	const LokiSlotArray *arrays = vacuum->state->arrays;
	LokiMetaPageData meta;
	LokiListRef entry;
	uint32		cut_off = PG_UINT32_MAX;
	uint32		before;

	Assert(vacuum->ndead > 0 && loki_no_buffer_locked());
	Assert(!vacuum->state->pending && vacuum->dead.size == vacuum->live.size);
	loki_reachability_begin(vacuum, MAX_GATHERED);
	loki_meta_read(vacuum->index, &meta);
	if (meta.entry.node == LOKI_NONE)
		return;					/* no node is live */
	entry.node = meta.entry.node;
	/* a node that an insert has added meanwhile leads to others, of which the bitmaps may have no place */
	if (!loki_bitmap_test(&vacuum->live, entry.node))
		choose_entry(vacuum, &entry);
	loki_bitmap_init(&vacuum->linked, vacuum->live.size);
	loki_bitmap_init(&vacuum->thin, vacuum->live.size);

	/* V4: before the links go that lead to the others; searches come through dead nodes */
	loki_vacuum_phase(vacuum, LOKI_VACUUM_SEARCHING, arrays[LOKI_SLOTS_LINK].npages);
	do
	{
		/* again, since full lists have given up links to others, which may be reached by way of dead nodes alone */
		before = cut_off;
		note_reachable(vacuum, entry.node);
		cut_off = link_cut_off_nodes(vacuum, false);
	} while (cut_off > 0 && cut_off < before);

	/* from the top: searches for nodes of a layer come through the ones above */
	loki_vacuum_phase(vacuum, LOKI_VACUUM_REPAIRING, arrays[LOKI_SLOTS_UPPER].npages + arrays[LOKI_SLOTS_LINK].npages);
	repair_array(vacuum, LOKI_SLOTS_UPPER);
	repair_array(vacuum, LOKI_SLOTS_LINK);
	if (cut_off > 0)
	{
		/* those that had to wait */
		note_reachable(vacuum, entry.node);
		(void) link_cut_off_nodes(vacuum, true);
	}
	/* what the dead led to may be dead too, as versions of a row that are linked to each other */
	loki_bitmap_foreach(node, &vacuum->thin)
	{
		LokiVacuumDelayPoint();
		(void) link_again(vacuum, node, true, true);
	}
	loki_make_lost_reachable(vacuum);
}
