/*-------------------------------------------------------------------------
 *
 * links.c
 *	  lokivector_check: neighbor lists, upper layers, the entry point, and
 *	  which nodes can be reached from it.
 *
 * Neighbor lists change while this runs: inserts add links, vacuum removes links to dead
 * nodes and frees the nodes, and node IDs are reused.  So a link that looks wrong is read
 * again, between two looks at the node that it leads to.  It is a fault only if it is still
 * there and both looks agree.
 *
 * What concerns the whole graph, layers and what can be reached, is collected into arrays by node
 * and by UPPER slot: 6 bytes a node and 16 bytes a slot, whatever maintenance_work_mem is.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/links.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "miscadmin.h"

/* Times that something is looked at before it is a fault */
#define ATTEMPTS	3

/* State of a node when TID was read */
static int
node_state(LokiCheck *check, uint32 node)
{
	Assert(node < check->nodes);
	return check->node[node] & LOKI_CHECK_STATE;
}

/* ----------------------------------------------------------------
 * Layer 0
 * ----------------------------------------------------------------
 */

/* Whether a node's list still has a link to a neighbor; links are node IDs plus 1 */
static bool
still_links(LokiCheck *check, uint32 node, uint32 neighbor)
{
	LokiLinkData *link = palloc(LokiLinkSize(check->state->m));
	bool		found = false;

	if (loki_check_read(check, LOKI_SLOTS_LINK, node, link))
		for (int i = 0; i < loki_link_count(link, check->state->m); i++)
			found = found || link->neighbors[i] == neighbor + 1;
	pfree(link);
	return found;
}

/* Why a node must not be linked to, by its state now; NULL if it may */
static const char *
neighbor_fault(LokiCheck *check, uint32 neighbor)
{
	switch (loki_check_state_now(check, neighbor))
	{
		case LOKI_TID_LIVE:
		case LOKI_TID_KILLED:
		case LOKI_TID_LIST:
			return NULL;
		case LOKI_TID_DEAD:
			return loki_check_vacuum_unfinished(check) ? NULL : "is dead";
		case LOKI_TID_RESERVED:
			return "is not part of the graph";
		default:
			return "does not exist";
	}
}

/*
 * Check one link of a live node.  An insert makes a node live before it links others to it, and vacuum takes
 * links away before it frees a node.  So a neighbor that is no node before and after the link was seen
 * once more was none while the link was there.
 */
static void
check_neighbor(LokiCheck *check, uint32 node, uint32 neighbor)
{
	const char *fault;

	if (neighbor < check->nodes && loki_check_is_live(node_state(check, neighbor)))
		return;
	if (neighbor_fault(check, neighbor) == NULL ||
		!loki_check_is_live(loki_check_state_now(check, node)) ||
		!still_links(check, node, neighbor) ||
		(fault = neighbor_fault(check, neighbor)) == NULL)
		return;

	loki_check_fault(check, psprintf("node %u", node),
					 loki_check_where(check, LOKI_SLOTS_LINK, node),
					 "is linked to node %u, which %s", neighbor, fault);
}

/* What is wrong with a list by itself, or NULL */
static const char *
list_fault(LokiCheck *check, uint32 node, const LokiLinkData *link)
{
	int			count = loki_link_count(link, check->state->m);

	if (link->level > LOKI_MAX_LEVEL)
		return "has an invalid level";
	if (link->unused[0] != 0 || link->unused[1] != 0 || link->unused[2] != 0)
		return "has bytes in the unused part of its list";
	for (int i = count; i < 2 * check->state->m; i++)
		if (link->neighbors[i] != 0)
			return "has links behind the end of its list";
	for (int i = 0; i < count; i++)
	{
		if (link->neighbors[i] == node + 1)
			return "is linked to itself";
		if (link->neighbors[i] - 1 > LOKI_MAX_NUMBER)
			return "is linked to an invalid node ID";
		for (int j = 0; j < i; j++)
			if (link->neighbors[i] == link->neighbors[j])
				return "is linked to another node twice";
	}
	return NULL;
}

