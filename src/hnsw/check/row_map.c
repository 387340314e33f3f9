/*-------------------------------------------------------------------------
 *
 * row_map.c
 *	  lokivector_check: the map from heap TIDs to nodes.
 *
 * BLOCK ascends, and has as many entries in all as the metapage says.  The map
 * has an entry for every row in TID and DUPLICATE that it is not known to lack.
 * Vacuum may make it anew meanwhile, as its generation tells; an insert makes a
 * row known before it puts it where it is looked for here.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/row_map.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/filter/row_map.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

typedef struct RowMapCheck
{
	LokiRowMapData map;
	uint32		generation;
	uint32	   *starts;			/* BLOCK */
	uint32		nstarts;		/* found */
	uint32		words;			/* of ROW found, in order */
	PGAlignedBlock page;		/* of ROW, ... */
	uint32		ordinal;		/* ... which it is, LOKI_NONE: none */
	uint64	   *reused;
	const char *fault;
	int			array;			/* the fault's array ... */
	uint32		number;			/* ... and slot */
} RowMapCheck;

static void
note_fault(RowMapCheck *rows, int array, uint32 number, const char *fault)
{
	if (rows->fault != NULL)
		return;
	rows->array = array;
	rows->number = number;
	rows->fault = fault;
}

/* Raise an error for a fault, if the map is still the same. */
static void
report_fault(LokiCheck *check, RowMapCheck *rows)
{
	LokiMetaPageData meta;

	if (rows->fault == NULL)
		return;
	loki_check_meta(check, &meta);
	if ((meta.flags & LOKI_META_ROWMAP) != 0 &&
		meta.sorted_lists.generation == rows->generation)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("slot %u of the %s array of index \"%s\" %s",
						rows->number, loki_slot_array_name(rows->array),
						RelationGetRelationName(check->index), rows->fault)));
}

static void
check_block(LokiCheck *check, uint32 number, const char *slot)
{
	RowMapCheck *rows = check->slot_state;

	/* what is behind the end is left from an earlier map */
	if (number > rows->map.groups)
		return;
	memcpy(&rows->starts[number], slot, sizeof(uint32));
	if (number != rows->nstarts++)
		note_fault(rows, LOKI_SLOTS_BLOCK, number, "is not the next");
	else if (number == 0 ? rows->starts[number] != 0 :
			 rows->starts[number] < rows->starts[number - 1])
		note_fault(rows, LOKI_SLOTS_BLOCK, number, "is out of order");
}

static void
check_word(LokiCheck *check, uint32 number, const char *slot)
{
	RowMapCheck *rows = check->slot_state;

	rows->words = Max(rows->words, number + 1);
}

/* Words of ROW that the entries take */
static uint32
words_of(RowMapCheck *rows, uint32 per_page)
{
	uint32		width = loki_rowmap_width(&rows->map);
	uint32		entries = loki_rowmap_per_page(&rows->map);
	uint32		last = rows->map.entries % entries;

	return rows->map.entries / entries * per_page + (last * width + 63) / 64;
}

/* The entry at a place, of which all pages exist; LOKI_NONE if it has gone */
static uint32
read_entry(LokiCheck *check, RowMapCheck *rows, uint32 place)
{
	LokiSlotArray *array = &check->state->arrays[LOKI_SLOTS_ROW];
	uint32		per_page = loki_rowmap_per_page(&rows->map);
	uint32		ordinal = place / per_page;

	if (ordinal != rows->ordinal)
	{
		Buffer		buffer = ReadBufferExtended(check->index, MAIN_FORKNUM,
												loki_page_block(array, ordinal),
												RBM_NORMAL, check->strategy);

		loki_check_lock(buffer);
		memcpy(rows->page.data, BufferGetPage(buffer), BLCKSZ);
		UnlockReleaseBuffer(buffer);
		rows->ordinal = ordinal;
	}
	return loki_rowmap_entry(LokiPageSlot(rows->page.data, sizeof(uint64), 0),
							 place % per_page, loki_rowmap_width(&rows->map));
}

/* Whether the map has a row of a node, under a place of BLOCK that was checked */
static bool
is_mapped(LokiCheck *check, RowMapCheck *rows, uint32 node, const ItemPointerData *heap)
{
	const LokiRowMapData *map = &rows->map;
	BlockNumber block = ItemPointerGetBlockNumber(heap);
	uint32		group = block >> map->shift;
	uint32		wanted = node |
		loki_rowmap_key(map, block, ItemPointerGetOffsetNumber(heap)) << map->node_bits;

	if (group >= map->groups)
		return false;
	for (uint32 i = rows->starts[group]; i < rows->starts[group + 1]; i++)
		if (read_entry(check, rows, i) == wanted)
			return true;
	return false;
}

