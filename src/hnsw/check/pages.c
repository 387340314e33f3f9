/*-------------------------------------------------------------------------
 *
 * pages.c
 *	  lokivector_check: the extent directory, page headers and free lists.
 *
 * Pages are copied out one at a time under share lock.  So all that is checked within one
 * page was true at one moment.  What two pages say together may be of two moments.  Such a
 * contradiction is a fault only if inserts and vacuum cannot have made it in between: a
 * directory only grows (I3), and slots come into use in order.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/pages.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "compat/compare_numbers.h"
#include "compat/grow.h"
#include "hnsw/check/check.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "pgstat.h"

/* Pages between two reports of progress */
#define REPORT_PAGES		64

/* Blocks of an extent, of the metapage, or of a page of the directory: no two may overlap */
typedef struct BlockRange
{
	BlockNumber first;			/* ranges are sorted by it */
	BlockNumber count;
	int			array;
	uint32		extent;
} BlockRange;

/* ----------------------------------------------------------------
 * Directory
 * ----------------------------------------------------------------
 */

/* All of them */
typedef struct RangeList
{
	BlockRange *ranges;
	int			n;
	uint64		allocated;
} RangeList;

/* Add a range, as the directory names it. */
static void
add_range(RangeList *list, int array, uint32 extent, BlockNumber first,
		  BlockNumber count)
{
	BlockRange *range;

	Assert(count > 0);
	list->ranges = loki_grow(CurrentMemoryContext, list->ranges, &list->allocated, list->n + 1,
							 64, sizeof(BlockRange));
	range = &list->ranges[list->n++];
	range->first = first;
	range->count = count;
	range->array = array;
	range->extent = extent;
}

/* Check the header of the page copy. */
static void
check_header(LokiCheck *check, BlockNumber block, int array, uint32 ordinal)
{
	Page		page = check->page.data;
	PageHeader	header = (PageHeader) page;
	LokiPageOpaque opaque;
	const char *fault = NULL;

	if (PageIsNew(page))
		loki_damaged(check->index, psprintf("Expected page %u of the %s array.", ordinal,
											loki_slot_array_name(array)),
					 "contains unexpected zero page at block %u", block);

	/* not by pd_special, which is yet to be checked */
	opaque = LokiPageOpaqueAtEnd(page);
	if (header->pd_special != BLCKSZ - sizeof(LokiPageOpaqueData))
		fault = "special space";
	else if (PageGetPageSize(page) != BLCKSZ ||
			 PageGetPageLayoutVersion(page) != PG_PAGE_LAYOUT_VERSION)
		fault = "page version";
	else if (header->pd_lower < SizeOfPageHeaderData ||
			 header->pd_lower > header->pd_upper ||
			 header->pd_upper != header->pd_special)
		fault = "bounds";
	else if (header->pd_flags != 0 || header->pd_prune_xid != InvalidTransactionId)
		fault = "header flags";
	else if (opaque->page_id != LOKI_PAGE_ID)
		fault = "page identifier";
	else if (opaque->array != check->state->arrays[array].stored)
		fault = "array number";
	else if (opaque->ordinal != ordinal)
		fault = "ordinal";
	else if (opaque->flags &
			 ~(LokiSlotArrayIsBrief(array) ? LOKI_PAGE_IN_BLOCKS : LOKI_PAGE_ON_FREELIST))
		fault = "page flags";

	/* flags: of sketches, that slots are blocks of them; of others, that the page is on the free list */
	if (fault != NULL)
		loki_check_fault(check, psprintf("page at block %u", block),
						 psprintf("Expected page %u of the %s array.", ordinal, loki_slot_array_name(array)),
						 "has invalid %s", fault);
}

/*
 * Copy a block to check->page under share lock, and check it by itself.  Only block 0 may be
 * locked before, by the second walk of a free list.
 */
