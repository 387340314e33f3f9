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
 * One value that is far from all others makes a bound useless.  If its row was deleted, updated or rolled back, it may
 * stay in the index for long, as VACUUM leaves indexes alone where few pages have dead rows.  So an extreme is that of
 * rows that the snapshot sees, and not of what slots hold.  First each page says what it holds.  Then, from the farthest
 * value inwards, slots are left out whose nodes are not live, or killed, or have no row that the snapshot sees, until
 * there is a row that it does see.  None of such a row is left out: it is found by its node's TID at each moment (I12),
 * and not marked as killed; in recovery marks are not trusted.  Rows that are dead to everyone are marked, and cost
 * nothing the next time.  After LOKI_EXTREME_ROWS the value at hand is taken, which is a bound too.
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

#include "access/genam.h"
#include "access/tableam.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/definition/layout.h"
#include "hnsw/hnsw.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "miscadmin.h"
#include "utils/float.h"

/* Flag of a slot, in a copy of its page, that is left out */
#define LEFT_OUT		((char) 0xFF)

/* What slots can hold */
typedef enum HeldKind
{
	HELD_LOW,
	HELD_HIGH,
	HELD_NULL,
	HELD_NAN,
	HELD_KINDS
} HeldKind;

/* What the slots of a page hold */
typedef struct Held
{
	bool		any[HELD_KINDS];
	int64		ends[HELD_KINDS];	/* sort keys: the least and the greatest;
									 * 0 */
	int			places[HELD_KINDS]; /* of slots that say so */
	bool		live;			/* slots that are left out are not counted */
} Held;

/* Slots that are read: of nodes, and then of rows outside the graph */
typedef struct Reader
{
	IndexScanDesc scan;			/* its snapshot sees the rows */
	LokiScan   *so;
	TupleTableSlot *row;
	int64		nan;			/* sort key of NaN; 0: it has none */
	int			tids;			/* slot array: their states ... */
	int			values;			/* ... and the attribute */
	uint32		slot_size;		/* of that */
	uint32		npages;
	Held	   *pages;
	uint32		copied;			/* the page in the copy */
	PGAlignedBlock copy;
	int			used;			/* its slots */
	uint32		unseen[HELD_KINDS * LOKI_EXTREME_ROWS]; /* without a row that
														 * the snapshot sees */
	int			nunseen;
	Held		all;			/* of both arrays, as far as it was looked up */
} Reader;

/* What the page in the copy holds.  An array's flag of hashes is no NULL, and its number means nothing. */
static void
hold_page(Reader *reader, bool live)
{
	Held		held = {.live = live, .ends = {PG_INT64_MAX, PG_INT64_MIN}};

	for (int i = 0; i < reader->used; i++)
	{
		const char *slot = LokiPageSlot(reader->copy.data, reader->slot_size, i);
		HeldKind	kind = slot[0] == LOKI_ATTR_NULL ? HELD_NULL : HELD_NAN;
		int64		sort_key;

		if (slot[0] == LEFT_OUT)
			continue;
		if (kind == HELD_NULL ||
			((sort_key = loki_attr_sort_key(reader->slot_size - 1, slot)) == reader->nan && sort_key != 0))
		{
			held.any[kind] = true;
			held.places[kind] = i;
			continue;
		}
		if (sort_key <= held.ends[HELD_LOW])
		{
			held.ends[HELD_LOW] = sort_key;
			held.places[HELD_LOW] = i;
		}
		if (sort_key >= held.ends[HELD_HIGH])
		{
			held.ends[HELD_HIGH] = sort_key;
			held.places[HELD_HIGH] = i;
		}
		held.any[HELD_LOW] = held.any[HELD_HIGH] = true;
	}
	reader->pages[reader->copied] = held;
}

