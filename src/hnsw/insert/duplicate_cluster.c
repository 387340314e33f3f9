/*-------------------------------------------------------------------------
 *
 * duplicate_cluster.c
 *	  Linking a node of a cluster of near-duplicates to nodes beyond it.
 *
 * If the rule keeps few of the candidates for a node's links, most of them lie together, such
 * as the chunks of a document that hardly differ.  A walk that comes to a large cluster stays there
 * if all links lead to it.  build/graph.c does the same for a new index.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/duplicate_cluster.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/select.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/lock_assert.h"

/*
 * With fewer links the list of a node has no room for those past the cluster: they would take the place
 * of links to it, and some of its nodes would be lost.  (A build sees to it that none is.)
 */
#define LEAST_M		LOKI_DEFAULT_M

/*
 * If the node lies in a cluster, add links to its list on layer 0, which was just chosen among the
 * linker's candidates: to nodes of the lowest layer above 0 where a search comes to farther ones.
 * The insert lock is held; no page is locked.  Overwrites cache->found.
 */
void
loki_link_past_cluster(LokiNewRow *row)
{
	LokiInsertCache *cache = row->cache;
	LokiLinker *linker = &cache->linker;
	int			n = linker->n;
	float		farthest;

	Assert(loki_insert_lock_held(row->index));
	Assert(linker->nkept <= n);
	if (n == 0 || row->state->m < LEAST_M || !loki_in_cluster(linker->nkept, row->state->code.dim))
		return;
	farthest = linker->candidates[n - 1].distance;
	for (int level = 1; level <= row->meta.entry.level && linker->n == n; level++)
	{
		LokiDescent descent;

		if (!loki_descent_begin(&cache->search, &row->meta, &descent, cache->found))
			return;
		loki_descent_to(&cache->search, &descent, level, LOKI_ENTRY_WIDTH);
		if (descent.level < level)
			return;				/* vacuum has just freed the way there */
		loki_descent_search(&cache->search, &descent, LOKI_BEYOND_CLUSTER);
		for (int i = 0; i < descent.nfound; i++)
			if (cache->found[i].distance > farthest)
				loki_linker_add(linker, cache->found[i].node, LOKI_NONE, cache->found[i].distance);
		CHECK_FOR_INTERRUPTS();
	}
	if (linker->n > n)
		loki_linker_choose_farther(linker, n, &cache->lists[0]);
}
