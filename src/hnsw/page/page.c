/*-------------------------------------------------------------------------
 *
 * page.c
 *	  Pages of an hnsw index: initialising, checking, the metapage, and the
 *	  reading and writing of single slots.
 *
 * A page has no line pointers.  Between header and pd_lower it has slots of one size, and in its
 * special space the names of its slot array and of its place there (definition/README, "Layout").
 * So a page is checked as nbtree checks one, by its header and special space, but also for being
 * the page that the directory has at its block (I2).
 *
 * IDENTIFICATION
 *	  src/hnsw/page/page.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"

/* Name of a slot array, for messages and lokivector_index_slot_arrays() */
const char *
loki_slot_array_name(int array)
{
	static const char *const names[] = {
		[LOKI_SLOTS_META] = "meta",
		[LOKI_SLOTS_DIRECTORY] = "directory",
		[LOKI_SLOTS_TID] = "tid",
		[LOKI_SLOTS_CODE] = "code",
		[LOKI_SLOTS_LINK] = "link",
		[LOKI_SLOTS_REFINE] = "refine",
		[LOKI_SLOTS_HASH] = "hash",
		[LOKI_SLOTS_UPPER] = "upper",
		[LOKI_SLOTS_DUPLICATE] = "duplicate",
		[LOKI_SLOTS_NULLTID] = "nulltid",
		[LOKI_SLOTS_CENTROID] = "centroid",
		[LOKI_SLOTS_REUSED] = "reused",
		[LOKI_SLOTS_ROW] = "row",
		[LOKI_SLOTS_BLOCK] = "block",
		[LOKI_SLOTS_GAINED] = "gained",
		[LOKI_SLOTS_ATTR] = "attribute",
		[LOKI_SLOTS_NULLATTR] = "nullattribute",
		[LOKI_SLOTS_SORTED] = "sorted",
		[LOKI_SLOTS_SEPARATOR] = "separator",
		[LOKI_SLOTS_BRIEF] = "brief",
		[LOKI_SLOTS_POSTING] = "posting",
		[LOKI_SLOTS_TERM] = "term",
		[LOKI_SLOTS_WINDOW] = "window",
		[LOKI_SLOTS_REUSED2] = "reused2",
		[LOKI_SLOTS_GAINED2] = "gained2",
		[LOKI_SLOTS_TAIL] = "tail",
		[LOKI_SLOTS_ELEMENT] = "element",
		[LOKI_SLOTS_ELEMENT2] = "element2",
	};

	uint32		set;

	StaticAssertStmt(lengthof(names) == LOKI_SLOT_ARRAYS, "all slot arrays have names");
	/* those of all sets share a name, and those of one kind, of all attributes, that of the first */
	if (array >= LOKI_SLOT_ARRAYS && array < LOKI_STORED_ARRAYS)
		array = loki_array_of_stored(array, &set);
	array -= Max(LokiSlotArrayAttribute(array) - 1, 0);
	/* a damaged page may name any array */
	if (array < 0 || array >= LOKI_SLOT_ARRAYS || names[array] == NULL)
		return "unrecognized";
	return names[array];
}

/*
 * Make a page an empty page of a slot array, the ordinal-th of it.  It is a copy, or locked
 * exclusively.  PageInit() zeroes what is not set here.
 */
void
loki_page_init(Page page, int array, uint32 ordinal)
{
	LokiPageOpaque opaque;
	uint32		set;

	Assert(array >= 0 && array < LOKI_STORED_ARRAYS);
	Assert(loki_page_writable(page));
	PageInit(page, BLCKSZ, sizeof(LokiPageOpaqueData));
	opaque = LokiPageOpaque(page);
	opaque->ordinal = ordinal;
	opaque->next = LokiSlotArrayFreeList(loki_array_of_stored(array, &set)) >= 0 ? LOKI_NONE : 0;
	opaque->array = (uint8) array;
	opaque->page_id = LOKI_PAGE_ID;
}

/* See page.h.  Neither message nor detail is looked up for a translation, as of amcheck's. */
void
loki_report_damage(Relation index, const char *subject, const char *detail, const char *format,...)
{
	const char *name = RelationGetRelationName(index);
	va_list		args;
	char		fault[200];

	va_start(args, format);
	vsnprintf(fault, sizeof(fault), format, args);
	va_end(args);
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 subject != NULL ? errmsg_internal("%s of index \"%s\" %s", subject, name, fault) :
			 errmsg_internal("index \"%s\" %s", name, fault),
			 detail != NULL ? errdetail_internal("%s", detail) : 0,
			 subject == NULL ? errhint("Please REINDEX it.") : 0));
}