/* A bit of DUPLICATED or REUSED, as it is now */
static bool
read_bit(LokiCheck *check, int array, uint32 slot, int bit)
{
	uint64		word;

	return loki_check_read(check, array, slot, &word) &&
		((word >> bit) & 1) != 0;
}

/* Whether a row has joined a node, or its number was used again, meanwhile */
static bool
is_noted(LokiCheck *check, uint32 node)
{
	return read_bit(check, LOKI_SLOTS_DUPLICATED, node / LOKI_DUPLICATED_NODES,
					node % LOKI_DUPLICATED_NODES) ||
		read_bit(check, LOKI_SLOTS_REUSED, node / LOKI_REUSED_NODES,
				 node % LOKI_REUSED_NODES / LOKI_REUSED_UNIT);
}

/* Check that a row of a slot of TID or DUPLICATE is in the map. */
static void
check_row(LokiCheck *check, RowMapCheck *rows, int array, uint32 number, uint32 node,
		  const ItemPointerData *heap)
{
	if (node >= rows->map.end || loki_is_reused(rows->reused, node) ||
		is_mapped(check, rows, node, heap) || is_noted(check, node))
		return;
	note_fault(rows, array, number, "names a row that is not mapped to its node");
}

/* Check the rows of a page of TID or DUPLICATE. */
static void
check_page(LokiCheck *check, RowMapCheck *rows, int array, uint32 ordinal)
{
	LokiSlotArray *fam = &check->state->arrays[array];
	Buffer		buffer = ReadBufferExtended(check->index, MAIN_FORKNUM,
											loki_page_block(fam, ordinal), RBM_NORMAL,
											check->strategy);
	int			used;

	loki_check_lock(buffer);
	memcpy(check->page.data, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
	used = LokiPageUsed(check->page.data, fam->slot_size);
	for (int i = 0; i < used; i++)
	{
		const char *slot = LokiPageSlot(check->page.data, fam->slot_size, i);
		const LokiTidData *tid = (const LokiTidData *) slot;
		const LokiDuplicateData *duplicate = (const LokiDuplicateData *) slot;
		uint32		number = ordinal * fam->per_page + i;

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
		{
			CHECK_FOR_INTERRUPTS();
			check_page(check, rows, arrays[i], ordinal);
		}
}

/* Check the map, if there is one, and the pages of its arrays in any case. */
void
loki_check_rowmap(LokiCheck *check)
{
	LokiSlotArray *arrays = check->state->arrays;
	LokiMetaPageData meta;
	RowMapCheck rows = {.ordinal = LOKI_NONE};
	uint32		nwords;
	bool		valid;

	if (!loki_has_rowmap(check->state))
		return;
	loki_check_meta(check, &meta);
	loki_index_refresh(check->state, check->index);
	valid = (meta.flags & LOKI_META_ROWMAP) != 0;
	rows.map = meta.rowmap;
	if (!valid)
		rows.map.entries = rows.map.groups = 0;
	rows.generation = meta.sorted_lists.generation;
	rows.starts = palloc_extended(mul_size(sizeof(uint32), (Size) rows.map.groups + 1),
								  MCXT_ALLOC_HUGE);
	check->slot_state = &rows;
	loki_check_slot_array(check, LOKI_SLOTS_DUPLICATED, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_ROW, check_word);
	loki_check_slot_array(check, LOKI_SLOTS_BLOCK, check_block);
	if (valid)
	{
		if (rows.words < words_of(&rows, arrays[LOKI_SLOTS_ROW].per_page))
			note_fault(&rows, LOKI_SLOTS_ROW, rows.words, "is missing");
		if (rows.nstarts <= rows.map.groups)
			note_fault(&rows, LOKI_SLOTS_BLOCK, rows.nstarts, "is missing");
		else if (rows.starts[rows.map.groups] != rows.map.entries)
			note_fault(&rows, LOKI_SLOTS_BLOCK, rows.map.groups, "is not the end");
		report_fault(check, &rows);
	}
	if (valid && rows.fault == NULL)
	{
		rows.reused = loki_reused_read(check->state, check->index, rows.map.end, &nwords);
		check_rows(check, &rows);
		report_fault(check, &rows);
		if (rows.reused != NULL)
			pfree(rows.reused);
	}
	pfree(rows.starts);
}
