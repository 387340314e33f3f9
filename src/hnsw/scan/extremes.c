/*-------------------------------------------------------------------------
 *
 * extremes.c
 *	  The least and the greatest value of an attribute.
 *
 * The planner's nodes bound by them what rows that are still to come can have (src/planner/forms/scores.c), so
 * they must hold for each row that the caller's snapshot sees, whenever VACUUM or ANALYZE ran.  Nothing is kept for
 * that: the slots say it at each moment, and are as few pages as a part in a hundred of a table of vectors.
 *
 * A row that the snapshot sees was inserted before that was taken, and so before the pages are read.  Its node has its
 * attributes since then (I7), and is live as long as somebody sees the row: VACUUM alone frees it (I11).  So it does
 * not matter in which order pages are read, what else changes meanwhile, nor that an attribute and the state of its
 * node are read at two moments.  Both are read under a lock: a slot that is read without one might be of another page, if
 * hardly ever, and no one looks at it again.  A free node is used again for a row that the snapshot does not see.
 *
 * Slots of nodes that are not live are left out: an extreme value that was deleted would count until its node is used
 * again.  The states of nodes are looked at only where a page has a value beyond those so far, which hardly any has
 * but those at the ends of what is inserted in its order.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/extremes.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "hnsw/definition/attribute.h"
#include "hnsw/definition/layout.h"
#include "hnsw/hnsw.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/float.h"

/* Flag of a slot, in a copy of its page, whose node is not live */
#define NOT_LIVE		((char) 0xFF)

/* What slots hold; and places on the page of slots that say so, or 0 */
typedef enum HeldPlace
{
	HELD_LOW,
	HELD_HIGH,
	HELD_NULL,
	HELD_NAN,
	HELD_PLACES
} HeldPlace;

typedef struct Held
{
	bool		numbers;
	bool		nulls;
	bool		nans;
	int64		low;
	int64		high;
	int			places[HELD_PLACES];
} Held;

/* Slots that are read: of nodes, and then of rows outside the graph */
typedef struct Reader
{
	LokiIndex  *state;
	Relation	index;
	LokiAttrType type;
	int64		nan;			/* sort key of NaN; 0: it has none */
	int			tids;			/* slot array: their states ... */
	int			values;			/* ... and the attribute */
	Held		all;			/* of all that were read */
} Reader;

/* What the slots of a page hold.  An array's flag of hashes is no NULL, and its number means nothing. */
static void
hold_page(const Reader *reader, Page page, int used, Held *held)
{
	uint32		size = reader->state->arrays[reader->values].slot_size;

	*held = (Held) {.low = PG_INT64_MAX, .high = PG_INT64_MIN};
	for (int i = 0; i < used; i++)
	{
		const char *slot = LokiPageSlot(page, size, i);
		int64		sort_key;

		if (slot[0] == NOT_LIVE)
			continue;
		if (slot[0] == LOKI_ATTR_NULL)
		{
			held->nulls = true;
			held->places[HELD_NULL] = i;
			continue;
		}
		sort_key = loki_attr_sort_key(size - 1, slot);
		if (reader->nan != 0 && sort_key == reader->nan)
		{
			held->nans = true;
			held->places[HELD_NAN] = i;
			continue;
		}
		held->numbers = true;
		if (sort_key < held->low)
		{
			held->low = sort_key;
			held->places[HELD_LOW] = i;
		}
		if (sort_key > held->high)
		{
			held->high = sort_key;
			held->places[HELD_HIGH] = i;
		}
	}
}

/* Mark a slot of a page unless its node is live; whether it is */
static bool
mark_by_state(const Reader *reader, Page page, int place, const char *bytes)
{
	LokiTidData tid = {0};

	memcpy(&tid, bytes, reader->state->arrays[reader->tids].slot_size);
	if (LokiTidIsLive(&tid))
		return true;
	LokiPageSlot(page, reader->state->arrays[reader->values].slot_size, place)[0] = NOT_LIVE;
	return false;
}

