/*-------------------------------------------------------------------------
 *
 * extent.c
 *	  Growing an hnsw index: extents of pages, the directory that names them,
 *	  and the claiming of slots.
 *
 * Extents are added under the relation extension lock.  Their pages are initialised and
 * logged first; the directory entry that makes them part of the index comes last.  A crash
 * in between leaves blocks that no entry names at the end of the file, and the next extent
 * takes them.
 *
 * Lock order: extension lock, block 0, directory page; block 0, then the page
 * of a free list.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/extent.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "compat/pgcompat.h"
#include "hnsw/page/change.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

/* Extensions that the server could not make, and that the index did without */
static uint32 extensions_refused = 0;

/*
 * Extend the file to a number of blocks, if it is shorter.  The extension lock is held.  Blocks are zeroes
 * until allocate_blocks() logs them; a crash in between leaves zeroes, which nothing reads.
 */
static void
extend_file(Relation index, BlockNumber nblocks)
{
	BlockNumber present = RelationGetNumberOfBlocks(index);

	Assert(loki_extension_lock_held(index));
	if (present < nblocks)
		loki_zero_extend(RelationGetSmgr(index), present, (int) (nblocks - present));
}

/*
 * The same; false, with a message at `elevel`, if the server cannot extend the file.  The
 * extension lock is held, but no content lock.
 *
 * The error is caught without a subtransaction, which a vacuum with parallel workers cannot
 * begin before PostgreSQL 18.  That is safe because an abort would have nothing to undo:
 *
 * - The extension lock is held, and is released as if the call had returned.  No LWLock, no content
 *	 lock and no pin is held, and interrupts are not held off.
 * - No buffer is assigned to a block that does not exist, as P_NEW would do, and no catalog or
 *	 relation cache entry is opened.  Open files of the storage manager belong to the backend.
 * - The storage manager of PostgreSQL 18 holds off interrupts; the error ends that.  It takes an
 *	 LWLock only to send the checkpointer a new segment's name; under it only an out-of-memory
 *	 error is possible, and that is raised again.
 * - The file length that it remembers is used in recovery only.  A part of a block at the end of
 *	 the file does not count as a block.
 */
static bool
extend_file_if_possible(Relation index, BlockNumber nblocks, int elevel)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool extended = true;

	/* the error would release LWLocks and end the holding off of interrupts */
	Assert(InterruptHoldoffCount == 0 && QueryCancelHoldoffCount == 0 && CritSectionCount == 0);
	PG_TRY();
	{
		extend_file(index, nblocks);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_OUT_OF_MEMORY ||
			error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			PG_RE_THROW();
		FlushErrorState();
		extended = false;
		extensions_refused++;
		ereport(elevel,
				(errcode(ERRCODE_DISK_FULL),
				 errmsg("could not extend index \"%s\" to %u blocks",
						RelationGetRelationName(index), nblocks),
				 errdetail("The server said: %s. What the index can do without is left for the next vacuum.",
						   error->message)));
		FreeErrorData(error);
	}
	PG_END_TRY();
	return extended;
}

/*
 * Blocks for `count` pages of a slot array, behind all others, initialised and logged as images.  The extension
 * lock is held, and the directory was read under it.  Locks directory pages in share mode, and the new ones
 * exclusively, one at a time.  If the file cannot be extended, that is an ERROR; or, with an elevel below ERROR,
 * a message and InvalidBlockNumber.
 */
static BlockNumber
allocate_blocks(LokiIndex *state, Relation index, uint32 count, int array,
				uint32 ordinal, int elevel)
{
	BlockNumber first = state->directory.end;
	BlockNumber directory = LOKI_DIRECTORY_BLKNO;
	uint32		of_directory = 0;

	Assert(loki_extension_lock_held(index));
	Assert(count > 0 && count <= (uint32) 1 << LOKI_EXTENT_MAX_SHIFT);

	/*
	 * Behind the blocks that the directory names, or that are its pages, lie at most blocks that crashes and
	 * errors have left, so that there are no gaps before them
	 */
	while (directory != 0)
	{
		Buffer		buffer = ReadBuffer(index, directory);

		first = Max(first, directory + 1);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, BufferGetPage(buffer), LOKI_SLOTS_DIRECTORY, of_directory++);
		directory = LokiPageOpaque(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
	}
	if (elevel >= ERROR)
		extend_file(index, first + count);
	else if (!extend_file_if_possible(index, first + count, elevel))
		return InvalidBlockNumber;

	/*
	 * An image for each, since replay must not depend on what a block had before.  An error half way, as by a
	 * cancelled query, leaves pages that no entry names.
	 */
	for (uint32 i = 0; i < count; i++)
	{
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		buffer = ReadBufferExtended(index, MAIN_FORKNUM, first + i, RBM_ZERO_AND_LOCK,
									NULL);
		START_CRIT_SECTION();
		loki_page_init(BufferGetPage(buffer), array, ordinal + i);
		MarkBufferDirty(buffer);
		if (RelationNeedsWAL(index))
			log_newpage_buffer(buffer, true);
		END_CRIT_SECTION();
		UnlockReleaseBuffer(buffer);
	}
	return first;
}

