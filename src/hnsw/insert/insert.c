/*-------------------------------------------------------------------------
 *
 * insert.c
 *	  Inserting a row: find its place in the graph, write its node, link it.
 *
 * An insert is a sequence of records, each of which leaves a valid index (I10): claim a TID slot
 * (reserved, with the heap TID, so that vacuum can reclaim it after a crash); write CODE,
 * REFINE, HASH, attributes and the node's own lists; make the node live; link its neighbors
 * to it.  A page split of nbtree is of that kind, too: whoever comes between two of its records
 * finds an index that is right, if not the best.
 *
 * The insert lock (page/insert_lock.c) is held from before the entry point is read until the last
 * link is written.  Searches take none: they and inserts wait for each other no longer than a page
 * is locked.  src/hnsw/insert/README, "Insert".
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/insert.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "access/tableam.h"
#include "hnsw/definition/options.h"
#include "hnsw/derived/derived.h"
#include "hnsw/graph/select.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/width.h"
#include "hnsw/statistics/statistics.h"
#include "storage/predicate.h"
#include "types/toast.h"
#include "utils/memutils.h"

/*
 * Nodes of layer 1 where layer 0 is entered: with 8, as with a scan's 4, a search
 * ends now and then in a wrong part of the graph, and the node is linked there
 * alone.
 */
#define ENTRY_WIDTH			20

/* A search is so many times as wide where all that it found are of one vector, and where all are dead */
#define PAST_TWINS			4
#define PAST_DEAD			16

/* Links to nodes of the same vector */
#define TWIN_LINKS			4

/* One row in so many shows how much searches find (search_widely()) */
#define COMPARED_EVERY		64

/* ----------------------------------------------------------------
 * Rows outside the graph
 * ----------------------------------------------------------------
 */

/*
 * Insert a row whose vector is NULL or has no direction.  Needs no insert lock, since
 * nothing links to the row.
 */
static void
insert_outside(LokiNewRow *row, LokiValueClass class)
{
	LokiTidData tid = {0};
	uint16		flags = class == LOKI_VALUE_ZERO_NORM ? LOKI_TID_ZERO_NORM : 0;
	uint32		number;

	Assert(class == LOKI_VALUE_NULL || class == LOKI_VALUE_ZERO_NORM);
	tid.u.heap = row->tid.u.heap;
	tid.state = flags | (row->state->nattributes > 0 ? LOKI_TID_RESERVED : LOKI_TID_LIVE);
	number = loki_slot_claim(row->state, row->index, LOKI_SLOTS_NULLTID, &tid, ERROR);
	if (row->state->nattributes == 0)
		return;

	for (int i = 0; i < row->state->nattributes; i++)
	{
		(void) loki_reserve_slot(row->state, row->index, LOKI_SLOTS_NULLATTR + i, number, ERROR);
		loki_slot_write(row->state, row->index, LOKI_SLOTS_NULLATTR + i, number,
						row->attributes[i]);
	}
	tid.state = flags | LOKI_TID_LIVE;
	loki_slot_write(row->state, row->index, LOKI_SLOTS_NULLTID, number, &tid);
}

/* ----------------------------------------------------------------
 * Finding the place of a row
 * ----------------------------------------------------------------
 */

/*
 * How many of the search's pool are as near as the nearest.  Many are if they are of one vector and differ in
 * attributes, as versions of a row do.
 */
static int
count_twins(const LokiPool *pool)
{
	int			twins = 0;

	while (twins < pool->n && pool->nearest[twins].distance == pool->nearest[0].distance)
		twins++;
	return twins;
}

/*
 * Choose the node's list on layer 0 among the search's pool.  If the pool is wider than usual, because most of its
 * nodes are dead, its first live nodes are taken; if because they are of one vector, others.  The rule would keep one
 * of these, and no way would lead out of them; some are linked besides.
 */
