/*-------------------------------------------------------------------------
 *
 * link.c
 *	  Neighbor lists in pages: adding links.
 *
 * A list is changed only as it was re-read under the exclusive lock of its page.  Pruning
 * needs the codes of all candidates, which lie on other pages.  So a full list is read,
 * pruned without any lock, and written if it is still the same; otherwise all is done again.
 * (nbtree can decide under the lock, as all that it compares is on the page.)
 *
 * A link may leave a list only if its node can still be reached: over one of the links that
 * stay, in two steps that each lead nearer (R7).  So inserts cut off no part of the graph.  The
 * selection rule alone would do so now and then.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/link.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/compare_numbers.h"
#include "hnsw/graph/neighbors.h"
#include "hnsw/page/lock_assert.h"

/* How many lists one forced link may push a link out of */
#define MAX_FORCED		8

/* How many times a full list is pruned again which others change meanwhile */
#define MAX_TRIES		64

/* How many of its own neighbors have to be linked to a node before another one may give up
 * its link to it */
#define ENOUGH_LINKED_BACK		2

/* ----------------------------------------------------------------
 * Writing a list
 * ----------------------------------------------------------------
 */

/*
 * Begin the change of a list, by locking its page exclusively, which is page 0 of the change, and read it
 * there; false if the slot is now another's.  ERROR if a damaged page named a slot that does not exist,
 * which LOKI_NONE is above layer 0.
 */
static bool
lock_list(LokiLinker *linker, const LokiListRef *ref, LokiChange *change, uint32 *place,
		  LokiList *list)
{
	int			array = loki_list_slot_array(ref->level);
	uint32		slot_size = linker->state->arrays[array].slot_size;
	Page		page;

	Assert(ref->level > 0 || ref->slot == LOKI_NONE);
	loki_change_begin(change, linker->state, linker->index);
	page = loki_change_page(change, loki_change_lock(change, array, loki_list_slot(ref), place));
	Assert(change->npages == 1 && loki_page_writable(page));
	return (int) *place < LokiPageUsed(page, slot_size) &&
		loki_list_get_own(linker, LokiPageSlot(page, slot_size, *place), ref, list);
}

/* Change the list of a slot whose page is locked. */
static void
change_list(LokiLinker *linker, const LokiListRef *ref, LokiChange *change, uint32 place,
			const LokiList *list)
{
	uint32		slot_size = linker->state->arrays[loki_list_slot_array(ref->level)].slot_size;

	memcpy(linker->slot, LokiPageSlot(loki_change_page(change, 0), slot_size, place), slot_size);
	loki_list_put(linker->slot, ref->level, linker->state->m, list);
	loki_change_slot_differing(change, 0, slot_size, place, linker->slot);
}

typedef enum AppendResult
{
	APPEND_DONE,
	APPEND_STALE,
	APPEND_FULL
} AppendResult;

/*
 * Add a link to a list, unless it is there already, if there is room.  A full list is left in
 * *old, to be pruned.  Locks the list's page exclusively; leaves no lock.
 */
static AppendResult
append_link(LokiLinker *linker, const LokiListRef *ref, uint32 node, uint32 slot,
			LokiList *old)
{
	uint32		place;
	LokiChange	change;
	AppendResult result = APPEND_DONE;

	if (!lock_list(linker, ref, &change, &place, old))
		result = APPEND_STALE;
	else if (loki_list_contains(old, node))
		result = APPEND_DONE;
	else if (old->count == loki_list_max(ref->level, linker->state->m))
		result = APPEND_FULL;
	else
	{
		loki_list_push(old, node, slot);
		change_list(linker, ref, &change, place, old);
	}
	loki_change_finish(&change);
	return result;
}

/*
 * Order a list so that the links that it shares with an old one keep their places, if it is long
 * enough.  The others follow in their order in the places that are left.  So a record has only the
 * bytes of links that are new (loki_change_slot_differing()).
 */
static void
keep_places(const LokiList *old, LokiList *list)
{
	const LokiList added = *list;
	int			from[2 * LOKI_MAX_M];	/* by place: which link; -1: none yet */
	bool		placed[2 * LOKI_MAX_M] = {false};
	int			next = 0;

	for (int place = 0; place < added.count; place++)
	{
		int			i = place < old->count ? loki_list_find(&added, old->nodes[place]) : added.count;

		from[place] = i < added.count && !placed[i] ? i : -1;
		if (i < added.count)
			placed[i] = true;
	}
	for (int place = 0; place < added.count; place++)
	{
		while (from[place] < 0 && placed[next])
			next++;
		if (from[place] < 0)
			from[place] = next++;
		Assert(from[place] < added.count);
		list->nodes[place] = added.nodes[from[place]];
		list->slots[place] = added.slots[from[place]];
	}
}

