/*-------------------------------------------------------------------------
 *
 * row_lookup.c
 *	  Looking up the nodes of a set of rows.
 *
 * The set's pages come in order, and so do the pages of the map.  Pages are looked up in
 * batches.  Within a batch each page of the map is locked once, and nodes are copied out.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/row_lookup.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/row_map.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"

/* Words of a bitmap of keys */
#define KEY_WORDS		((1 << LOKI_ROWMAP_MAX_KEY_BITS) / 64)

/* A page of the heap, and the places of its rows' entries */
typedef struct MapPage
{
	BlockNumber block;
	const uint64 *offsets;
	int			nwords;
	uint32		first;
	uint32		end;
} MapPage;

/* A lookup in progress */
typedef struct MapRun
{
	LokiRowLookup *lookup;
	LokiRowMapVisit visit;
	void	   *arg;
	MapPage		pages[LOKI_ROWMAP_PAGES];
	int			npages;
	uint32		nodes[LOKI_ROWMAP_NODES];
	int			nnodes;
	Buffer		buffer;			/* a page of ROW that is locked ... */
	uint32		ordinal;		/* ... and which it is */
} MapRun;

/* Unlock the page of ROW that this run has locked, if any, and release its pin. */
static void
unlock_row(MapRun *run)
{
	if (BufferIsValid(run->buffer))
		UnlockReleaseBuffer(run->buffer);
	run->buffer = InvalidBuffer;
}

/* Unlock the page, and hand out the nodes that were taken. */
static void
hand_out(MapRun *run)
{
	unlock_row(run);
	if (run->nnodes > 0)
		run->visit(run->arg, run->nodes, run->nnodes);
	run->nnodes = 0;
	CHECK_FOR_INTERRUPTS();
}

/* ----------------------------------------------------------------
 * The map
 * ----------------------------------------------------------------
 */

/*
 * Find where entries begin, or with `end` where they end, for the heap pages of a batch from
 * `i` on whose places are on the same page of BLOCK.  Returns the next page that is not.
 */
static int
find_starts(MapRun *run, int i, bool end)
{
	LokiRowLookup *lookup = run->lookup;
	LokiSlotArray *array = &lookup->state->arrays[LOKI_SLOTS_BLOCK];
	uint32		place;
	uint32		ordinal = loki_slot_page(array, (run->pages[i].block >> lookup->map.shift) + end,
										 &place);
	Buffer		buffer;
	int			used;
	Page		page = loki_page_lock(lookup->state, lookup->index, LOKI_SLOTS_BLOCK, ordinal,
									  &buffer, &used);

	for (; i < run->npages; i++)
	{
		uint32		start = 0;

		if (loki_slot_page(array, (run->pages[i].block >> lookup->map.shift) + end,
						   &place) != ordinal)
			break;
		if (page != NULL && (int) place < used)
			memcpy(&start, LokiPageSlot(page, sizeof(uint32), place), sizeof(start));
		if (end)
			run->pages[i].end = start;
		else
			run->pages[i].first = start;
	}
	if (page != NULL)
		UnlockReleaseBuffer(buffer);
	return i;
}

/* Set the keys of the rows of a page; all keys if its rows are not known */
static void
make_keys(const LokiRowMapData *map, const MapPage *page, uint64 *keys)
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
 * Take the nodes, among n entries, whose keys are wanted; there is room for all.  Mostly few
 * are wanted, and there is no branch to be mispredicted.
 */
static void
take_entries(MapRun *run, const char *slots, uint32 place, uint32 n, const uint64 *keys)
{
	const LokiRowMapData *map = &run->lookup->map;
	uint32		width = loki_rowmap_width(map);
	uint32		node_bits = map->node_bits;
	uint32		mask = (uint32) ((UINT64CONST(1) << node_bits) - 1);
	int			nnodes = run->nnodes;

	Assert(nnodes + n <= LOKI_ROWMAP_NODES);
	for (uint32 end = place + n; place < end; place++)
	{
		uint32		entry = loki_entry(slots, place, width);
		uint32		node = entry & mask;
		uint32		key = entry >> node_bits;

		run->nodes[nnodes] = node;
		nnodes += (node < map->end) & (keys[key / 64] >> (key % 64)) & 1;
	}
	run->nnodes = nnodes;
}