/*
 * Check that a page is page `ordinal` of a slot array, and that its header is sane enough for
 * slots to be addressed and added; ERROR otherwise.  The server zeroes what lies between
 * pd_lower and pd_upper, also at replay, and must not find them in the wrong order then.  The
 * buffer is pinned.
 */
void
loki_page_check(Relation index, Buffer buffer, Page page, int array, uint32 ordinal)
{
	LokiPageOpaque opaque = LokiPageOpaqueAtEnd(page);
	PageHeader	header = (PageHeader) page;

	if (!PageIsNew(page) &&
		header->pd_special == BLCKSZ - sizeof(LokiPageOpaqueData) &&
		header->pd_lower >= SizeOfPageHeaderData &&
		header->pd_lower <= header->pd_special &&
		header->pd_upper == header->pd_special &&
		opaque->page_id == LOKI_PAGE_ID &&
		opaque->array == array &&
		opaque->ordinal == ordinal)
		return;
	loki_buffer_distrust(buffer);
	if (PageIsNew(page))
		loki_damaged(index, NULL, "contains unexpected zero page at block %u",
					 BufferGetBlockNumber(buffer));
	loki_damaged(index, psprintf("Expected page %u of the %s array.", ordinal,
								 loki_slot_array_name(array)),
				 "contains corrupted page at block %u", BufferGetBlockNumber(buffer));
}

/*
 * Check that the page of a buffer is what the slot array has at its block.  The buffer
 * is pinned.  The directory is searched only for the error message.
 */
void
loki_slot_array_page_check(const LokiIndex *state, Relation index, Buffer buffer, int array)
{
	const LokiSlotArray *slots = &state->arrays[array];
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	uint32		ordinal = LokiPageOpaqueAtEnd(page)->ordinal;

	Assert(slots->slot_size > 0);
	if (!loki_page_is_of(state, page, array, block))
		for (ordinal = 0; ordinal < slots->npages && loki_page_block(slots, ordinal) != block;)
			ordinal++;
	loki_page_check(index, buffer, page, slots->stored, ordinal);
}

/*
 * Fill in a metapage for an empty index: one that is pending until it has `pending` nodes.  The uid
 * is random, by which backends distinguish this file from an earlier one of the same name.  The caller
 * sets the slot sizes of the code.
 */
void
loki_meta_init(LokiMetaPageData *meta, const LokiCodeSpec *code, LokiProfile profile, int m,
			   int ef_construction, int nattributes, const uint8 *attr_type, uint32 pending)
{
	Assert(m >= LOKI_MIN_M && m <= LOKI_MAX_M);
	Assert(nattributes >= 0 && nattributes <= LOKI_MAX_ATTRIBUTES);
	Assert(loki_code_valid(code) && pending > 0 && pending <= LOKI_MAX_NUMBER);
	memset(meta, 0, sizeof(LokiMetaPageData));
	meta->format.magic = LOKI_META_MAGIC;
	meta->format.version = LOKI_META_VERSION;
	if (!pg_strong_random(&meta->format.uid, sizeof(meta->format.uid)))
		elog(ERROR, "could not generate random values");
	meta->format.block_size = BLCKSZ;
	meta->format.byte_order = LOKI_BYTE_ORDER;
	meta->code = *code;
	meta->profile = profile;
	meta->m = m;
	meta->ef_construction = ef_construction;
	meta->nattributes = nattributes;
	memcpy(meta->attr_type, attr_type, nattributes);
	meta->entry.node = LOKI_NONE;
	meta->entry.slot = LOKI_NONE;
	meta->pending = pending;
	meta->derived.notes.set = 1;	/* the first lists go with the other one */
	for (int i = 0; i < LOKI_FREELISTS; i++)
		meta->free_head[i] = LOKI_NONE;
}

/*
 * Add one block to a fork and initialise it.  Returns it pinned and locked exclusively.  Nobody else knows the
 * index yet, so that two such locks at a time wait for nobody.
 */
static Buffer
extend_fork(Relation index, ForkNumber fork, BlockNumber expected, int array)
{
	Buffer		buffer = ReadBufferExtended(index, fork, P_NEW, RBM_NORMAL, NULL);

	Assert(fork == MAIN_FORKNUM || fork == INIT_FORKNUM);
	if (BufferGetBlockNumber(buffer) != expected)
		elog(ERROR, "index \"%s\" is not empty", RelationGetRelationName(index));
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	loki_page_init(BufferGetPage(buffer), array, 0);
	return buffer;
}

