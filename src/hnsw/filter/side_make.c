/*-------------------------------------------------------------------------
 *
 * side_make.c
 *	  Making side arrays, and telling when they are to be made anew.
 *
 * A build makes them, and vacuum where too many nodes are not in them by then.
 * Sorted lists and the map of rows are made together, as they share an end, a
 * generation, and what they do not know.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/side_make.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "hnsw/filter/row_map.h"
#include "hnsw/filter/side_array.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/rel.h"

/* They are made anew when so many nodes are not in them, or such a share */
#define STALE_NODES		1000
#define STALE_SHARE		0.02

/* ----------------------------------------------------------------
 * Age
 * ----------------------------------------------------------------
 */

/* All where there are no side arrays, none where there need not be any. */
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

/* Whether they are enough for making both anew */
static bool
is_stale(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	double		stale = loki_side_unlisted(state, index, meta, end);

	return stale >= STALE_NODES && stale >= STALE_SHARE * end;
}

/* Whether so many bytes may be used; what cannot be made if not is told. */
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
			 errhint("Set maintenance_work_mem to %.0f MB at least.", ceil(bytes / (1024 * 1024)))));
	return false;
}

/* ----------------------------------------------------------------
 * Room
 * ----------------------------------------------------------------
 */

/* See to the pages of an array of so many slots. */
static bool
reserve(LokiIndex *state, Relation index, int array, uint32 slots)
{
	return loki_reserve_slot(state, index, array, slots, WARNING);
}

/*
 * See to the pages that lists and map will need, as far as those that there are tell,
 * before these cannot be read any more.  False if there is no room.  Numbers of nodes
 * beyond `end` that are used meanwhile are on pages of TID that exist.
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

/* Change what the metapage says of lists and map; flags: those that can be read. */
static void
write_meta(Relation index, uint32 flags, const LokiSortedListsData *sorted_lists,
		   const LokiRowMapData *rowmap)
{
	LokiChange	change;
	LokiMetaPage meta;

	loki_change_begin(&change, NULL, index);
	meta = loki_change_meta(&change);
	meta->flags &= ~(LOKI_META_SORTED_LISTS | LOKI_META_ROWMAP);
	meta->flags |= flags;
	meta->sorted_lists = *sorted_lists;
	meta->rowmap = *rowmap;
	loki_change_finish(&change);
}

/*
 * Make all lists and the map anew, as far as is said.  Scans leave both alone
 * meanwhile, and what is not made there is none of; nor of what there is no room
 * for.
 *
 * An insert that uses a number again notes that in REUSED if the metapage, as it
 * saw it when it began, says that the number is below the end, and one that joins
 * a node notes that in GAINED.  What is noted is
 * forgotten before the metapage names the new end, and inserts that began before
 * that are waited for: so each has either written its attributes by then, or
 * notes its number afterwards.
 */
static void
make(LokiIndex *state, Relation index, bool lists, bool map,
	 LokiSortedListsData *sorted_lists, LokiRowMapData *rowmap)
{
	uint32		flags = (lists ? LOKI_META_SORTED_LISTS : 0) | (map ? LOKI_META_ROWMAP : 0);
	uint32		end;

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

	if (lists)
		loki_sorted_lists_make(state, index, sorted_lists);
	if (map)
		loki_rowmap_make(state, index, rowmap);
	if (rowmap->end == 0)
		flags &= ~LOKI_META_ROWMAP;
	sorted_lists->generation++;
	write_meta(index, flags, sorted_lists, rowmap);
}

/*
 * Make lists and map where there are none, or too many nodes are not in them, as
 * far as they can be sorted in maintenance_work_mem; at `elevel` is told where they
 * cannot.  Where one that there is could not be made anew, both stay.
 */
void
loki_side_make(Relation index, int elevel)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	uint32		end;
	bool		lists = state->nattributes > 0;
	bool		map = loki_has_rowmap(state);
	bool		have_lists = (meta.flags & LOKI_META_SORTED_LISTS) != 0;
	bool		have_map = (meta.flags & LOKI_META_ROWMAP) != 0;
	bool		stale;

	loki_index_refresh(state, index);
	end = loki_node_end(state, index);
	if (end < STALE_NODES || (!lists && !map))
		return;
	stale = (have_lists || have_map) && is_stale(state, index, &meta, end);
	if (!stale && lists == have_lists && map == have_map)
		return;
	lists = lists && fits_memory(index, loki_sorted_lists_memory(state) * end,
								 "sort the attributes", have_lists, elevel);
	map = map && fits_memory(index, loki_rowmap_memory(state, index, end), "map the rows",
							 have_map, elevel);
	if ((have_lists && !lists) || (have_map && !map))
		return;
	if ((stale || lists != have_lists || map != have_map) &&
		reserve_pages(state, index, &meta, end))
		make(state, index, lists, map, &meta.sorted_lists, &meta.rowmap);
}
