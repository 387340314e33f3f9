/*-------------------------------------------------------------------------
 *
 * make.c
 *	  Making derived lists, and knowing when to make them again.
 *
 * A build makes them.  Vacuum makes them again when too many nodes are not in them, and an insert if no
 * vacuum came for long.  All lists are made together, since they share an end, a generation, and the nodes
 * that they do not have.
 * src/hnsw/derived/README, "Making".
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/make.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/definition/attribute.h"
#include "hnsw/definition/options.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/*
 * Lists are made again when this number and this share of nodes are not in them; posting lists by the share
 * alone, and those of words when it has come or gone
 */
#define STALE_NODES		1000
#define STALE_SHARE		0.02

/*
 * While nodes double, inserts make lists so many times: at a fifth of new nodes or so, when autovacuum would have come as it
 * is set by default; but once where all rows' expressions are evaluated for it
 */
#define LISTS_WHILE_DOUBLING	4

/* ----------------------------------------------------------------
 * Age, memory and room
 * ----------------------------------------------------------------
 */

/* Whether an index has the posting lists that its kind asks for, of the weights of its parameters */
static bool
has_terms(const LokiIndex *state, Relation index, const LokiMetaPageData *meta)
{
	return !loki_column_listed(&state->column) ||
		((meta->flags & LOKI_META_TERM_LISTS) != 0 &&
		 meta->derived.terms.k1 == (float) LokiIndexOptions(index)->k1 &&
		 meta->derived.terms.b == (float) LokiIndexOptions(index)->b);
}

/*
 * How many nodes lists do not have as they are.  See derived.h.  All nodes if there are no lists; none
 * if there need not be any.  Pages of REUSED and GAINED are share locked, one at a time.
 */
double
loki_derived_unlisted(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	uint32		listed = Max(meta->derived.sorted.end, meta->derived.rowmap.end);
	double		unlisted = (double) end - listed;

	/* indexes without notes have no lists */
	if (end < STALE_NODES || state->arrays[LOKI_SLOTS_REUSED].slot_size == 0)
		return 0;
	if ((meta->flags & LOKI_META_DERIVED) == 0 || !has_terms(state, index, meta))
		return end;
	Assert(loki_no_buffer_locked());
	unlisted += loki_bits_estimate(state, index, LokiNotesArray(LOKI_SLOTS_REUSED, meta->derived.notes.set),
								   listed);
	if (meta->derived.rowmap.end > 0)
		unlisted += loki_bits_estimate(state, index,
									   LokiNotesArray(LOKI_SLOTS_GAINED, meta->derived.notes.set),
									   meta->derived.rowmap.end);
	return Max(Min(unlisted, end), 0);
}

/* See derived.h.  An attempt that comes to nothing is made again as many nodes later as it would have been otherwise. */
bool
loki_derived_is_due(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 node)
{
	int			times = index->rd_index->indkey.values[0] == 0 ? 1 : LISTS_WHILE_DOUBLING;
	uint32		step = STALE_NODES;
	uint32		end;

	if (node == LOKI_NONE || (node + 1) % STALE_NODES != 0)
		return false;
	loki_index_refresh(state, index);
	end = loki_node_end(state, index);
	while (end / step >= 2 * times)
		step *= 2;
	return (node + 1) % step == 0 && loki_derived_unlisted(state, index, meta, end) >= step / 2;
}

/* Whether n bytes fit into maintenance_work_mem; if not, says what is not made. */
static bool
list_fits_memory(Relation index, double bytes, const char *what, bool have, int elevel)
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

/* Whether there is memory for those of nodes below an end */
static bool
sketches_fit(const LokiIndex *state, Relation index, uint32 end, int elevel)
{
	return list_fits_memory(index, loki_sketch_memory(state) * end, "put 1-bit sketches into the lists",
							false, elevel);
}

/* Whether a set of notes has pages for the nodes below an end */
static bool
has_notes(const LokiIndex *state, uint32 set, uint32 end)
{
	return end == 0 ||
		(loki_array_has(state, LokiNotesArray(LOKI_SLOTS_REUSED, set), 0, loki_bit_slots(end)) &&
		 (!loki_has_rowmap(state) ||
		  loki_array_has(state, LokiNotesArray(LOKI_SLOTS_GAINED, set), 0, loki_bit_slots(end))));
}