static int
choose_base(LokiNewRow *row)
{
	LokiInsertCache *cache = row->cache;
	LokiLinker *linker = &cache->linker;
	LokiList   *list = &cache->lists[0];
	const LokiPool *pool = &cache->search.pool;
	bool		check_first = pool->n > cache->ef_construction;
	int			twins = check_first ? count_twins(pool) : 0;
	int			most = loki_list_max(0, row->state->m);

	Assert(row->node == LOKI_NONE);
	if (2 * twins <= cache->ef_construction || twins == pool->n)
		twins = 0;
	linker->n = 0;
	for (int i = twins; i < pool->n && linker->n < cache->ef_construction; i++)
	{
		uint32		node = pool->nearest[i].node & ~LOKI_EXPANDED;

		if (!check_first || loki_node_is_live(row->state, row->index, node))
			loki_linker_add(linker, node, LOKI_NONE, pool->nearest[i].distance);
	}
	loki_linker_choose(linker, 0, twins > 0 ? Max(most - TWIN_LINKS, 1) : most, true, LOKI_NONE, list);
	for (int i = 0; i < Min(TWIN_LINKS, twins) && list->count < most; i++)
	{
		uint32		node = pool->nearest[i * twins / Min(TWIN_LINKS, twins)].node & ~LOKI_EXPANDED;

		if (loki_node_is_live(row->state, row->index, node))
			loki_list_push(list, node, LOKI_NONE);
	}
	loki_link_past_cluster(row);
	return list->count;
}

/*
 * Go down the layers above 0, widely on those of the node, and choose its lists
 * there among what was found.  On layer 1 more nodes are kept than by a scan: the
 * nearest of it need not be in one part of the graph.
 */
static void
search_upper_layers(LokiNewRow *row, LokiDescent *descent)
{
	LokiInsertCache *cache = row->cache;
	LokiLinker *linker = &cache->linker;

	while (descent->level > 0)
	{
		int			level = descent->level;
		int			ef = level == 1 ? ENTRY_WIDTH : LOKI_ENTRY_WIDTH;

		loki_descent_search(&cache->search, descent, level <= row->level ?
							Max(cache->ef_construction, ef) : ef);
		if (level <= row->level)
		{
			LokiList   *list = &cache->lists[level];

			linker->n = 0;
			for (int i = 0; i < descent->nfound; i++)
				loki_linker_add(linker, cache->found[i].node, cache->found[i].slot,
								cache->found[i].distance);
			loki_linker_choose(linker, level, loki_list_max(level, row->state->m), true, LOKI_NONE, list);
			/* a place stays free, for a link that another gives up for one to the node */
			list->count = Min(list->count, loki_list_max(level, row->state->m) - 1);
			cache->nnarrow[level] = descent->nnarrow;
			for (int i = 0; i < descent->nnarrow; i++)
			{
				Assert((descent->narrow[i].node & LOKI_EXPANDED) == 0);
				cache->narrow[level][i] = descent->narrow[i].node;
			}
		}
		loki_descent_lower(descent);
	}
}

/*
 * Any live node but the row's own; LOKI_NONE if there is none.  Reads all of TID, under
 * share lock page by page.  Only for graphs in which a search met dead nodes alone.
 */
static uint32
find_live_node(LokiNewRow *row)
{
	LokiAllSlots all = {row->state, row->index, LOKI_SLOTS_TID};
	const LokiTidData *tid;

	Assert(loki_insert_lock_held(row->index));
	loki_index_refresh(row->state, row->index);
	while ((tid = loki_all_slots_next(&all)) != NULL)
		if (LokiTidIsLive(tid) && all.number != row->node)
			return all.number;
	return LOKI_NONE;
}

/*
 * Search for the row as a narrow scan would.  True if a duplicate was met and
 * joined; else cache->narrow[0] has the nodes that the scan ends among.
 */
