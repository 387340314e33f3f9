/*-------------------------------------------------------------------------
 *
 * tenant_words.c
 *	  What the rows of one tenant say of the words of a search.
 *
 * Under a policy tenant = current_setting('app.tenant')::int the reader sees the rows of one tenant, all of
 * them and no others.  Scores that depend on these rows alone tell of nothing that is hidden.  So the rows are
 * counted that the command's snapshot sees: not by posting lists, which have all tenants' rows, dead ones and
 * none of the last, as of when they were made.  What is counted is the same whatever others have written, and
 * whenever VACUUM came.
 *
 * What a row says is in the index: slots of the attribute say whose it is, and posting lists have its words and its
 * length.  Whether the snapshot sees it, the visibility map says for all rows of a page at once, as for an index-only
 * scan:
 *
 * - The map is looked at while the TID page is share locked, and has the entry.  VACUUM takes the entry away, under
 *	 the exclusive lock, before it lets the heap TID be used again and marks its page; an insert clears the bit of its
 *	 page before it writes the entry.  So the map is right about this row, also on a standby, which replays both in
 *	 that order.  A page of the map may have to be read, for which the lock is given up.
 *
 * - A row that the snapshot sees was indexed before the snapshot was taken, and stays until it ends.  So its node's
 *	 slots, lists and notes say what they did then, in whatever order they are read, as long as the lists are in use
 *	 at the end (D1).
 *
 * Rows on other pages are fetched.  Their words and length are read from the rows themselves if lists do not have the
 * node as it is.  A row is read as well if slots leave it open whose it is.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/tenant_words.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/visibilitymap.h"
#include "catalog/index.h"
#include "compat/buffer.h"
#include "compat/grow.h"
#include "compat/visibility.h"
#include "hnsw/build/build.h"
#include "hnsw/filter/lookup.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "types/bm25.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* The row of a node that is to be fetched */
typedef struct UnseenRow
{
	uint32		node;
	ItemPointerData tid;
} UnseenRow;

/* The posting lists, and the sorted list of the tenant's attribute */
typedef struct TenantLists
{
	bool		there;
	LokiTermLists of;
	LokiNodeBits changed;		/* nodes that they do not have as they are */
	LokiNodeBits wanted;		/* nodes below their end that may be the
								 * tenant's; without words: all may be */
	LokiWindowData window;		/* without nodes: rows are read */
	LokiTermData lengths;		/* of the window: where they are */
	uint32	   *visible;		/* rows of the window that the snapshot sees,
								 * by place */
	uint64		documents;		/* the sum of these ... */
	uint64		length;			/* ... and their length */
	bool		lost;			/* they are not there any more */
} TenantLists;

/* The rows of some nodes that are to be fetched, and what is known of others */
typedef struct TenantBatch
{
	UnseenRow  *unseen;
	uint64		nunseen;
	uint64		unseen_allocated;

	/* the page of the visibility map that is pinned */
	Buffer		map;
	LokiMapPage map_page;
} TenantBatch;

typedef struct TenantCount
{
	LokiIndex  *state;
	Relation	index;
	Relation	heap;
	const Bm25Tenant *tenant;
	Datum		value;
	FmgrInfo	equal;
	LokiFilter	filter;
	LokiTest	test;
	bool		decided;		/* slots decide whose a row is */
	bool		of_rows;		/* the map says which rows are visible */
	LokiRows	rows;
	LokiTenantWords *words;
	TenantLists lists;
	TenantBatch batch;
} TenantCount;

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/* Whether the row in the slot is the tenant's; sets its document. */
static bool
is_of_tenant(TenantCount *count, Datum *document)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	int			column = count->tenant->column - 1;

	if (!loki_rows_match(&count->rows) || !loki_rows_values(&count->rows, values, nulls) || nulls[0] ||
		nulls[column])
		return false;
	*document = values[0];
	return DatumGetBool(FunctionCall2Coll(&count->equal, count->tenant->collation, values[column],
										  count->value));
}

/* Count the words of a row.  They are detoasted in the context of the row. */
static void
count_document(TenantCount *count, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(count->rows.context);
	TSVector	document = DatumGetTSVector(value);

	/* all of it is read, and is not in the processor's caches */
	loki_prefetch_bytes((const char *) document, VARSIZE(document));
	count->words->length += loki_document_count(document, count->words->words, count->words->n);
	count->words->documents++;
	MemoryContextSwitchTo(old);
}

