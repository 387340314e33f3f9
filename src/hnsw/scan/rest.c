/*-------------------------------------------------------------------------
 *
 * rest.c
 *	  Reading the rows that a scan has not read, in the order of the table.
 *
 * It is how a scan ends that has cost as much as that (loki_account_open(), strategy.c).  A row in the order of
 * distance is a page of the table for itself, a code and a place in a queue; here it is the next row of
 * a page.
 *
 * The rows are those of the index, and not of the table: the planner leaves out a condition that a partial
 * index implies, and what slots decide is not checked again.  So slots are tested as in a flat scan, and the TIDs
 * of nodes that pass become bits, by which pages are read.  A pass over the nodes makes the bits of as many
 * pages as fit half of work_mem; the other half is for rows and their distances, which are sorted on
 * disk if there are more.  Bits of rows that are dead to everyone stay, and their entries are marked as killed by
 * one more pass, on those TID pages alone that have not changed since the first (killed.c).
 *
 * A caller that takes rows in any order (LokiScanCaller in hnsw.h) gets the TIDs, page by page, and reads the rows
 * itself: none is read twice, measured or sorted.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/rest.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/xact.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "compat/buffer.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "executor/tuptable.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/flat.h"
#include "port/pg_bitutils.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

/* Words of the bits of a page of the table: bit 0 is offset number 1 */
#define PAGE_WORDS		((MaxHeapTuplesPerPage + 63) / 64)

/* TID lists that are read while their TID page is locked */
#define LIST_BATCH		64

/* Rows that are taken from a sort at once */
#define SORTED_ROWS		1024

/* Reading the rest */
typedef struct Rest
{
	LokiScan   *so;
	const uint8 *seen;			/* bitmap: nodes that are not to be read */
	uint32		nodes;			/* that it covers */
	uint64	   *bits;			/* rows of the pages from `first` on, */
	BlockNumber first;
	BlockNumber npages;			/* which are so many */
	XLogRecPtr *lsns;			/* of TID pages, when bits were made of them */
	bool		dead;			/* some rows are dead to everyone */
	LokiEntryRef *kills;
	uint64		allocated;
	uint32		nkills;
	uint64		most_rows;		/* that memory has room for */
	BufferAccessStrategy strategy;
	LokiPartialNode *partials;	/* nodes that were read in part */
	uint32		npartials;
	BlockNumber end;			/* of the table */
	BlockNumber most;			/* pages at a time */
	BlockNumber next;			/* of the pages from `first` on, for a caller
								 * that takes rows in any order */
	BufferAccessStrategy ring;	/* through which rows were read before */
} Rest;

/* ----------------------------------------------------------------
 * Rows to read
 * ----------------------------------------------------------------
 */

/*
 * The word that has a row's bit, which is returned in *bit; NULL if the row is on none of the pages, or its TID is one
 * that no row can have, which heapam passes over too.
 */
static uint64 *
word_of_row(const Rest *rest, const ItemPointerData *tid, uint64 *bit)
{
	/* a page before the first wraps around */
	BlockNumber page = ItemPointerGetBlockNumberNoCheck(tid) - rest->first;
	uint32		number = (uint32) ItemPointerGetOffsetNumberNoCheck(tid) - 1;

	if (page >= rest->npages || number >= MaxHeapTuplesPerPage)
		return NULL;
	*bit = UINT64CONST(1) << (number % 64);
	return rest->bits + (Size) page * PAGE_WORDS + number / 64;
}

static void
note_row(Rest *rest, const ItemPointerData *tid)
{
	uint64		bit;
	uint64	   *word = word_of_row(rest, tid, &bit);

	if (word != NULL)
		*word |= bit;
}

/* The TID page of a node: whose LSN was rest->lsns[] when its first TIDs became bits */
static uint32
page_of_node(const Rest *rest, uint32 node)
{
	uint32		place;

	return loki_slot_page(&rest->so->state->arrays[LOKI_SLOTS_TID], node, &place);
}