/* Mark all slots of a page whose nodes are not live: pages of states are copied under share lock. */
static void
mark_all(const Reader *reader, Page page, uint32 first, int used)
{
	const LokiSlotArray *tids = &reader->state->arrays[reader->tids];
	const char	none[LOKI_TID_LONG] = {0};
	PGAlignedBlock copy;
	uint32		copied = LOKI_NONE;
	uint32		ntids = 0;

	for (int i = 0; i < used; i++)
	{
		uint32		place;
		uint32		ordinal = loki_slot_page(tids, first + i, &place);

		if (ordinal != copied)
			ntids = ordinal < tids->npages ?
				loki_page_copy(reader->state, reader->index, reader->tids, ordinal, NULL, copy.data) : 0;
		copied = ordinal;
		(void) mark_by_state(reader, page, i, place < ntids ?
							 LokiPageSlot(copy.data, tids->slot_size, place) : none);
	}
}

/* Read the pages of one slot array, each copied under share lock.  No page is locked meanwhile. */
static void
read_slots(Reader *reader)
{
	LokiSlotArray *slots = &reader->state->arrays[reader->values];
	Held	   *all = &reader->all;

	for (uint32 ordinal = 0; ordinal < slots->npages; ordinal++)
	{
		uint32		first = ordinal * slots->per_page;
		PGAlignedBlock copy;
		Held		page;
		int			used;
		bool		live = true;

		CHECK_FOR_INTERRUPTS();
		used = loki_page_copy(reader->state, reader->index, reader->values, ordinal, NULL, copy.data);
		hold_page(reader, copy.data, used, &page);
		/* no more than all those before */
		if (!(page.nulls && !all->nulls) && !(page.nans && !all->nans) &&
			!(page.numbers && (page.low < all->low || page.high > all->high)))
			continue;
		/* the nodes of the slots that say what the page holds */
		for (int i = 0; i < HELD_PLACES; i++)
		{
			char		slot[LOKI_TID_LONG] = {0};

			(void) loki_slot_read(reader->state, reader->index, reader->tids, first + page.places[i], slot);
			live &= mark_by_state(reader, copy.data, page.places[i], slot);
		}
		if (!live)
		{
			mark_all(reader, copy.data, first, used);
			hold_page(reader, copy.data, used, &page);
		}
		all->numbers |= page.numbers;
		all->nulls |= page.nulls;
		all->nans |= page.nans;
		all->low = Min(all->low, page.low);
		all->high = Max(all->high, page.high);
	}
}

/*
 * See hnsw.h.  The directory is read first, so that the pages that the snapshot's rows are on are known (I3).  Of an
 * index that is not the scan's own, nothing is said if it is of another format.
 */
bool
loki_hnsw_extremes(Relation index, int attribute, LokiExtremes *extremes)
{
	Reader		reader = {.index = index, .all = {.low = PG_INT64_MAX, .high = PG_INT64_MIN}};
	Oid			type;

	Assert(loki_no_buffer_locked());
	memset(extremes, 0, sizeof(LokiExtremes));
	if (!loki_is_hnsw_index(index) || loki_index_is_unbuilt(index) || loki_hnsw_is_incompatible(index))
		return false;
	reader.state = loki_index_open(index, NULL);
	if (attribute < 1 || attribute > reader.state->nattributes)
		return false;
	loki_index_refresh(reader.state, index);
	reader.type = (LokiAttrType) reader.state->attr_type[attribute - 1];
	reader.nan = reader.type == LOKI_ATTR_FLOAT4 ? loki_float4_sort_key(get_float4_nan()) :
		reader.type == LOKI_ATTR_FLOAT8 || reader.type == LOKI_ATTR_NUMERIC ? loki_float_sort_key(get_float8_nan()) : 0;
	reader.tids = LOKI_SLOTS_TID;
	reader.values = LOKI_SLOTS_ATTR + attribute - 1;
	read_slots(&reader);
	reader.tids = LOKI_SLOTS_NULLTID;
	reader.values = LOKI_SLOTS_NULLATTR + attribute - 1;
	read_slots(&reader);

	extremes->nulls = reader.all.nulls;
	extremes->nans = reader.all.nans;
	if (reader.all.numbers && loki_attr_number(reader.type, reader.all.low, &type, &extremes->low) &&
		loki_attr_number(reader.type, reader.all.high, &type, &extremes->high))
		extremes->type = type;
	return true;
}
