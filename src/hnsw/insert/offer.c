/*-------------------------------------------------------------------------
 *
 * offer.c
 *	  Offering a new node to those that would choose it.
 *
 * A node's neighbors are the nearest to it.  It may be among the nearest of
 * others that are not: those of a small group of nodes far from everything have
 * whatever lies about the group as their neighbors, however many that have
 * nearer ones themselves.  In a build such nodes may come later, and find the
 * node.  Those that an insert finds in the index do not look for neighbors
 * again, and the more nodes come to lie about them, the more of these a search
 * for them has to pass that lead nowhere.
 *
 * So an insert asks some of the nodes that its search has met and passed by.
 * Those that the node is nearer to than to one of their m nearest neighbors
 * become neighbors as well.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/offer.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/insert/insert.h"
#include "miscadmin.h"

/* Nodes that are looked at, and the farthest of them, which are asked */
#define SAMPLE		32
#define ASKED		8

/*
 * Whether a node at this distance is among the m nearest of another, to go by
 * that one's list.  Where the list is as it was chosen, its last link tells
 * that it is not, so that most lists need not be measured.
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
 * The farthest of some nodes, evenly spread over those that the search has
 * passed by, into others[]; their number.  The nearer ones are where nodes are
 * many, and have enough neighbors among them.
 */
static int
choose_others(const LokiSearch *search, const LokiScored **others)
{
	uint32		step = Max(1, search->kept.nscored / SAMPLE);
	int			n = 0;

	for (uint32 i = 0; i < search->kept.nscored; i += step)
	{
		const LokiScored *met = &search->kept.scored[i];
		int			place = n < ASKED ? n++ : ASKED;

		while (place > 0 && others[place - 1]->distance < met->distance)
		{
			if (place < ASKED)
				others[place] = others[place - 1];
			place--;
		}
		if (place < ASKED)
			others[place] = met;
	}
	return n;
}

/*
 * Add to the node's list on layer 0, which has been chosen, those that would
 * choose it, of some that the search has met and that are not in its pool.
 */
void
loki_offer_node(LokiNewRow *row)
{
	LokiList   *list = &row->cache->lists[0];
	const LokiScored *others[ASKED];
	int			n = choose_others(&row->cache->search, others);

	for (int i = 0; i < n && list->count < loki_list_max(0, row->state->m); i++)
	{
		uint32		node = others[i]->node;

		if (!loki_list_contains(list, node) &&
			would_choose(row, node, others[i]->distance) &&
			loki_node_is_live(row->state, row->index, node))
			list->nodes[list->count++] = node;
		CHECK_FOR_INTERRUPTS();
	}
}