/* Note the rows in so->tids. */
static void
note_list(Rest *rest)
{
	for (uint32 i = 0; i < rest->so->tids.n; i++)
		note_row(rest, &rest->so->tids.rows[i].tid);
}

/*
 * Note the rows of n nodes with TID lists, from their heads on.  Their TID page is share locked (I8).  One slot of each list
 * is read at a time: they lie anywhere, and the processor fetches them together.
 */
static void
note_lists(Rest *rest, uint32 *nodes, uint32 *numbers, int n)
{
	LokiScan   *so = rest->so;
	LokiDuplicateData slots[LIST_BATCH];
	uint64		length = 0;

	while (n > 0)
	{
		int			longer = 0;

		loki_listed_rows_read(so->state, so->scan->indexRelation, nodes, numbers, n, &length, slots);
		for (int i = 0; i < n; i++)
		{
			if (loki_is_wanted_duplicate(so, &slots[i]))
				note_row(rest, &slots[i].heap);
			if (slots[i].next == LOKI_NONE)
				continue;
			nodes[longer] = nodes[i];
			numbers[longer++] = slots[i].next;
		}
		n = longer;
	}
}

/* Note the rows of n nodes from `first` on, LOKI_TEST_BATCH at most, that match and were not read. */
static void
note_rows_of_nodes(Rest *rest, uint32 first, uint32 n)
{
	LokiScan   *so = rest->so;
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint8		passes[LOKI_TEST_BATCH] = {0};
	uint32		lists[LIST_BATCH];
	uint32		heads[LIST_BATCH];
	LokiPagePart part;
	XLogRecPtr *lsn;

	for (uint32 i = 0; i < n; i++)
		passes[i] = (rest->seen[(first + i) / 8] & (1 << ((first + i) % 8))) == 0;
	loki_flat_test(so, first, n, passes);
	for (uint32 done = 0; done < n; done += part.n)
	{
		int			nlists = 0;
		uint32		i;

		loki_part_lock(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, first + done, n - done, &part);
		lsn = &rest->lsns[page_of_node(rest, first + done)];
		if (part.used > 0 && *lsn == InvalidXLogRecPtr)
			*lsn = BufferGetLSNAtomic(part.buffer);
		for (i = 0; i < part.used && nlists < LIST_BATCH; i++)
		{
			LokiTidData *slot = (LokiTidData *) (part.slots + (Size) i * slot_size);

			if (!passes[done + i] || !LokiTidIsLive(slot) || loki_is_killed(so, slot))
				continue;
			if (LokiTidState(slot) == LOKI_TID_LIST)
			{
				heads[nlists] = LokiTidListHead(slot);
				lists[nlists++] = first + done + i;
			}
			else if (loki_is_within(so, &slot->u.heap))
				note_row(rest, &slot->u.heap);
		}
		note_lists(rest, lists, heads, nlists);
		if (part.used > 0)
			UnlockReleaseBuffer(part.buffer);
		if (i < part.used)
			part.n = i;			/* others, which wait for the lock, go first */
	}
}

/* Note all rows on the pages: those of nodes, and those that are left of nodes that were read in part. */
static void
note_rows(Rest *rest)
{
	LokiScan   *so = rest->so;

	memset(rest->bits, 0, (Size) rest->npages * PAGE_WORDS * sizeof(uint64));
	memset(rest->lsns, 0, sizeof(XLogRecPtr) * (page_of_node(rest, rest->nodes) + 1));
	rest->dead = false;
	for (uint32 first = 0; first < rest->nodes; first += LOKI_TEST_BATCH)
		note_rows_of_nodes(rest, first, Min(LOKI_TEST_BATCH, rest->nodes - first));
	for (uint32 i = 0; i < rest->npartials; i++)
	{
		LokiPartialNode partial = rest->partials[i];

		(void) loki_node_part(so, &partial, PG_UINT32_MAX);
		note_list(rest);
	}
}