/*
 * Count the rows of the table.  The root of a HOT chain that was broken when the index was made has slots of
 * the last version alone, of which a snapshot from before may see another: of another tenant, or with a row
 * where the last has none.
 */
static void
count_table(TenantCount *count)
{
	TableScanDesc scan = loki_table_beginscan(count->heap, GetActiveSnapshot());
	Datum		document;

	while (table_scan_getnextslot(scan, ForwardScanDirection, count->rows.slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (is_of_tenant(count, &document))
			count_document(count, document);
	}
	table_endscan(scan);
	loki_rows_release(&count->rows);
}

/* Fetch the rows of which the map did not say that they are visible.  Values are detoasted in the context of the row. */
static void
count_unseen(TenantCount *count)
{
	for (uint64 i = 0; i < count->batch.nunseen; i++)
	{
		const UnseenRow *row = &count->batch.unseen[i];
		ItemPointerData tid = row->tid;
		uint32		place = row->node - count->lists.window.node;
		bool		listed = count->of_rows && place < count->lists.window.nodes &&
			!loki_bits_have(&count->lists.changed, row->node);
		Datum		value = (Datum) 0;

		CHECK_FOR_INTERRUPTS();
		if (!loki_rows_fetch(&count->rows, &tid) || (!(count->decided && listed) && !is_of_tenant(count, &value)))
			continue;
		if (listed)
			count->lists.visible[place]++;
		else
			count_document(count, value);
	}
	count->batch.nunseen = 0;
	loki_rows_release(&count->rows);
}

/*
 * Take a row of a node, whose TID page is share locked.  It counts, by rows[] of the window, if lists have it, and all
 * see it as a page of the map says that is pinned; or it is to be fetched.
 */
static inline void
take_row(TenantCount *count, const LokiMapPage *map, uint32 node, const ItemPointerData *tid, bool listed, uint32 *rows)
{
	BlockNumber block = ItemPointerGetBlockNumberNoCheck(tid);

	if (listed && loki_map_has(map, block) && loki_map_visible(map, block))
	{
		/* it is not fetched, which would lock it for a serializable transaction */
		if (unlikely(IsolationIsSerializable()))
			PredicateLockPage(count->heap, block, count->rows.snapshot);
		rows[node - count->lists.window.node]++;
		return;
	}
	count->batch.unseen = loki_grow(CurrentMemoryContext, count->batch.unseen, &count->batch.unseen_allocated, count->batch.nunseen + 1,
									64, sizeof(UnseenRow));
	count->batch.unseen[count->batch.nunseen++] = (UnseenRow) {node, *tid};
}

/*
 * Take the rows of a node's TID list, those of one moment, for which its TID page is locked (I8).  A row that is
 * visible is neither left out nor taken twice, whatever vacuum does meanwhile.
 */
static void
take_list(TenantCount *count, uint32 node, uint32 head, bool listed)
{
	uint64		length = 0;
	LokiDuplicateData duplicate;

	for (uint32 next = head; next != LOKI_NONE; next = duplicate.next)
	{
		loki_listed_row_read(count->state, count->index, node, next, &length, &duplicate);
		take_row(count, &count->batch.map_page, node, &duplicate.heap, listed, count->lists.visible);
	}
}

/*
 * Take the rows of n nodes, which ascend.  A row whose page of the map is not pinned ends what is done under one lock.
 * Most are the only row of a node that lists have, on a page that all see, and take some nanoseconds.
 */
static void
take_rows(TenantCount *count, const uint32 *nodes, int n)
{
	TenantBatch *batch = &count->batch;
	const LokiNodeBits changed = count->lists.changed;
	uint32	   *rows = count->lists.visible;
	uint32		begin = count->lists.window.node;
	uint32		listed_nodes = count->of_rows && count->decided ? count->lists.window.nodes : 0;
	uint32		slot_size = count->state->arrays[LOKI_SLOTS_TID].slot_size;
	BlockNumber asked = InvalidBlockNumber;

	for (int i = 0; i < n;)
	{
		const LokiMapPage map = batch->map_page;
		BlockNumber unpinned = InvalidBlockNumber;
		uint32		first = nodes[i];
		LokiPagePart part;

		loki_part_lock(count->state, count->index, LOKI_SLOTS_TID, first, nodes[n - 1] - first + 1, &part);
		for (; i < n && nodes[i] - first < part.used; i++)
		{
			const LokiTidData *slot = (const LokiTidData *) (part.slots + (Size) (nodes[i] - first) * slot_size);
			bool		listed = nodes[i] - begin < listed_nodes && !loki_bits_have(&changed, nodes[i]);
			BlockNumber block = ItemPointerGetBlockNumberNoCheck(&slot->u.heap);

			if (LokiTidState(slot) == LOKI_TID_LIST)
				take_list(count, nodes[i], LokiTidListHead(slot), listed);
			else if (LokiTidIsLive(slot))
			{
				if (listed && block != asked && !loki_map_has(&map, block))
				{
					unpinned = block;
					break;
				}
				take_row(count, &map, nodes[i], &slot->u.heap, listed, rows);
			}
		}
		if (part.used > 0)
			UnlockReleaseBuffer(part.buffer);
		/* asked for once, as the map may have no such page */
		asked = unpinned;
		if (BlockNumberIsValid(unpinned))
		{
			(void) VM_ALL_VISIBLE(count->heap, unpinned, &batch->map);
			loki_map_open(&batch->map_page, batch->map);
		}
		else					/* those that have not been written are of no
								 * row that is seen */
			while (i < n && nodes[i] - first < part.n)
				i++;
	}
	if (batch->nunseen > 0)
		count_unseen(count);
	if (count->lists.window.nodes > 0)
		count->lists.lost |= !loki_terms_lengths(&count->lists.of, &count->lists.window, &count->lists.lengths, nodes, n,
												 count->lists.visible, &count->lists.documents, &count->lists.length);
}

/* ----------------------------------------------------------------
 * Nodes
 * ----------------------------------------------------------------
 */

/* Count those of the nodes from one on up to an end whose slots may have the tenant's value. */
static void
count_tested(TenantCount *count, uint32 first, uint32 end)
{
	int			array = LOKI_SLOTS_ATTR + count->test.attribute;
	uint32		slot_size = count->state->arrays[array].slot_size;
	uint32		nodes[LOKI_TEST_BATCH];
	uint8		passes[LOKI_TEST_BATCH];
	LokiPagePart part;

	Assert(loki_no_buffer_locked());
	for (; first < end; first += part.n)
	{
		int			n = 0;

		CHECK_FOR_INTERRUPTS();
		loki_part_lock(count->state, count->index, array, first, Min(end - first, LOKI_TEST_BATCH), &part);
		if (part.used == 0)
			continue;
		memset(passes, 1, part.used);
		loki_slots_test(&count->test, false, part.slots, slot_size, (int) part.used, passes);
		UnlockReleaseBuffer(part.buffer);
		for (uint32 i = 0; i < part.used; i++)
		{
			nodes[n] = first + i;
			n += passes[i];
		}
		take_rows(count, nodes, n);
	}
}

/* The same by what find_wanted() has found */
static void
count_wanted(TenantCount *count, uint32 first, uint32 end)
{
	uint32		nodes[LOKI_TEST_BATCH];
	int			n = 0;

	for (uint32 i = first / 64; i < count->lists.wanted.nwords && i * 64 < end; i++)
	{
		uint64		word = count->lists.wanted.words[i];

		if (i * 64 < first)
			word &= ~UINT64CONST(0) << (first % 64);
		if (end - i * 64 < 64)
			word &= (UINT64CONST(1) << (end % 64)) - 1;
		for (; word != 0; word &= word - 1)
			nodes[n++] = i * 64 + pg_rightmost_one_pos64(word);
		if (n <= LOKI_TEST_BATCH - 64)
			continue;
		CHECK_FOR_INTERRUPTS();
		take_rows(count, nodes, n);
		n = 0;
	}
	take_rows(count, nodes, n);
}

/*
 * Count the nodes of a window, and add what lists say of the rows that are seen.  False if lists are not there any
 * more.  The rows of a window without lengths are read: all its documents are empty, or an earlier build made it.
 */
static bool
count_window(TenantCount *count)
{
	LokiTenantWords *words = count->words;
	uint32		begin = count->lists.window.node;
	uint32		end = begin + count->lists.window.nodes;
	uint32		first = 0;

	count->lists.documents = count->lists.length = 0;
	count->lists.lost = !loki_terms_find(&count->lists.of, &count->lists.window, &first, LOKI_LENGTH_TERM, &count->lists.lengths);
	if (count->lists.lengths.postings != count->lists.window.nodes)
		count->lists.window.nodes = 0;
	memset(count->lists.visible, 0, sizeof(uint32) * count->lists.window.nodes);
	if (count->lists.wanted.words != NULL)
		count_wanted(count, begin, end);
	else
		count_tested(count, begin, end);
	first = 0;
	for (int i = 0; i < words->n && count->lists.documents > 0 && !count->lists.lost; i++)
	{
		LokiTermData list;
		uint64		documents = 0;

		CHECK_FOR_INTERRUPTS();
		count->lists.lost = !loki_terms_find(&count->lists.of, &count->lists.window, &first, words->words[i].term, &list) ||
			!loki_terms_rows(&count->lists.of, &count->lists.window, &list, count->lists.visible, &documents);
		words->words[i].documents += documents;
	}
	words->documents += count->lists.documents;
	words->length += count->lists.length;
	return !count->lists.lost;
}

/* Want those of n nodes that pass the test, and none of the others. */
static void
want_tested(TenantCount *count, const uint32 *nodes, int n)
{
	int			array = LOKI_SLOTS_ATTR + count->test.attribute;
	uint32		slot_size = count->state->arrays[array].slot_size;

	for (int i = 0; i < n; i++)
	{
		uint64	   *word = count->lists.wanted.words + nodes[i] / 64;
		uint64		bit = UINT64CONST(1) << (nodes[i] % 64);
		char		slot[LOKI_ATTR_MAX_SLOT];
		uint8		passes = 1;

		CHECK_FOR_INTERRUPTS();
		/* nothing had the place of a list that names a node which it has not */
		if (nodes[i] >= count->lists.wanted.end)
			continue;
		loki_slots_copy(count->state, count->index, array, nodes + i, 1, false, slot);
		loki_slots_test(&count->test, false, slot, slot_size, 1, &passes);
		*word = (*word & ~bit) | (passes ? bit : 0);
	}
}

/*
 * Find by the attribute's sorted list which nodes may be the tenant's, if it has one.  False if that is not in use any
 * more.  Those that are noted have another value by now, perhaps.
 */
static bool
find_wanted(TenantCount *count, const LokiMetaPageData *meta)
{
	LokiNodeFilter filter = {.any = true, .ntests = 1, .tests = &count->test};
	LokiLookup	lookup;
	LokiLookup	second;
	uint32		nodes[LOKI_LOOKUP_READ];
	uint32		next = 0;

	if (!loki_lookup_begin(&lookup, &second, count->state, count->index, meta, &filter))
		return true;
	count->lists.wanted.end = count->lists.of.end;
	count->lists.wanted.nwords = count->lists.of.end / 64 + 1;
	count->lists.wanted.words = palloc_extended(sizeof(uint64) * count->lists.wanted.nwords, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (!loki_lookup_mark(&lookup, count->lists.wanted.words))
		return false;
	/* those at the ends may have another value */
	for (int i = 0; i < 2 * lookup.nplaces; i++)
	{
		const LokiPlaces *places = &lookup.places[i / 2];
		uint32		end = i % 2 == 0 ? places->sure_first : places->end;
		uint32		n;

		for (uint32 place = i % 2 == 0 ? places->first : places->sure_end; place < end; place += n)
		{
			n = Min(end - place, LOKI_LOOKUP_READ);
			if (!loki_sorted_list_read(&lookup.list, NULL, place, n, nodes))
				return false;
			want_tested(count, nodes, (int) n);
		}
	}
	while (loki_bits_next(&lookup.reused, &next, nodes))
		want_tested(count, nodes, 1);
	loki_bits_release(&lookup.reused);
	return true;
}

/* Count all nodes.  False if lists cannot be read, or have been made again: then what was counted is nothing. */
static bool
count_all(TenantCount *count, const LokiMetaPageData *meta, uint32 end)
{
	uint32		done = 0;
	bool		read = true;

	if (count->lists.there)
	{
		loki_bits_read(count->state, count->index, count->lists.of.reused, count->lists.of.end, &count->lists.changed);
		read = find_wanted(count, meta);
	}
	for (uint32 i = 0; count->lists.there && read && i < count->lists.of.data.windows; i++)
	{
		LokiWindowData *window = &count->lists.window;

		CHECK_FOR_INTERRUPTS();
		read = loki_terms_window(&count->lists.of, i, window) && window->node == done &&
			window->nodes <= count->lists.of.end - done;
		if (!read)
			break;
		done += window->nodes;
		read = count_window(count);
	}
	memset(&count->lists.window, 0, sizeof(LokiWindowData));
	if (read)
		count_tested(count, done, end);
	loki_bits_release(&count->lists.wanted);
	loki_bits_release(&count->lists.changed);
	return read && (!count->lists.there || (done == count->lists.of.end && loki_terms_valid(&count->lists.of)));
}

/* Count once more from nothing until lists were the same all the time; without them if they are damaged. */
static void
count_again(TenantCount *count)
{
	LokiWord   *words = palloc_array(LokiWord, count->words->n + 1);
	LokiTenantWords before = *count->words;
	bool		of_use = true;

	memcpy(words, before.words, sizeof(LokiWord) * before.n);
	for (;;)
	{
		LokiMetaPageData meta;

		CHECK_FOR_INTERRUPTS();
		loki_meta_read(count->index, &meta);
		loki_index_refresh(count->state, count->index);
		count->lists.there = loki_terms_open(&count->lists.of, count->state, count->index, &meta) && of_use;
		if (count_all(count, &meta, loki_node_end(count->state, count->index)))
			break;
		of_use = of_use && !loki_terms_valid(&count->lists.of);
		memcpy(before.words, words, sizeof(LokiWord) * before.n);
		*count->words = before;
	}
	pfree(words);
}

/*
 * See build.h.  Slots are read after the snapshot was taken, so that each row which it sees has one; those
 * that change meanwhile are of rows that it does not see.
 */
void
loki_tenant_words(LokiIndex *state, Relation index, const Bm25Tenant *tenant, Datum value,
				  LokiTenantWords *words)
{
	Relation	heap = table_open(IndexGetRelation(RelationGetRelid(index), false), AccessShareLock);
	TenantCount count = {
		.state = state, .index = index, .heap = heap, .tenant = tenant, .value = value, .words = words,
		.test = {.kind = LOKI_CONDITION_KEY, .attribute = tenant->column - 2}
	};
	ScanKeyData key;
	Oid			left;
	Oid			right;
	int			strategy;

	Assert(loki_no_buffer_locked() && tenant->column >= 2);
	get_op_opfamily_properties(tenant->operator, index->rd_opfamily[tenant->column - 1], false, &strategy,
							   &left, &right);
	ScanKeyEntryInitialize(&key, 0, tenant->column, (StrategyNumber) strategy, right, tenant->collation,
						   get_opcode(tenant->operator), value);
	loki_filter_compile(&count.filter, index, &key, 1, NULL);
	/* for a serializable transaction any insert may be the tenant's */
	PredicateLockRelation(index, GetActiveSnapshot());
	if (!count.filter.never)
	{
		count.test.key = &count.filter.keys[0];
		count.decided = count.test.key->kind == LOKI_FILTER_RANGE ||
			(count.test.key->kind == LOKI_FILTER_SET && count.test.key->nexact == count.test.key->n);
		fmgr_info(get_opcode(tenant->operator), &count.equal);

		/* other tables have no map */
		count.of_rows = heap->rd_tableam == GetHeapamTableAmRoutine();
		count.lists.visible = palloc0_array(uint32, LOKI_WINDOW_NODES);
		loki_rows_begin(&count.rows, heap, index, GetActiveSnapshot());
		if (index->rd_index->indcheckxmin &&
			!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin))
			count_table(&count);
		else
			count_again(&count);
		loki_rows_end(&count.rows);
		if (BufferIsValid(count.batch.map))
			ReleaseBuffer(count.batch.map);
		if (count.batch.unseen != NULL)
			pfree(count.batch.unseen);
		pfree(count.lists.visible);
	}
	if (count.filter.context != NULL)
		MemoryContextDelete(count.filter.context);
	table_close(heap, AccessShareLock);
}