static bool
search_narrowly(LokiNewRow *row, const LokiUpperFound *entries, int nentries)
{
	LokiInsertCache *cache = row->cache;
	LokiSearch *search = &cache->search;
	int			ef = cache->ef_construction;
	int			width = Min(LOKI_NARROW_SEARCH, ef);

	Assert(nentries > 0 && nentries <= LOKI_ENTRY_WIDTH);
	loki_search_start(search, ef);
	search->target.stop = true;
	loki_search_walk(search, entries, nentries, width, ef);
	search->target.stop = false;
	if (search->target.met || row->unchanged)
	{
		if (loki_insert_duplicate(row))
			return true;
		loki_search_walk(search, NULL, 0, width, ef);
	}
	cache->nnarrow[0] = Min(search->pool.n, width);
	for (int i = 0; i < cache->nnarrow[0]; i++)
		cache->narrow[0][i] = search->pool.nearest[i].node & ~LOKI_EXPANDED;

	/* by inner product others can be so much nearer that no scan finds it */
	row->found = cache->nnarrow[0] == 0 ||
		!(search->target.distance < search->pool.nearest[cache->nnarrow[0] - 1].distance);
	return false;
}

/*
 * Go on from where search_narrowly() ended, as wide as ef_construction, and from more entries.
 *
 * Before it is linked, a row is to the graph what the queries of users are.  So some rows compare: their walk
 * pauses where one for the default of hnsw.ef_search is as wide, and how many of the nearest that it finds
 * in the end were known there is counted.  The end knows all that the pause did, and may itself have missed
 * others: this agreement is hardly less than recall.
 */
static void
search_widely(LokiNewRow *row, const LokiUpperFound *entries, int nentries)
{
	const int	few = loki_calibration_ks[LOKI_FEW_PLACE];
	LokiSearch *search = &row->cache->search;
	const LokiPool *pool = &search->pool;
	int			ef = row->cache->ef_construction;
	LokiCandidate *known = NULL;
	int			nknown = 0;

	if (row->hash.h[0] % COMPARED_EVERY == 0)
	{
		loki_search_walk(search, NULL, 0, (int) Min(loki_walk_width(row->state, LOKI_DEFAULT_EF_SEARCH), ef), ef);
		nknown = Min(few, pool->n);
		known = memcpy(palloc_array(LokiCandidate, few), pool->nearest, nknown * sizeof(LokiCandidate));
	}
	loki_search_walk(search, entries, nentries, ef, ef);
	if (known == NULL)
		return;
	row->agreement.compared = Min(few, pool->n);
	for (int i = 0; i < nknown; i++)
		row->agreement.agreed += known[i].distance <= pool->nearest[row->agreement.compared - 1].distance;
	Assert(row->agreement.agreed <= row->agreement.compared);
}

/*
 * Search the graph for the row, and choose its lists on all layers that it has in common
 * with the entry point.  True if the row has joined the node of a duplicate.  The insert
 * lock is held.
 *
 * The wide search goes on from where the narrow one ended, with more entries: a node must
 * find all parts of the graph that are near to it, or it will belong to one of them alone.
 */