/* ----------------------------------------------------------------
 * Rows that do not fit into memory
 * ----------------------------------------------------------------
 */

/*
 * Begin a sort of rows by distance, NaN last, and TID, as compare_rows() in rerank.c has them.  The number of a TID has
 * one more bit, the lowest: whether the row has passed the caller's filter.
 */
static void
begin_rest_sort(LokiScan *so)
{
	AttrNumber	columns[] = {1, 2};
	Oid			operators[] = {Float8LessOperator, Int8LessOperator};
	Oid			collations[] = {InvalidOid, InvalidOid};
	bool		nulls_first[] = {false, false};
	MemoryContext old = MemoryContextSwitchTo(so->context);
	TupleDesc	desc = CreateTemplateTupleDesc(lengthof(columns));

	Assert(so->ranking.sort == NULL);
	TupleDescInitEntry(desc, 1, NULL, FLOAT8OID, -1, 0);
	TupleDescInitEntry(desc, 2, NULL, INT8OID, -1, 0);
	LokiFinishTupleDesc(desc);
	so->ranking.sort_slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	so->ranking.sort = tuplesort_begin_heap(desc, lengthof(columns), columns, operators, collations,
											nulls_first, Max(work_mem / 2, 64), NULL,
											TUPLESORT_NONE);
	MemoryContextSwitchTo(old);
}

/* Move all rows that are known to the sort. */
static void
sort_rows_on_disk(LokiScan *so)
{
	TupleTableSlot *slot;

	if (so->ranking.sort == NULL)
		begin_rest_sort(so);
	slot = so->ranking.sort_slot;
	for (; so->ranking.next_row < so->ranking.nrows; so->ranking.next_row++)
	{
		const LokiRow *row = &so->ranking.rows[so->ranking.next_row];

		ExecClearTuple(slot);
		slot->tts_values[0] = Float8GetDatum(row->distance);
		slot->tts_values[1] = Int64GetDatum((int64) ItemPointerGetBlockNumberNoCheck(&row->tid) << 17 |
											ItemPointerGetOffsetNumberNoCheck(&row->tid) << 1 | row->passed);
		slot->tts_isnull[0] = slot->tts_isnull[1] = false;
		tuplesort_puttupleslot(so->ranking.sort, ExecStoreVirtualTuple(slot));
	}
	so->ranking.nrows = so->ranking.next_row = 0;
}

/* ----------------------------------------------------------------
 * Reading them
 * ----------------------------------------------------------------
 */

/* Move heapam's fetch to a page, as loki_pin_row_page() does. */
static Buffer
open_page(Rest *rest, BlockNumber page)
{
	Relation	table = rest->so->scan->heapRelation;
	IndexFetchHeapData *fetch = (IndexFetchHeapData *) rest->so->scan->xs_heapfetch;
	Buffer		buffer = ReadBufferExtended(table, MAIN_FORKNUM, page, RBM_NORMAL, rest->strategy);

	if (BufferIsValid(fetch->xs_cbuf))
		ReleaseBuffer(fetch->xs_cbuf);
	LokiFetchFromPage(fetch, buffer, page);
	LokiPruneFetchedPage(fetch, table);
	return buffer;
}

/*
 * The tuple that the snapshot sees of the row whose TID is *tid, which moves along the HOT chain; false if there is none,
 * and in *dead whether there is none for anyone.  On a page whose rows all see, heapam's test of each is left out, as in
 * heapgetpage(): a tuple that the TID names itself has no newer one.  Serializable transactions lock what they find.
 */