/* See derived.h.  No attribute is listed, and no row mapped, below another end. */
bool
loki_derived_possible(LokiIndex *state, const LokiMetaPageData *meta)
{
	const LokiDerivedData *derived = &meta->derived;
	uint32		end = derived->sorted.end;
	LokiSortedList list;

	if ((derived->rowmap.end != 0 && derived->rowmap.end != end) ||
		derived->terms.tail > Max(derived->notes.next_generation, derived->sorted.generation) ||
		!has_notes(state, derived->notes.set, end) ||
		!has_notes(state, 1 - derived->notes.set, derived->notes.next_end))
		return false;
	for (int i = 0; i <= LOKI_SORTED_ROWS; i++)
		if ((i < state->nattributes || i == LOKI_SORTED_ROWS) &&
			loki_sorted_list_open(&list, state, NULL, meta, i) &&
			(!loki_array_has(state, list.entries, list.pages.entries, loki_entry_slots(list.n, list.width)) ||
			 !loki_array_has(state, list.bounds, list.pages.bounds, list.nbounds)))
			return false;
	return (meta->flags & LOKI_META_TERM_LISTS) == 0 ||
		(loki_column_listed(&state->column) &&
		 loki_array_has(state, LOKI_SLOTS_WINDOW, derived->terms.page, derived->terms.windows));
}

/* ----------------------------------------------------------------
 * Making them
 * ----------------------------------------------------------------
 */

/*
 * Change what the metapage says of lists; `flags` are of those that can be read.  Locks block 0
 * exclusively for that.  No content lock may be held.
 */
static void
write_meta(Relation index, uint32 flags, LokiMetaPageData *meta)
{
	LokiChange	change;
	LokiMetaPage page;

	Assert((flags & ~LOKI_META_DERIVED) == 0);
	Assert(flags == 0 || meta->derived.sorted.end > 0);
	loki_change_begin(&change, NULL, index);
	page = loki_change_meta(&change);
	page->flags &= ~LOKI_META_DERIVED;
	page->flags |= flags;
	page->derived = meta->derived;
	loki_change_finish(&change);
	meta->flags = (meta->flags & ~LOKI_META_DERIVED) | flags;
}

/* Lists that exist stay as they are, and none are made: inserts note their nodes once. */
static void
stop_notes(Relation index, LokiMetaPageData *meta)
{
	if (meta->derived.notes.next_end == 0)
		return;
	meta->derived.notes.next_end = 0;
	write_meta(index, meta->flags & LOKI_META_DERIVED, meta);
}

/* What came of a list that was to be made */
typedef enum MadeList
{
	LIST_MADE,
	LIST_NONE,					/* it has few values, or too many entries */
	LIST_NO_ROOM
} MadeList;

/* The first page where n slots have room beside those of an old list */
static uint32
page_beside(const LokiIndex *state, int array, uint32 old_page, uint32 old_n, uint32 n)
{
	if (old_n == 0 || loki_pages_of(state, array, n) <= old_page)
		return 0;
	return old_page + loki_pages_of(state, array, old_n);
}

/*
 * Make the list of an attribute, or the row map, whose geometry was chosen, beside the old one; `few` is
 * the number of values that are too few.
 */
static MadeList
make_list(LokiGathered *gathered, const LokiMetaPageData *meta, uint32 few)
{
	LokiSortedList *list = &gathered->list;
	const LokiIndex *state = list->state;
	bool		rows = list->number == LOKI_SORTED_ROWS;
	int			notes = rows ? list->gained : list->reused;
	LokiSortedList old;
	int64	   *separators;
	uint32		grouped;
	uint32		next = 0;
	uint32		node;
	bool		made;

	if (!loki_gather(gathered) ||
		(few > 0 && loki_gathered_values(gathered, few + 1) <= few))
		return LIST_NONE;
	/* note the nodes that the list lost; and of a row map, those of rows that no group has */
	while (loki_bits_next(&gathered->lost, &next, &node))
	{
		CHECK_FOR_INTERRUPTS();
		loki_bits_note(list->state, list->index, notes, list->end, node);
	}
	grouped = rows ? gathered->starts[list->map.groups] : list->n;
	Assert(grouped <= list->n);
	for (uint32 i = grouped; i < list->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		loki_bits_note(list->state, list->index, notes, list->end,
					   loki_entry_node(list, gathered->entries[i]));
	}
	list->n = grouped;
	Assert(list->nulls <= list->n);
	if (!rows)
		list->nbounds = loki_separators(list->n);
	/* on pages that the list in whose place it comes does not have */
	if (!loki_sorted_list_open(&old, list->state, list->index, meta, list->number))
		old.n = old.nbounds = 0;
	list->pages.entries = page_beside(state, list->entries, old.pages.entries,
									  old.n > 0 ? loki_entry_slots(old.n, old.width) : 0,
									  loki_entry_slots(list->n, list->width));
	list->pages.bounds = page_beside(state, list->bounds, old.pages.bounds, old.nbounds, list->nbounds);
	list->pages.sketches = rows ? 0 :
		page_beside(state, LOKI_SLOTS_BRIEF + list->number, old.pages.sketches, loki_sketch_blocks(old.n),
					loki_sketch_blocks(list->n));
	if (rows)
		return loki_sorted_list_write(list, gathered->entries, gathered->starts) ? LIST_MADE : LIST_NO_ROOM;
	separators = palloc_extended(mul_size(sizeof(int64), list->nbounds + 1), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < list->nbounds; i++)
		separators[i] = loki_gathered_key(gathered, i * LOKI_SEPARATOR_STEP);
	made = loki_sorted_list_write(list, gathered->entries, separators);
	pfree(separators);
	return made ? LIST_MADE : LIST_NO_ROOM;
}