/* ----------------------------------------------------------------
 * Pruning a full list
 * ----------------------------------------------------------------
 */

/* Distances from a node to those of a list */
void
loki_list_measure(LokiLinker *linker, uint32 node, const LokiList *list, float *distances)
{
	const LokiQuantizer *quantizer = linker->state->quantizer;

	Assert(list->count <= linker->capacity);
	loki_code_read(linker->state, linker->index, node, linker->own);
	quantizer->prepare_code(quantizer, linker->own, linker->query);
	loki_slots_copy(linker->state, linker->index, LOKI_SLOTS_CODE, list->nodes, list->count, true,
					linker->code_space);
	for (int i = 0; i < list->count; i++)
		linker->codes[i] = linker->code_space + (Size) i * quantizer->code_size;
	quantizer->score(quantizer, linker->query, linker->codes, list->count, distances);
}

/*
 * A link that the choice has left out of a list: which candidate it leads to, whether it can go, and who of the
 * list leads to its node as well
 */
typedef struct LeftOut
{
	const LokiLinkCandidate *candidate;
	bool		covered;
	int			nleading;
	uint32		leading[ENOUGH_LINKED_BACK];
} LeftOut;

/*
 * Mark links as covered that another node has as well and is nearer to.  The codes of all are known, as are
 * distances from the list's own node.
 */
static void
cover(LokiLinker *linker, const LokiListRef *other, const char *code, LeftOut *links, int n)
{
	const LokiQuantizer *quantizer = linker->state->quantizer;
	LokiList	theirs;
	LeftOut    *common[2 * LOKI_MAX_M];
	float		nearer[2 * LOKI_MAX_M];
	uint64		some = 0;		/* a bit for each that they may have */
	int			ncommon = 0;

	if (!loki_list_peek(linker, other, &theirs))
		return;
	for (int i = 0; i < theirs.count; i++)
		some |= (uint64) 1 << theirs.nodes[i] % 64;
	for (LeftOut *link = links; link < links + n; link++)
	{
		uint32		node = link->candidate->node;

		if ((some >> node % 64 & 1) == 0 || !loki_list_contains(&theirs, node))
			continue;
		if (link->nleading < ENOUGH_LINKED_BACK)
			link->leading[link->nleading++] = other->node;
		if (link->covered)
			continue;
		linker->codes[ncommon] = link->candidate->code;
		common[ncommon++] = link;
	}
	if (ncommon == 0)
		return;
	quantizer->prepare_code(quantizer, code, linker->query);
	quantizer->score(quantizer, linker->query, linker->codes, ncommon, nearer);
	for (int i = 0; i < ncommon; i++)
		common[i]->covered = nearer[i] <= common[i]->candidate->distance;
}

/*
 * Whether ENOUGH_LINKED_BACK of a node's own neighbors, without `except`, are linked to it.  A search
 * for the node ends among them, so that a farther node's link to it is not needed.
 */
static bool
is_linked_back(LokiLinker *linker, const LeftOut *link, int level, uint32 except)
{
	LokiListRef ref = {link->candidate->node, link->candidate->slot, level};
	LokiList	own;
	int			found = 0;

	if (!loki_list_peek(linker, &ref, &own))
		return true;
	for (int i = 0; i < link->nleading; i++)
		found += loki_list_contains(&own, link->leading[i]);
	for (int i = 0; i < own.count && found < ENOUGH_LINKED_BACK; i++)
	{
		LokiListRef other = {own.nodes[i], own.slots[i], level};
		bool		counted = other.node == except;

		for (int j = 0; j < link->nleading; j++)
			counted |= other.node == link->leading[j];
		found += !counted && loki_list_leads_to(linker, &other, ref.node);
	}
	return found >= ENOUGH_LINKED_BACK;
}

/*
 * Add those links among the candidates, but for `node`, that are not in `new` to it, as long as there is room;
 * those for which there is none are left in *left.  A link can go, and is not added, if a node in
 * `new` has it, too, and is nearer to its target, and if enough of the target's own
 * neighbors are linked back.  The candidates are scored.  Reads lists without lock or under share lock; leaves
 * no lock.
 */