/* Leave out slots of the page in the copy whose nodes are not live, or killed: pages of states are copied under share lock. */
static void
leave_out_dead(Reader *reader, uint32 first)
{
	LokiIndex  *state = reader->so->state;
	const LokiSlotArray *tids = &state->arrays[reader->tids];
	PGAlignedBlock copy;
	uint32		copied = LOKI_NONE;
	uint32		ntids = 0;

	for (int i = 0; i < reader->used; i++)
	{
		LokiTidData tid = {0};
		uint32		place;
		uint32		ordinal = loki_slot_page(tids, first + i, &place);

		if (ordinal != copied)
			ntids = ordinal < tids->npages ?
				loki_page_copy(state, reader->scan->indexRelation, reader->tids, ordinal, NULL, copy.data) : 0;
		copied = ordinal;
		if (place < ntids)
			memcpy(&tid, LokiPageSlot(copy.data, tids->slot_size, place), tids->slot_size);
		if (!LokiTidIsLive(&tid) || loki_is_killed(reader->so, &tid))
			LokiPageSlot(reader->copy.data, reader->slot_size, i)[0] = LEFT_OUT;
	}
}

/* Copy a page, under share lock, and look at what it holds; no page is locked meanwhile. */
static void
read_page(Reader *reader, uint32 ordinal, bool live)
{
	LokiIndex  *state = reader->so->state;
	uint32		first = ordinal * state->arrays[reader->values].per_page;

	CHECK_FOR_INTERRUPTS();
	reader->copied = ordinal;
	reader->used = loki_page_copy(state, reader->scan->indexRelation, reader->values, ordinal, NULL,
								  reader->copy.data);
	if (live)
		leave_out_dead(reader, first);
	for (int i = 0; i < reader->nunseen; i++)
		if (reader->unseen[i] >= first && reader->unseen[i] < first + reader->used)
			LokiPageSlot(reader->copy.data, reader->slot_size, reader->unseen[i] - first)[0] = LEFT_OUT;
	hold_page(reader, live);
}

/* Whether the snapshot sees a row of a node, or may see it, as no more are looked at */
static bool
is_seen(Reader *reader, uint32 node, uint32 *most)
{
	LokiScan   *so = reader->so;
	LokiPartialNode partial = {.node = node, .slot = LOKI_NONE};
	bool		more = false;

	if (*most == 0)
		return true;
	if (reader->tids == LOKI_SLOTS_TID)
		more = loki_node_part(so, &partial, *most);
	else
	{
		char		bytes[LOKI_TID_LONG] = {0};
		LokiTidData tid = {0};

		(void) loki_slot_read(so->state, reader->scan->indexRelation, reader->tids, node, bytes);
		memcpy(&tid, bytes, so->state->arrays[reader->tids].slot_size);
		loki_set_tid(so, LokiTidIsLive(&tid) ? &tid.u.heap : NULL);
	}
	*most -= so->tids.n == 0;
	for (uint32 i = 0; i < so->tids.n; i++)
	{
		LokiEntryRef entry = {node, so->tids.rows[i].slot, so->tids.lsn, so->tids.rows[i].tid};
		ItemPointerData tid = entry.heap;
		bool		again = false;
		bool		dead = false;

		if (*most == 0)
			return true;
		(*most)--;
		if (table_index_fetch_tuple(reader->scan->xs_heapfetch, &tid, reader->scan->xs_snapshot, reader->row,
									&again, &dead))
		{
			ExecClearTuple(reader->row);
			return true;
		}
		if (dead && reader->tids == LOKI_SLOTS_TID)
			loki_kill_note(so, &entry);
	}
	return more;
}

/*
 * Find the farthest value of a kind: of pages that hold one beyond what is known, the farthest each time.  Its slots are
 * left out until it is a row's that is seen.
 */
