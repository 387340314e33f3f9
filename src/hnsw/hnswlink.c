/*-------------------------------------------------------------------------
 *
 * hnswlink.c
 *	  Neighbor lists in pages: reading, choosing and changing them.
 *
 * A list is only ever written as it was re-read under the exclusive lock of
 * its page.  Choosing needs the codes of all candidates, which lie on other
 * pages, so the list is read, chosen without any lock, and written if it is
 * still the same; otherwise all is done again.
 *
 * A link may leave a list only if what it led to can be reached all the same:
 * over one of the links that stay, in two steps, each of which is nearer.  So
 * inserts cut no part of the graph off, which the rule of selection alone
 * would do now and then.
 *
 * Layer 0 (LINK) and the layers above it (UPPER) differ in the form of their
 * lists alone; a LokiList stands for both.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswlink.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "hnsw/hnswint.h"
#include "miscadmin.h"

/* Lists that one forced link may push a link out of */
#define MAX_FORCED		8

/* Of a node's own neighbors, those that have to be linked to it before another
 * may give up its link */
#define LINKS_BACK		2

/* Allocate scratch memory in the current context. */
void
loki_linker_begin(LokiLinker *linker, Relation index, LokiIndex *state, int capacity)
{
	Size		query_size = TYPEALIGN(64, state->quantizer->query_size);
	char	   *queries = palloc(mul_size(3, query_size) + 64);

	queries = (char *) TYPEALIGN(64, (uintptr_t) queries);
	capacity = Max(capacity, 2 * state->m + 1);

	memset(linker, 0, sizeof(LokiLinker));
	linker->index = index;
	linker->state = state;
	linker->capacity = capacity;
	linker->candidates = palloc_array(LokiLinkCandidate, capacity);
	linker->code_space = palloc(mul_size(capacity + 1, state->quantizer->code_size));
	linker->query = (LokiQuery *) queries;
	linker->scratch = (LokiQuery *) (queries + query_size);
	linker->codes = palloc_array(const void *, capacity);
	linker->distances = palloc_array(float, capacity);
	linker->selected = palloc_array(int, capacity);
	linker->slot = palloc(Max(state->families[LOKI_FAMILY_LINK].slot_size,
							  state->families[LOKI_FAMILY_UPPER].slot_size));
}

/* Add a candidate; those past the capacity are dropped. */
void
loki_linker_add(LokiLinker *linker, uint32 node, uint32 slot, float distance)
{
	LokiLinkCandidate *candidate;

	if (linker->n >= linker->capacity)
		return;
	candidate = &linker->candidates[linker->n++];
	candidate->distance = distance;
	candidate->node = node;
	candidate->slot = slot;
	candidate->code = NULL;
}

