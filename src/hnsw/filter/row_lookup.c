/*-------------------------------------------------------------------------
 *
 * row_lookup.c
 *	  Looking up the nodes of a set of rows in the row map.
 *
 * The row map is an index by block, so that what another index's bitmap scan has found becomes nodes
 * without a look at any node: blocks are in groups, and each entry of a group has a node and a few bits
 * that separate its row from others of the group.  Where these bits are alike, more nodes are visited than
 * have a row in the set, and TID decides later.
 *
 * The set's pages come in order, and so do the pages of the map.  Pages of the heap are looked up
 * in batches, so that each page of the map is locked once for many of them.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/row_lookup.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/lookup.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"

/* Words of a bitmap of keys */
#define KEY_WORDS		((1 << LOKI_ROWMAP_MAX_KEY_BITS) / 64)

/* A lookup in progress */
typedef struct MapRun
{
	LokiRowLookup *lookup;
	LokiRowMapVisit visit;
	void	   *arg;			/* of visit() */
	LokiTidPages pages[LOKI_ROWMAP_PAGES];	/* that are looked up together */
	int			npages;
	uint32		nodes[LOKI_ROWMAP_NOTED];	/* that were found, and not
											 * visited */
	int			nnodes;
	bool		noted;			/* these are noted as changed */
} MapRun;

/* Visit the nodes that were taken. */
static void
visit_nodes(MapRun *run)
{
	if (run->nnodes > 0)
		run->visit(run->arg, run->nodes, run->nnodes, run->noted);
	run->nnodes = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Set the keys of the rows of a page, as bits; all keys if its rows are not known */
static void
make_keys(const LokiRowMapData *map, const LokiTidPages *page, uint64 *keys)
{
	memset(keys, page->nwords == 0 ? 0xFF : 0,
		   sizeof(uint64) * (((1 << map->key_bits) + 63) / 64));
	for (int i = 0; i < page->nwords; i++)
		for (uint64 word = page->offsets[i]; word != 0; word &= word - 1)
		{
			uint32		key = loki_rowmap_key(map, page->block, (OffsetNumber)
											  (i * 64 + pg_rightmost_one_pos64(word) + 1));

			keys[key / 64] |= UINT64CONST(1) << (key % 64);
		}
}

/*
 * Take the nodes of those of n entries whose keys are wanted; from[] is the page of each.  Mostly
 * few are wanted.  Reused nodes have other rows, and are taken as noted ones.
 */
static void
take_entries(MapRun *run, const uint32 *places, const uint8 *from, uint32 n)
{
	const LokiSortedList *list = &run->lookup->list;
	uint32		entries[LOKI_ROWMAP_NODES];
	uint64		keys[KEY_WORDS];

	CHECK_FOR_INTERRUPTS();
	if (!loki_sorted_list_read(list, places, 0, n, entries))
		return;
	if (run->nnodes + n > LOKI_ROWMAP_NODES)
		visit_nodes(run);
	Assert(n <= LOKI_ROWMAP_NODES && list->map.key_bits <= LOKI_ROWMAP_MAX_KEY_BITS);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		node = loki_entry_node(list, entries[i]);
		uint32		key = entries[i] >> list->node_bits;
		bool		wanted;

		if (i == 0 || from[i] != from[i - 1])
			make_keys(&list->map, &run->pages[from[i]], keys);
		run->nodes[run->nnodes] = node;
		wanted = (node < list->end) & (keys[key / 64] >> (key % 64)) & 1;
		run->nnodes += wanted && !loki_bits_have(&run->lookup->reused, node);
	}
}

/*
 * Look up the pages of a batch: the bounds of all their groups first, then the first entries of these are
 * prefetched, and then entries are read, so that memory is waited for once and not once for each page.
 */
