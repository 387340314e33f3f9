/*-------------------------------------------------------------------------
 *
 * find.c
 *	  Making nodes of an index found by the search for their own row.
 *
 * This does for a graph in pages what build/reachability.c does for a new one.  If the search
 * for a node misses it, nodes that the search has expanded are linked to it, so that the
 * same search finds it.  src/hnsw/graph/README, "Nothing is lost".
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/find.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/neighbors.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"

/* How many links to it a node gets that its search missed */
#define NEW_LINKS			16

/*
 * Whether the narrow search for a node finds it, or one that its code cannot tell from it.
 * The query of the node is prepared.  It counts as found, too, if a whole pool of others is
 * nearer, as may be under inner product.  If it is not found, the search's pool holds the
 * nodes that the search ended among.
 */
bool
loki_node_is_found(LokiSearch *search, const LokiMetaPageData *meta, uint32 node)
{
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries = loki_search_entries(search, meta, LOKI_ENTRY_WIDTH, entries);
	float		self;

	Assert(!search->in_recovery);
	if (nentries == 0)
		return true;
	loki_search_score(search, &node, 1, &self);
	search->target.distance = self;
	search->target.tolerance = 0;
	search->target.stop = true;
	loki_search_layer0(search, entries, nentries, LOKI_NARROW_SEARCH);
	search->target.tolerance = -1;
	search->target.stop = false;
	return search->target.met ||
		(search->npool == LOKI_NARROW_SEARCH &&
		 !(self < search->pool[search->npool - 1].distance));
}

/*
 * Link several nodes of the pool to a node that its search missed: other searches for it
 * end in slightly other places.  If none of them takes the link, one alone has to.
 */
void
loki_node_link_found(LokiLinker *linker, const LokiSearch *search, uint32 node)
{
	LokiListRef ref = {.slot = LOKI_NONE};
	int			linked = 0;

	Assert(linker->state == search->state);
	for (int force = 0; force <= 1 && linked == 0; force++)
		for (int i = 0; i < search->npool && linked < (force ? 1 : NEW_LINKS); i++)
		{
			Assert(i == 0 || search->pool[i - 1].distance <= search->pool[i].distance);
			ref.node = search->pool[i].node & ~LOKI_EXPANDED;
			if (loki_node_is_live(linker->state, linker->index, ref.node) &&
				loki_list_add(linker, &ref, node, LOKI_NONE, force))
				linked++;
			CHECK_FOR_INTERRUPTS();
		}
}

/*
 * Search for a live node by its codes, and link it if it is not found.  code and refine have
 * room for one slot each.  Only vacuum calls this, so that nobody frees nodes meanwhile.  No
 * content lock may be held.
 */
void
loki_node_make_found(LokiLinker *linker, LokiSearch *search, uint32 node,
					 char *code, char *refine)
{
	LokiMetaPageData meta;

	Assert(loki_no_buffer_locked());
	loki_meta_read(linker->index, &meta);
	loki_code_read(linker->state, linker->index, node, code);
	if (linker->state->quantizer->prepare_refined == NULL)
		loki_search_query_code(search, code);
	else
	{
		if (!loki_slot_read(linker->state, linker->index, LOKI_SLOTS_REFINE, node, refine))
			return;
		loki_search_query_row(search, code, refine, NULL);
	}
	if (!loki_node_is_found(search, &meta, node))
		loki_node_link_found(linker, search, node);
}