/*
 * Append an extent to a slot array: its pages first, which are logged, and then its entry to the directory,
 * in one record with the metapage's count.  This record makes the extent part of the index, for other
 * backends, for standbys and after a crash; whoever sees the entry can read the pages.  The extension lock
 * is held, and no content lock, and the directory was read under it.  elevel as in allocate_blocks(); false
 * if there is no room.
 */
static bool
append_extent(LokiIndex *state, Relation index, int array, int elevel)
{
	LokiSlotArray *slots = &state->arrays[array];
	LokiExtentData entry = {0};
	BlockNumber directory = state->directory.block;
	uint32		ordinal = state->directory.ordinal;
	uint32		used = state->directory.entries - state->directory.passed;
	LokiChange	change;
	Page		page;

	Assert(loki_extension_lock_held(index));
	Assert(used <= (uint32) LOKI_EXTENTS_PER_PAGE);
	/* an entry has 16 bits for the number: enough for some 67 million blocks of an array */
	if (slots->nextents > PG_UINT16_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("index \"%s\" cannot grow any further",
						RelationGetRelationName(index))));

	/*
	 * If the last page of the directory is full, another is added behind it, in a record of its own.  That has to
	 * happen before blocks are chosen for the extent, because allocate_blocks() goes by the directory.  An empty
	 * last page is valid.
	 */
	if (used == (uint32) LOKI_EXTENTS_PER_PAGE)
	{
		BlockNumber added = allocate_blocks(state, index, 1, LOKI_SLOTS_DIRECTORY, ordinal + 1, elevel);

		if (added == InvalidBlockNumber)
			return false;
		loki_change_begin(&change, state, index);
		page = loki_change_copy(&change, loki_change_lock_directory(&change, directory, ordinal));
		Assert(LokiPageOpaque(page)->next == 0);
		LokiPageOpaque(page)->next = added;
		loki_change_finish(&change);
		directory = added;
		ordinal++;
	}
	entry.array = (uint8) slots->stored;
	entry.extent = (uint16) slots->nextents;
	entry.first = allocate_blocks(state, index, LokiExtentBlocks(slots->nextents),
								  slots->stored, slots->npages, elevel);
	if (entry.first == InvalidBlockNumber)
		return false;
	loki_change_begin(&change, state, index);
	loki_change_meta(&change)->directory_entries++;
	page = loki_change_copy(&change, loki_change_lock_directory(&change, directory, ordinal));
	Assert(LokiPageOpaque(page)->next == 0 &&
		   LokiPageUsed(page, sizeof(LokiExtentData)) < LOKI_EXTENTS_PER_PAGE);
	memcpy(loki_page_slot_for_write(page, sizeof(LokiExtentData),
									LokiPageUsed(page, sizeof(LokiExtentData))),
		   &entry, sizeof(LokiExtentData));
	loki_change_finish(&change);
	loki_index_refresh(state, index);
	Assert(slots->nextents == (uint32) entry.extent + 1);	/* nobody else could add one */
	return true;
}

/*
 * Make sure that a slot array has a page.  If it does not, takes the extension lock and content
 * locks, and leaves none; no content lock may be held.  If there is no room for the page:
 * an ERROR, or with an elevel below it a message and false.
 */