static void
look_up_pages(MapRun *run)
{
	const LokiSortedList *list = &run->lookup->list;
	const LokiSlotArray *slots = &list->state->arrays[list->entries];
	uint32		per_page = loki_entries_per_page(list->width);
	uint32		groups[2 * LOKI_ROWMAP_PAGES];
	uint32		starts[2 * LOKI_ROWMAP_PAGES];
	uint32		places[LOKI_ROWMAP_NODES];
	uint8		from[LOKI_ROWMAP_NODES];
	uint32		n = 0;

	for (int i = 0; i < run->npages; i++)
	{
		groups[2 * i] = loki_bound_slot(list, run->pages[i].block >> list->map.shift);
		groups[2 * i + 1] = groups[2 * i] + 1;
	}
	loki_slots_copy(list->state, list->index, list->bounds, groups, 2 * run->npages,
					!RecoveryInProgress(), (char *) starts);
	for (int i = 0; i < run->npages; i++)
	{
		uint32		page = list->pages.entries + starts[2 * i] / per_page;

		if (page < slots->npages)
			loki_buffer_prefetch(list->state, loki_page_block(slots, page),
								 SizeOfPageHeaderData + starts[2 * i] % per_page * list->width / 8, 1);
	}
	for (int i = 0; i < run->npages; i++)
		for (uint32 place = starts[2 * i]; place < Min(starts[2 * i + 1], list->n); place++)
		{
			places[n] = place;
			from[n++] = (uint8) i;
			if (n == LOKI_ROWMAP_NODES)
			{
				take_entries(run, places, from, n);
				n = 0;
			}
		}
	take_entries(run, places, from, n);
	run->npages = 0;
}

/* Take the nodes that are noted as changed: the map says nothing of them.  A node may be visited twice. */
static void
add_noted(MapRun *run, const LokiNodeBits *bits)
{
	uint32		next = 0;
	uint32		node;

	while (loki_bits_next(bits, &next, &node))
	{
		if (run->nnodes == LOKI_ROWMAP_NOTED)
			visit_nodes(run);
		run->nodes[run->nnodes++] = node;
	}
}

/* See lookup.h.  What is noted of reused nodes is in the current context; loki_bits_release() frees it. */
bool
loki_row_lookup_begin(LokiRowLookup *lookup, LokiIndex *state, Relation index,
					  const LokiMetaPageData *meta, const LokiTidSet *tids)
{
	if (!loki_sorted_list_open(&lookup->list, state, index, meta, LOKI_SORTED_ROWS))
		return false;
	lookup->count = tids->count;
	loki_bits_read(state, index, lookup->list.reused, lookup->list.end, &lookup->reused);
	lookup->stale = loki_bits_count(&lookup->reused) +
		loki_bits_estimate(state, index, lookup->list.gained, lookup->list.end);
	return true;
}

/*
 * See lookup.h.  Nodes that got rows after REUSED was read are in GAINED, which is read at the end:
 * whoever adds a row to a mapped node notes it there first.
 */
void
loki_row_lookup_read(LokiRowLookup *lookup, const LokiTidSet *tids, LokiRowMapVisit visit,
					 void *arg)
{
	const LokiSortedList *list = &lookup->list;
	MapRun		run = {.lookup = lookup, .visit = visit, .arg = arg};
	LokiNodeBits gained;
	LokiTidPages pages;

	Assert(loki_no_buffer_locked());
	Assert(lookup->reused.end == list->end);	/* I16 */
	loki_tids_begin(&pages, tids);
	while (loki_tids_next(&pages) && (pages.block >> list->map.shift) < list->map.groups)
	{
		run.pages[run.npages++] = pages;
		if (run.npages == LOKI_ROWMAP_PAGES)
			look_up_pages(&run);
	}
	look_up_pages(&run);
	visit_nodes(&run);
	run.noted = true;
	add_noted(&run, &lookup->reused);
	loki_bits_read(list->state, list->index, list->gained, list->end, &gained);
	add_noted(&run, &gained);
	loki_bits_release(&gained);
	visit_nodes(&run);
}