/* A slot of LINK: the list by itself, and where its links lead */
static void
check_link(LokiCheck *check, int array, uint32 node, const char *slot)
{
	const LokiLinkData *link = (const LokiLinkData *) slot;
	int			count = loki_link_count(link, check->state->m);
	const char *fault;

	/*
	 * The lists of other nodes mean nothing: a dead node may have died before
	 * it had a list, and vacuum repairs only the lists of live nodes.
	 */
	if (node >= check->nodes || !loki_check_is_live(node_state(check, node)))
		return;

	fault = list_fault(check, node, link);
	if (fault != NULL)
		loki_check_fault(check, psprintf("node %u", node),
						 psprintf("It has %d links on layer 0, of at most %d, and level %d.",
								  count, 2 * check->state->m, link->level),
						 "%s", fault);
	Assert(link->level <= LOKI_MAX_LEVEL && count <= 2 * check->state->m);
	check->level[node] = link->level;
	for (int i = 0; i < count; i++)
	{
		uint32		neighbor = link->neighbors[i] - 1;

		check_neighbor(check, node, neighbor);
		if (neighbor < check->nodes)
			check->node[neighbor] |= LOKI_CHECK_LINKED;
	}
}

/* Check the lists of layer 0, and note the level of each node. */
void
loki_check_links(LokiCheck *check)
{
	Assert(check->node != NULL);	/* loki_check_nodes() has run */
	Assert(!check->state->pending);
	check->level = MemoryContextAllocExtended(CurrentMemoryContext,
											  Max(check->nodes, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	loki_check_slot_array(check, LOKI_SLOTS_LINK, check_link);
}

/* ----------------------------------------------------------------
 * Layers above 0
 * ----------------------------------------------------------------
 */

/* Whether an array has a slot of this number */
static bool
slot_exists(LokiCheck *check, int array, uint32 number)
{
	BlockNumber block;
	uint32		place;

	return number <= LOKI_MAX_NUMBER &&
		loki_slot_locate(check->state, check->index, array, number, &block, &place);
}

/* A slot of UPPER, which is noted in check->upper, without its links */
static void
check_upper(LokiCheck *check, int array, uint32 number, const char *slot)
{
	const LokiUpperData *upper = (const LokiUpperData *) slot;
	LokiCheckUpper *copy = &check->upper[number];
	const char *fault = NULL;

	Assert(loki_slot_has_page(check->state, LOKI_SLOTS_UPPER, number));
	Assert(copy->node == LOKI_NONE);	/* each slot is visited once */
	copy->node = upper->level == 0 ? LOKI_NONE : upper->node;
	copy->down = upper->down;
	copy->level = upper->level;
	if (upper->level == 0)
		return;

	if (upper->level > LOKI_MAX_LEVEL)
		fault = "has an invalid level";
	else if (upper->node > LOKI_MAX_NUMBER)
		fault = "names an invalid node ID";
	else if (upper->count > check->state->m)
		fault = "has too many links";
	else if ((upper->level == 1) != (upper->down == LOKI_NONE))
		fault = "has an invalid slot one layer below";
	else if (upper->unused != 0)
		fault = "has bytes in its unused part";
	for (int i = fault == NULL ? upper->count : check->state->m; i < check->state->m; i++)
		if (upper->neighbors[i].node != 0 || upper->neighbors[i].slot != 0)
			fault = "has links behind the end of its list";
	for (int i = 0; fault == NULL && i < upper->count; i++)
	{
		if (upper->neighbors[i].node == upper->node)
			fault = "is linked to its own node";
		else if (!slot_exists(check, LOKI_SLOTS_TID, upper->neighbors[i].node) ||
				 !slot_exists(check, LOKI_SLOTS_UPPER, upper->neighbors[i].slot))
			fault = "is linked to a node or slot that does not exist";
		for (int j = 0; j < i; j++)
			if (upper->neighbors[i].node == upper->neighbors[j].node)
				fault = "is linked to another node twice";
	}

	if (fault != NULL)
		loki_check_fault(check, psprintf("upper slot %u", number),
						 psprintf("It is of node %u on layer %d and has %d links, of at most %d.",
								  upper->node, upper->level, upper->count, check->state->m),
						 "%s", fault);
}

/* Whether slot `number`, as it was collected, belongs to a node on a layer */
static bool
is_upper_of(LokiCheck *check, uint32 number, uint32 node, int level)
{
	return number < check->nuppers && check->upper[number].node == node &&
		check->upper[number].level == level;
}

/* Whether slot `number` leads down to layer 1 by slots of its own node; a level less each, so it ends */
static bool
leads_down(LokiCheck *check, uint32 number)
{
	uint32		node = check->upper[number].node;

	Assert(number < check->nuppers && node != LOKI_NONE);
	for (int level = check->upper[number].level; level > 1; level--)
	{
		number = check->upper[number].down;
		if (!is_upper_of(check, number, node, level - 1))
			return false;
	}
	return true;
}

/*
 * Find live nodes of a level above 0 that lack slots, and look at them again, since they may
 * have been freed and reused.  Returns one that still seems to lack slots, or LOKI_NONE.
 */
static uint32
find_without_uppers(LokiCheck *check)
{
	LokiLinkData *link = palloc(LokiLinkSize(check->state->m));
	uint32		found = LOKI_NONE;

	for (uint32 node = 0; node < check->nodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		if (check->level[node] == 0 || (check->node[node] & LOKI_CHECK_UPPERS) ||
			!loki_check_is_live(node_state(check, node)))
			continue;

		check->node[node] &= ~LOKI_CHECK_STATE;
		check->node[node] |= loki_check_state_now(check, node);
		if (loki_check_read(check, LOKI_SLOTS_LINK, node, link))
			check->level[node] = Min(link->level, LOKI_MAX_LEVEL);
		if (check->level[node] > 0 && loki_check_is_live(node_state(check, node)))
			found = node;
	}
	pfree(link);
	return found;
}

/*
 * Check the layers above 0: each live node has its slots on all layers up to its level.  Other slots are of dead nodes,
 * or of nobody: an insert that was cut off had not made its node live.
 *
 * Each attempt judges by one reading of all slots, into check->upper.  Pages that are added while it is read are not
 * part of it.
 */
void
loki_check_uppers(LokiCheck *check)
{
	LokiSlotArray *slots = &check->state->arrays[LOKI_SLOTS_UPPER];
	uint64		most;
	uint32		node;

	Assert(check->level != NULL);	/* loki_check_links() has run */
	StaticAssertStmt(ATTEMPTS > 0, "a node is reported after the last attempt");
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		loki_index_refresh(check->state, check->index);
		most = Max((uint64) slots->npages * slots->per_page, 1);
		if (check->upper != NULL)
			pfree(check->upper);
		check->upper = MemoryContextAllocExtended(CurrentMemoryContext,
												  mul_size(most, sizeof(LokiCheckUpper)),
												  MCXT_ALLOC_HUGE);
		for (uint64 i = 0; i < most; i++)
			check->upper[i].node = LOKI_NONE;
		check->nuppers = loki_check_slot_array(check, LOKI_SLOTS_UPPER, check_upper);

		/* mark the nodes whose slots lead from their highest layer down to layer 1 */
		for (node = 0; node < check->nodes; node++)
			check->node[node] &= ~LOKI_CHECK_UPPERS;
		for (uint32 number = 0; number < check->nuppers; number++)
		{
			node = check->upper[number].node;
			if (node < check->nodes && loki_check_is_live(node_state(check, node)) &&
				check->upper[number].level == check->level[node] && leads_down(check, number))
				check->node[node] |= LOKI_CHECK_UPPERS;
		}
		node = find_without_uppers(check);
		if (node == LOKI_NONE)
			return;
	}
	loki_check_fault(check, psprintf("node %u", node),
					 loki_check_where(check, LOKI_SLOTS_LINK, node),
					 "has level %d, but not its slots on the layers up to that", check->level[node]);
}

/* ----------------------------------------------------------------
 * The entry point
 * ----------------------------------------------------------------
 */

/*
 * What is wrong with the entry point that a metapage names, or NULL.  A dead one stays until vacuum has found
 * another, for as long as the metapage says that nodes are to be repaired.
 */
static const char *
entry_fault(LokiCheck *check, const LokiMetaPageData *meta)
{
	LokiUpperData *upper;
	int			state;
	bool		owned;

	if (meta->entry.node == LOKI_NONE)
		return NULL;
	state = loki_check_state_now(check, meta->entry.node);
	if (!loki_check_in_graph(state))
		return "is not in the graph";
	if (state == LOKI_TID_DEAD && !loki_check_vacuum_unfinished(check))
		return "is dead";
	if (meta->entry.level < 0 || meta->entry.level > LOKI_MAX_LEVEL)
		return "has an invalid level";
	if (meta->entry.level == 0)
		return meta->entry.slot == LOKI_NONE ? NULL : "has a slot on a layer above its level";

	upper = palloc(LokiUpperSize(check->state->m));
	owned = loki_check_read(check, LOKI_SLOTS_UPPER,
							meta->entry.slot, upper) &&
		upper->node == meta->entry.node && upper->level == meta->entry.level;
	pfree(upper);
	return owned ? NULL : "does not own its slot on its highest layer";
}

/*
 * Check the entry point.  An insert that did not end may leave a node above the entry point,
 * or a first node that is not the entry point.
 */
void
loki_check_entry(LokiCheck *check)
{
	const char *fault = NULL;
	uint64		live = 0;
	int			level = 0;		/* the highest of live nodes, as of when TID
								 * was read */
	LokiMetaPageData meta;

	for (uint32 node = 0; node < check->nodes; node++)
		if (loki_check_is_live(node_state(check, node)))
		{
			live++;
			level = Max(level, check->level[node]);
		}
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		loki_meta_read(check->index, &meta);
		fault = entry_fault(check, &meta);
		if (fault == NULL)
			break;
	}
	if (fault != NULL)
		loki_check_fault(check, "entry point",
						 psprintf("It is node %u with upper slot %u on layer %d.",
								  meta.entry.node, meta.entry.slot, meta.entry.level),
						 "%s", fault);

	if (meta.entry.node == LOKI_NONE && live > 0)
		ereport(WARNING,
				(errmsg("index \"%s\" has nodes, but no entry point",
						RelationGetRelationName(check->index))));
	else if (meta.entry.node != LOKI_NONE && level > meta.entry.level)
		ereport(WARNING,
				(errmsg("index \"%s\" has nodes above its entry point",
						RelationGetRelationName(check->index)),
				 errdetail("The entry point is on layer %d, the highest node on layer %d.",
						   meta.entry.level, level)));
}