bool
loki_reserve_page(LokiIndex *state, Relation index, int array, uint32 page, int elevel)
{
	LokiSlotArray *slots = &state->arrays[array];

	Assert(loki_no_buffer_locked());
	if (page >= slots->npages)
		loki_index_refresh(state, index);
	while (page >= slots->npages)
	{
		bool		added;

		/* content locks come after this one: a waiter for it that held one could wait for ever */
		LockRelationForExtension(index, ExclusiveLock);
		/* another backend may just have added the extent */
		loki_index_refresh(state, index);
		added = page < slots->npages || append_extent(state, index, array, elevel);
		UnlockRelationForExtension(index, ExclusiveLock);
		if (!added)
			return false;
	}
	return true;
}

/* The same for the page of a slot; true for an array that the index does not have. */
bool
loki_reserve_slot(LokiIndex *state, Relation index, int array, uint32 number, int elevel)
{
	LokiSlotArray *slots = &state->arrays[array];
	uint32		place;

	Assert(number <= LOKI_MAX_NUMBER);
	return slots->slot_size == 0 ||
		loki_reserve_page(state, index, array, loki_slot_page(slots, number, &place), elevel);
}

/* How often loki_reserve_slot() found no room since this process began */
uint32
loki_extensions_refused(void)
{
	return extensions_refused;
}

/*
 * The slot arrays, besides TID, in which a node has a slot: those of the graph, which a pending index
 * does not have yet, and those of its row.  Returns how many there are.
 */
static int
node_arrays(const LokiIndex *state, int arrays[LOKI_SLOT_ARRAYS])
{
	int			n = 0;

	if (!state->pending)
	{
		arrays[n++] = LOKI_SLOTS_CODE;
		arrays[n++] = LOKI_SLOTS_LINK;
		if (state->arrays[LOKI_SLOTS_REFINE].slot_size > 0)
			arrays[n++] = LOKI_SLOTS_REFINE;
	}
	arrays[n++] = LOKI_SLOTS_HASH;
	for (int i = 0; i < state->nattributes; i++)
		arrays[n++] = LOKI_SLOTS_ATTR + i;
	return n;
}

/* Make sure that all slots of a node but that of TID have pages.  See page.h. */
void
loki_ensure_node(LokiIndex *state, Relation index, uint32 node)
{
	int			arrays[LOKI_SLOT_ARRAYS];
	int			n = node_arrays(state, arrays);

	for (int i = 0; i < n; i++)
		(void) loki_reserve_slot(state, index, arrays[i], node, ERROR);
}

/* Whether all of them are known to have pages.  See page.h. */
bool
loki_node_has_pages(const LokiIndex *state, uint32 node)
{
	int			arrays[LOKI_SLOT_ARRAYS];
	int			n = node_arrays(state, arrays);

	for (int i = 0; i < n; i++)
		if (!loki_slot_has_page(state, arrays[i], node))
			return false;
	return true;
}

/*
 * Place of the first free slot of the used part, from `start` on; -1 if there is none.  The
 * page is locked.
 */
static int
find_free_place(Page page, int array, uint32 slot_size, int start)
{
	int			used = LokiPageUsed(page, slot_size);

	Assert(loki_page_readable(page));
	Assert(start >= 0);
	if (LokiPageOpaque(page)->free_slots == 0)
		return -1;
	for (int i = start; i < used; i++)
		if (loki_slot_state(array, LokiPageSlot(page, slot_size, i)) == LOKI_TID_FREE)
			return i;
	return -1;
}

/*
 * Take a page without free slots off the head of its free list.  Locks block 0, then the
 * page; leaves no lock.
 *
 * The head is on the metapage, the links are in the pages' special space, and a flag there says whether a
 * page is on its list, so that vacuum does not add it twice.  A list is a stack: pages leave it at the
 * head only, and both ends of the link are in one record.
 *
 * Both conditions are looked at again under the locks.  Another backend may have taken the page off
 * since, or vacuum may have freed a slot of it.
 */
static void
freelist_pop(LokiIndex *state, Relation index, int array, uint32 ordinal)
{
	int			list = LokiSlotArrayFreeList(array);
	uint32		slot_size = state->arrays[array].slot_size;
	LokiChange	change;
	LokiMetaPage meta;
	int			page;

	Assert(list >= 0);
	loki_change_begin(&change, state, index);
	meta = loki_change_meta(&change);
	page = loki_change_lock_page(&change, array, ordinal);
	if (meta->free_head[list] == ordinal &&
		find_free_place(loki_change_page(&change, page), array, slot_size, 0) < 0)
	{
		Page		copy = loki_change_copy(&change, page);
		LokiPageOpaque opaque = LokiPageOpaque(copy);

		meta->free_head[list] = opaque->next;
		opaque->next = LOKI_NONE;
		opaque->flags &= ~LOKI_PAGE_ON_FREELIST;
		opaque->free_slots = 0;
	}
	loki_change_finish(&change);
}