/* Make the lists of attributes, which `next` describes afterwards.  False if there is no room. */
static bool
make_attributes(LokiIndex *state, Relation index, const LokiMetaPageData *meta, LokiMetaPageData *next,
				bool sketches)
{
	LokiSortedListsData *lists = &next->derived.sorted;
	MadeList	made = LIST_MADE;

	for (int i = 0; i < state->nattributes && made != LIST_NO_ROOM; i++)
	{
		LokiGathered gathered = {0};
		bool		repeated = loki_attr_has_elements(state->attr_type[i]);

		(void) loki_sorted_list_open(&gathered.list, state, index, next, i);
		lists->listed[i] = LOKI_NONE;
		lists->nulls[i] = 0;
		memset(&next->derived.pages[i], 0, sizeof(LokiListPagesData));
		made = make_list(&gathered, meta, sketches && !repeated ? LOKI_FEW_VALUES_SKETCHED : LOKI_FEW_VALUES);
		if (made == LIST_MADE)
		{
			lists->listed[i] = gathered.list.n;
			lists->nulls[i] = gathered.list.nulls;
			next->derived.pages[i] = gathered.list.pages;
		}
		loki_gathered_free(&gathered);
	}
	if (made == LIST_NO_ROOM)
		return false;
	next->flags |= LOKI_META_SORTED_LISTS;
	loki_sketches_make(state, index, next, sketches);
	return true;
}

/* The same of the row map */
static bool
make_rowmap(LokiIndex *state, Relation index, const LokiMetaPageData *meta, LokiMetaPageData *next)
{
	LokiRowMapData *map = &next->derived.rowmap;
	LokiGathered rows = {0};
	MadeList	made;

	map->end = next->derived.sorted.end;
	loki_rowmap_choose(state, index, map);
	(void) loki_sorted_list_open(&rows.list, state, index, next, LOKI_SORTED_ROWS);
	made = make_list(&rows, meta, 0);
	if (made == LIST_MADE)
	{
		next->flags |= LOKI_META_ROWMAP;
		map->entries = rows.list.n;
		next->derived.pages[LOKI_SORTED_ROWS] = rows.list.pages;
	}
	else
		memset(map, 0, sizeof(LokiRowMapData));
	loki_gathered_free(&rows);
	return made != LIST_NO_ROOM;
}

/*
 * Make lists of attributes, the row map, posting lists, or all of them again, in the steps of README,
 * "Making".  Those that exist are in use until one record names the new ones; and if there is no room for
 * these, or if this does not come to its end, they stay.  What is not made does not exist afterwards;
 * without make_terms no posting lists are.
 */
static void
make(LokiIndex *state, Relation index, bool lists, bool sketches, bool map,
	 LokiTermsMaker make_terms, LokiMetaPageData *meta)
{
	LokiMetaPageData next;
	uint32		end = loki_node_end(state, index);
	LokiNotesData *notes = &meta->derived.notes;
	uint32		clear = Max(end, notes->next_end);	/* that of a vacuum that did
													 * not come to its end */
	bool		made = true;

	Assert(loki_no_buffer_locked() && (!map || loki_has_rowmap(state)));
	Assert(!sketches || lists);
	Assert(!loki_insert_lock_held(index));	/* this process would be waited for */

	/*
	 * Have inserts note nodes in the other set, too, and wait for those that do not know of it.  An insert that
	 * began before the record either has written its slots then, or has ended; the bits are cleared before the
	 * record, so that none of a later insert is lost.
	 */
	if (!loki_bits_forget(state, index, LokiNotesArray(LOKI_SLOTS_REUSED, 1 - notes->set), clear) ||
		(loki_has_rowmap(state) &&
		 !loki_bits_forget(state, index, LokiNotesArray(LOKI_SLOTS_GAINED, 1 - notes->set), clear)))
		return;
	notes->next_end = end;
	notes->next_generation = Max(notes->next_generation, meta->derived.sorted.generation) + 1;
	write_meta(index, meta->flags & LOKI_META_DERIVED, meta);
	loki_inserts_wait(index);
	loki_index_refresh(state, index);
	next = *meta;
	next.flags &= ~LOKI_META_DERIVED;
	next.derived.sorted.generation = next.derived.notes.next_generation;
	next.derived.sorted.end = end;
	next.derived.notes.set = 1 - meta->derived.notes.set;
	next.derived.notes.next_end = 0;
	memset(&next.derived.rowmap, 0, sizeof(LokiRowMapData));
	memset(&next.derived.pages[LOKI_SORTED_ROWS], 0, sizeof(LokiListPagesData));
	if (lists)
		made = make_attributes(state, index, meta, &next, sketches);
	if (map && made)
		made = make_rowmap(state, index, meta, &next);
	if (make_terms != NULL && made)
	{
		made = make_terms(state, index, meta, &next);
		next.flags |= LOKI_META_TERM_LISTS;
	}
	if (made)
		write_meta(index, next.flags & LOKI_META_DERIVED, &next);
	else
		stop_notes(index, meta);
}