static bool
find_tuple(Rest *rest, Buffer buffer, bool visible, ItemPointerData *tid, HeapTuple tuple, bool *dead)
{
	LokiScan   *so = rest->so;
	Page		page = BufferGetPage(buffer);
	OffsetNumber number = ItemPointerGetOffsetNumberNoCheck(tid);

	if (visible && number <= PageGetMaxOffsetNumber(page) && ItemIdIsNormal(PageGetItemId(page, number)))
	{
		ItemId		item = PageGetItemId(page, number);

		tuple->t_data = (HeapTupleHeader) PageGetItem(page, item);
		tuple->t_len = ItemIdGetLength(item);
		tuple->t_tableOid = RelationGetRelid(so->scan->heapRelation);
		tuple->t_self = *tid;
		if (!HeapTupleIsHeapOnly(tuple))
			return true;
	}
	return heap_hot_search_buffer(tid, so->scan->heapRelation, buffer, so->scan->xs_snapshot, tuple, dead, true);
}

/*
 * Read those rows of a page that are noted and visible, and add those that pass; leave the bits of rows that are dead
 * to everyone.  The page is locked while its
 * rows are found, as a bitmap heap scan does it; then its pin keeps them in place.  Functions of the query see
 * rows that the snapshot sees, with no page locked.
 */
static void
read_page(Rest *rest, BlockNumber page, uint64 *bits)
{
	LokiScan   *so = rest->so;
	HeapTupleData tuples[MaxHeapTuplesPerPage];
	ItemPointerData roots[MaxHeapTuplesPerPage];
	int			n = 0;
	Buffer		buffer = open_page(rest, page);
	bool		visible;

	Assert(loki_no_buffer_locked());
	CHECK_FOR_INTERRUPTS();
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	visible = PageIsAllVisible(BufferGetPage(buffer)) && !so->scan->xs_snapshot->takenDuringRecovery &&
		!IsolationIsSerializable();
	for (int word = 0; word < PAGE_WORDS; word++)
		for (uint64 left = bits[word]; left != 0; left &= left - 1)
		{
			uint32		bit = (uint32) word * 64 + (uint32) pg_rightmost_one_pos64(left);
			ItemPointerData tid;
			bool		dead;
			bool		found;

			ItemPointerSet(&tid, page, (OffsetNumber) (bit + 1));
			roots[n] = tid;
			found = find_tuple(rest, buffer, visible, &tid, &tuples[n], &dead);
			n += found;
			if (found || !dead)
				bits[word] &= ~(UINT64CONST(1) << (bit % 64));
			else
				rest->dead = true;
		}
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	for (int i = 0; i < n; i++)
	{
		ExecStoreBufferHeapTuple(&tuples[i], so->heap.slot, buffer);
		loki_rerank_slot(so, roots[i]);
	}
	ExecClearTuple(so->heap.slot);
	so->work.heap_fetches += n;
}

/* Read the rows that are noted. */
static void
read_pages(Rest *rest)
{
	LokiScan   *so = rest->so;

	for (BlockNumber page = 0; page < rest->npages; page++)
	{
		uint64	   *bits = rest->bits + (Size) page * PAGE_WORDS;
		uint64		any = 0;

		for (int i = 0; i < PAGE_WORDS; i++)
			any |= bits[i];
		if (any == 0)
			continue;
		read_page(rest, rest->first + page, bits);
		if (so->ranking.nrows - so->ranking.next_row > rest->most_rows)
			sort_rows_on_disk(so);
	}
}

/* ----------------------------------------------------------------
 * Marking those that are dead
 * ----------------------------------------------------------------
 */

/* Keep an entry to mark, if its row is dead to everyone */
static void
add_kill(Rest *rest, uint32 node, uint32 duplicate, const ItemPointerData *tid)
{
	uint64		bit;
	const uint64 *word = word_of_row(rest, tid, &bit);

	if (word == NULL || (*word & bit) == 0)
		return;
	rest->kills = loki_grow(rest->so->context, rest->kills, &rest->allocated, rest->nkills + 1, 256,
							sizeof(LokiEntryRef));
	rest->kills[rest->nkills++] = (LokiEntryRef) {node, duplicate, rest->lsns[page_of_node(rest, node)], *tid};
}