static void
keep_reachable(LokiLinker *linker, const LokiListRef *ref, uint32 node, LokiList *new, LokiList *left)
{
	LeftOut		links[2 * LOKI_MAX_M];
	int			stay[2 * LOKI_MAX_M];	/* candidates in `new` */
	int			max = loki_list_max(ref->level, linker->state->m);
	int			n = 0;
	int			nstay = 0;

	left->count = 0;
	for (int i = 0; i < linker->n; i++)
		if (loki_list_contains(new, linker->candidates[i].node))
			stay[nstay++] = i;
		else if (linker->candidates[i].node != node)
			links[n++] = (LeftOut) {.candidate = &linker->candidates[i]};
	if (n == 0)
		return;

	Assert(nstay == new->count);
	if (ref->level == 0)
		loki_list_prefetch(linker, new, LOKI_SLOTS_LINK);
	for (int i = 0; i < nstay; i++)
	{
		const LokiLinkCandidate *candidate = &linker->candidates[stay[i]];
		LokiListRef other = {candidate->node, candidate->slot, ref->level};

		cover(linker, &other, candidate->code, links, n);
	}
	for (int covered = 0; covered < 2; covered++)
		for (int i = 0; i < n; i++)
			if (links[i].covered == covered &&
				(!covered || !is_linked_back(linker, &links[i], ref->level, ref->node)))
				loki_list_push(new->count < max ? new : left, links[i].candidate->node, links[i].candidate->slot);
}

/*
 * Prune a full list together with a new link; false if the new one is not chosen, which
 * matters unless it is to be spared or forced, or only at the cost of another that is
 * needed.  If it is forced, or if the new node can take such others over, they are left in
 * *left.  No lock is held.
 */
static bool
prune_list(LokiLinker *linker, const LokiListRef *ref, const LokiList *old,
		   uint32 node, uint32 slot, LokiLinkForce force, LokiList *new, LokiList *left)
{
	int			max = loki_list_max(ref->level, linker->state->m);

	Assert(old->count == max && !loki_list_contains(old, node));
	linker->n = 0;
	for (int i = 0; i < old->count; i++)
		if (old->nodes[i] != ref->node)
			loki_linker_add(linker, old->nodes[i], old->slots[i], 0);
	if (linker->dead_nodes)
		loki_linker_drop_dead(linker, ref->level);
	loki_linker_add(linker, node, slot, 0);

	loki_linker_score(linker, ref->node);
	if (linker->n <= max)
	{
		new->count = left->count = 0;
		for (int i = 0; i < linker->n; i++)
			loki_list_push(new, linker->candidates[i].node, linker->candidates[i].slot);
		return true;
	}
	loki_linker_choose(linker, ref->level, max, false, force == LOKI_LINK_CHOSEN ? node : LOKI_NONE, new);
	if (force == LOKI_LINK_CHOSEN && !loki_list_contains(new, node))
		return false;
	if (!loki_list_contains(new, node))
	{
		/* in place of the farthest, if it is full */
		new->count = Min(new->count, max - 1);
		loki_list_push(new, node, slot);
	}
	keep_reachable(linker, ref, node, new, left);
	if (force == LOKI_LINK_FORCED && linker->repairing && left->count > 0)
	{
		/*
		 * Another link than the farthest is pushed out, so that nodes which push each other out do not go round
		 * in a circle: any but the nearest quarter, which lead from one of the near nodes to the next.
		 */
		int			near = new->count / LOKI_NEAR_LINKS;
		int			place = near + (linker->nforced * 0x9E3779B1u >> 16) % (new->count - near);
		uint32		other = new->nodes[place];
		uint32		other_slot = new->slots[place];

		if (other != node)
		{
			new->nodes[place] = left->nodes[0];
			new->slots[place] = left->slots[0];
			left->nodes[0] = other;
			left->slots[0] = other_slot;
		}
	}
	Assert(new->count <= max && loki_list_contains(new, node));
	if (force == LOKI_LINK_FORCED || left->count == 0)
		return true;

	/*
	 * A chosen link may take the place of others that are needed, if the new
	 * neighbor takes those over.  Under inner product the nodes that came
	 * first would fill the lists: no other is nearer to a short vector, so
	 * that those would stay for good and keep out the long ones, of which
	 * answers are made.
	 */
	return force == LOKI_LINK_CHOSEN && linker->state->code.metric == LOKI_METRIC_IP;
}

/* ----------------------------------------------------------------
 * Adding one link to many lists
 * ----------------------------------------------------------------
 */

/*
 * Whether a list is to give up a link that one of those pruned before it gives up as well: each counts on the
 * links of others (R7), and where these are no nearer, as equal nodes are, nothing would lead to the node.
 */
static bool
gives_up_the_same(const LokiBacklinks *links, const LokiBacklink *link)
{
	for (int i = 0; i < link->old->count; i++)
	{
		uint32		node = link->old->nodes[i];

		if (loki_list_contains(link->new, node))
			continue;
		for (const LokiBacklink *other = links->left; other < link; other++)
			if (other->new != NULL && loki_list_contains(other->old, node) && !loki_list_contains(other->new, node))
				return true;
	}
	return false;
}