/* Take the nodes of a page of the heap.  A page of ROW stays locked for the next one. */
static void
take_page(MapRun *run, const MapPage *page)
{
	const LokiRowMapData *map = &run->lookup->map;
	uint32		per_page = loki_entries_per_page(loki_rowmap_width(map));
	uint32		end = Min(page->end, map->entries);
	uint64		keys[KEY_WORDS];

	make_keys(map, page, keys);
	for (uint32 i = page->first; i < end;)
	{
		uint32		ordinal = i / per_page;
		uint32		n = Min(end, (ordinal + 1) * per_page) - i;

		if (run->nnodes == LOKI_ROWMAP_NODES)
			hand_out(run);
		n = Min(n, (uint32) (LOKI_ROWMAP_NODES - run->nnodes));
		if (BufferIsValid(run->buffer) && run->ordinal != ordinal)
			unlock_row(run);
		if (!BufferIsValid(run->buffer))
		{
			int			used;

			run->ordinal = ordinal;
			if (loki_page_lock(run->lookup->state, run->lookup->index, LOKI_SLOTS_ROW, ordinal,
							   &run->buffer, &used) == NULL)
				return;
		}
		take_entries(run, LokiPageSlot(BufferGetPage(run->buffer), sizeof(uint64), 0),
					 i % per_page, n, keys);
		i += n;
	}
}

/* Prefetch the entries of a page of the heap, as far as they are on one page of ROW. */
static void
fetch_entries(MapRun *run, const MapPage *page)
{
	LokiRowLookup *lookup = run->lookup;
	LokiSlotArray *array = &lookup->state->arrays[LOKI_SLOTS_ROW];
	uint32		width = loki_rowmap_width(&lookup->map);
	uint32		per_page = loki_entries_per_page(width);
	uint32		ordinal = page->first / per_page;
	uint32		place = page->first % per_page;
	uint32		n;

	if (page->first >= page->end || ordinal >= array->npages)
		return;
	n = Min(page->end - page->first, per_page - place);
	loki_buffer_prefetch(lookup->state, loki_page_block(array, ordinal),
						 SizeOfPageHeaderData + place * width / 8, n * width / 8 + 1);
}

/* Look up the pages of a batch.  Leaves no page locked. */
static void
take_pages(MapRun *run)
{
	Assert(run->npages <= LOKI_ROWMAP_PAGES && !BufferIsValid(run->buffer));
	for (int i = 0; i < run->npages;)
		i = find_starts(run, i, false);
	for (int i = 0; i < run->npages;)
		i = find_starts(run, i, true);
	for (int i = 0; i < run->npages; i++)
		fetch_entries(run, &run->pages[i]);
	for (int i = 0; i < run->npages; i++)
		take_page(run, &run->pages[i]);
	unlock_row(run);
	run->npages = 0;
}

static void
read_map(MapRun *run, const LokiTidSet *tids)
{
	const LokiRowMapData *map = &run->lookup->map;
	LokiTidPages pages;

	loki_tids_begin(&pages, tids);
	while (loki_tids_next(&pages))
	{
		MapPage    *page = &run->pages[run->npages];

		if ((pages.block >> map->shift) >= map->groups)
			break;
		page->block = pages.block;
		page->offsets = pages.offsets;
		page->nwords = pages.nwords;
		if (++run->npages == LOKI_ROWMAP_PAGES)
			take_pages(run);
	}
	take_pages(run);
	hand_out(run);
}

/* ----------------------------------------------------------------
 * Nodes that it does not have
 * ----------------------------------------------------------------
 */

/* Hand out the nodes that are noted. */
static void
add_noted(MapRun *run, const LokiNodeBits *bits)
{
	uint32		next = 0;
	int			n = 0;

	do
	{
		run->nnodes += n;
		if (run->nnodes + LOKI_REUSED_UNIT > LOKI_ROWMAP_NODES)
			hand_out(run);
	} while ((n = loki_bits_next(bits, &next, run->nodes + run->nnodes)) > 0);
}

/* ----------------------------------------------------------------
 * For scans
 * ----------------------------------------------------------------
 */

/* Memory in the current context */
bool
loki_row_lookup_begin(LokiRowLookup *lookup, LokiIndex *state, Relation index,
					  const LokiMetaPageData *meta, const LokiTidSet *tids)
{
	if ((meta->flags & LOKI_META_ROWMAP) == 0)
		return false;
	lookup->state = state;
	lookup->index = index;
	lookup->map = meta->rowmap;
	lookup->generation = meta->sorted_lists.generation;
	lookup->count = loki_tids_count(tids);
	loki_bits_read(state, index, LOKI_SLOTS_REUSED, meta->rowmap.end, &lookup->reused);
	lookup->stale = loki_bits_count(&lookup->reused) +
		loki_bits_estimate(state, index, LOKI_SLOTS_GAINED, meta->rowmap.end);
	return true;
}

void
loki_row_lookup_read(LokiRowLookup *lookup, const LokiTidSet *tids, LokiRowMapVisit visit,
					 void *arg)
{
	MapRun		run = {.lookup = lookup, .visit = visit, .arg = arg};
	LokiNodeBits gained;

	Assert(loki_no_buffer_locked());
	read_map(&run, tids);
	add_noted(&run, &lookup->reused);
	loki_bits_read(lookup->state, lookup->index, LOKI_SLOTS_GAINED, lookup->map.end,
				   &gained);
	add_noted(&run, &gained);
	loki_bits_release(&gained);
	hand_out(&run);
}