static int
compare_candidates(const void *a, const void *b)
{
	const LokiLinkCandidate *x = a;
	const LokiLinkCandidate *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* Sort candidates, nearest first; equal ones by number */
void
loki_linker_sort(LokiLinker *linker)
{
	qsort(linker->candidates, linker->n, sizeof(LokiLinkCandidate), compare_candidates);
}

/*
 * Copy a node's code out.  It is read without content lock: its bytes were
 * written before the node could be reached.
 */
void
loki_code_read(LokiIndex *state, Relation index, uint32 node, char *code)
{
	uint32		place;
	uint32		size = state->quantizer->code_size;
	BlockNumber block = loki_slot_block(state, index, LOKI_FAMILY_CODE, node, &place);
	Buffer		buffer = loki_buffer_read(state, index, block);

	memcpy(code, LokiPageSlot(BufferGetPage(buffer), size, place), size);
	ReleaseBuffer(buffer);
}

/* Copy the codes of candidates that have none yet. */
static void
read_codes(LokiLinker *linker)
{
	LokiIndex  *state = linker->state;
	uint32		size = state->quantizer->code_size;

	for (int i = 0; i < linker->n; i++)
	{
		uint32		place;
		BlockNumber block = loki_slot_block(state, linker->index, LOKI_FAMILY_CODE,
											linker->candidates[i].node, &place);

		loki_buffer_prefetch(state, block, SizeOfPageHeaderData + place * size, size);
	}
	for (int i = 0; i < linker->n; i++)
	{
		LokiLinkCandidate *candidate = &linker->candidates[i];
		char	   *code = linker->code_space + (Size) i * size;

		loki_code_read(state, linker->index, candidate->node, code);
		candidate->code = code;
	}
}

/* Whether a node is in the graph and may be linked to */
bool
loki_node_is_live(LokiIndex *state, Relation index, uint32 node)
{
	LokiTidData tid;

	if (!loki_slot_read(state, index, LOKI_FAMILY_TID, node, &tid))
		return false;
	switch (LokiTidState(&tid))
	{
		case LOKI_TID_LIVE:
		case LOKI_TID_KILLED:
		case LOKI_TID_OVERFLOW:
			return true;
		default:
			return false;
	}
}

/*
 * Whether a node may be linked to on a layer.  Above layer 0 its slot must be
 * its own, too: that of a dead one may have been used again, and so may the
 * node's number.  Looked at in this order, both stay as they are for as long
 * as the page lock is held.
 */
static bool
may_link(LokiLinker *linker, int level, uint32 node, uint32 slot)
{
	LokiListRef ref = {node, slot, level};
	LokiList	list;

	return loki_node_is_live(linker->state, linker->index, node) &&
		(level == 0 || loki_list_read(linker, &ref, &list));
}

/* Drop candidates that may not be linked to; whether there were any */
static bool
drop_not_live(LokiLinker *linker, int level)
{
	int			kept = 0;
	int			n = linker->n;

	for (int i = 0; i < n; i++)
		if (may_link(linker, level, linker->candidates[i].node, linker->candidates[i].slot))
			linker->candidates[kept++] = linker->candidates[i];
	linker->n = kept;
	return kept < n;
}

/*
 * Choose among the candidates, into selected[].  Their codes are known, except
 * where all fit.
 */
static int
select_candidates(LokiLinker *linker, int level)
{
	int			max = loki_list_max(level, linker->state->m);

	for (int i = 0; i < linker->n; i++)
	{
		linker->codes[i] = linker->candidates[i].code;
		linker->distances[i] = linker->candidates[i].distance;
	}
	return loki_select_neighbors(linker->state->quantizer, linker->n,
								 linker->distances, linker->codes, max,
								 Min(LokiFillLinks(linker->state->m), max),
								 linker->scratch, linker->selected);
}

static void
list_from_selected(const LokiLinker *linker, int nselected, LokiList *list)
{
	list->count = nselected;
	for (int i = 0; i < nselected; i++)
	{
		const LokiLinkCandidate *candidate = &linker->candidates[linker->selected[i]];

		list->nodes[i] = candidate->node;
		list->slots[i] = candidate->slot;
	}
}

/*
 * Choose a list among the candidates, which are sorted.  Where they must be
 * live, only those chosen are looked at, until one proves not to be.
 */
int
loki_linker_choose(LokiLinker *linker, int level, bool check_live, LokiList *list)
{
	bool		all_live = true;

	if (linker->n > LokiFillLinks(linker->state->m))
		read_codes(linker);
	list_from_selected(linker, select_candidates(linker, level), list);
	if (!check_live)
		return list->count;

	for (int i = 0; i < list->count && all_live; i++)
		all_live = may_link(linker, level, list->nodes[i], list->slots[i]);
	if (!all_live)
	{
		drop_not_live(linker, level);
		list_from_selected(linker, select_candidates(linker, level), list);
	}
	return list->count;
}

/* ----------------------------------------------------------------
 * Lists in slots
 * ----------------------------------------------------------------
 */

/* Read the list of a slot. */
void
loki_list_get(Relation index, const void *slot, int level, int m, LokiList *list)
{
	const LokiLinkData *link = slot;
	const LokiUpperData *upper = slot;

	list->count = level == 0 ? link->count : upper->count;
	if (list->count > loki_list_max(level, m))
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("index \"%s\" has a damaged list of links",
						RelationGetRelationName(index)),
				 errdetail("It has %d neighbors on layer %d, of at most %d.",
						   list->count, level, loki_list_max(level, m)),
				 errhint("Please REINDEX it.")));
	for (int i = 0; i < list->count; i++)
	{
		list->nodes[i] = level == 0 ? link->neighbors[i] : upper->neighbors[i].node;
		list->slots[i] = level == 0 ? LOKI_NONE : upper->neighbors[i].slot;
	}
}

/* Copy out a list, under share lock; false if the slot is another's by now */
bool
loki_list_read(LokiLinker *linker, const LokiListRef *ref, LokiList *list)
{
	LokiUpperData *upper = (LokiUpperData *) linker->slot;
	bool		found;

	if (ref->level == 0)
		found = loki_slot_read(linker->state, linker->index, LOKI_FAMILY_LINK,
							   ref->node, linker->slot);
	else
		found = loki_slot_read(linker->state, linker->index, LOKI_FAMILY_UPPER,
							   ref->slot, linker->slot) &&
			upper->node == ref->node && upper->level == ref->level;
	if (found)
		loki_list_get(linker->index, linker->slot, ref->level, linker->state->m, list);
	return found;
}