/*
 * Begin to link the nodes of a list on a layer to one node, whose CODE and own list are written: full lists
 * are pruned.  If what one would give up has to be taken over by others, or is given up by another list, that is for
 * loki_list_add().  Memory is that of the current context.  No content lock may be held, and none is left.
 */
void
loki_backlinks_begin(LokiLinker *linker, int level, const LokiList *list, uint32 node, uint32 slot,
					 LokiBacklinks *links)
{
	int			array = loki_list_slot_array(level);
	LokiList	theirs;
	LokiList	left;

	Assert(loki_no_buffer_locked());
	Assert(list->count <= loki_list_max(level, linker->state->m) && !loki_list_contains(list, node));
	links->level = level;
	links->node = node;
	links->slot = slot;
	links->n = links->done = 0;
	if (level == 0)
		loki_list_prefetch(linker, list, LOKI_SLOTS_LINK);
	for (int i = 0; i < list->count; i++)
	{
		LokiListRef ref = {list->nodes[i], level == 0 ? LOKI_NONE : list->slots[i], level};
		LokiBacklink *link = &links->left[links->n];

		links->states[i] = LOKI_BACKLINK_REFUSED;
		if (!loki_list_peek(linker, &ref, &theirs))
			continue;
		link->number = loki_list_slot(&ref);
		link->ordinal = loki_slot_page(&linker->state->arrays[array], link->number, &link->place);
		link->node = ref.node;
		link->place_in_list = i;
		link->old = link->new = NULL;
		if (theirs.count == loki_list_max(level, linker->state->m))
		{
			link->old = palloc(sizeof(LokiList));
			link->new = palloc(sizeof(LokiList));
			*link->old = theirs;
			if (!prune_list(linker, &ref, &theirs, node, slot, LOKI_LINK_CHOSEN, link->new, &left))
				continue;
			if (left.count > 0 || gives_up_the_same(links, link))
			{
				links->states[i] = LOKI_BACKLINK_ALONE;
				continue;
			}
			keep_places(&theirs, link->new);
		}
		links->states[i] = LOKI_BACKLINK_WANTED;
		links->n++;
		CHECK_FOR_INTERRUPTS();
	}
	/* it compares the first member */
	qsort(links->left, links->n, sizeof(LokiBacklink), loki_compare_uint32);
	for (int i = 0; i < links->n; i++)
		if (i == 0 || links->left[i].ordinal != links->left[i - 1].ordinal)
		{
			BlockNumber block = loki_page_block(&linker->state->arrays[array], links->left[i].ordinal);

			/* what every change of a page looks at: its header and special space */
			loki_buffer_prefetch(linker->state, block, 0, SizeOfPageHeaderData);
			loki_buffer_prefetch(linker->state, block, BLCKSZ - sizeof(LokiPageOpaqueData),
								 sizeof(LokiPageOpaqueData));
		}
}

/* How many pages have the lists that are left */
int
loki_backlinks_pages(const LokiBacklinks *links)
{
	int			n = 0;

	for (int i = links->done; i < links->n; i++)
		n += i == links->done || links->left[i].ordinal != links->left[i - 1].ordinal;
	return n;
}

/*
 * Make a link of a list on a locked page; false if the list has changed since it was looked at, so that it has
 * no room or was pruned for nothing, or if the slot is now another's.
 */
static bool
write_backlink(LokiLinker *linker, LokiChange *change, int number, LokiBacklinks *links,
			   const LokiBacklink *link)
{
	uint32		slot_size = linker->state->arrays[loki_list_slot_array(links->level)].slot_size;
	Page		page = loki_change_page(change, number);
	const char *slot = LokiPageSlot(page, slot_size, link->place);
	LokiListRef ref = {link->node, links->level == 0 ? LOKI_NONE : link->number, links->level};
	int			max = loki_list_max(links->level, linker->state->m);
	LokiList	current;
	char	   *copy;

	if ((int) link->place >= LokiPageUsed(page, slot_size))
		return false;
	if (links->level == 0 && link->new == NULL)
	{
		const LokiLinkData *data = (const LokiLinkData *) slot;
		int			count = loki_link_count(data, linker->state->m);

		Assert(change->pages[number].array == LOKI_SLOTS_LINK);
		links->added = links->node + 1;
		for (int i = 0; i < count; i++)
			if (data->neighbors[i] == links->added)
				return true;
		if (count == max)
			return false;
		loki_change_words(change, number, slot_size, link->place,
						  offsetof(LokiLinkData, neighbors) + sizeof(uint32) * count,
						  &links->added, sizeof(uint32));
		return true;
	}
	if (!loki_list_get_own(linker, slot, &ref, &current))
		return false;
	if (loki_list_contains(&current, links->node))
		return true;
	if (link->new != NULL && loki_list_equal(&current, link->old, links->level))
		current = *link->new;
	else if (link->new == NULL && current.count < max)
		loki_list_push(&current, links->node, links->slot);
	else
		return false;
	/* what a change writes has to stay until it is finished */
	copy = memcpy(palloc(slot_size), slot, slot_size);
	loki_list_put(copy, links->level, linker->state->m, &current);
	loki_change_slot_differing(change, number, slot_size, link->place, copy);
	return true;
}

