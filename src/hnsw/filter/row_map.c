/*-------------------------------------------------------------------------
 *
 * row_map.c
 *	  The row map, from heap TIDs to nodes: for scans that stay in a bitmap of
 *	  another index, so that the nodes of its rows need not be searched for
 *	  among all nodes.
 *
 * ROW has an entry for each row, in the order of the heap's blocks.  BLOCK says where the
 * entries of a block begin, or those of a few blocks if blocks have few rows.  An entry has
 * the node ID and the low bits of the offset, as many as separate the rows of a block.
 * Both are packed, as wide as this index needs: three to four bytes a row in all.
 *
 * ROW, BLOCK and GAINED are side arrays (filter/side_array.c).  A node that the map
 * names is looked up in TID.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/row_map.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/row_map.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* At least this number of rows share a place of BLOCK, on average */
#define GROUP_ROWS			8
#define MIN_GROUPS			1024

/* A key has this number of bits beyond those that separate the rows of a group */
#define SPARE_KEY_BITS		1

/* A map in the making */
typedef struct MapMaker
{
	LokiIndex  *state;
	Relation	index;
	LokiRowMapData *map;
	uint32		allocated;		/* of starts */
	uint32		most_groups;
	uint32	   *starts;			/* rows of each group, then its first entry */
	uint32	   *next;			/* its first entry that is not made yet */
	uint32	   *entries;
} MapMaker;

typedef void (*VisitRow) (MapMaker *maker, uint32 node, ItemPointer heap);

/* ----------------------------------------------------------------
 * Making it
 * ----------------------------------------------------------------
 */

/* Visit the rows of a page of TID or DUPLICATE whose nodes are below the map's end. */
static void
visit_page(MapMaker *maker, int array, uint32 ordinal, VisitRow visit)
{
	LokiSlotArray *slots = &maker->state->arrays[array];
	PGAlignedBlock copy;
	int			used = loki_page_copy(maker->state, maker->index, array, ordinal, NULL,
									  copy.data);

	for (int i = 0; i < used; i++)
	{
		char	   *slot = LokiPageSlot(copy.data, slots->slot_size, i);
		uint32		node = ordinal * slots->per_page + i;
		ItemPointer heap;
		int			state;

		if (array == LOKI_SLOTS_TID)
		{
			state = LokiTidState((LokiTidData *) slot);
			heap = &((LokiTidData *) slot)->u.heap;
		}
		else
		{
			state = ((LokiDuplicateData *) slot)->state;
			heap = &((LokiDuplicateData *) slot)->heap;
			node = ((LokiDuplicateData *) slot)->node;
		}
		if ((state == LOKI_TID_LIVE || state == LOKI_TID_KILLED) && node < maker->map->end)
			visit(maker, node, heap);
	}
}

static void
visit_rows(MapMaker *maker, VisitRow visit)
{
	static const int arrays[] = {LOKI_SLOTS_TID, LOKI_SLOTS_DUPLICATE};

	for (int i = 0; i < lengthof(arrays); i++)
		for (uint32 ordinal = 0; ordinal < maker->state->arrays[arrays[i]].npages;
			 ordinal++)
		{
			CHECK_FOR_INTERRUPTS();
			visit_page(maker, arrays[i], ordinal, visit);
		}
}

/* Let twice as many blocks share a group. */
static void
fold_groups(MapMaker *maker)
{
	uint32		groups = (maker->map->groups + 1) / 2;

	Assert(maker->map->shift < 31);
	for (uint32 i = 0; i < groups; i++)
		maker->starts[i] = maker->starts[2 * i] +
			(2 * i + 1 < maker->map->groups ? maker->starts[2 * i + 1] : 0);
	memset(maker->starts + groups, 0, sizeof(uint32) * (maker->map->groups - groups));
	maker->map->groups = groups;
	maker->map->shift++;
}

/* Count a row in its group, for which room is made. */
static void
count_row(MapMaker *maker, uint32 node, ItemPointer heap)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(heap);
	uint32		group;

	while ((group = block >> maker->map->shift) >= maker->most_groups)
		fold_groups(maker);
	if (group >= maker->allocated)
	{
		uint32		allocated = Min(maker->most_groups, Max(2 * maker->allocated, group + 1));

		maker->starts = repalloc_huge(maker->starts, mul_size(sizeof(uint32), allocated + 1));
		memset(maker->starts + maker->allocated + 1, 0,
			   sizeof(uint32) * (allocated - maker->allocated));
		maker->allocated = allocated;
	}
	Assert(group < maker->allocated && maker->allocated <= Max(maker->most_groups, MIN_GROUPS));
	maker->map->groups = Max(maker->map->groups, group + 1);
	maker->starts[group]++;
	maker->map->entries++;
}

