/*-------------------------------------------------------------------------
 *
 * row_map.c
 *	  lokivector_check: the map from heap TIDs to nodes.
 *
 * BLOCK ascends, and has as many entries in all as the metapage says.  The map
 * has an entry for every row in TID and OVERFLOW that it is not known to lack.
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
	uint64	   *renewed;
	const char *fault;
	int			family;			/* the fault's array ... */
	uint32		number;			/* ... and slot */
} RowMapCheck;

static void
note_fault(RowMapCheck *rows, int family, uint32 number, const char *fault)
{
	if (rows->fault != NULL)
		return;
	rows->family = family;
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
		meta.postings.generation == rows->generation)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("slot %u of the %s array of index \"%s\" %s",
						rows->number, loki_family_name(rows->family),
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
		note_fault(rows, LOKI_FAMILY_BLOCK, number, "is not the next");
	else if (number == 0 ? rows->starts[number] != 0 :
			 rows->starts[number] < rows->starts[number - 1])
		note_fault(rows, LOKI_FAMILY_BLOCK, number, "is out of order");
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
	LokiFamily *family = &check->state->families[LOKI_FAMILY_ROW];
	uint32		per_page = loki_rowmap_per_page(&rows->map);
	uint32		ordinal = place / per_page;

	if (ordinal != rows->ordinal)
	{
		Buffer		buffer = ReadBufferExtended(check->index, MAIN_FORKNUM,
												loki_page_block(family, ordinal),
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

/* A bit of JOINED or RENEWED, as it is now */
static bool
read_bit(LokiCheck *check, int family, uint32 slot, int bit)
{
	uint64		word;

	return loki_check_read(check, family, slot, &word) &&
		((word >> bit) & 1) != 0;
}

/* Whether a row has joined a node, or its number was used again, meanwhile */
static bool
is_noted(LokiCheck *check, uint32 node)
{
	return read_bit(check, LOKI_FAMILY_JOINED, node / LOKI_JOINED_NODES,
					node % LOKI_JOINED_NODES) ||
		read_bit(check, LOKI_FAMILY_RENEWED, node / LOKI_RENEWED_NODES,
				 node % LOKI_RENEWED_NODES / LOKI_RENEWED_UNIT);
}

/* Check that a row of a slot of TID or OVERFLOW is in the map. */
static void
check_row(LokiCheck *check, RowMapCheck *rows, int family, uint32 number, uint32 node,
		  const ItemPointerData *heap)
{
	if (node >= rows->map.end || loki_is_renewed(rows->renewed, node) ||
		is_mapped(check, rows, node, heap) || is_noted(check, node))
		return;
	note_fault(rows, family, number, "names a row that is not mapped to its node");
}

/* Check the rows of a page of TID or OVERFLOW. */
static void
check_page(LokiCheck *check, RowMapCheck *rows, int family, uint32 ordinal)
{
	LokiFamily *fam = &check->state->families[family];
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
		const LokiOverflowData *overflow = (const LokiOverflowData *) slot;
		uint32		number = ordinal * fam->per_page + i;

		if (family == LOKI_FAMILY_TID &&
			(LokiTidState(tid) == LOKI_TID_LIVE || LokiTidState(tid) == LOKI_TID_KILLED))
			check_row(check, rows, family, number, number, &tid->u.heap);
		if (family == LOKI_FAMILY_OVERFLOW &&
			(overflow->state == LOKI_TID_LIVE || overflow->state == LOKI_TID_KILLED))
			check_row(check, rows, family, number, overflow->node, &overflow->heap);
	}
}

static void
check_rows(LokiCheck *check, RowMapCheck *rows)
{
	static const int families[] = {LOKI_FAMILY_TID, LOKI_FAMILY_OVERFLOW};

	for (int i = 0; i < lengthof(families); i++)
		for (uint32 ordinal = 0; ordinal < check->state->families[families[i]].npages;
			 ordinal++)
		{
			CHECK_FOR_INTERRUPTS();
			check_page(check, rows, families[i], ordinal);
		}
}

/* Check the map, if there is one, and the pages of its arrays in any case. */
void
loki_check_rowmap(LokiCheck *check)
{
	LokiFamily *families = check->state->families;
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
	rows.generation = meta.postings.generation;
	rows.starts = palloc_extended(mul_size(sizeof(uint32), (Size) rows.map.groups + 1),
								  MCXT_ALLOC_HUGE);
	check->slot_state = &rows;
	loki_check_family(check, LOKI_FAMILY_JOINED, NULL);
	loki_check_family(check, LOKI_FAMILY_ROW, check_word);
	loki_check_family(check, LOKI_FAMILY_BLOCK, check_block);
	if (valid)
	{
		if (rows.words < words_of(&rows, families[LOKI_FAMILY_ROW].per_page))
			note_fault(&rows, LOKI_FAMILY_ROW, rows.words, "is missing");
		if (rows.nstarts <= rows.map.groups)
			note_fault(&rows, LOKI_FAMILY_BLOCK, rows.nstarts, "is missing");
		else if (rows.starts[rows.map.groups] != rows.map.entries)
			note_fault(&rows, LOKI_FAMILY_BLOCK, rows.map.groups, "is not the end");
		report_fault(check, &rows);
	}
	if (valid && rows.fault == NULL)
	{
		rows.renewed = loki_postings_renewed(check->state, check->index, rows.map.end, &nwords);
		check_rows(check, &rows);
		report_fault(check, &rows);
		if (rows.renewed != NULL)
			pfree(rows.renewed);
	}
	pfree(rows.starts);
}