/* Write a list into a slot, and zeroes into its unused part. */
void
loki_list_put(void *slot, int level, int m, const LokiList *list)
{
	LokiLinkData *link = slot;
	LokiUpperData *upper = slot;
	int			max = loki_list_max(level, m);

	Assert(list->count <= max);
	if (level == 0)
	{
		link->count = (uint8) list->count;
		memcpy(link->neighbors, list->nodes, sizeof(uint32) * list->count);
		memset(link->neighbors + list->count, 0, sizeof(uint32) * (max - list->count));
		return;
	}
	upper->count = (uint8) list->count;
	for (int i = 0; i < list->count; i++)
	{
		upper->neighbors[i].node = list->nodes[i];
		upper->neighbors[i].slot = list->slots[i];
	}
	memset(upper->neighbors + list->count, 0,
		   sizeof(LokiUpperNeighbor) * (max - list->count));
}

bool
loki_list_contains(const LokiList *list, uint32 node)
{
	for (int i = 0; i < list->count; i++)
		if (list->nodes[i] == node)
			return true;
	return false;
}

bool
loki_list_equal(const LokiList *a, const LokiList *b, int level)
{
	Size		size = sizeof(uint32) * a->count;

	return a->count == b->count && memcmp(a->nodes, b->nodes, size) == 0 &&
		(level == 0 || memcmp(a->slots, b->slots, size) == 0);
}

/* ----------------------------------------------------------------
 * Changing a list
 * ----------------------------------------------------------------
 */

static int
list_family(int level)
{
	return level == 0 ? LOKI_FAMILY_LINK : LOKI_FAMILY_UPPER;
}

/* Pin and lock the page of a list exclusively. */
static Buffer
lock_list(LokiLinker *linker, const LokiListRef *ref, uint32 *place)
{
	int			family = list_family(ref->level);
	BlockNumber block = loki_slot_block(linker->state, linker->index, family,
										ref->level == 0 ? ref->node : ref->slot,
										place);
	Buffer		buffer = loki_buffer_read(linker->state, linker->index, block);

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	loki_page_check(linker->index, buffer, BufferGetPage(buffer), family, LOKI_NONE);
	return buffer;
}

/* The list as a locked page has it; false if the slot is another's by now */
static bool
get_locked_list(LokiLinker *linker, const LokiListRef *ref, Buffer buffer,
				uint32 place, LokiList *list)
{
	uint32		slot_size = linker->state->families[list_family(ref->level)].slot_size;
	Page		page = BufferGetPage(buffer);
	const void *slot = LokiPageSlot(page, slot_size, place);

	if ((int) place >= LokiPageUsed(page, slot_size))
		return false;
	if (ref->level > 0)
	{
		const LokiUpperData *upper = slot;

		if (upper->node != ref->node || upper->level != ref->level)
			return false;
	}
	loki_list_get(linker->index, slot, ref->level, linker->state->m, list);
	return true;
}

/* Write the list of a slot on an exclusively locked page, in one record. */
static void
write_locked_list(LokiLinker *linker, const LokiListRef *ref, Buffer buffer,
				  uint32 place, const LokiList *list)
{
	uint32		slot_size = linker->state->families[list_family(ref->level)].slot_size;
	GenericXLogState *xlog = GenericXLogStart(linker->index);
	Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);

	loki_list_put(loki_page_slot_for_write(page, slot_size, place), ref->level,
				  linker->state->m, list);
	GenericXLogFinish(xlog);
}

/*
 * Link to a node if it is linked already or if there is room.  Otherwise the
 * list is left in *old, to choose from.
 */
typedef enum AppendResult
{
	APPEND_DONE,
	APPEND_STALE,
	APPEND_FULL
} AppendResult;

static AppendResult
append_link(LokiLinker *linker, const LokiListRef *ref, uint32 node, uint32 slot,
			LokiList *old)
{
	uint32		place;
	Buffer		buffer = lock_list(linker, ref, &place);
	AppendResult result = APPEND_DONE;

	if (!get_locked_list(linker, ref, buffer, place, old))
		result = APPEND_STALE;
	else if (loki_list_contains(old, node))
		result = APPEND_DONE;
	else if (old->count == loki_list_max(ref->level, linker->state->m))
		result = APPEND_FULL;
	else
	{
		old->nodes[old->count] = node;
		old->slots[old->count] = slot;
		old->count++;
		write_locked_list(linker, ref, buffer, place, old);
	}
	UnlockReleaseBuffer(buffer);
	return result;
}

