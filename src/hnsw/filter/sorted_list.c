/*-------------------------------------------------------------------------
 *
 * sorted_list.c
 *	  Sorted lists: the nodes in the order of an attribute, so that those of few
 *	  matches need not be looked for among all.
 *
 * SORTED of an attribute has the numbers of all nodes up to some end, in the
 * order of their values, NULLs first; SEPARATOR has the value of each
 * LOKI_SEPARATOR_STEP-th of them.  Arrays are listed by their elements
 * (filter/sorted_list_array.c).  Both are made by a build and made anew by vacuum.
 * In between nothing in them changes: nodes from that end on are read one by
 * one, and numbers below that were used again are noted in REUSED; all others
 * have the attribute under which they are listed, but may be dead by now.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/sorted_list.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/xlog.h"
#include "hnsw/filter/row_map.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Lists are made anew when so many nodes are not in them, or such a share */
#define STALE_NODES		1000
#define STALE_SHARE		0.02

/* Bits by which lists are sorted at once */
#define RADIX_BITS		8
#define RADIX			(1 << RADIX_BITS)

/* A value with the sign bit inverted, and its node */
typedef struct Entry
{
	uint64		value;
	uint32		node;
} Entry;

static inline uint64
value_of_number(int64 number)
{
	return (uint64) number ^ (UINT64CONST(1) << 63);
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
 * Write the slots of a page of a slot array, which has no others then.  False, with a
 * warning, if there is no room for the page.
 */
bool
loki_sorted_lists_write_page(LokiIndex *state, Relation index, int array, uint32 ordinal,
							 const char *slots, uint32 n)
{
	LokiSlotArray *fam = &state->arrays[array];
	LokiChange	change;
	int			number;
	Page		page;

	if (!loki_reserve_slot(state, index, array, ordinal * fam->per_page, WARNING))
		return false;
	loki_change_begin(&change, state, index);
	number = loki_change_lock_page(&change, array, ordinal);
	page = loki_change_copy(&change, number);
	loki_change_image(&change, number);
	if (slots != NULL)
		memcpy(LokiPageSlot(page, fam->slot_size, 0), slots, n * fam->slot_size);
	else
		memset(LokiPageSlot(page, fam->slot_size, 0), 0, n * fam->slot_size);
	((PageHeader) page)->pd_lower = SizeOfPageHeaderData + n * fam->slot_size;
	loki_change_finish(&change);
	return true;
}

/* Write n slots of a slot array, from slot 0 on; false as above. */
bool
loki_sorted_lists_write_slots(LokiIndex *state, Relation index, int array, const char *slots,
							  uint32 n)
{
	LokiSlotArray *fam = &state->arrays[array];

	for (uint32 i = 0; i < n; i += fam->per_page)
	{
		CHECK_FOR_INTERRUPTS();
		if (!loki_sorted_lists_write_page(state, index, array, i / fam->per_page,
										  slots ? slots + (Size) i * fam->slot_size : NULL,
										  Min(fam->per_page, n - i)))
			return false;
	}
	return true;
}

/*
 * Read an attribute of the nodes below `end`: NULLs to nulls[], the others to
 * entries[], both by node.  What is past the used part is left out.
 */
static uint32
read_values(LokiIndex *state, Relation index, int attribute, uint32 end,
			Entry *entries, uint32 *nulls, uint32 *nnulls)
{
	int			number = LOKI_SLOTS_ATTR + attribute;
	LokiSlotArray *array = &state->arrays[number];
	uint32		n = 0;

	*nnulls = 0;
	for (uint32 ordinal = 0; ordinal < array->npages && ordinal * array->per_page < end;
		 ordinal++)
	{
		Buffer		buffer = loki_buffer_read(state, index, loki_page_block(array, ordinal));
		Page		page = BufferGetPage(buffer);
		uint32		first = ordinal * array->per_page;
		uint32		used;

		CHECK_FOR_INTERRUPTS();
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, page, number, ordinal);
		used = Min((uint32) LokiPageUsed(page, array->slot_size), end - first);
		for (uint32 i = 0; i < used; i++)
		{
			const char *slot = LokiPageSlot(page, array->slot_size, i);

			if (slot[0] == LOKI_ATTR_NULL)
				nulls[(*nnulls)++] = first + i;
			else
			{
				entries[n].value = value_of_number(loki_attr_number(array->slot_size - 1, slot));
				entries[n++].node = first + i;
			}
		}
		UnlockReleaseBuffer(buffer);
	}
	return n;
}