/* Make the entry of a row.  If there is no place for it, note its node as joined. */
static void
place_row(MapMaker *maker, uint32 node, ItemPointer heap)
{
	LokiRowMapData *map = maker->map;
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(heap);
	uint32		group = block >> map->shift;

	if (group >= map->groups || maker->next[group] == maker->starts[group + 1])
	{
		loki_bits_note(maker->state, maker->index, LOKI_SLOTS_GAINED, map->end, node);
		return;
	}
	maker->entries[maker->next[group]++] = node |
		loki_rowmap_key(map, block, ItemPointerGetOffsetNumberNoCheck(heap)) << map->node_bits;
}

/* The most groups of blocks that a map has */
static uint32
most_groups(uint32 end)
{
	return Max(MIN_GROUPS, end / GROUP_ROWS);
}

static void
begin_counting(MapMaker *maker)
{
	maker->map->entries = maker->map->groups = maker->map->shift = 0;
	maker->most_groups = most_groups(maker->map->end);
	maker->allocated = MIN_GROUPS;
	maker->starts = palloc0(sizeof(uint32) * (maker->allocated + 1));
}

/* Turn the rows of groups into their first entries. */
static void
sum_groups(MapMaker *maker)
{
	uint32		sum = 0;

	for (uint32 i = 0; i <= maker->map->groups; i++)
	{
		uint32		rows = i < maker->map->groups ? maker->starts[i] : 0;

		maker->starts[i] = sum;
		sum += rows;
	}
}

/* Choose how wide node IDs and keys are.  A node ID whose bits are all set is none. */
static void
choose_widths(LokiRowMapData *map)
{
	uint32		rows = map->entries / Max(map->groups, 1);

	map->node_bits = (uint8) (pg_leftmost_one_pos32(map->end) + 1);
	map->key_bits = (uint8) Min(pg_leftmost_one_pos32(rows + 1) + 1 + SPARE_KEY_BITS,
								LOKI_ROWMAP_MAX_KEY_BITS);
	map->key_bits = (uint8) Min(map->key_bits, LOKI_ROWMAP_MAX_WIDTH - map->node_bits);
	Assert(map->end < UINT64CONST(1) << map->node_bits);
}

/* Bytes that making a map takes */
static double
map_memory(double entries, double groups)
{
	return sizeof(uint32) * (entries + 2 * groups);
}

/*
 * Bytes that making the map of nodes below an end takes.  Rows are counted only if the most
 * that there can be would not fit.
 */
double
loki_rowmap_memory(LokiIndex *state, Relation index, uint32 end)
{
	const LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	const LokiSlotArray *duplicate = &state->arrays[LOKI_SLOTS_DUPLICATE];
	LokiRowMapData map = {.end = end};
	MapMaker	maker = {.state = state, .index = index, .map = &map};
	double		most = map_memory((double) tid->npages * tid->per_page +
								  (double) duplicate->npages * duplicate->per_page,
								  most_groups(end));

	if (most <= maintenance_work_mem * (double) 1024)
		return most;
	begin_counting(&maker);
	visit_rows(&maker, count_row);
	pfree(maker.starts);
	return map_memory(map.entries, map.groups);
}

/*
 * Make the map of the nodes below map->end.  There is enough memory; if the index has no room
 * for the map, sets map->end to 0.  A row that is inserted in between may be counted and not
 * found, or found and not counted.  Its node is new, or the row joins its node, which is
 * noted.  No page may be locked.
 */
void
loki_rowmap_make(LokiIndex *state, Relation index, LokiRowMapData *map)
{
	MapMaker	maker = {.state = state, .index = index, .map = map};

	Assert(loki_has_rowmap(state) && map->end > 0);
	begin_counting(&maker);
	visit_rows(&maker, count_row);
	choose_widths(map);
	sum_groups(&maker);
	Assert(maker.starts[map->groups] == map->entries);
	maker.next = palloc_extended(mul_size(sizeof(uint32), map->groups + 1), MCXT_ALLOC_HUGE);
	memcpy(maker.next, maker.starts, sizeof(uint32) * (map->groups + 1));
	maker.entries = palloc_extended(mul_size(sizeof(uint32), map->entries + 1),
									MCXT_ALLOC_HUGE);
	memset(maker.entries, 0xFF, sizeof(uint32) * (map->entries + 1));
	visit_rows(&maker, place_row);
	if (!loki_entries_write(state, index, LOKI_SLOTS_ROW, maker.entries, map->entries,
							loki_rowmap_width(map)) ||
		!loki_side_write(state, index, LOKI_SLOTS_BLOCK, (char *) maker.starts, map->groups + 1))
		map->end = 0;
	pfree(maker.entries);
	pfree(maker.next);
	pfree(maker.starts);
}