/* ----------------------------------------------------------------
 * Reachability
 * ----------------------------------------------------------------
 */

/* Node IDs, or UPPER slots, that are still to be visited */
typedef struct WorkList
{
	uint32	   *items;
	uint32		n;
} WorkList;

/* A work list takes each item once, so `capacity` is the number of all items. */
static void
make_worklist(WorkList *list, uint32 capacity)
{
	list->items = MemoryContextAllocExtended(CurrentMemoryContext,
											 mul_size(Max(capacity, 1), sizeof(uint32)),
											 MCXT_ALLOC_HUGE);
	list->n = 0;
}

/* Note that a node is reached, and is to be visited if it was not before. */
static void
reach_node(LokiCheck *check, WorkList *nodes, uint32 node)
{
	if (node < check->nodes && !(check->node[node] & LOKI_CHECK_REACHED))
	{
		Assert(nodes->n < check->nodes);	/* each is added once */
		check->node[node] |= LOKI_CHECK_REACHED;
		nodes->items[nodes->n++] = node;
	}
}

/* The same for an UPPER slot, and for its node on layer 0. */
static void
reach_upper(LokiCheck *check, WorkList *uppers, WorkList *nodes, uint32 number)
{
	Assert(number < check->nuppers);
	if (!check->upper[number].reached)
	{
		Assert(uppers->n < check->nuppers);
		check->upper[number].reached = true;
		uppers->items[uppers->n++] = number;
		reach_node(check, nodes, check->upper[number].node);
	}
}