/* Write a new list where the old one still stands; false if it does not. */
static bool
replace_list(LokiLinker *linker, const LokiListRef *ref, const LokiList *old,
			 const LokiList *new)
{
	uint32		place;
	Buffer		buffer = lock_list(linker, ref, &place);
	LokiList	current;
	bool		same;

	same = get_locked_list(linker, ref, buffer, place, &current) &&
		loki_list_equal(&current, old, ref->level);
	if (same)
		write_locked_list(linker, ref, buffer, place, new);
	UnlockReleaseBuffer(buffer);
	return same;
}

/* Set the candidates' distances from a node, and sort them. */
static void
score_from_node(LokiLinker *linker, uint32 node)
{
	const LokiQuantizer *quantizer = linker->state->quantizer;
	char	   *own = linker->code_space + (Size) linker->capacity * quantizer->code_size;

	loki_code_read(linker->state, linker->index, node, own);
	quantizer->prepare_code(quantizer, own, linker->query);
	for (int i = 0; i < linker->n; i++)
		linker->codes[i] = linker->candidates[i].code;
	quantizer->score(quantizer, linker->query, linker->codes, linker->n,
					 linker->distances);
	for (int i = 0; i < linker->n; i++)
		linker->candidates[i].distance =
			isfinite(linker->distances[i]) ? linker->distances[i] : FLT_MAX;
	loki_linker_sort(linker);
}

/* Distances from a node to those of a list */
static void
measure_list(LokiLinker *linker, uint32 node, const LokiList *list, float *distances)
{
	const LokiQuantizer *quantizer = linker->state->quantizer;
	char	   *own = linker->code_space + (Size) linker->capacity * quantizer->code_size;

	loki_code_read(linker->state, linker->index, node, own);
	quantizer->prepare_code(quantizer, own, linker->query);
	for (int i = 0; i < list->count; i++)
	{
		char	   *code = linker->code_space + (Size) i * quantizer->code_size;

		loki_code_read(linker->state, linker->index, list->nodes[i], code);
		linker->codes[i] = code;
	}
	quantizer->score(quantizer, linker->query, linker->codes, list->count, distances);
}

/*
 * Take out of a list, which belongs to a node at these distances, what
 * another node is linked to and nearer to.
 */
static void
drop_covered(LokiLinker *linker, const LokiListRef *other, LokiList *list,
			 float *distances)
{
	LokiList	theirs;
	LokiList	common = {0};
	float		nearer[2 * LOKI_MAX_M];
	int			kept = 0;

	if (!loki_list_read(linker, other, &theirs))
		return;
	for (int i = 0; i < list->count; i++)
		if (loki_list_contains(&theirs, list->nodes[i]))
			common.nodes[common.count++] = list->nodes[i];
	if (common.count == 0)
		return;

	measure_list(linker, other->node, &common, nearer);
	for (int i = 0, j = 0; i < list->count; i++)
	{
		if (j < common.count && common.nodes[j] == list->nodes[i] &&
			nearer[j++] <= distances[i])
			continue;
		list->nodes[kept] = list->nodes[i];
		list->slots[kept] = list->slots[i];
		distances[kept] = distances[i];
		kept++;
	}
	list->count = kept;
}

/* Move links from one list to the end of another, as long as there is room. */
static void
move_links(LokiList *from, LokiList *to, int max)
{
	int			moved = Min(from->count, max - to->count);

	memcpy(to->nodes + to->count, from->nodes, sizeof(uint32) * moved);
	memcpy(to->slots + to->count, from->slots, sizeof(uint32) * moved);
	to->count += moved;
	from->count -= moved;
	memmove(from->nodes, from->nodes + moved, sizeof(uint32) * from->count);
	memmove(from->slots, from->slots + moved, sizeof(uint32) * from->count);
}

/*
 * Whether some of a node's own neighbors are linked to it, but for one.  A search
 * for the node ends among them, so that no farther link could do as well.
 */
static bool
is_linked_back(LokiLinker *linker, const LokiListRef *ref, uint32 except)
{
	LokiList	own;
	LokiList	theirs;
	int			found = 0;

	if (!loki_list_read(linker, ref, &own))
		return true;
	for (int i = 0; i < own.count && found < LINKS_BACK; i++)
	{
		LokiListRef other = {own.nodes[i], own.slots[i], ref->level};

		if (other.node != except && loki_list_read(linker, &other, &theirs) &&
			loki_list_contains(&theirs, ref->node))
			found++;
	}
	return found == LINKS_BACK;
}

/*
 * Links of `wanted` that are not in `new` are added to it, as long as there is
 * room, but for those that can go: that a node in `new` is linked to and nearer
 * to, and that are linked to by others as well.  Those for which there is no
 * room are left in *left.
 */