/*
 * Sort by value, and nodes of equal values by number, as they come: least
 * significant digits first.  The result is in one of the two arrays.
 */
static Entry *
sort_entries(Entry *from, Entry *to, uint32 n)
{
	for (int shift = 0; shift < 64; shift += RADIX_BITS)
	{
		uint32		starts[RADIX] = {0};
		uint32		sum = 0;
		Entry	   *swap = from;
		bool		same = true;

		for (uint32 i = 0; i < n; i++)
		{
			starts[(from[i].value >> shift) % RADIX]++;
			same = same && ((from[i].value ^ from[0].value) >> shift) % RADIX == 0;
		}
		if (same)
			continue;
		for (int digit = 0; digit < RADIX; digit++)
		{
			uint32		count = starts[digit];

			starts[digit] = sum;
			sum += count;
		}
		for (uint32 i = 0; i < n; i++)
			to[starts[(from[i].value >> shift) % RADIX]++] = from[i];
		from = to;
		to = swap;
		CHECK_FOR_INTERRUPTS();
	}
	return from;
}

/* Whether there are so few values that a list of nodes is of no use */
static bool
few_values(const Entry *entries, uint32 n)
{
	uint32		values = 0;

	for (uint32 i = 0; i < n && values <= LOKI_FEW_VALUES; i++)
		values += i == 0 || entries[i].value != entries[i - 1].value;
	return values <= LOKI_FEW_VALUES;
}

/* Bits of an entry where nodes below an end are listed */
int
loki_sorted_list_bits(uint32 end)
{
	return end > 1 ? pg_leftmost_one_pos32(end - 1) + 1 : 1;
}

/* Pack LOKI_SEPARATOR_STEP entries; in place, if need be. */
static void
pack_entries(const uint32 *nodes, int bits, uint32 *slots)
{
	uint64		packed = 0;
	int			filled = 0;

	for (int i = 0; i < LOKI_SEPARATOR_STEP; i++)
	{
		packed |= (uint64) nodes[i] << filled;
		filled += bits;
		if (filled >= 32)
		{
			*slots++ = (uint32) packed;
			packed >>= 32;
			filled -= 32;
		}
	}
}

void
loki_sorted_list_unpack(const uint32 *slots, int bits, uint32 *nodes)
{
	uint64		mask = (UINT64CONST(1) << bits) - 1;
	uint64		packed = 0;
	int			left = 0;

	for (int i = 0; i < LOKI_SEPARATOR_STEP; i++)
	{
		if (left < bits)
		{
			packed |= (uint64) *slots++ << left;
			left += 32;
		}
		nodes[i] = (uint32) (packed & mask);
		packed >>= bits;
		left -= bits;
	}
}

/* Write the list of an attribute; where there is no room, there is none then. */
void
loki_sorted_lists_write_list(LokiIndex *state, Relation index, int attribute, uint32 *nodes,
							 const int64 *separators, uint32 total, LokiSortedListsData *sorted_lists)
{
	uint32		steps = (total + LOKI_SEPARATOR_STEP - 1) / LOKI_SEPARATOR_STEP;
	int			bits = loki_sorted_list_bits(sorted_lists->end);

	memset(nodes + total, 0, sizeof(uint32) * ((Size) steps * LOKI_SEPARATOR_STEP - total));
	for (uint32 i = 0; i < steps; i++)
		pack_entries(nodes + (Size) i * LOKI_SEPARATOR_STEP, bits,
					 nodes + (Size) i * LokiSortedListSlots(bits));
	if (loki_sorted_lists_write_slots(state, index, LOKI_SLOTS_SORTED + attribute,
									  (char *) nodes, steps * LokiSortedListSlots(bits)) &&
		loki_sorted_lists_write_slots(state, index, LOKI_SLOTS_SEPARATOR + attribute,
									  (const char *) separators, steps))
		sorted_lists->listed[attribute] = total;
}