/*
 * Put a page that has free slots on the free list, unless it is there.  Locks block 0, then
 * the page; no content lock may be held, and none is left.
 */
void
loki_freelist_add(LokiIndex *state, Relation index, int array, uint32 ordinal)
{
	int			list = LokiSlotArrayFreeList(array);
	LokiChange	change;
	LokiMetaPage meta;
	LokiPageOpaque opaque;
	Page		page;

	Assert(list >= 0);
	loki_change_begin(&change, state, index);
	meta = loki_change_meta(&change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, array, ordinal));
	opaque = LokiPageOpaque(page);	/* a macro that evaluates the page twice */
	if (!(opaque->flags & LOKI_PAGE_ON_FREELIST) && opaque->free_slots > 0)
	{
		opaque->next = meta->free_head[list];
		opaque->flags |= LOKI_PAGE_ON_FREELIST;
		meta->free_head[list] = ordinal;
	}
	loki_change_finish(&change);
}

/* Number of used slots on a page of a slot array.  Share lock of that page. */
uint32
loki_page_used(LokiIndex *state, Relation index, int array, uint32 ordinal)
{
	Buffer		buffer;
	int			used = 0;

	if (loki_page_lock(state, index, array, ordinal, &buffer, &used) != NULL)
		UnlockReleaseBuffer(buffer);
	return used;
}

/*
 * The page on which the used part of a free-list slot array ends.  Its pages fill one after
 * another, so that bisection finds the first that is not full.  Share locks, one at a time.
 */
static uint32
find_tail(LokiIndex *state, Relation index, int array)
{
	LokiSlotArray *slots = &state->arrays[array];
	uint32		low = 0;
	uint32		high = slots->npages;

	Assert(LokiSlotArrayFreeList(array) >= 0);
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (loki_page_used(state, index, array, middle) < slots->per_page)
			high = middle;
		else
			low = middle + 1;
	}
	Assert(low <= slots->npages);
	return low;
}

/*
 * All node IDs are below this, but those that are being claimed right now.  The page where the used
 * part was seen to end is remembered: it only moves on.  Share locks, one at a time.
 */
uint32
loki_node_end(LokiIndex *state, Relation index)
{
	LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	uint32	   *tail = &state->hints.tail[LokiSlotArrayFreeList(LOKI_SLOTS_TID)];
	uint32		used = 0;

	if (*tail == LOKI_NONE)
		*tail = find_tail(state, index, LOKI_SLOTS_TID);
	while (*tail < tid->npages &&
		   (used = loki_page_used(state, index, LOKI_SLOTS_TID, *tail)) == tid->per_page)
		++* tail;
	return *tail * tid->per_page + (*tail < tid->npages ? used : 0);
}

/*
 * Lock a page exclusively and find n of its slots to claim: free ones, or, unless from_list,
 * those behind the used part.  If it has fewer, false, and the page is unlocked again.
 */
static bool
claim_on_page(LokiChange *change, int array, uint32 ordinal, bool from_list, int n,
			  LokiClaim *claims)
{
	LokiSlotArray *slots = &change->state->arrays[array];
	int			number = loki_change_lock_page(change, array, ordinal);
	Page		page = loki_change_page(change, number);
	int			next;

	next = from_list ? 0 : LokiPageUsed(page, slots->slot_size);
	for (int i = 0; i < n; i++)
	{
		int			place = from_list ?
			find_free_place(page, array, slots->slot_size, next) : next;

		/* another page may need the extension lock, which comes before content locks */
		if (place < 0 || place >= (int) slots->per_page)
		{
			loki_change_unlock(change);
			return false;
		}
		Assert(i == 0 || place > (int) claims[i - 1].place);
		claims[i].array = array;
		claims[i].page = number;
		claims[i].place = place;
		claims[i].number = ordinal * slots->per_page + place;
		claims[i].was_free = from_list;
		claims[i].free_slots = LokiPageOpaque(page)->free_slots - (i + 1);
		next = place + 1;
	}
	return true;
}