static bool
find_place(LokiNewRow *row)
{
	LokiInsertCache *cache = row->cache;
	LokiSearch *search = &cache->search;
	LokiDescent descent;

	Assert(loki_insert_lock_held(row->index));
	for (int i = 0; i <= row->level; i++)
		cache->lists[i].count = cache->nnarrow[i] = 0;
	row->alone = row->found = true;
	if (!row->anew)
		loki_look_for_duplicate(row);
	if (loki_descent_begin(search, &row->meta, &descent, cache->found))
	{
		int			nwide;

		search_upper_layers(row, &descent);
		nwide = Min(descent.nfound, ENTRY_WIDTH);
		if (search_narrowly(row, descent.narrow, descent.nnarrow))
			return true;
		search_widely(row, cache->found, nwide);
		if (loki_insert_duplicate(row))
			return true;
		if (search->pool.n >= cache->ef_construction && count_twins(&search->pool) == search->pool.n)
			loki_search_layer0(search, cache->found, nwide, cache->ef_construction * PAST_TWINS);
		if (choose_base(row) == 0)
		{
			/* it met dead nodes alone */
			loki_search_layer0(search, cache->found, nwide, cache->ef_construction * PAST_DEAD);
			choose_base(row);
		}
		loki_offer_node(row);
		row->alone = cache->lists[0].count == 0;
	}

	/*
	 * A node that finds nothing live to link to takes over as entry point.
	 * But a live node may exist, beyond dead ones.
	 */
	if (row->alone && !row->anew)
	{
		uint32		other = find_live_node(row);

		if (other != LOKI_NONE)
		{
			Assert(cache->lists[0].count == 0);
			loki_list_push(&cache->lists[0], other, LOKI_NONE);
			row->alone = false;
		}
	}
	return false;
}

/* ----------------------------------------------------------------
 * Linking a node
 * ----------------------------------------------------------------
 */

/*
 * Link a neighbor of one of its four nearest neighbors to the node, one that has room in its
 * list; false if there is none.
 */
