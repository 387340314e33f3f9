/*-------------------------------------------------------------------------
 *
 * row_map.c
 *	  lokivector_check: the row map, from heap TIDs to nodes.
 *
 * BLOCK must ascend, and end with the number of entries on the metapage.  The map must have an
 * entry for every row in TID and DUPLICATE, except for those that are noted as missing.
 * Vacuum may make the map anew meanwhile, which changes its generation.  An insert notes its
 * row before it writes the slot that is read here.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/row_map.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/filter/row_map.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* groups between two looks for interrupts */
#define INTERRUPT_GROUPS	65536

typedef struct RowMapCheck
{
	LokiSideCheck side;
	LokiRowMapData map;
	const char *words;			/* ROW */
	const uint32 *starts;		/* BLOCK */
	LokiNodeBits reused;
} RowMapCheck;

/* BLOCK ascends, from 0 to the number of entries. */
static void
check_starts(RowMapCheck *rows)
{
	const LokiRowMapData *map = &rows->map;

	for (uint32 i = 0; i <= map->groups; i++)
	{
		if (i % INTERRUPT_GROUPS == 0)
			CHECK_FOR_INTERRUPTS();
		if (i == 0 ? rows->starts[i] != 0 : rows->starts[i] < rows->starts[i - 1])
			loki_check_side_fault(&rows->side, LOKI_SLOTS_BLOCK, i, "is out of order");
	}
	if (rows->starts[map->groups] != map->entries)
		loki_check_side_fault(&rows->side, LOKI_SLOTS_BLOCK, map->groups, "is not the end");
}

/* Whether the map has a row of a node; BLOCK was checked before */
static bool
is_mapped(const RowMapCheck *rows, uint32 node, const ItemPointerData *heap)
{
	const LokiRowMapData *map = &rows->map;
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(heap);
	uint32		group = block >> map->shift;
	uint32		width = loki_rowmap_width(map);
	uint32		per_page = loki_entries_per_page(width);
	uint32		wanted = node |
		loki_rowmap_key(map, block, ItemPointerGetOffsetNumberNoCheck(heap)) << map->node_bits;

	if (group >= map->groups)
		return false;
	Assert(rows->starts[group] <= rows->starts[group + 1] &&
		   rows->starts[group + 1] <= map->entries);
	for (uint32 i = rows->starts[group]; i < rows->starts[group + 1]; i++)
		if (loki_entry(rows->words + (Size) (i / per_page) * LOKI_ENTRY_WORDS * sizeof(uint64),
					   i % per_page, width) == wanted)
			return true;
	return false;
}

/* Whether GAINED or REUSED names a node by now */
static bool
is_noted(LokiCheck *check, int array, uint32 node)
{
	uint32		bit = node >> loki_bits_shift(array);
	uint64		word;

	return loki_check_read(check, array, bit / 64, &word) && ((word >> (bit % 64)) & 1) != 0;
}

/* Check that a row of a slot of TID or DUPLICATE is in the map. */
static void
check_row(LokiCheck *check, RowMapCheck *rows, int array, uint32 number, uint32 node,
		  const ItemPointerData *heap)
{
	if (node >= rows->map.end || loki_bits_have(&rows->reused, node) ||
		is_mapped(rows, node, heap) || is_noted(check, LOKI_SLOTS_GAINED, node) ||
		is_noted(check, LOKI_SLOTS_REUSED, node))
		return;
	loki_check_side_fault(&rows->side, array, number, "names a row that is not mapped to its node");
}

/* Check the rows of a page of TID or DUPLICATE. */
static void
check_page(LokiCheck *check, RowMapCheck *rows, int array, uint32 ordinal)
{
	LokiSlotArray *slots = &check->state->arrays[array];
	int			used;

	loki_check_copy(check, loki_page_block(slots, ordinal));
	used = LokiPageUsed(check->page.data, slots->slot_size);
	for (int i = 0; i < used; i++)
	{
		const char *slot = LokiPageSlot(check->page.data, slots->slot_size, i);
		const LokiTidData *tid = (const LokiTidData *) slot;
		const LokiDuplicateData *duplicate = (const LokiDuplicateData *) slot;
		uint32		number = ordinal * slots->per_page + i;

		/* a damaged group may have all entries */
		CHECK_FOR_INTERRUPTS();
		if (array == LOKI_SLOTS_TID &&
			(LokiTidState(tid) == LOKI_TID_LIVE || LokiTidState(tid) == LOKI_TID_KILLED))
			check_row(check, rows, array, number, number, &tid->u.heap);
		if (array == LOKI_SLOTS_DUPLICATE &&
			(duplicate->state == LOKI_TID_LIVE || duplicate->state == LOKI_TID_KILLED))
			check_row(check, rows, array, number, duplicate->node, &duplicate->heap);
	}
}

static void
check_rows(LokiCheck *check, RowMapCheck *rows)
{
	static const int arrays[] = {LOKI_SLOTS_TID, LOKI_SLOTS_DUPLICATE};

	for (int i = 0; i < lengthof(arrays); i++)
		for (uint32 ordinal = 0; ordinal < check->state->arrays[arrays[i]].npages;
			 ordinal++)
			check_page(check, rows, arrays[i], ordinal);
}

/* Check the row map, if there is one, and the pages of its arrays in any case. */
void
loki_check_rowmap(LokiCheck *check)
{
	LokiMetaPageData meta;
	RowMapCheck rows = {.side.flag = LOKI_META_ROWMAP};
	LokiSideCheck *side = &rows.side;
	bool		valid;

	Assert(loki_no_buffer_locked());
	if (!loki_has_rowmap(check->state))
		return;
	loki_check_meta(check, &meta);
	loki_index_refresh(check->state, check->index);
	valid = (meta.flags & LOKI_META_ROWMAP) != 0;
	rows.map = meta.rowmap;
	side->generation = meta.sorted_lists.generation;
	loki_check_slot_array(check, LOKI_SLOTS_GAINED, NULL);
	rows.words = loki_check_side_read_all(check, side, LOKI_SLOTS_ROW, !valid ? 0 :
										  loki_entry_slots(rows.map.entries,
														   loki_rowmap_width(&rows.map)));
	rows.starts = (const uint32 *) loki_check_side_read_all(check, side, LOKI_SLOTS_BLOCK,
															valid ? rows.map.groups + 1 : 0);
	if (valid && side->fault == NULL)
		check_starts(&rows);
	if (valid && side->fault == NULL)
	{
		loki_bits_read(check->state, check->index, LOKI_SLOTS_REUSED, rows.map.end, &rows.reused);
		check_rows(check, &rows);
		loki_bits_release(&rows.reused);
	}
	loki_check_side_report(check, side);
	pfree((void *) rows.starts);
	pfree((void *) rows.words);
}