void
loki_list_keep_reachable(LokiLinker *linker, const LokiListRef *ref,
						 const LokiList *wanted, LokiList *new, LokiList *left)
{
	float		distances[2 * LOKI_MAX_M];
	int			chosen = new->count;
	LokiList	dropped;

	left->count = 0;
	for (int i = 0; i < wanted->count; i++)
		if (!loki_list_contains(new, wanted->nodes[i]))
		{
			left->nodes[left->count] = wanted->nodes[i];
			left->slots[left->count] = wanted->slots[i];
			left->count++;
		}
	if (left->count == 0)
		return;

	dropped = *left;
	measure_list(linker, ref->node, left, distances);
	for (int i = 0; i < chosen && left->count > 0; i++)
	{
		LokiListRef other = {new->nodes[i], new->slots[i], ref->level};

		drop_covered(linker, &other, left, distances);
	}
	for (int i = 0; i < dropped.count; i++)
	{
		LokiListRef other = {dropped.nodes[i], dropped.slots[i], ref->level};

		if (loki_list_contains(left, other.node) ||
			is_linked_back(linker, &other, ref->node))
			continue;
		left->nodes[left->count] = other.node;
		left->slots[left->count] = other.slot;
		left->count++;
	}
	move_links(left, new, loki_list_max(ref->level, linker->state->m));
}

/* The candidates as a list, but for one node */
static void
list_from_candidates(const LokiLinker *linker, uint32 except, LokiList *list)
{
	list->count = 0;
	for (int i = 0; i < linker->n; i++)
		if (linker->candidates[i].node != except)
		{
			list->nodes[list->count] = linker->candidates[i].node;
			list->slots[list->count] = linker->candidates[i].slot;
			list->count++;
		}
}

/* Make a node one of a list's links, in place of the farthest if it is full. */
static void
force_link(LokiList *list, int max, uint32 node, uint32 slot)
{
	if (loki_list_contains(list, node))
		return;
	if (list->count == max)
		list->count--;
	list->nodes[list->count] = node;
	list->slots[list->count] = slot;
	list->count++;
}

/*
 * Choose again among the links of a full list and a new one; false if the new
 * one is not chosen, or only at the cost of another that nothing else leads
 * to.  If the new one must be, such others are left in *left.
 */
static bool
choose_again(LokiLinker *linker, const LokiListRef *ref, const LokiList *old,
			 uint32 node, uint32 slot, bool force, LokiList *new, LokiList *left)
{
	int			max = loki_list_max(ref->level, linker->state->m);
	LokiList	wanted;

	linker->n = 0;
	for (int i = 0; i < old->count; i++)
		if (old->nodes[i] != ref->node)
			loki_linker_add(linker, old->nodes[i], old->slots[i], 0);
	if (linker->dead_pending)
		drop_not_live(linker, ref->level);
	loki_linker_add(linker, node, slot, 0);

	read_codes(linker);
	score_from_node(linker, ref->node);
	list_from_candidates(linker, node, &wanted);
	if (linker->n <= max)
	{
		*new = wanted;
		force_link(new, max, node, slot);
		left->count = 0;
		return true;
	}
	list_from_selected(linker, select_candidates(linker, ref->level), new);
	if (!force && !loki_list_contains(new, node))
		return false;
	force_link(new, max, node, slot);
	loki_list_keep_reachable(linker, ref, &wanted, new, left);
	return force || left->count == 0;
}

/*
 * Add a link to a list, by force if `force` is above 0.
 *
 * A link that must be added may push out one that nothing else leads to: then
 * the new neighbor is linked to that, first.  Its list may be full as well, as
 * those of equal nodes are; so this goes on, as often as `force` says.
 */
static bool
add_link(LokiLinker *linker, const LokiListRef *ref, uint32 node, uint32 slot,
		 int force)
{
	LokiListRef neighbor = {node, slot, ref->level};
	LokiList	old;
	LokiList	new;
	LokiList	left;

	Assert(node != ref->node);
	for (;;)
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
		if (!choose_again(linker, ref, &old, node, slot, force > 0, &new, &left))
			return false;
		for (int i = 0; i < left.count; i++)
			add_link(linker, &neighbor, left.nodes[i], left.slots[i], force - 1);
		if (replace_list(linker, ref, &old, &new))
			return true;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Add a link to a list.  No buffer lock may be held; the page of the list is
 * locked exclusively, once, or twice where the list is full.
 */
bool
loki_list_add(LokiLinker *linker, const LokiListRef *ref, uint32 node, uint32 slot,
			  bool force)
{
	return add_link(linker, ref, node, slot, force ? MAX_FORCED : 0);
}