/*
 * Write the metapage and the first directory page into an empty fork.  The init fork is
 * always WAL-logged, because an unlogged index is reset from it.  No content lock may be
 * held; none is left.
 */
void
loki_create_empty(Relation index, ForkNumber fork, const LokiMetaPageData *meta)
{
	bool		log = fork == INIT_FORKNUM || RelationNeedsWAL(index);
	Buffer		metabuf;
	Buffer		dirbuf;
	Page		page;

	Assert(loki_no_buffer_locked());
	Assert(meta->format.magic == LOKI_META_MAGIC && meta->entry.node == LOKI_NONE);
	metabuf = extend_fork(index, fork, LOKI_META_BLKNO, LOKI_SLOTS_META);
	dirbuf = extend_fork(index, fork, LOKI_DIRECTORY_BLKNO, LOKI_SLOTS_DIRECTORY);
	page = BufferGetPage(metabuf);

	START_CRIT_SECTION();
	memcpy(LokiPageGetMeta(page), meta, sizeof(LokiMetaPageData));
	((PageHeader) page)->pd_lower =
		(char *) LokiPageGetMeta(page) + sizeof(LokiMetaPageData) - (char *) page;
	MarkBufferDirty(metabuf);
	MarkBufferDirty(dirbuf);
	if (log)
	{
		log_newpage_buffer(metabuf, true);
		log_newpage_buffer(dirbuf, true);
	}
	END_CRIT_SECTION();

	UnlockReleaseBuffer(dirbuf);
	UnlockReleaseBuffer(metabuf);
}

/* Raise the error for a metapage that contradicts itself or the catalogs. */
void
loki_meta_damaged(Relation index)
{
	loki_damaged(index, NULL, "has a damaged metapage");
}

/* Whether the widths of a calibration ascend, as interpolation between them needs */
static bool
widths_ascend(const LokiCalibrationData *calibration)
{
	int			n = calibration->nwidths;

	if (n > LOKI_CALIBRATION_WIDTHS || (n > 0 && calibration->at[0].width == 0))
		return false;
	for (int i = 1; i < n; i++)
		if (calibration->at[i].width <= calibration->at[i - 1].width)
			return false;
	return true;
}

/*
 * Validate the metapage, which is a copy or is share-locked at least: ERROR with a hint
 * if it is foreign, damaged, or of another version.
 */
void
loki_meta_validate(Relation index, Page page)
{
	LokiMetaPage meta = LokiPageGetMeta(page);
	const LokiRowMapData *map = &meta->derived.rowmap;

	Assert(loki_page_readable(page));
	if (PageIsNew(page))
		loki_damaged(index, NULL, "contains unexpected zero page at block %u", LOKI_META_BLKNO);
	/* in this order: what a file of another format has behind its magic number means nothing */
	if (meta->format.magic != LOKI_META_MAGIC)
	{
		if (meta->format.magic == LOKI_PGVECTOR_MAGIC || meta->format.magic == LOKI_PGVECTOR_IVFFLAT_MAGIC)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("index \"%s\" was built by pgvector",
							RelationGetRelationName(index)),
					 errhint("REINDEX it to use it with lokivector.")));
		loki_damaged(index, psprintf("The metapage has magic number %08X, not %08X.",
									 meta->format.magic, LOKI_META_MAGIC),
					 "is not an hnsw index");
	}
	if (meta->format.version != LOKI_META_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" has format version %u, which this version of lokivector does not read",
						RelationGetRelationName(index), meta->format.version),
				 errhint("Please REINDEX it.")));
	/* a change zeroes what follows the used part */
	if (((PageHeader) page)->pd_lower < SizeOfPageHeaderData + sizeof(LokiMetaPageData) ||
		meta->format.block_size != BLCKSZ || meta->format.byte_order != LOKI_BYTE_ORDER ||
		!loki_code_valid(&meta->code) ||
		meta->m < LOKI_MIN_M || meta->m > LOKI_MAX_M ||
		meta->profile > LOKI_PROFILE_COMPACT ||
		meta->nattributes > LOKI_MAX_ATTRIBUTES ||
		!widths_ascend(&meta->calibration) ||
		meta->entry.level < 0 || meta->entry.level > LOKI_MAX_LEVEL ||
		meta->pending > LOKI_MAX_NUMBER || meta->derived.notes.set > 1 ||
		(meta->pending > 0 && meta->entry.node != LOKI_NONE) || meta->set.number > LOKI_MORE_SETS ||
		((meta->flags & LOKI_META_ROWMAP) &&
		 (map->node_bits == 0 || map->node_bits >= LOKI_ROWMAP_MAX_WIDTH ||
		  map->key_bits > LOKI_ROWMAP_MAX_KEY_BITS ||
		  map->node_bits + map->key_bits > LOKI_ROWMAP_MAX_WIDTH || map->shift >= 31 ||
		  map->groups == PG_UINT32_MAX)))
		loki_meta_damaged(index);
}

