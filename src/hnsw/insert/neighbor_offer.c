/*-------------------------------------------------------------------------
 *
 * neighbor_offer.c
 *	  Offering a new node to those that would choose it.
 *
 * A node's neighbors are the nearest to it.  But the node may be among the nearest of
 * others that are not its neighbors.  Take a small group of nodes far from everything: its
 * neighbors are whatever lies about the group, and those have nearer neighbors themselves.
 * In a build, nodes that come later find the group.  Nodes that are in the index do not look
 * for neighbors again.  As more nodes come to lie about the group, a search for one of the
 * group meets more and more nodes that do not lead to it.
 *
 * So an insert asks some of the nodes that its search has scored and left behind.  One of
 * them becomes a neighbor as well if the new node is nearer to it than one of its m nearest
 * neighbors.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/neighbor_offer.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/insert/insert.h"
#include "hnsw/page/lock_assert.h"

/* How many nodes of a sample are asked: the farthest */
#define ASKED		8

/*
 * Whether a node at this distance is among the m nearest of another one, judged by that
 * one's list.  In a list that is as it was chosen the last link is the farthest, so that
 * most lists need not be measured.
 */
static bool
would_choose(LokiNewRow *row, uint32 other, float distance)
{
	LokiLinker *linker = &row->cache->linker;
	int			m = row->state->m;
	LokiListRef ref = {other, LOKI_NONE, 0};
	float		distances[2 * LOKI_MAX_M];
	LokiList	list;
	LokiList	last = {.count = 1};
	int			nearer = 0;

	if (!loki_list_peek(linker, &ref, &list) || list.count == 0)
		return false;
	Assert(list.count <= loki_list_max(0, m));
	last.nodes[0] = list.nodes[Min(list.count, m) - 1];
	loki_list_measure(linker, other, &last, distances);
	if (distances[0] <= distance)
		return false;
	loki_list_measure(linker, other, &list, distances);
	for (int i = 0; i < list.count; i++)
		nearer += distances[i] <= distance;
	return nearer < m;
}

/*
 * Of a sample of 32 of the nodes that the search has scored, evenly spread over its course, take the farthest of
 * those that it has left behind: the nearer ones lie where nodes are many, and have enough neighbors there.  Add
 * those that would choose the new node to its list on layer 0, which has been chosen.  The insert lock is held, so
 * that live nodes stay.
 */
void
loki_offer_node(LokiNewRow *row)
{
	LokiList   *list = &row->cache->lists[0];
	const LokiSearch *search = &row->cache->search;
	uint32		step = Max(1, search->kept.nscored / 32);
	float		found = search->pool.n > 0 ? search->pool.nearest[search->pool.n - 1].distance : -FLT_MAX;
	const LokiScored *others[ASKED];
	int			n = 0;

	Assert(loki_insert_lock_held(row->index));
	Assert(row->node == LOKI_NONE);
	for (uint32 i = 0; i < search->kept.nscored; i += step)
	{
		const LokiScored *met = &search->kept.scored[i];
		int			place;

		if (met->distance <= found)
			continue;			/* of the pool, out of which the neighbors were chosen */
		place = n < ASKED ? n++ : ASKED;
		while (place > 0 && others[place - 1]->distance < met->distance)
		{
			if (place < ASKED)
				others[place] = others[place - 1];
			place--;
		}
		if (place < ASKED)
			others[place] = met;
		Assert(place == 0 || others[place - 1]->distance >= met->distance);
	}
	for (int i = 0; i < n; i++)
	{
		loki_slot_prefetch(row->state, row->index, LOKI_SLOTS_LINK, others[i]->node);
		loki_slot_prefetch(row->state, row->index, LOKI_SLOTS_CODE, others[i]->node);
	}
	for (int i = 0; i < n && list->count < loki_list_max(0, row->state->m); i++)
	{
		uint32		node = others[i]->node;

		if (!loki_list_contains(list, node) &&
			would_choose(row, node, others[i]->distance) &&
			loki_node_is_live(row->state, row->index, node))
			loki_list_push(list, node, LOKI_NONE);
		CHECK_FOR_INTERRUPTS();
	}
}