/*
 * Mark the entries of a TID page, n nodes of which begin with `first`.  A TID that is read now may be another row's than
 * the one that was found dead; but then the page has changed since that was read (loki_kill_page()).
 */
static void
mark_page(Rest *rest, uint32 first, const LokiPagePart *part)
{
	LokiScan   *so = rest->so;
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32	   *lists = palloc(sizeof(uint32) * part->n);
	int			nlists = 0;

	rest->nkills = 0;
	for (uint32 i = 0; i < part->used; i++)
	{
		const LokiTidData *slot = (const LokiTidData *) (part->slots + (Size) i * slot_size);

		if (LokiTidState(slot) == LOKI_TID_LIST)
			lists[nlists++] = first + i;
		else if (LokiTidIsLive(slot))
			add_kill(rest, first + i, LOKI_NONE, &slot->u.heap);
	}
	if (part->used > 0)
		UnlockReleaseBuffer(part->buffer);
	for (int i = 0; i < nlists; i++)
	{
		loki_node_tids(so, lists[i]);
		for (uint32 j = 0; j < so->tids.n; j++)
			add_kill(rest, lists[i], so->tids.rows[j].slot, &so->tids.rows[j].tid);
	}
	pfree(lists);
	if (rest->nkills > 0)
		loki_kill_page(so, rest->kills, rest->nkills);
}

static void
mark_dead_rows(Rest *rest)
{
	LokiPagePart part;

	for (uint32 first = 0; first < rest->nodes; first += part.n)
	{
		CHECK_FOR_INTERRUPTS();
		loki_part_lock(rest->so->state, rest->so->scan->indexRelation, LOKI_SLOTS_TID, first, rest->nodes - first, &part);
		mark_page(rest, first, &part);
	}
}

/* ----------------------------------------------------------------
 * The rest, read at once or as it is asked for
 * ----------------------------------------------------------------
 */

static void
free_rest(Rest *rest)
{
	pfree(rest->bits);
	pfree(rest->lsns);
	if (rest->kills != NULL)
		pfree(rest->kills);
	if (rest->partials != NULL)
		pfree(rest->partials);
	if (rest->strategy != NULL && rest->strategy != rest->ring)
		FreeAccessStrategy(rest->strategy);
	pfree(rest);
}

/* Note the rows of the next pages; false if there are none. */
static bool
note_next(Rest *rest)
{
	rest->first += rest->npages;
	rest->npages = Min(rest->most, rest->end - rest->first);
	rest->next = 0;
	if (rest->npages > 0)
		note_rows(rest);
	return rest->npages > 0;
}

/* See scan.h. */
void
loki_rest_end(LokiScan *so)
{
	if (so->ranking.rest != NULL)
	{
		so->heap.ring = so->ranking.rest->ring;
		free_rest(so->ranking.rest);
		so->ranking.rest = NULL;
	}
	if (so->ranking.sort == NULL)
		return;
	tuplesort_end(so->ranking.sort);
	ExecDropSingleTupleTableSlot(so->ranking.sort_slot);
	so->ranking.sort = NULL;
	so->ranking.sort_slot = NULL;
}

/*
 * Some more rows for a caller that takes them in any order, in that of the table.  It reads them and tests them, so that
 * nothing is known of them here but their TIDs.
 */