/* Make the lists of an attribute. */
static void
make_attribute(LokiIndex *state, Relation index, int attribute, Entry *entries,
			   Entry *scratch, LokiSortedListsData *sorted_lists)
{
	uint32	   *nodes = palloc_extended(mul_size(sizeof(uint32),
												 (Size) sorted_lists->end + LOKI_SEPARATOR_STEP),
										MCXT_ALLOC_HUGE);
	uint32		nnulls;
	uint32		n = read_values(state, index, attribute, sorted_lists->end, entries, nodes,
								&nnulls);
	uint32		total = nnulls + n;
	Entry	   *sorted = sort_entries(entries, scratch, n);
	int64	   *separators;

	sorted_lists->listed[attribute] = LOKI_NONE;
	if (!few_values(sorted, n))
	{
		separators = palloc_extended(mul_size(sizeof(int64), total / LOKI_SEPARATOR_STEP + 1),
									 MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < n; i++)
			nodes[nnulls + i] = sorted[i].node;
		for (uint32 i = 0; i < total; i += LOKI_SEPARATOR_STEP)
			separators[i / LOKI_SEPARATOR_STEP] = i < nnulls ? PG_INT64_MIN :
				(int64) value_of_number((int64) sorted[i - nnulls].value);
		loki_sorted_lists_write_list(state, index, attribute, nodes, separators, total, sorted_lists);
		sorted_lists->nulls[attribute] = nnulls;
		pfree(separators);
	}
	pfree(nodes);
}

/* Make the lists of all attributes. */
static void
make_attributes(LokiIndex *state, Relation index, LokiSortedListsData *sorted_lists)
{
	Size		size = mul_size(sizeof(Entry), sorted_lists->end + 1);
	Entry	   *entries = palloc_extended(size, MCXT_ALLOC_HUGE);
	Entry	   *scratch = palloc_extended(size, MCXT_ALLOC_HUGE);

	for (int i = 0; i < state->nattributes; i++)
		if (state->attr_type[i] != LOKI_ATTR_ARRAY)
			make_attribute(state, index, i, entries, scratch, sorted_lists);
	pfree(entries);
	pfree(scratch);
	for (int i = 0; i < state->nattributes; i++)
		if (state->attr_type[i] == LOKI_ATTR_ARRAY)
			loki_postarray_make(state, index, i, sorted_lists);
}

/*
 * Make all lists and the map anew, as far as is said.  Scans leave both alone
 * meanwhile, and what is not made there is none of; nor of what there is no room
 * for.
 *
 * An insert that uses a number again notes that in REUSED if the metapage, as it
 * saw it when it began, says that the number is below the end, and one that joins
 * a node notes that in DUPLICATED.  What is noted is
 * forgotten before the metapage names the new end, and inserts that began before
 * that are waited for: so each has either written its attributes by then, or
 * notes its number afterwards.
 */
static void
make_sorted_lists(LokiIndex *state, Relation index, bool lists, bool map,
				  LokiSortedListsData *sorted_lists, LokiRowMapData *rowmap)
{
	uint32		flags = (lists ? LOKI_META_SORTED_LISTS : 0) | (map ? LOKI_META_ROWMAP : 0);
	uint32		end;

	write_meta(index, 0, sorted_lists, rowmap);
	end = loki_node_end(state, index);
	if (!loki_sorted_lists_write_slots(state, index, LOKI_SLOTS_REUSED, NULL,
									   Max(end, sorted_lists->end) / LOKI_REUSED_NODES + 1) ||
		(loki_has_rowmap(state) &&
		 !loki_rowmap_forget(state, index, Max(end, rowmap->end))))
		return;
	sorted_lists->end = end;
	if (loki_has_rowmap(state))
		rowmap->end = map ? end : 0;
	write_meta(index, 0, sorted_lists, rowmap);

	loki_inserts_wait(index);
	loki_index_refresh(state, index);

	if (lists)
		make_attributes(state, index, sorted_lists);
	if (map)
		loki_rowmap_make(state, index, rowmap);
	if (rowmap->end == 0)
		flags &= ~LOKI_META_ROWMAP;
	sorted_lists->generation++;
	write_meta(index, flags, sorted_lists, rowmap);
}

/* Numbers below the end that were used again, at most */
static double
count_reused_bits(const uint64 *words, uint32 nwords)
{
	return (double) LOKI_REUSED_UNIT *
		pg_popcount((const char *) words, (int) (nwords * sizeof(uint64)));
}

/*
 * Copy REUSED out, for numbers below an end; NULL, and no words, if it names none,
 * as after a build.
 */