static bool
link_where_room(LokiNewRow *row)
{
	LokiLinker *linker = &row->cache->linker;
	const LokiList *own = &row->cache->lists[0];
	LokiList	theirs;
	LokiList	list;

	for (int i = 0; i < Min(own->count, 4); i++)
	{
		LokiListRef ref = {own->nodes[i], LOKI_NONE, 0};

		if (!loki_list_read(linker, &ref, &theirs))
			continue;
		for (int j = 0; j < theirs.count; j++)
		{
			ref.node = theirs.nodes[j];
			if (ref.node == row->node || !loki_list_read(linker, &ref, &list) ||
				list.count >= loki_list_max(0, row->state->m) ||
				!loki_node_is_live(row->state, row->index, ref.node))
				continue;
			if (loki_list_add(linker, &ref, row->node, LOKI_NONE, LOKI_LINK_CHOSEN))
				return true;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/*
 * Link the node's neighbors to it, from layer 0 upwards, so that whoever comes to
 * it on a layer finds it linked on those below, and no search finds it there only
 * because it began at it.
 *
 * On layer 0 this has begun with the record that made the node live (loki_node_write()), and
 * one node at least must take it, or nothing would lead to it.  If no
 * neighbor does, that is one of theirs with room: by inner product this is so for
 * most nodes, as all are nearest to the few long ones, which must not give up the
 * links among themselves.  If there is none, the nearest neighbor has to.
 *
 * Then make sure that a scan finds the node, which begins elsewhere than the
 * search that found its neighbors.  It does where one of those that a narrow
 * search ended among has taken the node; else it is searched for, and where it is
 * not found it is linked from where the scan ends.
 */
static void
link_neighbors(LokiNewRow *row)
{
	LokiLinker *linker = &row->cache->linker;
	LokiBacklinks *links = &row->cache->links;

	Assert(row->node != LOKI_NONE);
	for (int level = 0; level <= row->level; level++)
	{
		const LokiList *list = &row->cache->lists[level];
		LokiListRef own = {row->node, row->slots[level], level};
		bool		linked = false;
		bool		narrow;

		if (level > 0)
			loki_backlinks_begin(linker, level, list, row->node, row->slots[level], links);
		Assert(links->level == level && links->node == row->node);
		loki_node_link(row);
		for (int i = 0; i < list->count; i++)
		{
			LokiListRef ref = {list->nodes[i], level == 0 ? LOKI_NONE : list->slots[i], level};

			if (links->states[i] == LOKI_BACKLINK_ALONE &&
				loki_list_add(linker, &ref, row->node, row->slots[level], LOKI_LINK_CHOSEN))
				links->states[i] = LOKI_BACKLINK_MADE;
			linked |= links->states[i] == LOKI_BACKLINK_MADE;
			CHECK_FOR_INTERRUPTS();
		}
		narrow = loki_linked_narrowly(row);
		if (!linked && level == 0 && list->count > 0 &&
			!link_where_room(row))
		{
			LokiListRef ref = {list->nodes[0], LOKI_NONE, 0};

			loki_list_add(linker, &ref, row->node, LOKI_NONE, LOKI_LINK_FORCED);
		}
		if (!narrow && (level > 0 || !row->found))
			loki_query_make_reachable(linker, &row->cache->search, &row->meta, &own, false);
	}
}

/*
 * Make the node the entry point if it is higher than the present one, or if it is alone.
 * Locks block 0 exclusively.
 *
 * If another insert has set an entry point meanwhile, a node that is alone must be linked to
 * that first, or a crash could leave an index in which only this node is found: then
 * nothing is changed, and the entry point is returned; otherwise LOKI_NONE.
 */
static uint32
update_entry(LokiNewRow *row)
{
	LokiChange	change;
	LokiMetaPage meta;
	uint32		other = LOKI_NONE;
	bool		moved;

	Assert(row->tid.state == (LOKI_TID_LIVE | LOKI_TID_LINKING));
	loki_change_begin(&change, row->state, row->index);
	meta = loki_change_meta(&change);
	moved = meta->entry.node != row->meta.entry.node ||
		meta->upper_version != row->meta.upper_version;
	if (row->alone && moved && meta->entry.node != LOKI_NONE)
		other = meta->entry.node;
	else if (row->alone || meta->entry.node == LOKI_NONE || row->level > meta->entry.level)
	{
		meta->entry.node = row->node;
		meta->entry.slot = row->slots[row->level];
		meta->entry.level = row->level;
		meta->upper_version++;
	}
	loki_change_finish(&change);
	return other;
}

/*
 * Insert a row into the graph.  With a seed the node's highest layer depends on the seed and on the row's place
 * in the table, so that the same inserts make the same graph.  The insert lock is held.
 */
static void
insert_node(LokiNewRow *row)
{
	const ItemPointerData *tid = &row->tid.u.heap;
	pg_prng_state prng;

	Assert(!row->stale);
	if (loki_build_seed >= 0)
		pg_prng_seed(&prng, (uint64) loki_build_seed << 48 ^
					 (uint64) ItemPointerGetBlockNumberNoCheck(tid) << 16 ^
					 ItemPointerGetOffsetNumberNoCheck(tid));
	row->level = loki_random_level(loki_layer_ratio(row->state->profile, row->state->m),
								   loki_build_seed >= 0 ? &prng : &pg_global_prng_state);
	row->cache->linker.dead_nodes = (row->meta.flags & LOKI_META_VACUUM_UNFINISHED) != 0;
	if (find_place(row))
		return;

	loki_node_write(row);
	link_neighbors(row);
	if (row->alone || row->meta.entry.node == LOKI_NONE ||
		row->level > row->meta.entry.level)
	{
		LokiListRef own = {row->node, LOKI_NONE, 0};
		LokiListRef other = {LOKI_NONE, LOKI_NONE, 0};

		while ((other.node = update_entry(row)) != LOKI_NONE)
		{
			Assert(other.node != row->node);
			loki_list_add(&row->cache->linker, &own, other.node, LOKI_NONE, LOKI_LINK_FORCED);
			loki_list_add(&row->cache->linker, &other, row->node, LOKI_NONE, LOKI_LINK_FORCED);
			row->alone = false;
		}
	}
	loki_pushed_out_make_reachable(&row->cache->linker, &row->cache->search, NULL);

	loki_node_let_join(row);
}

/*
 * Take the insert lock and read the metapage.  The row is stale if the index got its codes since
 * it was opened.  Until the lock is released, it gets none.
 */
static void
lock_for_insert(LokiNewRow *row)
{
	loki_insert_lock(row->index);
	loki_meta_read(row->index, &row->meta);
	row->stale = row->meta.format.uid != row->state->cached.uid;
	Assert(row->stale || row->state->pending == (row->meta.pending > 0));	/* N3 */
}

/*
 * Join the node of another version of the row: as found in the hash table that a statement makes if it
 * updates many rows, or by the shortest search.  False if it is not found.  Takes the insert lock, and
 * leaves none.
 */
static bool
join_version(LokiNewRow *row, bool by_table)
{
	LokiUpperFound found;
	bool		joined = false;

	lock_for_insert(row);
	if (by_table)
		joined = !row->stale && loki_version_join(row);
	else if (!row->stale && loki_search_entries(&row->cache->search, &row->meta, 1, &found) > 0)
	{
		loki_look_for_duplicate(row);
		joined = search_narrowly(row, &found, 1);
	}
	loki_insert_unlock(row->index);
	return joined;
}

/* ----------------------------------------------------------------
 * The access method's entry point
 * ----------------------------------------------------------------
 */

/*
 * Scratch memory for the rows of one statement.  IndexInfo lives as long as that, and PostgreSQL
 * keeps ii_AmCache for this.  A new one is made if the index was opened again meanwhile: sizes of
 * slots and codes may differ.
 */
static LokiInsertCache *
insert_cache(Relation index, LokiIndex *state, IndexInfo *indexInfo)
{
	LokiInsertCache *cache = indexInfo->ii_AmCache;
	MemoryContext context;
	MemoryContext old;

	if (cache != NULL && cache->state == state)
		return cache;
	if (cache != NULL)
		MemoryContextDelete(cache->context);
	indexInfo->ii_AmCache = NULL;

	context = AllocSetContextCreate(indexInfo->ii_Context, "hnsw insert",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	cache = palloc0(sizeof(LokiInsertCache));
	cache->context = context;
	cache->row_context = AllocSetContextCreate(context, "hnsw insert row",
											   ALLOCSET_DEFAULT_SIZES);
	cache->state = state;
	cache->ef_construction = LokiIndexOptions(index)->ef_construction;
	cache->found = palloc_array(LokiUpperFound,
								Max(Max(cache->ef_construction, ENTRY_WIDTH), LOKI_BEYOND_CLUSTER) + 1);
	loki_search_begin(&cache->search, index, state, context);
	cache->search.kept.rejected = true;
	loki_linker_begin(&cache->linker, index, state, cache->ef_construction + LOKI_BEYOND_CLUSTER);
	MemoryContextSwitchTo(old);
	indexInfo->ii_AmCache = cache;
	return cache;
}

/* Encode a row, before the insert lock is taken. */
static void
form_node(LokiNewRow *row, const float *values)
{
	const LokiQuantizer *quantizer = row->state->quantizer;

	Assert(!loki_insert_lock_held(row->index));
	row->code = palloc0(quantizer->code_size);
	if (quantizer->refine_size > 0)
		row->refine = palloc0(quantizer->refine_size);
	quantizer->encode(quantizer, values, row->code, row->refine);
	loki_search_query_row(&row->cache->search, row->code, row->refine, values);
}

/*
 * Link a node that the index has to those of another set of codes and graph, which vacuum is making: `state` and meta
 * are of that set.  One that is placed there, by codes of another, keeps its links, which others may need.  Takes the
 * insert lock, and leaves it as it was; no content lock may be held.
 */
void
loki_node_link_anew(Relation index, LokiIndex *state, const LokiMetaPageData *meta, IndexInfo *info, uint32 node,
					bool placed, const float *values)
{
	LokiInsertCache *cache = insert_cache(index, state, info);
	MemoryContext old = MemoryContextSwitchTo(cache->row_context);
	LokiNewRow *row = palloc0(sizeof(LokiNewRow));

	row->index = index;
	row->state = state;
	row->cache = cache;
	row->meta = *meta;
	row->node = row->slots[0] = LOKI_NONE;
	row->anew = true;
	row->hash.h[0] = 1;			/* it compares no searches */
	form_node(row, values);
	loki_insert_lock(index);
	if (!placed)
		(void) find_place(row);
	row->found = false;			/* it is searched for, unless search_narrowly() ended among those that take it */
	loki_node_write_anew(row, node, placed);
	if (placed)
		loki_node_make_reachable(&cache->linker, &cache->search, meta, &(LokiListRef) {node, LOKI_NONE, 0}, true);
	else
		link_neighbors(row);
	loki_pushed_out_make_reachable(&cache->linker, &cache->search, meta);
	loki_insert_unlock(index);
	MemoryContextSwitchTo(old);
	MemoryContextReset(cache->row_context);
}

/*
 * The OID of the row's vector in the TOAST table; InvalidOid if it is not there, so that no chunk is
 * looked for.  The datum at hand does not show it, because the row was made of it: the heap's row is read.
 * The insert lock is not held, since reading the row takes other heavyweight locks.
 */
static Oid
find_value(LokiNewRow *row, Relation heap, AttrNumber attribute)
{
	TupleTableSlot *slot = row->cache->slot;
	bool		isnull = true;
	Datum		datum = (Datum) 0;
	Oid			value = InvalidOid;
	struct varatt_external pointer;

	Assert(!loki_insert_lock_held(row->index));
	if (row->state->arrays[LOKI_SLOTS_TID].slot_size < LOKI_TID_LONG ||
		!OidIsValid(heap->rd_rel->reltoastrelid) || attribute == 0)
		return InvalidOid;
	if (slot == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(row->cache->context);

		slot = MakeSingleTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(heap)),
										table_slot_callbacks(heap));
		row->cache->slot = slot;
		MemoryContextSwitchTo(old);
	}
	if (table_tuple_fetch_row_version(heap, &row->tid.u.heap, SnapshotAny, slot))
		datum = slot_getattr(slot, attribute, &isnull);
	if (!isnull && VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum)))
	{
		VARATT_EXTERNAL_GET_POINTER(pointer, DatumGetPointer(datum));
		if (pointer.va_toastrelid == heap->rd_rel->reltoastrelid &&
			!VARATT_EXTERNAL_IS_COMPRESSED(pointer))
			value = pointer.va_valueid;
	}
	ExecClearTuple(slot);
	return value;
}

