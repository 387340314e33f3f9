/*-------------------------------------------------------------------------
 *
 * side_make.c
 *	  Making side arrays, and knowing when to make them anew.
 *
 * A build makes side arrays.  Vacuum makes them anew when too many nodes are not in them.
 * Sorted lists and the row map are made together, since they share an end, a generation,
 * and the nodes that they do not have.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/side_make.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/definition/options.h"
#include "hnsw/filter/row_map.h"
#include "hnsw/filter/side_array.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/change.h"
#include "hnsw/page/held.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"

/* They are made anew when so many nodes are not in them, or such a share */
#define STALE_NODES		1000
#define STALE_SHARE		0.02

/* ----------------------------------------------------------------
 * Age
 * ----------------------------------------------------------------
 */

/* All nodes if there are no side arrays; none if there need not be any. */
double
loki_side_unlisted(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	double		unlisted = (double) end - meta->sorted_lists.end;

	if (end < STALE_NODES || (state->nattributes == 0 && !loki_has_rowmap(state)))
		return 0;
	if ((meta->flags & (LOKI_META_SORTED_LISTS | LOKI_META_ROWMAP)) == 0)
		return end;
	unlisted += loki_bits_estimate(state, index, LOKI_SLOTS_REUSED,
								   Max(meta->sorted_lists.end, meta->rowmap.end));
	if (meta->rowmap.end > 0)
		unlisted += loki_bits_estimate(state, index, LOKI_SLOTS_GAINED, meta->rowmap.end);
	return Max(Min(unlisted, end), 0);
}

/* Whether so many nodes are unlisted that side arrays should be made anew */
static bool
is_stale(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	double		stale = loki_side_unlisted(state, index, meta, end);

	return stale >= STALE_NODES && stale >= STALE_SHARE * end;
}

/* Whether so many bytes fit into maintenance_work_mem; if not, says what is not made. */
static bool
fits_memory(Relation index, double bytes, const char *what, bool have, int elevel)
{
	if (bytes <= maintenance_work_mem * (double) 1024)
		return true;
	ereport(elevel,
			(errmsg("maintenance_work_mem is too small to %s of index \"%s\"",
					what, RelationGetRelationName(index)),
			 have ? errdetail("The index keeps the old ones, which do not have newer rows.") :
			 errdetail("Searches with conditions take longer without them."),
			 errhint("Set maintenance_work_mem to %.0f MB at least.",
					 ceil(bytes / (1024 * 1024)))));
	return false;
}

/* Whether lists are to have brief codes */
static bool
wants_brief(const LokiIndex *state, Relation index)
{
	return loki_brief_memory(state) > 0 && loki_option_brief_codes(LokiIndexOptions(index));
}

/* Whether there is memory for those of nodes below an end */
static bool
brief_fits(const LokiIndex *state, Relation index, uint32 end, int elevel)
{
	return fits_memory(index, loki_brief_memory(state) * end, "put brief codes into the lists",
					   false, elevel);
}

/* ----------------------------------------------------------------
 * Room
 * ----------------------------------------------------------------
 */

/* Whether there are pages for the list of an attribute, if it has one */
static bool
list_possible(const LokiIndex *state, const LokiSortedListsData *lists, int attribute)
{
	uint32		listed = lists->listed[attribute];

	return listed == LOKI_NONE ||
		(loki_array_has(state, LOKI_SLOTS_SORTED + attribute,
						loki_entry_slots(listed, loki_sorted_list_width(lists->end))) &&
		 loki_array_has(state, LOKI_SLOTS_SEPARATOR + attribute, listed / LOKI_SEPARATOR_STEP));
}