uint64 *
loki_reused_read(LokiIndex *state, Relation index, uint32 end, uint32 *nwords)
{
	LokiSlotArray *array = &state->arrays[LOKI_SLOTS_REUSED];
	uint32		most = end / LOKI_REUSED_NODES + 1;
	uint64	   *words = NULL;

	for (uint32 i = 0; i < most; i += array->per_page)
	{
		uint32		ordinal = i / array->per_page;
		Buffer		buffer;
		Page		page;
		uint32		used;

		if (ordinal >= array->npages)
			loki_index_refresh(state, index);
		if (ordinal >= array->npages)
			break;
		buffer = loki_buffer_read(state, index, loki_page_block(array, ordinal));
		page = BufferGetPage(buffer);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, page, LOKI_SLOTS_REUSED, ordinal);
		used = Min((uint32) LokiPageUsed(page, sizeof(uint64)), most - i);
		if (pg_popcount(LokiPageSlot(page, sizeof(uint64), 0), (int) (used * sizeof(uint64))) > 0)
		{
			if (words == NULL)
				words = palloc0(mul_size(sizeof(uint64), most));
			memcpy(words + i, LokiPageSlot(page, sizeof(uint64), 0), used * sizeof(uint64));
		}
		UnlockReleaseBuffer(buffer);
	}
	*nwords = words == NULL ? 0 : most;
	return words;
}

/* Nodes whose number was used again since lists and map were made, at most */
static double
count_reused(LokiIndex *state, Relation index, const LokiMetaPageData *meta)
{
	uint32		nwords;
	uint64	   *words = loki_reused_read(state, index,
										 Max(meta->sorted_lists.end, meta->rowmap.end), &nwords);
	double		reused = count_reused_bits(words, nwords);

	if (words != NULL)
		pfree(words);
	return reused;
}

/*
 * How many of the nodes below an end lists and map do not have, or not as they are
 * now, at most; all where there is neither, none where there need not be any.
 */
double
loki_sorted_lists_unlisted(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
						   uint32 end)
{
	double		unlisted = (double) end - meta->sorted_lists.end;

	if (end < STALE_NODES || (state->nattributes == 0 && !loki_has_rowmap(state)))
		return 0;
	if ((meta->flags & (LOKI_META_SORTED_LISTS | LOKI_META_ROWMAP)) == 0)
		return end;
	unlisted += count_reused(state, index, meta);
	if (meta->rowmap.end > 0)
		unlisted += loki_rowmap_stale(state, index, &meta->rowmap);
	return Max(Min(unlisted, end), 0);
}

/* Whether they are enough for making both anew */
static bool
is_stale(LokiIndex *state, Relation index, const LokiMetaPageData *meta, uint32 end)
{
	double		stale = loki_sorted_lists_unlisted(state, index, meta, end);

	return stale >= STALE_NODES && stale >= STALE_SHARE * end;
}

/* Bytes that making lists takes for each node */
static double
memory_per_node(const LokiIndex *state)
{
	Size		size = 2 * sizeof(Entry) + sizeof(uint32);

	for (int i = 0; i < state->nattributes; i++)
		if (state->attr_type[i] == LOKI_ATTR_ARRAY)
			size = Max(size, LOKI_POSTARRAY_BYTES);
	return size;
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

/*
 * Make lists and map where there are none, or too many nodes are not in them, as
 * far as they can be sorted in maintenance_work_mem; at `elevel` is told where they
 * cannot.  Both are made together, as they share what they do not know: where one
 * that there is could not be made anew, both stay.
 */
void
loki_sorted_lists_make(Relation index, int elevel)
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
	lists = lists && fits_memory(index, memory_per_node(state) * end, "sort the attributes",
								 have_lists, elevel);
	map = map && fits_memory(index, loki_rowmap_memory(state, index, end), "map the rows",
							 have_map, elevel);
	if ((have_lists && !lists) || (have_map && !map))
		return;
	if ((stale || lists != have_lists || map != have_map) &&
		loki_sorted_lists_reserve(state, index, &meta, end))
		make_sorted_lists(state, index, lists, map, &meta.sorted_lists, &meta.rowmap);
}

/*
 * Set a bit of a slot of 64, if it is not set.  The slot may be the first of its
 * array that is written.
 */
void
loki_sorted_lists_set_bit(LokiIndex *state, Relation index, int array, uint32 slot, int bit)
{
	uint32		place;
	uint64		word;
	LokiChange	change;
	int			page;

	loki_change_begin(&change, state, index);
	page = loki_change_lock(&change, array, slot, &place);
	memcpy(&word, LokiPageSlot(loki_change_page(&change, page), sizeof(word), place),
		   sizeof(word));
	if ((word & (UINT64CONST(1) << bit)) == 0)
	{
		word |= UINT64CONST(1) << bit;
		loki_change_slot(&change, page, sizeof(word), place, &word);
	}
	loki_change_finish(&change);
}