/*
 * Insert a row whose vector has a place in the graph.  Takes the insert lock, and leaves none.
 * No content lock may be held.
 */
static void
insert_inside(LokiNewRow *row, const float *values, Relation heap, AttrNumber attribute)
{
	Oid			value = find_value(row, heap, attribute);

	loki_value_hash(&row->state->column, values, &row->hash);
	if (row->unchanged)
	{
		ItemPointerData unknown = {{0}};

		LokiTidSetValue(&row->tid, value, unknown);
		loki_version_prepare(row);
		if (row->cache->versions != NULL && join_version(row, true))
			return;
	}
	if (!row->state->pending)
		form_node(row, values);
	if (row->unchanged && !row->state->pending && join_version(row, false))
		return;
	if (OidIsValid(value))
	{
		LokiToastReader reader = {.context = CurrentMemoryContext, .may_be_gone = true};

		/* where its first chunk lies */
		LokiTidClearValue(&row->tid);
		if (loki_toast_find(&reader, heap->rd_rel->reltoastrelid, value))
			LokiTidSetValue(&row->tid, reader.valueid, reader.first);
		loki_toast_close(&reader);
	}
	lock_for_insert(row);
	if (!row->stale && !row->state->pending)
		insert_node(row);
	else if (!row->stale && !loki_join_pending(row))
		loki_node_write(row);
	loki_insert_unlock(row->index);
}