/*
 * Make as many of the links as the change has room for.  Their pages are the last that it locks.  A list that
 * others have changed since it was looked at is left for loki_list_add().
 */
void
loki_backlinks_write(LokiLinker *linker, LokiBacklinks *links, LokiChange *change)
{
	int			array = loki_list_slot_array(links->level);
	int			page = -1;

	for (; links->done < links->n; links->done++)
	{
		const LokiBacklink *link = &links->left[links->done];

		/* each page may need a part for the end of its used part */
		if (change->nparts + LOKI_SLOT_PARTS + LOKI_CHANGE_PAGES > LOKI_CHANGE_PARTS)
			break;
		if (page < 0 || change->pages[page].ordinal != link->ordinal)
		{
			if (change->npages == LOKI_CHANGE_PAGES)
				break;
			page = loki_change_lock_page(change, array, link->ordinal);
		}
		links->states[link->place_in_list] = write_backlink(linker, change, page, links, link) ?
			LOKI_BACKLINK_MADE : LOKI_BACKLINK_ALONE;
	}
}

/*
 * Add a link to a list.
 *
 * A forced link may push out another one that is needed.  Then the new neighbor gets that
 * link first.  Its list may be full as well, as those of equal nodes are; so this goes on,
 * `times` times at most.  That may come back to the list itself each time that it is
 * tried, so there is an end to it.
 */
static bool
add_link(LokiLinker *linker, const LokiListRef *ref, uint32 node, uint32 slot,
		 LokiLinkForce force, int times)
{
	LokiListRef neighbor = {node, slot, ref->level};
	LokiList	old;
	LokiList	new;
	LokiList	left;
	LokiList	full;
	LokiList	current;
	LokiChange	change;
	uint32		place;
	bool		same;

	Assert(node != ref->node);
	Assert(times <= MAX_FORCED);
	for (int i = 0; i < MAX_TRIES; i++)
	{
		switch (append_link(linker, ref, node, slot, &old))
		{
			case APPEND_DONE:
				return true;
			case APPEND_STALE:
				return false;
			case APPEND_FULL:
				break;
		}
		if (!prune_list(linker, ref, &old, node, slot, force, &new, &left))
			return false;
		/* the new neighbor takes over what the list gives up */
		for (int j = 0; j < left.count; j++)
			if (force == LOKI_LINK_FORCED)
				add_link(linker, &neighbor, left.nodes[j], left.slots[j],
						 times > 1 ? LOKI_LINK_FORCED : LOKI_LINK_CHOSEN, times - 1);
			else if (append_link(linker, &neighbor, left.nodes[j], left.slots[j],
								 &full) != APPEND_DONE)
				return false;
		keep_places(&old, &new);
		same = lock_list(linker, ref, &change, &place, &current) &&
			loki_list_equal(&current, &old, ref->level);
		if (same)
			change_list(linker, ref, &change, place, &new);
		loki_change_finish(&change);
		if (same)
		{
			/* remember the nodes of links that a forced one has pushed out */
			for (int j = 0; j < left.count && force == LOKI_LINK_FORCED &&
				 linker->npushed_out < LOKI_MAX_PUSHED_OUT; j++)
				linker->pushed_out[linker->npushed_out++] =
					(LokiListRef) {left.nodes[j], left.slots[j], ref->level};
			return true;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/*
 * Add a link to a list.  No content lock may be held, and none is left.  The page of the list
 * is locked exclusively: once, or twice if the list is full.
 */
bool
loki_list_add(LokiLinker *linker, const LokiListRef *ref, uint32 node, uint32 slot,
			  LokiLinkForce force)
{
	Assert(loki_no_buffer_locked());
	linker->nforced += force == LOKI_LINK_FORCED;
	return add_link(linker, ref, node, slot, force, linker->repairing ? 1 : MAX_FORCED);
}