static void
copy_page(LokiCheck *check, BlockNumber block, int array, uint32 ordinal)
{
	PageHeader	header = (PageHeader) check->page.data;
	Buffer		buffer;
	Size		found;

	CHECK_FOR_INTERRUPTS();
	buffer = ReadBufferExtended(check->index, MAIN_FORKNUM, block, RBM_NORMAL, check->strategy);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	memcpy(check->page.data, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
	/* some pages are read twice, and an index may grow meanwhile */
	if (++check->progress.done % REPORT_PAGES == 0)
		pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE,
									 Min(check->progress.done, check->progress.total));
	check_header(check, block, array, ordinal);
	/* zero between its used part and its special space */
	Assert(header->pd_lower <= header->pd_special && header->pd_special < BLCKSZ);
	found = loki_check_not_zero(check->page.data, header->pd_lower, header->pd_special);
	if (found < header->pd_special)
		loki_check_fault(check, psprintf("page at block %u", block),
						 psprintf("The first is at offset %zu; the used part ends at %u.", found, header->pd_lower),
						 "has bytes in its unused part");
}

/* The number of slots in use on the page copy; the used part must end with a slot. */
static uint32
used_slots(LokiCheck *check, BlockNumber block, int array, uint32 slot_size, uint32 per_page)
{
	uint32		used = ((PageHeader) check->page.data)->pd_lower - SizeOfPageHeaderData;

	/* check_header() has seen to this */
	Assert(used <= ((PageHeader) check->page.data)->pd_special - SizeOfPageHeaderData);

	if (used % slot_size != 0 || used / slot_size > per_page)
		loki_check_fault(check, psprintf("page at block %u", block),
						 psprintf("It has %u bytes in use, %u a slot, and room for %u slots.",
								  used, slot_size, per_page),
						 "does not end with a slot");
	return used / slot_size;
}

/* Check an entry of the directory: extents of a slot array come in order, and lie in the file. */
static void
check_entry(LokiCheck *check, RangeList *list, uint32 *nextents,
			const LokiExtentData *entry, uint32 number)
{
	const char *fault = NULL;
	uint32		set = 0;
	int			array = entry->array < LOKI_STORED_ARRAYS ? loki_array_of_stored(entry->array, &set) : 0;

	if (check->state->arrays[array].slot_size == 0)
		fault = "names an array that the index does not have";
	else if (entry->extent != nextents[entry->array])
		fault = "is out of order";
	else if (entry->unused != 0)
		fault = "has bytes in its unused part";
	else if ((uint64) entry->first + LokiExtentBlocks(entry->extent) >
			 RelationGetNumberOfBlocks(check->index))
		fault = "reaches past the end of the file";

	if (fault != NULL)
		loki_check_fault(check, psprintf("entry %u of the extent directory", number),
						 psprintf("It names extent %u of array %u at block %u.",
								  entry->extent, entry->array, entry->first),
						 "%s", fault);

	nextents[entry->array]++;
	add_range(list, array, entry->extent, entry->first,
			  LokiExtentBlocks(entry->extent));
}

/*
 * Check the linked list of directory pages, and every extent that it names: no block may belong to two of them.
 * Blocks of none are left by a crash (I3).
 */
void
loki_check_directory(LokiCheck *check)
{
	RangeList	list = {0};
	uint32		nextents[LOKI_STORED_ARRAYS] = {0};
	BlockNumber block = LOKI_DIRECTORY_BLKNO;
	uint32		ordinal = 0;
	uint32		number = 0;
	uint64		end = 0;
	LokiMetaPageData after;

	Assert(loki_no_buffer_locked());
	add_range(&list, LOKI_SLOTS_META, 0, LOKI_META_BLKNO, 1);
	copy_page(check, LOKI_META_BLKNO, LOKI_SLOTS_META, 0);
	while (block != 0)
	{
		BlockNumber next;
		uint32		used;

		/* a cycle would have more pages than the file has blocks */
		if (block >= RelationGetNumberOfBlocks(check->index) ||
			ordinal >= RelationGetNumberOfBlocks(check->index))
			loki_check_fault(check, "extent directory", NULL, "continues at invalid block %u", block);
		copy_page(check, block, LOKI_SLOTS_DIRECTORY, ordinal);
		add_range(&list, LOKI_SLOTS_DIRECTORY, ordinal++, block, 1);
		used = used_slots(check, block, LOKI_SLOTS_DIRECTORY, sizeof(LokiExtentData),
						  LOKI_EXTENTS_PER_PAGE);
		next = LokiPageOpaque((Page) check->page.data)->next;
		for (uint32 i = 0; i < used; i++)
			check_entry(check, &list, nextents, (LokiExtentData *)
						LokiPageSlot(check->page.data, sizeof(LokiExtentData), i),
						number++);
		block = next;
	}

	/*
	 * The count on the metapage rises in the record that adds an entry.  It
	 * was read before the directory and is read again after it: the number of
	 * entries that were found must be in between.
	 */
	loki_meta_read(check->index, &after);
	if (number < check->meta.directory_entries || number > after.directory_entries)
		loki_check_fault(check, "extent directory", NULL,
						 "has %u entries, but the metapage counts %u", number, check->meta.directory_entries);

	/* sorted by their first blocks, each has to begin where the one before has ended, or later */
	Assert(list.n >= 2);		/* the metapage, and the directory */
	qsort(list.ranges, list.n, sizeof(BlockRange), loki_compare_uint32);
	for (int i = 0; i < list.n; i++)
	{
		const BlockRange *range = &list.ranges[i];

		if (range->first < end)
			loki_check_fault(check, psprintf("extent %u of the %s array", range->extent,
											 loki_slot_array_name(range->array)),
							 psprintf("It begins at block %u.", range->first),
							 "overlaps another extent");
		end = (uint64) range->first + range->count;
	}
	pfree(list.ranges);
}