static void
find_farthest(Reader *reader, HeldKind kind)
{
	uint32		most = LOKI_EXTREME_ROWS;

	for (;;)
	{
		const Held *farthest = &reader->all;
		uint32		ordinal = LOKI_NONE;
		uint32		node;

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = 0; i < reader->npages; i++)
		{
			const Held *page = &reader->pages[i];

			if (!page->any[kind] || (farthest->any[kind] &&
									 (kind == HELD_LOW ? page->ends[kind] >= farthest->ends[kind] :
									  page->ends[kind] <= farthest->ends[kind])))
				continue;
			farthest = page;
			ordinal = i;
		}
		if (ordinal == LOKI_NONE)
			return;
		if (!farthest->live)
		{
			read_page(reader, ordinal, true);
			continue;
		}
		node = ordinal * reader->so->state->arrays[reader->values].per_page + farthest->places[kind];
		if (is_seen(reader, node, &most))
		{
			reader->all.any[kind] = true;
			reader->all.ends[kind] = farthest->ends[kind];
			return;
		}
		reader->unseen[reader->nunseen++] = node;
		if (reader->copied == ordinal)
		{
			LokiPageSlot(reader->copy.data, reader->slot_size, farthest->places[kind])[0] = LEFT_OUT;
			hold_page(reader, true);
		}
		else
			read_page(reader, ordinal, true);
	}
}

static void
read_slots(Reader *reader, int tids, int values)
{
	const LokiSlotArray *array = &reader->so->state->arrays[values];

	reader->tids = tids;
	reader->values = values;
	reader->slot_size = array->slot_size;
	reader->npages = array->npages;
	reader->pages = palloc_array(Held, array->npages);
	reader->nunseen = 0;
	for (uint32 i = 0; i < array->npages; i++)
		read_page(reader, i, false);
	for (int kind = 0; kind < HELD_KINDS; kind++)
		find_farthest(reader, (HeldKind) kind);
	pfree(reader->pages);
}

/*
 * See hnsw.h.  The directory is read first, so that the pages that the snapshot's rows are on are known (I3).  Of an
 * index that is not the scan's own, nothing is said if it is of another format.
 */
bool
loki_hnsw_extremes(Relation table, Relation index, Snapshot snapshot, int attribute, LokiExtremes *extremes)
{
	LokiIndex  *state;
	Reader	   *reader;
	const Held *all;
	LokiAttrType type;
	Oid			shown;

	Assert(loki_no_buffer_locked());
	memset(extremes, 0, sizeof(LokiExtremes));
	if (!loki_is_hnsw_index(index) || loki_index_is_unbuilt(index) || loki_hnsw_is_incompatible(index))
		return false;
	state = loki_index_open(index, NULL);
	if (attribute < 1 || attribute > state->nattributes)
		return false;
	loki_index_refresh(state, index);
	type = (LokiAttrType) state->attr_type[attribute - 1];
	reader = palloc0_object(Reader);
	/* a scan that is not begun: it looks at rows, and marks those that are dead */
	reader->scan = LokiIndexBeginScanKeys(table, index, snapshot, NULL, 0, 0);
	reader->so = reader->scan->opaque;
	reader->so->state = state;
	loki_kill_begin(reader->so);
	reader->row = table_slot_create(table, NULL);
	reader->nan = type == LOKI_ATTR_FLOAT4 ? loki_float4_sort_key(get_float4_nan()) :
		type == LOKI_ATTR_FLOAT8 || type == LOKI_ATTR_NUMERIC ? loki_float_sort_key(get_float8_nan()) : 0;
	read_slots(reader, LOKI_SLOTS_TID, LOKI_SLOTS_ATTR + attribute - 1);
	read_slots(reader, LOKI_SLOTS_NULLTID, LOKI_SLOTS_NULLATTR + attribute - 1);
	loki_kill_flush(reader->so);

	all = &reader->all;
	extremes->nulls = all->any[HELD_NULL];
	extremes->nans = all->any[HELD_NAN];
	if (all->any[HELD_LOW] && all->any[HELD_HIGH] &&
		loki_attr_number(type, all->ends[HELD_LOW], &shown, &extremes->low) &&
		loki_attr_number(type, all->ends[HELD_HIGH], &shown, &extremes->high))
		extremes->type = shown;
	ExecDropSingleTupleTableSlot(reader->row);
	index_endscan(reader->scan);
	pfree(reader);
	return true;
}