/*
 * Note that a number is used again, before its node is live.  The page lock of
 * inserts is held, under which the metapage was read.
 */
void
loki_reused_note(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
				 uint32 node)
{
	if (node < meta->sorted_lists.end)
		loki_sorted_lists_set_bit(state, index, LOKI_SLOTS_REUSED, node / LOKI_REUSED_NODES,
								  node % LOKI_REUSED_NODES / LOKI_REUSED_UNIT);
}

/* ----------------------------------------------------------------
 * Looking up
 * ----------------------------------------------------------------
 */

/* Whether a separator's number is less than `number`, or equal to it, if `after` says so */
static bool
separator_before(LokiLookup *lookup, uint32 separator, int64 number, bool after)
{
	int64		value;

	loki_slots_copy(lookup->state, lookup->index,
					LOKI_SLOTS_SEPARATOR + lookup->key->attribute, &separator, 1,
					!RecoveryInProgress(), (char *) &value);
	return value < number || (after && value == number);
}

/*
 * The first separator, from `low` on, that is not before a number; it is looked for
 * among the next `near` separators first, then among twice as many.
 */
static uint32
find_separator(LokiLookup *lookup, uint32 low, uint32 near, int64 number, bool after)
{
	uint32		listed = lookup->sorted_lists.listed[lookup->key->attribute];
	uint32		end = (listed + LOKI_SEPARATOR_STEP - 1) / LOKI_SEPARATOR_STEP;
	uint32		high = low + Min(near, end - low);

	while (high < end && separator_before(lookup, high - 1, number, after))
	{
		near *= 2;
		low = high;
		high = low + Min(near, end - low);
	}
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (separator_before(lookup, middle, number, after))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Add the places of the values from low to high, and a few around them. */
void
loki_lookup_add(LokiLookup *lookup, int64 low, int64 high)
{
	int			attribute = lookup->key->attribute;
	uint32		listed = lookup->sorted_lists.listed[attribute];
	uint32		nulls = lookup->sorted_lists.nulls[attribute];
	uint32		first_separator = find_separator(lookup, 0, PG_UINT32_MAX, low, false);
	uint32		end_separator = find_separator(lookup, first_separator, 1, high, true);
	LokiPlaces	places;

	places.first = Max(nulls, first_separator > 0 ? (first_separator - 1) * LOKI_SEPARATOR_STEP : 0);
	places.end = Min(listed, end_separator * LOKI_SEPARATOR_STEP);
	/* between two separators that are in the range all values are */
	places.sure_first = Max(nulls, first_separator * LOKI_SEPARATOR_STEP);
	places.sure_end = end_separator > 0 ? (end_separator - 1) * LOKI_SEPARATOR_STEP : 0;

	/* values next to each other share what is between two separators */
	if (lookup->nplaces > 0)
		places.first = Max(places.first, lookup->places[lookup->nplaces - 1].end);
	if (places.first >= places.end)
		return;
	places.sure_first = Min(Max(places.sure_first, places.first), places.end);
	places.sure_end = Min(Max(places.sure_end, places.sure_first), places.end);
	lookup->places[lookup->nplaces++] = places;
	lookup->count += places.end - places.first;
}

/* qsort: ascending */
static int
compare_numbers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* Places of the values that may pass a key; false if lists are of no use. */
static bool
find_key(LokiLookup *lookup, LokiFilterKey *key)
{
	int64		set[LOKI_LOOKUP_PLACES];
	uint32		nulls = lookup->sorted_lists.nulls[key->attribute];

	lookup->key = key;
	lookup->nplaces = 0;
	lookup->count = 0;
	lookup->tested = 0;
	lookup->repeats = false;
	if (lookup->sorted_lists.listed[key->attribute] == LOKI_NONE)
		return false;
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_RANGE:
			loki_lookup_add(lookup, key->lo, (int64) ((uint64) key->lo + key->span));
			return true;
		case LOKI_FILTER_SET:
			if (key->n > LOKI_LOOKUP_PLACES)
				return false;
			memcpy(set, key->set, sizeof(int64) * key->n);
			qsort(set, key->n, sizeof(int64), compare_numbers);
			for (int i = 0; i < key->n; i++)
				loki_lookup_add(lookup, set[i], set[i]);
			return true;
		case LOKI_FILTER_ISNULL:
			if (nulls > 0)
			{
				lookup->nplaces = 1;
				lookup->places[0] = (LokiPlaces)
				{
					0, 0, nulls, nulls
				};
				lookup->count = nulls;
			}
			return true;
		default:
			return key->type == LOKI_ATTR_ARRAY && loki_postarray_find(lookup);
	}
}