/* ----------------------------------------------------------------
 * Arrays
 * ----------------------------------------------------------------
 */

/*
 * Check the free slots on a page of an array that has a free list: as many as it counts, all of them zero; one of UPPER
 * may have LOKI_NONE for its node.  Vacuum leaves them so; other bytes were overwritten.
 */
static void
check_free_slots(LokiCheck *check, BlockNumber block, int array, uint32 used)
{
	uint32		slot_size = check->state->arrays[array].slot_size;
	uint32		counted = LokiPageOpaque((Page) check->page.data)->free_slots;
	uint32		found = 0;

	Assert(LokiSlotArrayFreeList(array) >= 0);
	for (uint32 i = 0; i < used; i++)
	{
		const char *slot = LokiPageSlot(check->page.data, slot_size, i);
		uint32		node;
		Size		from;

		if (loki_slot_state(array, slot) != LOKI_TID_FREE)
			continue;
		memcpy(&node, slot, sizeof(node));
		from = array == LOKI_SLOTS_UPPER && node == LOKI_NONE ? sizeof(node) : 0;
		if (loki_check_not_zero(slot, from, slot_size) < slot_size)
			loki_check_fault(check, psprintf("page at block %u", block),
							 psprintf("It is the slot at place %u of a page of the %s array.",
									  i, loki_slot_array_name(array)),
							 "has bytes in a free slot");
		found++;
	}
	if (found != counted)
		loki_check_fault(check, psprintf("page at block %u", block),
						 psprintf("It is a page of the %s array.", loki_slot_array_name(array)),
						 "has %u free slots, but counts %u", found, counted);
}

/* Whether slot n of a slot array belongs to node n */
static bool
is_by_node(int array)
{
	return array == LOKI_SLOTS_CODE || array == LOKI_SLOTS_LINK ||
		array == LOKI_SLOTS_REFINE || array == LOKI_SLOTS_HASH ||
		(array >= LOKI_SLOTS_ATTR && array < LOKI_SLOTS_ATTR + LOKI_MAX_ATTRIBUTES);
}

/*
 * Check that no live node is among the slots from `from` up to `to`, which a slot array does
 * not have.  Slots are written before a node becomes live and are never taken away, so there
 * is no need to look again.  (A dead node may have died before it had any.)  REFINE alone may come
 * later, until a link leads to the node (I7).
 */
static void
check_missing(LokiCheck *check, int array, uint32 from, uint32 to)
{
	Assert(is_by_node(array) && (check->nodes == 0 || check->node != NULL));
	for (uint32 node = from; node < to && node < check->nodes; node++)
		if (loki_check_is_live(check->node[node] & LOKI_CHECK_STATE) &&
			!(array == LOKI_SLOTS_REFINE && (check->node[node] & LOKI_CHECK_LINKING) != 0))
			loki_check_fault(check, psprintf("node %u", node),
							 loki_check_where(check, LOKI_SLOTS_TID, node),
							 "has no slot in the %s array", loki_slot_array_name(array));
}

/*
 * Check every page of a slot array, and pass every slot in use to slot_check, unless that is
 * NULL.  Returns the end of the used part: 1 + the highest number in use; 0 if the index does
 * not have the array.  No page may be locked, and slot_check is called with none locked.
 */