/* See side_array.h.  No attribute is listed, and no row mapped, below another end. */
bool
loki_side_possible(const LokiIndex *state, const LokiMetaPageData *meta)
{
	const LokiSortedListsData *lists = &meta->sorted_lists;
	const LokiRowMapData *map = &meta->rowmap;

	if ((map->end != 0 && map->end != lists->end) ||
		(lists->end != 0 && !loki_array_has(state, LOKI_SLOTS_REUSED,
											loki_bit_slots(LOKI_SLOTS_REUSED, lists->end))) ||
		(map->end != 0 && !loki_array_has(state, LOKI_SLOTS_GAINED,
										  loki_bit_slots(LOKI_SLOTS_GAINED, map->end))))
		return false;
	for (int i = 0; i < state->nattributes; i++)
		if ((meta->flags & LOKI_META_SORTED_LISTS) != 0 && !list_possible(state, lists, i))
			return false;
	return (meta->flags & LOKI_META_ROWMAP) == 0 ||
		(loki_array_has(state, LOKI_SLOTS_ROW,
						loki_entry_slots(map->entries, loki_rowmap_width(map))) &&
		 loki_array_has(state, LOKI_SLOTS_BLOCK, map->groups + 1));
}

/* Make sure that an array has the pages for so many slots; false if there is no room. */
static bool
reserve(LokiIndex *state, Relation index, int array, uint32 slots)
{
	return loki_reserve_slot(state, index, array, slots, WARNING);
}

/*
 * Make sure of the pages that sorted lists and row map will need, judging by those that
 * exist, before these are given up.  Lists do without brief codes where there is no room for them.
 * False if there is no room.  Node IDs beyond `end` that
 * come into use meanwhile are on pages of TID that exist.
 */
static bool
reserve_pages(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	const LokiSortedListsData *lists = &meta->sorted_lists;
	const LokiRowMapData *map = &meta->rowmap;
	LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	uint32		most = Max(Max(tid->npages * tid->per_page, lists->end), map->end);
	double		growth = (double) end / Max(lists->end, 1);

	if (!reserve(state, index, LOKI_SLOTS_REUSED, (most >> LOKI_REUSED_SHIFT) / 64) ||
		(loki_has_rowmap(state) && !reserve(state, index, LOKI_SLOTS_GAINED, most / 64)))
		return false;
	for (int i = 0; i < state->nattributes && (meta->flags & LOKI_META_SORTED_LISTS) != 0; i++)
	{
		uint32		listed = (uint32) Min(lists->listed[i] * growth, LOKI_MAX_NUMBER);

		if (lists->listed[i] == LOKI_NONE)
			continue;
		if (!reserve(state, index, LOKI_SLOTS_SORTED + i,
					 loki_entry_slots(listed, loki_sorted_list_width(end))) ||
			!reserve(state, index, LOKI_SLOTS_SEPARATOR + i, listed / LOKI_SEPARATOR_STEP))
			return false;
	}
	return (meta->flags & LOKI_META_ROWMAP) == 0 ||
		(reserve(state, index, LOKI_SLOTS_ROW,
				 loki_entry_slots((uint32) Min(map->entries * growth, LOKI_MAX_NUMBER),
								  loki_rowmap_width(map))) &&
		 reserve(state, index, LOKI_SLOTS_BLOCK,
				 (uint32) Min(map->groups * growth, LOKI_MAX_NUMBER)));
}

/* ----------------------------------------------------------------
 * Making them
 * ----------------------------------------------------------------
 */

/*
 * Change what the metapage says of side arrays; `flags` are of those that can be read.  Locks
 * block 0 exclusively meanwhile.  No content lock may be held.
 */
static void
write_meta(Relation index, uint32 flags, const LokiSortedListsData *sorted_lists,
		   const LokiRowMapData *rowmap)
{
	LokiChange	change;
	LokiMetaPage meta;

	Assert((flags & ~(LOKI_META_SORTED_LISTS | LOKI_META_ROWMAP)) == 0);
	loki_change_begin(&change, NULL, index);
	meta = loki_change_meta(&change);
	meta->flags &= ~(LOKI_META_SORTED_LISTS | LOKI_META_ROWMAP);
	meta->flags |= flags;
	meta->sorted_lists = *sorted_lists;
	meta->rowmap = *rowmap;
	loki_change_finish(&change);
}