static bool
more_unordered(LokiScan *so)
{
	Rest	   *rest = so->ranking.rest;
	uint32		waiting = so->ranking.nrows - so->ranking.next_row;

	if (waiting >= SORTED_ROWS)
		return false;
	while (so->ranking.nrows - so->ranking.next_row < waiting + SORTED_ROWS)
	{
		const uint64 *bits;

		if (rest->next == rest->npages && !note_next(rest))
			break;
		bits = rest->bits + (Size) rest->next * PAGE_WORDS;
		for (int word = 0; word < PAGE_WORDS; word++)
			for (uint64 left = bits[word]; left != 0; left &= left - 1)
			{
				ItemPointerData tid;

				ItemPointerSet(&tid, rest->first + rest->next,
							   (OffsetNumber) (word * 64 + pg_rightmost_one_pos64(left) + 1));
				loki_rerank_add(so, get_float8_infinity(), tid, false);
			}
		rest->next++;
	}
	return so->ranking.nrows - so->ranking.next_row > waiting;
}

/* See scan.h. */
bool
loki_rest_more(LokiScan *so)
{
	TupleTableSlot *slot = so->ranking.sort_slot;
	int			n;

	if (so->ranking.rest != NULL)
		return more_unordered(so);
	if (so->ranking.sort == NULL)
		return false;
	for (n = 0; n < SORTED_ROWS; n++)
	{
		ItemPointerData tid;
		int64		number;
		bool		isnull;

		if (!tuplesort_gettupleslot(so->ranking.sort, true, false, slot, NULL))
		{
			loki_rest_end(so);
			break;
		}
		number = DatumGetInt64(slot_getattr(slot, 2, &isnull));
		ItemPointerSet(&tid, (BlockNumber) (number >> 17), (OffsetNumber) ((number >> 1) & 0xffff));
		loki_rerank_add(so, DatumGetFloat8(slot_getattr(slot, 1, &isnull)), tid, number & 1);
	}
	return n > 0;
}

/* See scan.h. */
void
loki_rest_read(LokiScan *so)
{
	Rest	   *rest = MemoryContextAllocZero(so->context, sizeof(Rest));
	Size		memory = (Size) work_mem * 1024 / 2;
	MemoryContext old = MemoryContextSwitchTo(so->context);

	Assert(so->heap.is_heap && loki_no_buffer_locked() && so->ranking.rest == NULL);
	loki_plan_all_rows(so);
	rest->so = so;
	rest->seen = loki_flat_end(so);
	rest->nodes = so->flat.seen_nodes;
	loki_refine_begin(so);
	rest->end = RelationGetNumberOfBlocks(so->scan->heapRelation);
	rest->most_rows = memory / sizeof(LokiRow);
	rest->most = (BlockNumber) Max(1, Min(rest->end, memory / (PAGE_WORDS * sizeof(uint64))));
	rest->bits = palloc_extended((Size) rest->most * PAGE_WORDS * sizeof(uint64), MCXT_ALLOC_HUGE);
	rest->lsns = palloc_extended(sizeof(XLogRecPtr) * (page_of_node(rest, rest->nodes) + (Size) 1), MCXT_ALLOC_HUGE);
	rest->npartials = so->ranking.npartials;
	rest->partials = palloc_array(LokiPartialNode, rest->npartials);
	if (rest->npartials > 0)
		memcpy(rest->partials, so->ranking.partials, sizeof(LokiPartialNode) * rest->npartials);
	so->ranking.npartials = 0;
	rest->ring = rest->strategy = so->heap.ring;
	if (rest->strategy == NULL && !so->state->local && rest->end > (BlockNumber) NBuffers / 4)
		rest->strategy = GetAccessStrategy(BAS_BULKREAD);
	MemoryContextSwitchTo(old);
	so->work.rests++;
	if (loki_account_unordered(so))
	{
		so->ranking.rest = rest;
		so->heap.ring = rest->strategy;
		*so->plan.caller->unordered = true;
		return;
	}
	while (note_next(rest))
	{
		read_pages(rest);
		if (rest->dead && so->killed.may_mark)
			mark_dead_rows(rest);
	}
	free_rest(rest);
	if (so->ranking.sort == NULL)
	{
		loki_rerank_sort(so);
		return;
	}
	sort_rows_on_disk(so);
	tuplesort_performsort(so->ranking.sort);
}