/*
 * Insert a row.  The value is detoasted before the insert lock is taken: under that the only
 * other heavyweight lock to be acquired is the one for extension.  Adds to what is counted, once
 * it is done.
 */
static LokiInsertDue
insert_row(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid, Relation heap,
		   bool indexUnchanged, IndexInfo *indexInfo, LokiCounts *counts)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	LokiInsertCache *cache = insert_cache(index, state, indexInfo);
	MemoryContext old = MemoryContextSwitchTo(cache->row_context);
	LokiNewRow *row = palloc0(sizeof(LokiNewRow));
	const float *vector;
	LokiValueClass class;
	LokiInsertDue due;

	row->index = index;
	row->state = state;
	row->node = LOKI_NONE;
	row->cache = cache;
	row->tid.u.heap = *heap_tid;
	row->unchanged = indexUnchanged;
	class = loki_value_open(&state->column, values[0], isnull[0], &vector);
	for (int i = 0; i < state->nattributes; i++)
		loki_attr_form((LokiAttrType) state->attr_type[i], values[i + 1], isnull[i + 1],
					   row->attributes[i]);

	if (class == LOKI_VALUE_VECTOR && loki_tail_is_wanted(state, &meta))
		loki_tail_form(&state->column, PG_DETOAST_DATUM(values[0]), &row->tail);
	if (class == LOKI_VALUE_VECTOR)
		insert_inside(row, vector, heap, indexInfo->ii_IndexAttrNumbers[0]);
	else
		insert_outside(row, class);

	Assert(!loki_insert_lock_held(index));
	if (row->stale)
		due = LOKI_INSERT_DUE_AGAIN;
	/* a pending index had nodes enough before, if an earlier insert could not make the codes */
	else if (state->pending && row->meta.pending > 0 &&
			 loki_node_end(state, index) >= row->meta.pending)
		due = LOKI_INSERT_DUE_CODES;
	else if (loki_derived_is_due(state, index, &row->meta, row->node))
		due = LOKI_INSERT_DUE_LISTS;
	/* likewise, if an earlier one could not measure */
	else if (!state->pending && row->grown && loki_growth_is_due(state, &row->meta, row->node + 1))
		due = LOKI_INSERT_DUE_GROWTH;
	else
		due = LOKI_INSERT_DUE_NOTHING;
	Assert(!row->stale || row->node == LOKI_NONE);	/* nothing was written */
	if (due != LOKI_INSERT_DUE_AGAIN)
	{
		counts->of[LOKI_COUNT_DUPLICATES_JOINED] = class == LOKI_VALUE_VECTOR &&
			row->node == LOKI_NONE;
		counts->of[LOKI_COUNT_NODES_REUSED] = row->node != LOKI_NONE && !row->grown;
		if (row->node != LOKI_NONE)
		{
			counts->of[LOKI_COUNT_COMPARED] = row->agreement.compared;
			counts->of[LOKI_COUNT_AGREED] = row->agreement.agreed;
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(cache->row_context);
	return due;
}

/*
 * See insert.h.  Any scan may depend on the row's absence, so scans lock the whole index
 * (scan/scan.c).  These locks are looked for when the row can be found: a scan that begins later meets
 * it, and reports the conflict itself.  An attempt ends without effect if the index got codes after it was opened.
 */
LokiInsertDue
loki_insert_row(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid,
				Relation heap, bool indexUnchanged, IndexInfo *indexInfo)
{
	LokiInsertDue due;
	LokiCounts	counts = {.of[LOKI_COUNT_INSERTS] = 1,.of[LOKI_COUNT_ROWS_CHANGED] = 1};

	while ((due = insert_row(index, values, isnull, heap_tid, heap, indexUnchanged, indexInfo,
							 &counts)) == LOKI_INSERT_DUE_AGAIN)
		CHECK_FOR_INTERRUPTS();
	CheckForSerializableConflictIn(index, NULL, InvalidBlockNumber);
	loki_count(index, &counts);
	return due;
}