/* Copy the metapage out under share lock.  No content lock may be held; none is left. */
void
loki_meta_read(Relation index, LokiMetaPageData *meta)
{
	Buffer		buffer = ReadBuffer(index, LOKI_META_BLKNO);

	Assert(loki_no_buffer_locked());
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_meta_validate(index, BufferGetPage(buffer));
	memcpy(meta, LokiPageGetMeta(BufferGetPage(buffer)), sizeof(LokiMetaPageData));
	UnlockReleaseBuffer(buffer);
}

/*
 * Address of a slot on a page that is about to change; raises pd_lower so that it covers
 * the slot.  The page is a copy, or locked exclusively.
 */
char *
loki_page_slot_for_write(Page page, uint32 slot_size, uint32 place)
{
	PageHeader	header = (PageHeader) page;
	Size		end = SizeOfPageHeaderData + (Size) slot_size * (place + 1);

	Assert(loki_page_writable(page));
	Assert(end <= header->pd_special);
	header->pd_lower = Max(header->pd_lower, end);
	return LokiPageSlot(page, slot_size, place);
}

/* State of a slot of a free-list slot array; UPPER slots are FREE or LIVE. */
int
loki_slot_state(int array, const void *slot)
{
	switch (array)
	{
		case LOKI_SLOTS_TID:
		case LOKI_SLOTS_NULLTID:
			return LokiTidState((const LokiTidData *) slot);
		case LOKI_SLOTS_DUPLICATE:
			return ((const LokiDuplicateData *) slot)->state & LOKI_TID_STATE_MASK;
		case LOKI_SLOTS_UPPER:
			return ((const LokiUpperData *) slot)->level == 0 ?
				LOKI_TID_FREE : LOKI_TID_LIVE;
		default:
			elog(ERROR, "array %d has no free list", array);
			return LOKI_TID_FREE;
	}
}

/*
 * Pin a page, lock it in share mode and check it.  See page.h.  The directory is read again for a
 * page that is past its known end: another backend may have added an extent (I3).
 */
Page
loki_page_lock(LokiIndex *state, Relation index, int array, uint32 ordinal, Buffer *buffer,
			   int *used)
{
	LokiSlotArray *slots = &state->arrays[array];
	Page		page;

	if (ordinal >= slots->npages)
		loki_index_refresh(state, index);
	if (ordinal >= slots->npages)
		return NULL;
	Assert(loki_may_lock(array, ordinal));	/* I4 */
	*buffer = loki_buffer_read(state, index, loki_page_block(slots, ordinal));
	page = BufferGetPage(*buffer);
	LockBuffer(*buffer, BUFFER_LOCK_SHARE);
	loki_page_check(index, *buffer, page, slots->stored, ordinal);
	*used = LokiPageUsed(page, slots->slot_size);
	return page;
}

/* See page.h. */
void
loki_part_lock(LokiIndex *index_state, Relation index, int array, uint32 first, uint32 n, LokiPagePart *part)
{
	const LokiSlotArray *slots = &index_state->arrays[array];
	uint32		place;
	uint32		ordinal = loki_slot_page(slots, first, &place);
	int			used;
	Page		page;

	Assert(n > 0 && loki_no_buffer_locked());
	part->n = Min(n, slots->per_page - place);
	part->used = 0;
	if (ordinal >= slots->npages)
		return;
	page = loki_page_lock(index_state, index, array, ordinal, &part->buffer, &used);
	if (page != NULL && used <= (int) place)
		UnlockReleaseBuffer(part->buffer);
	else if (page != NULL)
	{
		part->used = Min((uint32) used - place, part->n);
		part->slots = LokiPageSlot(page, slots->slot_size, place);
	}
}

/*
 * Copy a page out under share lock.  See page.h.  Callers that visit all pages pass a ring of
 * buffers, as VACUUM does, so that they do not drive out what searches read.
 */