uint32
loki_check_slot_array(LokiCheck *check, int array, LokiSlotCheck slot_check)
{
	LokiSlotArray *slots = &check->state->arrays[array];
	uint32		npages = slots->npages;
	uint32		end = 0;

	Assert(loki_no_buffer_locked());
	if (slots->slot_size == 0)
		return 0;
	for (uint32 ordinal = 0; ordinal < npages; ordinal++)
	{
		BlockNumber block = loki_page_block(slots, ordinal);
		uint32		first = ordinal * slots->per_page;
		uint32		used;

		copy_page(check, block, array, ordinal);
		used = used_slots(check, block, array, slots->slot_size, slots->per_page);
		if (LokiSlotArrayFreeList(array) >= 0)
			check_free_slots(check, block, array, used);
		if (is_by_node(array))
			check_missing(check, array, first + used, first + slots->per_page);
		if (used > 0)
			end = first + used;

		for (uint32 i = 0; slot_check != NULL && i < used; i++)
			slot_check(check, array, first + i,
					   LokiPageSlot(check->page.data, slots->slot_size, i));
	}
	/* pages that the array does not have at all */
	if (is_by_node(array))
		check_missing(check, array, npages * slots->per_page, check->nodes);
	return end;
}

/* ----------------------------------------------------------------
 * Free lists
 * ----------------------------------------------------------------
 */

/*
 * Walk a free list.  Returns the first page with a fault, or LOKI_NONE.  A list with more
 * pages than the array has goes in a circle.  Changes meanwhile may make it seem that a page cannot be on it.
 */
static uint32
walk_freelist(LokiCheck *check, int array, uint32 head, const char **fault)
{
	LokiSlotArray *slots = &check->state->arrays[array];
	uint32		ordinal = head;

	Assert(LokiSlotArrayFreeList(array) >= 0);
	*fault = NULL;
	for (uint32 passed = 0; ordinal != LOKI_NONE; passed++)
	{
		LokiPageOpaque opaque;

		if (passed > slots->npages)
		{
			*fault = "twice";
			break;
		}
		if (ordinal >= slots->npages)
			loki_index_refresh(check->state, check->index);
		if (ordinal >= slots->npages)
		{
			*fault = "which the array does not have";
			break;
		}
		copy_page(check, loki_page_block(slots, ordinal), array, ordinal);
		opaque = LokiPageOpaque((Page) check->page.data);
		if (!(opaque->flags & LOKI_PAGE_ON_FREELIST))
		{
			*fault = "which is not marked as being on it";
			break;
		}
		ordinal = opaque->next;
	}
	return ordinal;
}

/*
 * Check the free lists: each of their pages exists, is marked, and comes only once.  A list
 * may change while it is walked.  So one with a fault is walked again with block 0 share
 * locked, whose exclusive lock every change needs.
 */
void
loki_check_freelists(LokiCheck *check)
{
	static const int arrays[LOKI_FREELISTS] = {
		LOKI_SLOTS_TID, LOKI_SLOTS_UPPER, LOKI_SLOTS_DUPLICATE, LOKI_SLOTS_NULLTID
	};

	for (int i = 0; i < LOKI_FREELISTS; i++)
	{
		LokiMetaPageData meta;
		const char *fault;
		uint32		ordinal;

		Assert(LokiSlotArrayFreeList(arrays[i]) == i);
		loki_meta_read(check->index, &meta);
		ordinal = walk_freelist(check, arrays[i], meta.free_head[i], &fault);
		if (fault != NULL)
		{
			Buffer		buffer = ReadBuffer(check->index, LOKI_META_BLKNO);

			/* no interrupt is served until the walk has ended: only a list that seems damaged comes here */
			LockBuffer(buffer, BUFFER_LOCK_SHARE);
			ordinal = walk_freelist(check, arrays[i],
									LokiPageGetMeta(BufferGetPage(buffer))->free_head[i],
									&fault);
			UnlockReleaseBuffer(buffer);
		}
		if (fault != NULL)
			loki_check_fault(check, psprintf("free list of the %s array", loki_slot_array_name(arrays[i])),
							 NULL, "names page %u, %s", ordinal, fault);
	}
}