/* Find n slots on the page that is likely to have some, and lock it; see change.h. */
bool
loki_claim_at_once(LokiChange *change, int array, uint32 free_head, int n,
				   LokiClaim *claims)
{
	LokiIndex  *state = change->state;
	bool		from_list = free_head != LOKI_NONE;
	uint32		ordinal = from_list ? free_head :
		state->hints.tail[LokiSlotArrayFreeList(array)];

	/* hints.tail may be LOKI_NONE, which is no page either */
	Assert(n == 1 || n == 2);
	return ordinal < state->arrays[array].npages &&
		claim_on_page(change, array, ordinal, from_list, n, claims);
}

/*
 * Find a slot to claim, and lock its page; see change.h.  A freed slot is preferred.  Pages that
 * turn out to have none, as others claimed them, are taken off the free list on the way.  Its head is read
 * again each time, under share lock of block 0 for that moment alone: the page may have left the list when
 * it is locked (claim_on_page() looks).
 *
 * Without one, the next slot that was never used: a page is used from its beginning on, and slots behind the used
 * part never were: pd_lower is where it ends.  So a claim of two backends meets under the page's lock, and the
 * second takes the next place or the next page.
 */
bool
loki_claim_begin(LokiChange *change, int array, int elevel, LokiClaim *claim)
{
	LokiIndex  *state = change->state;
	LokiSlotArray *slots = &state->arrays[array];
	uint32	   *tail = &state->hints.tail[LokiSlotArrayFreeList(array)];
	LokiMetaPageData meta;
	uint32	   *head = &meta.free_head[LokiSlotArrayFreeList(array)];

	Assert(LokiSlotArrayFreeList(array) >= 0 && change->npages == 0);
	for (;;)
	{
		loki_meta_read(change->index, &meta);
		if (*head == LOKI_NONE)
			break;
		if (*head >= slots->npages)
			loki_index_refresh(state, change->index);
		if (*head >= slots->npages)
			loki_damaged(change->index, NULL,
						 "has a free list that names page %u of the %s array, which has %u pages",
						 *head, loki_slot_array_name(array), slots->npages);
		if (claim_on_page(change, array, *head, true, 1, claim))
			return true;
		freelist_pop(state, change->index, array, *head);
		CHECK_FOR_INTERRUPTS();
	}
	if (*tail == LOKI_NONE)
		*tail = find_tail(state, change->index, array);
	for (;; (*tail)++)
	{
		if ((uint64) (*tail + 1) * slots->per_page > LOKI_MAX_NUMBER)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("index \"%s\" cannot grow any further",
							RelationGetRelationName(change->index))));
		if (!loki_reserve_slot(state, change->index, array, *tail * slots->per_page, elevel))
			return false;
		if (claim_on_page(change, array, *tail, false, 1, claim))
			return true;
	}
}

/*
 * Add a claim to a change.  The page's count of free slots goes into the same record, if vacuum has
 * freed the slot; one behind the used part is not counted there.
 */
void
loki_claim_slot(LokiChange *change, LokiClaim *claim, const void *slot)
{
	uint32		slot_size = change->state->arrays[claim->array].slot_size;

	Assert(change->pages[claim->page].array == claim->array);
	Assert(claim->number == change->pages[claim->page].ordinal *
		   change->state->arrays[claim->array].per_page + claim->place);	/* I1 */
	Assert(loki_slot_state(claim->array, slot) != LOKI_TID_FREE);
	loki_change_slot(change, claim->page, slot_size, claim->place, slot);
	if (claim->was_free)
		loki_change_bytes(change, claim->page, BLCKSZ - sizeof(LokiPageOpaqueData) +
						  offsetof(LokiPageOpaqueData, free_slots),
						  &claim->free_slots, sizeof(claim->free_slots));
}

/*
 * Claim a slot of a free-list slot array and write its first content, in a record of its
 * own.  Returns the slot's number; or LOKI_NONE if there is no room for one and elevel is
 * below ERROR.  No content lock may be held; none is left.
 */
uint32
loki_slot_claim(LokiIndex *state, Relation index, int array, const void *slot, int elevel)
{
	LokiClaim	claim;
	LokiChange	change;

	loki_change_begin(&change, state, index);
	if (!loki_claim_begin(&change, array, elevel, &claim))
		return LOKI_NONE;
	loki_claim_slot(&change, &claim, slot);
	loki_change_finish(&change);
	return claim.number;
}
