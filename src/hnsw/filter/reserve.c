/*-------------------------------------------------------------------------
 *
 * reserve.c
 *	  Room for lists and the map of rows, before those that there are are given
 *	  up for new ones.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/reserve.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/row_map.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/page.h"
#include "utils/rel.h"

/* Grow a number with that of the nodes. */
static uint32
in_proportion(uint32 number, uint32 end, uint32 end_before)
{
	return (uint32) Min((double) number * end / Max(end_before, 1), LOKI_MAX_NUMBER);
}

/* See to pages for a map of so many entries, as wide as those of another. */
static bool
reserve_map(LokiIndex *state, Relation index, const LokiRowMapData *map,
			uint32 entries)
{
	uint32		page = entries / loki_rowmap_per_page(map);

	return loki_reserve_slot(state, index, LOKI_SLOTS_ROW,
							 page * state->arrays[LOKI_SLOTS_ROW].per_page, WARNING) &&
		loki_reserve_slot(state, index, LOKI_SLOTS_BLOCK,
						  (uint32) ((double) map->groups * entries / Max(map->entries, 1)),
						  WARNING);
}

/*
 * See to the pages that lists and map will need, as far as those that there are tell,
 * before these cannot be read any more.  False if there is no room.  Numbers of nodes
 * beyond `end` that are used meanwhile are on pages of TID that exist.
 */
bool
loki_sorted_lists_reserve(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	const LokiSortedListsData *lists = &meta->sorted_lists;
	const LokiRowMapData *map = &meta->rowmap;
	LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	uint32		most = Max(Max(tid->npages * tid->per_page, lists->end), map->end);

	if (!loki_reserve_slot(state, index, LOKI_SLOTS_REUSED, most / LOKI_REUSED_NODES, WARNING) ||
		(loki_has_rowmap(state) &&
		 !loki_reserve_slot(state, index, LOKI_SLOTS_DUPLICATED, most / LOKI_DUPLICATED_NODES, WARNING)))
		return false;
	for (int i = 0; i < state->nattributes && (meta->flags & LOKI_META_SORTED_LISTS) != 0; i++)
	{
		uint32		steps = in_proportion(lists->listed[i], end, lists->end) / LOKI_SEPARATOR_STEP;

		if (lists->listed[i] == LOKI_NONE)
			continue;
		if (!loki_reserve_slot(state, index, LOKI_SLOTS_SORTED + i,
							   steps * LokiSortedListSlots(loki_sorted_list_bits(end)), WARNING) ||
			!loki_reserve_slot(state, index, LOKI_SLOTS_SEPARATOR + i, steps, WARNING))
			return false;
	}
	return (meta->flags & LOKI_META_ROWMAP) == 0 ||
		reserve_map(state, index, map, in_proportion(map->entries, end, map->end));
}