/* Follow links on the layers above 0, and down from each slot: its node is reached on all layers below, too. */
static void
walk_uppers(LokiCheck *check, WorkList *uppers, WorkList *nodes)
{
	LokiUpperData *upper = palloc(LokiUpperSize(check->state->m));

	while (uppers->n > 0)
	{
		uint32		number = uppers->items[--uppers->n];
		const LokiCheckUpper *known = &check->upper[number];

		CHECK_FOR_INTERRUPTS();
		if (is_upper_of(check, known->down, known->node, known->level - 1))
			reach_upper(check, uppers, nodes, known->down);
		if (!loki_check_read(check, LOKI_SLOTS_UPPER, number, upper))
			continue;
		/* a neighbor that was freed may no longer have the slot */
		for (int i = 0; i < upper->count && i < check->state->m; i++)
			if (is_upper_of(check, upper->neighbors[i].slot, upper->neighbors[i].node,
							known->level))
				reach_upper(check, uppers, nodes, upper->neighbors[i].slot);
	}
	pfree(upper);
}

/*
 * Follow links on layer 0.  Lists are newer here than those that were checked, and those of dead
 * nodes count: searches follow them, and they may be all that lead to a live node until vacuum
 * has repaired the graph.
 */
static void
walk_nodes(LokiCheck *check, WorkList *nodes)
{
	LokiLinkData *link = palloc(LokiLinkSize(check->state->m));

	while (nodes->n > 0)
	{
		uint32		node = nodes->items[--nodes->n];

		CHECK_FOR_INTERRUPTS();
		if (!loki_check_in_graph(node_state(check, node)) ||
			!loki_check_read(check, LOKI_SLOTS_LINK, node, link))
			continue;
		for (int i = 0; i < loki_link_count(link, check->state->m); i++)
		{
			reach_node(check, nodes, link->neighbors[i] - 1);
			if (link->neighbors[i] - 1 < check->nodes)
				check->node[link->neighbors[i] - 1] |= LOKI_CHECK_LINKED;
		}
	}
	pfree(link);
}

