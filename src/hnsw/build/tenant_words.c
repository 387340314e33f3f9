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
 * Slots of the attribute say which nodes may be the tenant's; then each row is asked.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/tenant_words.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/index.h"
#include "compat/grow.h"
#include "hnsw/build/build.h"
#include "hnsw/filter/key.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "storage/predicate.h"
#include "types/bm25.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

typedef struct TenantCount
{
	LokiIndex  *state;
	Relation	index;
	const Bm25Tenant *tenant;
	Datum		value;
	FmgrInfo	equal;
	LokiRows	rows;
	LokiTenantWords *words;

	/* the heap TIDs of a node */
	ItemPointerData *tids;
	uint64		ntids;
	uint64		allocated;
} TenantCount;

static void
add_tid(TenantCount *count, const ItemPointerData *tid)
{
	count->tids = loki_grow(CurrentMemoryContext, count->tids, &count->allocated, count->ntids + 1, 16,
							sizeof(ItemPointerData));
	count->tids[count->ntids++] = *tid;
}

/*
 * Read the heap TIDs of a node, those of one moment, for which its TID page is locked (I8).  A row that
 * is visible is neither left out nor read twice, whatever vacuum does meanwhile.
 */
static void
read_tids(TenantCount *count, uint32 node)
{
	LokiSlotArray *array = &count->state->arrays[LOKI_SLOTS_TID];
	LokiSlotArray *duplicates = &count->state->arrays[LOKI_SLOTS_DUPLICATE];
	LokiTidData slot;
	uint32		place;
	Buffer		buffer;
	int			used;
	Page		page = loki_page_lock(count->state, count->index, LOKI_SLOTS_TID,
									  loki_slot_page(array, node, &place), &buffer, &used);

	count->ntids = 0;
	if (page == NULL)
		return;
	if ((int) place < used)
		memcpy(&slot, LokiPageSlot(page, array->slot_size, place), sizeof(slot));
	if ((int) place < used && LokiTidIsLive(&slot))
	{
		uint32		next = LOKI_NONE;
		LokiDuplicateData duplicate;

		if (LokiTidState(&slot) == LOKI_TID_LIST)
			next = LokiTidListHead(&slot);
		else
			add_tid(count, &slot.u.heap);
		for (; next != LOKI_NONE; next = duplicate.next)
		{
			if (!loki_slot_read(count->state, count->index, LOKI_SLOTS_DUPLICATE, next, &duplicate) ||
				duplicate.node != node || (duplicate.state & LOKI_TID_STATE_MASK) == LOKI_TID_FREE ||
				count->ntids > (uint64) duplicates->npages * duplicates->per_page)
				loki_damaged(count->index, psprintf("Slot %u does not belong to node %u.", next, node),
							 "has a damaged list of rows");
			add_tid(count, &duplicate.heap);
		}
	}
	UnlockReleaseBuffer(buffer);
}

/* Whether the row in the slot is the tenant's; sets its document, NULL if it has none. */
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

/*
 * Count a document: its words are looked up by themselves, where lists know terms, which two words of the search
 * may share.  All of it is read for its length, and is not in the processor's caches.
 */
static void
count_document(LokiTenantWords *words, TSVector document)
{
	loki_prefetch_bytes((const char *) document, VARSIZE(document));
	words->documents++;
	words->length += loki_document_length(document);
	for (int i = 0; i < words->n; i++)
	{
		LokiWord   *word = &words->words[i];

		word->documents += loki_lexeme_count(document, word->lexeme, word->length) > 0;
	}
}

/* Count the rows of a node.  Values are detoasted in the context of the row, whose page stays pinned. */
static void
count_node(TenantCount *count, uint32 node)
{
	Datum		document;

	read_tids(count, node);
	for (uint64 i = 0; i < count->ntids; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (loki_rows_fetch(&count->rows, &count->tids[i]) && is_of_tenant(count, &document))
		{
			MemoryContext old = MemoryContextSwitchTo(count->rows.context);

			count_document(count->words, DatumGetTSVector(document));
			MemoryContextSwitchTo(old);
		}
	}
}

/* Count the nodes of a page of the attribute whose slots may have the tenant's value. */
static void
count_page(TenantCount *count, const LokiTest *test, uint32 ordinal)
{
	int			number = LOKI_SLOTS_ATTR + test->attribute;
	const LokiSlotArray *array = &count->state->arrays[number];
	PGAlignedBlock copy;
	uint8		passes[BLCKSZ];
	int			used = loki_page_copy(count->state, count->index, number, ordinal, NULL, copy.data);

	memset(passes, 1, used);
	loki_slots_test(test, false, LokiPageSlot(copy.data, array->slot_size, 0), array->slot_size, used, passes);
	for (int i = 0; i < used; i++)
		if (passes[i])
			count_node(count, ordinal * array->per_page + i);
	loki_rows_release(&count->rows);
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
	TenantCount count = {.state = state, .index = index, .tenant = tenant, .value = value, .words = words};
	LokiFilter	filter = {0};
	LokiTest	test = {.kind = LOKI_CONDITION_KEY, .attribute = tenant->column - 2};
	ScanKeyData key;
	Oid			left;
	Oid			right;
	int			strategy;
	uint32		per_page = state->arrays[LOKI_SLOTS_ATTR + test.attribute].per_page;
	uint32		end = loki_node_end(state, index);

	Assert(loki_no_buffer_locked() && tenant->column >= 2);
	get_op_opfamily_properties(tenant->operator, index->rd_opfamily[tenant->column - 1], false, &strategy,
							   &left, &right);
	ScanKeyEntryInitialize(&key, 0, tenant->column, (StrategyNumber) strategy, right, tenant->collation,
						   get_opcode(tenant->operator), value);
	loki_filter_compile(&filter, index, &key, 1, NULL);
	/* for a serializable transaction any insert may be the tenant's */
	PredicateLockRelation(index, GetActiveSnapshot());
	if (!filter.never)
	{
		test.key = &filter.keys[0];
		fmgr_info(get_opcode(tenant->operator), &count.equal);
		loki_rows_begin(&count.rows, heap, index, GetActiveSnapshot());
		for (uint32 ordinal = 0; ordinal * (uint64) per_page < end; ordinal++)
		{
			CHECK_FOR_INTERRUPTS();
			count_page(&count, &test, ordinal);
		}
		loki_rows_end(&count.rows);
	}
	if (filter.context != NULL)
		MemoryContextDelete(filter.context);
	table_close(heap, AccessShareLock);
}