int
loki_page_copy(LokiIndex *state, Relation index, int array, uint32 ordinal,
			   BufferAccessStrategy strategy, char *copy)
{
	LokiSlotArray *slots = &state->arrays[array];
	BlockNumber block = loki_page_block(slots, ordinal);	/* asserts that it is known */
	Buffer		buffer = loki_buffer_read_ring(state, index, block, strategy);

	Assert(loki_may_lock(array, ordinal));	/* I4 */
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_page_check(index, buffer, BufferGetPage(buffer), slots->stored, ordinal);
	memcpy(copy, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
	return LokiPageUsed((Page) copy, slots->slot_size);
}

/* See page.h. */
bool
loki_all_slots_page(LokiAllSlots *all)
{
	const LokiSlotArray *slots = &all->state->arrays[all->array];
	int			used = 0;

	Assert(loki_no_buffer_locked());
	for (; used == 0 && all->npages < slots->npages; all->npages++)
	{
		LokiVacuumDelayPoint();
		if (all->step != NULL)
			all->step();
		used = loki_page_copy(all->state, all->index, all->array, all->npages, all->strategy, all->copy.data);
	}
	all->slot_size = slots->slot_size;
	all->next = LokiPageSlot(all->copy.data, slots->slot_size, 0);
	all->end = LokiPageSlot(all->copy.data, slots->slot_size, used);
	/* the one before the first of the page */
	all->number = (all->npages - 1) * slots->per_page - 1;
	return used > 0;
}

/*
 * Copy one slot out under share lock; false if it is past the end of the slot array or
 * past the used part of its page.  Only pages that come before in the order of locks may be
 * locked; no lock is left.
 */
bool
loki_slot_read(LokiIndex *state, Relation index, int array, uint32 number, void *slot)
{
	LokiSlotArray *slots = &state->arrays[array];
	uint32		place;
	Buffer		buffer;
	Page		page;
	int			used;

	if (slots->slot_size == 0)
		return false;
	page = loki_page_lock(state, index, array, loki_slot_page(slots, number, &place), &buffer, &used);
	if (page == NULL)
		return false;
	if ((int) place < used)
		memcpy(slot, LokiPageSlot(page, slots->slot_size, place), slots->slot_size);
	UnlockReleaseBuffer(buffer);
	return (int) place < used;
}

/* See page.h.  Share locks of pages that are not in memory; a slot that cannot change is read whole without. */
void
loki_listed_rows_read(LokiIndex *state, Relation index, const uint32 *nodes, const uint32 *numbers, int n,
					  uint64 *length, LokiDuplicateData *slots)
{
	const LokiSlotArray *array = &state->arrays[LOKI_SLOTS_DUPLICATE];

	CHECK_FOR_INTERRUPTS();
	loki_slots_copy(state, index, LOKI_SLOTS_DUPLICATE, numbers, n, !RecoveryInProgress(), (char *) slots);
	for (int i = 0; i < n; i++)
		if (slots[i].node != nodes[i] || (slots[i].state & LOKI_TID_STATE_MASK) == LOKI_TID_FREE ||
			*length > (uint64) array->npages * array->per_page)
			loki_damaged(index, psprintf("Slot %u does not belong to node %u.", numbers[i], nodes[i]),
						 "has a damaged list of rows");
	(*length)++;
}

/*
 * The next heap TID of a node: that of its TID slot, or those of its TID list one after another.
 * See page.h.  Each slot is read under share lock; no lock is left, so the list may change between
 * two calls, and a caller that must have all rows of one moment holds the TID page instead (I8).
 */
bool
loki_node_row(LokiIndex *state, Relation index, uint32 node, LokiNodeRows *rows, ItemPointer tid)
{
	LokiSlotArray *array = &state->arrays[LOKI_SLOTS_DUPLICATE];
	uint32		number = rows->next;
	LokiTidData slot;
	LokiDuplicateData duplicate;

	Assert(rows->read == 0 || number != LOKI_NONE);	/* the last call had a row */
	rows->next = LOKI_NONE;
	if (rows->read == 0)
	{
		if (!loki_slot_read(state, index, LOKI_SLOTS_TID, node, &slot) ||
			!LokiTidIsLive(&slot))
			return false;
		if (LokiTidState(&slot) != LOKI_TID_LIST)
		{
			*tid = slot.u.heap;
			return true;
		}
		number = LokiTidListHead(&slot);
	}

	/*
	 * vacuum may have freed the slot since its number was read, and another
	 * node claimed it
	 */
	if (!loki_slot_read(state, index, LOKI_SLOTS_DUPLICATE, number, &duplicate) ||
		(duplicate.state & LOKI_TID_STATE_MASK) == LOKI_TID_FREE || duplicate.node != node)
		return false;
	if (rows->read++ > (uint64) array->npages * array->per_page)
		loki_damaged(index, psprintf("The list of node %u has no end.", node),
					 "has a damaged list of rows");
	rows->next = duplicate.next;
	*tid = duplicate.heap;
	return true;
}