/* Live nodes that were not met */
typedef struct Missed
{
	uint64		unlinked;
	uint64		unreached;
	uint32		first;
} Missed;

/*
 * Count the live nodes that no node links to, or that were not reached from the entry point.
 * An insert that has not ended, because it runs or was cut off, has not linked its node yet;
 * its row is of no transaction that has committed.
 */
static void
count_missed(LokiCheck *check, uint32 entry, Missed *missed)
{
	memset(missed, 0, sizeof(*missed));
	missed->first = LOKI_NONE;
	for (uint32 node = 0; node < check->nodes; node++)
	{
		bool		linked = (check->node[node] & LOKI_CHECK_LINKED) || node == entry;
		bool		reached = (check->node[node] & LOKI_CHECK_REACHED) != 0;
		LokiTidData tid;

		CHECK_FOR_INTERRUPTS();
		if ((linked && reached) || !loki_check_is_live(node_state(check, node)) ||
			!loki_check_read(check, LOKI_SLOTS_TID, node, &tid) ||
			!loki_check_is_live(LokiTidState(&tid)))
			continue;
		/* links that were made meanwhile need not have been seen */
		if ((tid.state & LOKI_TID_LINKING) || (check->node[node] & LOKI_CHECK_LINKING))
			continue;
		if (!linked)
			missed->unlinked++;
		if (!reached)
			missed->unreached++;
		if (missed->first == LOKI_NONE)
			missed->first = node;
	}
}

/* Walk the graph from the entry point on.  Returns the entry point. */
static uint32
walk_graph(LokiCheck *check, WorkList *uppers, WorkList *nodes)
{
	LokiMetaPageData meta;

	Assert(uppers->n == 0 && nodes->n == 0);
	loki_meta_read(check->index, &meta);
	for (uint32 node = 0; node < check->nodes; node++)
		check->node[node] &= ~LOKI_CHECK_REACHED;
	for (uint32 number = 0; number < check->nuppers; number++)
		check->upper[number].reached = false;
	if (meta.entry.node != LOKI_NONE)
	{
		reach_node(check, nodes, meta.entry.node);
		if (is_upper_of(check, meta.entry.slot, meta.entry.node, meta.entry.level))
			reach_upper(check, uppers, nodes, meta.entry.slot);
	}
	walk_uppers(check, uppers, nodes);
	walk_nodes(check, nodes);
	Assert(uppers->n == 0 && nodes->n == 0);
	return meta.entry.node;
}

/*
 * Warn of live nodes that no node links to, or that cannot be reached from the entry point.
 * Complete scans find their rows all the same.  Links move while the graph is walked, so it is
 * walked again before such nodes are believed in.
 */
void
loki_check_reachability(LokiCheck *check)
{
	WorkList	nodes;
	WorkList	uppers;
	Missed		missed = {.first = LOKI_NONE};

	Assert(check->upper != NULL);	/* loki_check_uppers() has run */
	make_worklist(&nodes, check->nodes);
	make_worklist(&uppers, check->nuppers);
	/* each walk reads all lists again; it is the last one's word that counts */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		uint32		entry = walk_graph(check, &uppers, &nodes);

		count_missed(check, entry, &missed);
		if (missed.first == LOKI_NONE)
			break;
	}
	pfree(uppers.items);
	pfree(nodes.items);

	if (missed.first != LOKI_NONE)
		ereport(WARNING,
				(errmsg("index \"%s\" has %llu nodes that no node links to, and %llu that cannot be reached from its entry point",
						RelationGetRelationName(check->index),
						(unsigned long long) missed.unlinked,
						(unsigned long long) missed.unreached),
				 errdetail("The first of them is node %u.", missed.first)));
}