/*
 * Make lists if there are none, or if too many nodes are not in them, and if they can be sorted
 * in maintenance_work_mem; otherwise says so at `elevel`.  If one that exists could not be made
 * again, all stay.  No page may be locked.
 */
void
loki_derived_make(Relation index, LokiTermsMaker make_terms, int elevel)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	bool		lists = state->nattributes > 0;
	bool		map = loki_has_rowmap(state);
	bool		have_lists = (meta.flags & LOKI_META_SORTED_LISTS) != 0;
	bool		have_map = (meta.flags & LOKI_META_ROWMAP) != 0;
	bool		terms = loki_column_listed(&state->column);
	bool		have_terms = terms && has_terms(state, index, &meta);
	bool		sketches;
	bool		make_lists;
	bool		make_map;
	bool		stale;
	uint32		end;
	double		unlisted;
	double		changed;
	LokiTermSums sums = {0};
	double		bytes = 0;

	loki_index_refresh(state, index);
	end = loki_node_end(state, index);
	if (end < STALE_NODES || state->arrays[LOKI_SLOTS_REUSED].slot_size == 0)
		return;

	/*
	 * counts that are damaged would make the index grow by as much as they
	 * say
	 */
	if (!loki_derived_possible(state, &meta))
		loki_meta_damaged(index);
	unlisted = loki_derived_unlisted(state, index, &meta, end);
	stale = false;
	if (have_terms)
	{
		LokiTermLists postings;

		/* a damaged window is made again */
		(void) loki_terms_open(&postings, state, index, &meta);
		stale = !loki_terms_sum(&postings, &sums);
	}
	/*
	 * A row that posting lists do not have is read, and one that other lists do not have is tested.  Those
	 * that were left out would be again.
	 */
	changed = Max(unlisted - sums.left_out, 0);
	stale |= (have_lists || have_map || have_terms) && changed >= (have_terms ? 1 : STALE_NODES) &&
		changed >= STALE_SHARE * end;
	if (have_terms && !stale && make_terms != NULL && state->column.type->words != NULL)
	{
		/* counts of words are good as long as few documents have come or gone; the latter have no other trace */
		double		gone = sums.documents + unlisted - loki_count_live(state, index, NULL, NULL);

		stale = changed + Max(gone, 0) > STALE_SHARE * sums.documents;
	}
	sketches = loki_sketch_memory(state) > 0 && LokiIndexOptions(index)->brief_codes;
	if (!stale && lists == have_lists && map == have_map && terms == have_terms)
	{
		/* by a vacuum that did not come to its end, before what it noted was gone again */
		stop_notes(index, &meta);
		/*
		 * A pending index has no codes to make sketches of.  Or the parameter
		 * has changed, or there was no memory.
		 */
		if (have_lists &&
			loki_sketches_stale(state, index, &meta, sketches) &&
			(!sketches || sketches_fit(state, index, meta.derived.sorted.end, DEBUG1)))
			loki_sketches_make(state, index, &meta, sketches);
		return;
	}
	if (terms && make_terms == NULL)
		return;
	/* one list is made at a time */
	for (int i = 0; i < state->nattributes; i++)
		bytes = Max(bytes, loki_gather_memory(state, i, end));
	make_lists = lists && list_fits_memory(index, bytes, "sort the attributes", have_lists, elevel);
	sketches = sketches && make_lists && sketches_fit(state, index, end, elevel);
	make_map = map && list_fits_memory(index, loki_gather_memory(state, LOKI_SORTED_ROWS, end),
									   "map the rows", have_map, elevel);
	if ((have_lists && !make_lists) || (have_map && !make_map))
		return;
	if (stale || make_lists != have_lists || make_map != have_map || terms != have_terms)
		make(state, index, make_lists, sketches, make_map, terms ? make_terms : NULL, &meta);
}