/*
 * Find the shortest list that has all nodes that pass a filter, but for those
 * that the lists do not know; false if there is none.
 */
bool
loki_lookup_begin(LokiLookup *lookup, LokiIndex *state, Relation index,
				  const LokiMetaPageData *meta, const LokiNodeFilter *filter)
{
	LokiLookup	best = {.count = -1};

	if ((meta->flags & LOKI_META_SORTED_LISTS) == 0)
		return false;
	lookup->state = state;
	lookup->index = index;
	lookup->sorted_lists = meta->sorted_lists;
	for (int i = 0; i < filter->ntests; i++)
		if (find_key(lookup, filter->tests[i].key) &&
			(best.count < 0 || lookup->count < best.count))
			best = *lookup;
	if (best.count < 0)
		return false;
	*lookup = best;
	lookup->reused = loki_reused_read(state, index, meta->sorted_lists.end, &lookup->nwords);
	lookup->nrenewed = count_reused_bits(lookup->reused, lookup->nwords);
	return true;
}

/* Copy slots of a list out; false if it does not have them. */
static bool
copy_slots(LokiLookup *lookup, uint32 first, uint32 n, uint32 *slots)
{
	int			number = LOKI_SLOTS_SORTED + lookup->key->attribute;
	LokiSlotArray *array = &lookup->state->arrays[number];

	while (n > 0)
	{
		uint32		at;
		uint32		ordinal = loki_slot_page(array, first, &at);
		uint32		most = Min(n, array->per_page - at);
		Buffer		buffer;
		Page		page;
		bool		found;

		if (ordinal >= array->npages)
			loki_index_refresh(lookup->state, lookup->index);
		if (ordinal >= array->npages)
			return false;
		buffer = loki_buffer_read(lookup->state, lookup->index,
								  loki_page_block(array, ordinal));
		page = BufferGetPage(buffer);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(lookup->index, buffer, page, number, ordinal);
		found = at + most <= (uint32) LokiPageUsed(page, sizeof(uint32));
		if (found)
			memcpy(slots, LokiPageSlot(page, sizeof(uint32), at), most * sizeof(uint32));
		UnlockReleaseBuffer(buffer);
		if (!found)
			return false;
		first += most;
		slots += most;
		n -= most;
	}
	return true;
}

/*
 * Copy entries of a list out, from a place on, up to LOKI_LOOKUP_READ; none where
 * the list does not have them any more.
 */
uint32
loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end, uint32 *nodes)
{
	int			bits = loki_sorted_list_bits(lookup->sorted_lists.end);
	uint32		step = place / LOKI_SEPARATOR_STEP;
	uint32		steps = Min((end - 1) / LOKI_SEPARATOR_STEP - step + 1,
							LOKI_LOOKUP_READ / LOKI_SEPARATOR_STEP);
	uint32		slots[LOKI_LOOKUP_READ / LOKI_SEPARATOR_STEP * LOKI_SORTED_LIST_MAX_SLOTS];
	uint32		skipped = place % LOKI_SEPARATOR_STEP;
	uint32		n = Min(end - place, steps * LOKI_SEPARATOR_STEP - skipped);

	if (!copy_slots(lookup, step * LokiSortedListSlots(bits), steps * LokiSortedListSlots(bits),
					slots))
		return 0;
	for (uint32 i = 0; i < steps; i++)
		loki_sorted_list_unpack(slots + i * LokiSortedListSlots(bits), bits,
								nodes + i * LOKI_SEPARATOR_STEP);
	if (skipped > 0)
		memmove(nodes, nodes + skipped, n * sizeof(uint32));
	return n;
}

/* Whether what was read were lists that belong together */
bool
loki_lookup_valid(const LokiLookup *lookup)
{
	LokiMetaPageData meta;

	loki_meta_read(lookup->index, &meta);
	return (meta.flags & LOKI_META_SORTED_LISTS) != 0 &&
		meta.sorted_lists.generation == lookup->sorted_lists.generation;
}