/*
 * Make the sorted lists, the row map, or both anew.  Meanwhile scans use neither.  One
 * that is not made, or that there is no room for, does not exist afterwards.
 *
 * An insert that reuses a node ID notes it in REUSED, and one whose row joins a node notes
 * that in GAINED, if the node is below the end that the metapage had when the insert
 * began.  These notes are forgotten before the metapage gets the new end, and then inserts
 * that began earlier are waited for.  So each insert either has written its slots by then,
 * or notes its node afterwards.
 */
static void
make(LokiIndex *state, Relation index, bool lists, bool brief, bool map,
	 LokiSortedListsData *sorted_lists, LokiRowMapData *rowmap)
{
	uint32		flags = (lists ? LOKI_META_SORTED_LISTS : 0) | (map ? LOKI_META_ROWMAP : 0);
	uint32		end;

	Assert(loki_no_buffer_locked() && (!map || loki_has_rowmap(state)));
	write_meta(index, 0, sorted_lists, rowmap);
	end = loki_node_end(state, index);
	if (!loki_bits_forget(state, index, LOKI_SLOTS_REUSED, Max(end, sorted_lists->end)) ||
		(loki_has_rowmap(state) &&
		 !loki_bits_forget(state, index, LOKI_SLOTS_GAINED, Max(end, rowmap->end))))
		return;
	sorted_lists->end = end;
	if (loki_has_rowmap(state))
		rowmap->end = map ? end : 0;
	write_meta(index, 0, sorted_lists, rowmap);

	loki_inserts_wait(index);
	loki_index_refresh(state, index);

	sorted_lists->generation++;
	if (lists)
	{
		loki_sorted_lists_make(state, index, brief, sorted_lists);
		loki_brief_make(state, index, sorted_lists, brief);
	}
	if (map)
		loki_rowmap_make(state, index, rowmap);
	if (rowmap->end == 0)
		flags &= ~LOKI_META_ROWMAP;
	write_meta(index, flags, sorted_lists, rowmap);
}

/*
 * Make side arrays if there are none, or if too many nodes are not in them, and if they can
 * be sorted in maintenance_work_mem; otherwise says so at `elevel`.  If one that exists
 * could not be made anew, both stay.  No page may be locked.
 */
void
loki_side_make(Relation index, int elevel)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	uint32		end;
	bool		lists = state->nattributes > 0;
	bool		brief;
	bool		map = loki_has_rowmap(state);
	bool		have_lists = (meta.flags & LOKI_META_SORTED_LISTS) != 0;
	bool		have_map = (meta.flags & LOKI_META_ROWMAP) != 0;
	bool		stale;

	loki_index_refresh(state, index);
	end = loki_node_end(state, index);
	if (end < STALE_NODES || (!lists && !map))
		return;

	/*
	 * counts that are damaged would make the index grow by as much as they
	 * say
	 */
	if (!loki_side_possible(state, &meta))
		loki_meta_damaged(index);
	stale = (have_lists || have_map) && is_stale(state, index, &meta, end);
	if (!stale && lists == have_lists && map == have_map)
	{
		/*
		 * A pending index has no codes to make brief ones of.  Or the
		 * parameter has changed, or there was no memory.
		 */
		brief = wants_brief(state, index);
		if (have_lists && loki_brief_amiss(state, index, &meta.sorted_lists, brief) &&
			(!brief || brief_fits(state, index, meta.sorted_lists.end, DEBUG1)))
			loki_brief_make(state, index, &meta.sorted_lists, brief);
		return;
	}
	lists = lists && fits_memory(index, loki_sorted_lists_memory(state) * end,
								 "sort the attributes", have_lists, elevel);
	brief = lists && wants_brief(state, index) && brief_fits(state, index, end, elevel);
	map = map && fits_memory(index, loki_rowmap_memory(state, index, end), "map the rows",
							 have_map, elevel);
	if ((have_lists && !lists) || (have_map && !map))
		return;
	if ((stale || lists != have_lists || map != have_map) &&
		reserve_pages(state, index, &meta, end))
		make(state, index, lists, brief, map, &meta.sorted_lists, &meta.rowmap);
}
