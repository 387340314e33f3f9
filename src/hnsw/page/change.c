/*-------------------------------------------------------------------------
 *
 * change.c
 *	  Changing pages: locking them, writing them, and one WAL record.
 *
 * Replay locks the pages of a record in the order in which they are registered, and keeps
 * all of them locked until the record is applied.  This file locks pages in one order
 * only, and registers them in that order.  Scans lock in the same order.  So nobody waits
 * for writers or for replay in a circle.
 *
 * The records are those of the generic resource manager: for each page a sequence of
 * offset, length and bytes.  A caller that knows what changes says so, as inserts do;
 * other pages are copied, changed and compared.
 *
 *	loki_change_begin()		nothing is locked
 *	loki_change_lock...()	each page exclusively, in order; it stays locked
 *	loki_change_...()		what is to change is noted, or done on a copy: the pages themselves
 *							stay as they are, so an ERROR here leaves no trace
 *	loki_change_finish()	in a critical section: pages are changed and marked dirty, one record
 *							is inserted, LSNs are set; then all are unlocked
 *
 * GenericXLogFinish() itself would copy whole pages into place, under readers that have no lock.
 * Here only words that differ are written (I6).
 *
 * IDENTIFICATION
 *	  src/hnsw/page/change.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xloginsert.h"
#include "hnsw/page/change.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"

/* XLogInsert takes this many pieces of data without asking for more room */
#define DEFAULT_PIECES	20

/* The fewest bytes between two changes of a slot that are logged apart: each has a header of 4 bytes */
#define FAR_APART		4

/* The unit that readers without locks see whole */
#define WORD			sizeof(uint32)

/*
 * A page as it will be, and the differences as the record has them.  Each has a header of
 * 4 bytes, and is at least 8 equal bytes away from the next.
 */
typedef struct LokiPageCopy
{
	PGAlignedBlock page;
	Size		size;
	char		differences[BLCKSZ + 2 * sizeof(uint16)];
} LokiPageCopy;

StaticAssertDecl(offsetof(LokiChangedPart, length) ==
				 offsetof(LokiChangedPart, offset) + sizeof(uint16),
				 "offset and length precede a part's bytes in a record");

/* ----------------------------------------------------------------
 * Locking
 * ----------------------------------------------------------------
 */

/* Place of a slot array in the order of locks (README, "Lock order"); equal ranks go by array, then by ordinal */
static int
lock_rank(int array)
{
	switch (array)
	{
		case LOKI_SLOTS_META:
			return 0;
		case LOKI_SLOTS_TID:
		case LOKI_SLOTS_NULLTID:
		case LOKI_SLOTS_UPPER:
			return 1;
		case LOKI_SLOTS_DUPLICATE:
			return 2;
		case LOKI_SLOTS_CODE:
			return 3;
		case LOKI_SLOTS_LINK:
			return 5;
		case LOKI_SLOTS_DIRECTORY:
			return 6;
		default:
			return 4;
	}
}

/* Whether page `ordinal` of a slot array may be locked while another page is */
bool
loki_lock_in_order(int array_before, uint32 ordinal_before, int array, uint32 ordinal)
{
	int			rank = lock_rank(array);
	int			rank_before = lock_rank(array_before);

	if (rank != rank_before)
		return rank_before < rank;
	if (array != array_before)
		return array_before < array;
	return ordinal_before < ordinal;
}

/* Begin a change.  The caller holds no content lock. */
void
loki_change_begin(LokiChange *change, LokiIndex *state, Relation index)
{
	Assert(!RecoveryInProgress());
	Assert(loki_no_buffer_locked());	/* I5 */
	change->index = index;
	change->state = state;
	change->strategy = NULL;
	change->npages = 0;
	change->nparts = 0;
}

/*
 * Pin a block, which is a page of a slot array, and lock it exclusively; returns its number
 * in the change.  The only content locks that this backend holds are those of the change.
 */
static int
lock_block(LokiChange *change, int array, uint32 ordinal, BlockNumber block)
{
	LokiChangedPage *page = &change->pages[change->npages];

	/* a backend that holds any LWLock holds off interrupts */
	Assert(change->npages > 0 || InterruptHoldoffCount == 0);
	if (change->npages == LOKI_CHANGE_PAGES)
		elog(ERROR, "too many pages in a change");
	if (change->npages > 0 &&
		!loki_lock_in_order(page[-1].array, page[-1].ordinal, array, ordinal))
		elog(ERROR, "page %u of the %s array is locked after page %u of the %s array",
			 ordinal, loki_slot_array_name(array), page[-1].ordinal,
			 loki_slot_array_name(page[-1].array));
	/* an I/O error or damage is an ERROR: nothing has been changed yet, and abort releases the locks */
	page->buffer = change->state != NULL ?
		loki_buffer_read_ring(change->state, change->index, block, change->strategy) :
		ReadBufferExtended(change->index, MAIN_FORKNUM, block, RBM_NORMAL, NULL);
	LockBuffer(page->buffer, BUFFER_LOCK_EXCLUSIVE);
	page->array = array;
	page->ordinal = ordinal;
	page->logged = false;
	page->image = false;
	page->copy = NULL;
	loki_page_check(change->index, page->buffer, BufferGetPage(page->buffer),
					change->state != NULL ? change->state->arrays[array].stored : array, ordinal);
	page->lower = ((PageHeader) BufferGetPage(page->buffer))->pd_lower;
	return change->npages++;
}

/* Lock a page of a slot array exclusively. */
int
loki_change_lock_page(LokiChange *change, int array, uint32 ordinal)
{
	return lock_block(change, array, ordinal,
					  loki_page_block(&change->state->arrays[array], ordinal));
}

/* Lock the page of a slot exclusively; *place is its place there. */
int
loki_change_lock(LokiChange *change, int array, uint32 number, uint32 *place)
{
	BlockNumber block = loki_slot_block(change->state, change->index, array, number, place);

	return lock_block(change, array,
					  loki_slot_page(&change->state->arrays[array], number, place), block);
}

/* Lock a page of the directory exclusively. */
int
loki_change_lock_directory(LokiChange *change, BlockNumber block, uint32 ordinal)
{
	return lock_block(change, LOKI_SLOTS_DIRECTORY, ordinal, block);
}

/* Unlock and unpin the page that was locked last, which has not been changed. */
void
loki_change_unlock(LokiChange *change)
{
	LokiChangedPage *page = &change->pages[change->npages - 1];

	Assert(change->npages > 0);
	Assert(!page->logged && page->copy == NULL);
	change->npages--;
	UnlockReleaseBuffer(page->buffer);
}

/* ----------------------------------------------------------------
 * Changes that the caller knows
 * ----------------------------------------------------------------
 */

/*
 * Change bytes of a page.  They are copied when the change is finished, in the order in
 * which they were added, as they are at replay.
 */
void
loki_change_bytes(LokiChange *change, int page, Size offset, const void *bytes, Size length)
{
	if (change->nparts == LOKI_CHANGE_PARTS)
		elog(ERROR, "too many parts in a change");
	Assert(page >= 0 && page < change->npages);
	/* `bytes` are read in loki_change_finish(): they must stay until then */
	Assert(length > 0 && offset + length <= BLCKSZ);
	Assert(change->pages[page].copy == NULL);	/* a page is changed in one way */
	change->pages[page].logged = true;
	change->parts[change->nparts++] =
		(LokiChangedPart) {(uint16) offset, (uint16) length, (uint16) length, (uint8) page, bytes};
}

/* Change part of a slot.  The used part of its page will cover the slot. */
void
loki_change_slot_bytes(LokiChange *change, int page, uint32 slot_size, uint32 place,
					   Size offset, const void *bytes, Size length)
{
	Size		start = SizeOfPageHeaderData + (Size) slot_size * place;

	Assert(offset + length <= slot_size);
	Assert(start + slot_size <= BLCKSZ - sizeof(LokiPageOpaqueData));
	change->pages[page].lower = Max(change->pages[page].lower, start + slot_size);
	loki_change_bytes(change, page, start + offset, bytes, length);
}

/* The same, without those bytes at the end in the record that the page has already.  See change.h. */
void
loki_change_words(LokiChange *change, int page, uint32 slot_size, uint32 place, Size offset,
				  const void *words, Size length)
{
	const char *new = words;
	const char *old;
	LokiChangedPart *part;

	Assert(lock_rank(change->pages[page].array) >= lock_rank(LOKI_SLOTS_CODE) ||
		   change->pages[page].array == LOKI_SLOTS_UPPER);
	loki_change_slot_bytes(change, page, slot_size, place, offset, words, length);
	part = &change->parts[change->nparts - 1];
	old = (const char *) loki_change_page(change, page) + part->offset;
	while (part->length > 1 && new[part->length - 1] == old[part->length - 1])
		part->length--;
}

/* Change a slot. */
void
loki_change_slot(LokiChange *change, int page, uint32 slot_size, uint32 place,
				 const void *slot)
{
	loki_change_slot_bytes(change, page, slot_size, place, 0, slot, slot_size);
}

/* Change slots that follow each other, as one part of the record. */
void
loki_change_slots(LokiChange *change, int page, uint32 slot_size, uint32 place, uint32 n, const void *slots)
{
	Size		start = SizeOfPageHeaderData + (Size) slot_size * place;
	Size		length = (Size) slot_size * n;

	Assert(start + length <= BLCKSZ - sizeof(LokiPageOpaqueData));
	change->pages[page].lower = Max(change->pages[page].lower, start + length);
	loki_change_bytes(change, page, start, slots, length);
}

/*
 * Change a slot where it differs from the slot on the page, in whole words if slots are
 * made of words.  The unused part of a page is zero.  The end of the slot is written first,
 * so that the new links of a list are there before its count: lists are read without lock.
 */
void
loki_change_slot_differing(LokiChange *change, int page, uint32 slot_size, uint32 place,
						   const char *slot)
{
	const char *old = LokiPageSlot(loki_change_page(change, page), slot_size, place);
	uint32		unit = slot_size % WORD == 0 ? WORD : 1;
	uint32		starts[LOKI_SLOT_PARTS];
	uint32		ends[LOKI_SLOT_PARTS];
	int			n = 0;

	Assert(SizeOfPageHeaderData % WORD == 0);	/* words of slots are words of the page */
	for (uint32 i = 0; i < slot_size; i += unit)
	{
		if (memcmp(slot + i, old + i, unit) == 0)
			continue;
		if (n == 0 || (n < LOKI_SLOT_PARTS && i - ends[n - 1] > FAR_APART))
			starts[n++] = i;
		ends[n - 1] = i + unit;
	}
	for (int i = n - 1; i >= 0; i--)
		loki_change_words(change, page, slot_size, place, starts[i],
						  slot + starts[i], ends[i] - starts[i]);
	change->pages[page].lower = Max(change->pages[page].lower, SizeOfPageHeaderData +
									slot_size * (place + 1));
}

/* ----------------------------------------------------------------
 * Changes that are found by comparing
 * ----------------------------------------------------------------
 */

/* A copy of a locked page; the page becomes the copy when the change is finished. */
Page
loki_change_copy(LokiChange *change, int number)
{
	LokiChangedPage *page = &change->pages[number];

	Assert(number < change->npages);
	if (page->copy == NULL)
	{
		Assert(!page->logged);
		page->copy = palloc(sizeof(LokiPageCopy));
		memcpy(page->copy->page.data, BufferGetPage(page->buffer), BLCKSZ);
	}
	return (Page) page->copy->page.data;
}

/* Lock block 0 exclusively as the first page, and copy it. */
LokiMetaPage
loki_change_meta(LokiChange *change)
{
	int			page = lock_block(change, LOKI_SLOTS_META, 0, LOKI_META_BLKNO);

	return LokiPageGetMeta(loki_change_copy(change, page));
}

/* Add the bytes of a copy between two places to its differences. */
static void
add_difference(LokiPageCopy *copy, Size start, Size end)
{
	uint16		header[2] = {(uint16) start, (uint16) (end - start)};

	Assert(start < end && end <= BLCKSZ);
	Assert(copy->size + sizeof(header) + (end - start) <= sizeof(copy->differences));
	memcpy(copy->differences + copy->size, header, sizeof(header));
	memcpy(copy->differences + copy->size + sizeof(header), copy->page.data + start,
		   end - start);
	copy->size += sizeof(header) + (end - start);
}

/* Note where a copy differs from its page between two places, the last difference first. */
static void
compare_part(LokiPageCopy *copy, const char *page, Size from, Size to)
{
	const char *new = copy->page.data;
	Size		start = to;		/* of the difference at hand; to: none */
	Size		end = to;

	Assert(from % WORD == 0 && to % WORD == 0); /* I6 */
	for (Size i = to; i > from;)
	{
		i -= WORD;
		if (memcmp(new + i, page + i, WORD) == 0)
			continue;
		if (start < to && start - (i + WORD) > FAR_APART)
		{
			add_difference(copy, start, end);
			start = to;
		}
		if (start == to)
			end = i + WORD;
		start = i;
	}
	if (start < to)
		add_difference(copy, start, end);
}

/*
 * Note where a copy differs from its page, in the used part and in the special space; true if it does.
 * The bytes between them are zero.
 */
static bool
compare_copy(LokiPageCopy *copy, Page page)
{
	PageHeader	header = (PageHeader) copy->page.data;

	Assert(header->pd_upper == BLCKSZ - sizeof(LokiPageOpaqueData));
	Assert(header->pd_lower >= SizeOfPageHeaderData && header->pd_lower <= header->pd_upper);
	memset(copy->page.data + header->pd_lower, 0, header->pd_upper - header->pd_lower);
	copy->size = 0;
	/* the end of the page first, as differences are written last to first */
	compare_part(copy, page, header->pd_upper, BLCKSZ);
	compare_part(copy, page, 0, TYPEALIGN(WORD, header->pd_lower));
	return copy->size > 0;
}

/* Write the differences of a copy into its page. */
static void
write_copy(Page page, const LokiPageCopy *copy)
{
	const char *difference = copy->differences;
	PageHeader	header = (PageHeader) page;

	Assert(loki_page_writable(page));
	while (difference < copy->differences + copy->size)
	{
		uint16		at[2];

		memcpy(at, difference, sizeof(at));
		memcpy((char *) page + at[0], difference + sizeof(at), at[1]);
		difference += sizeof(at) + at[1];
	}
	/* what a page no longer uses is zero, as replay leaves it */
	memset((char *) page + header->pd_lower, 0, header->pd_upper - header->pd_lower);
}

/* ----------------------------------------------------------------
 * Finishing
 * ----------------------------------------------------------------
 */

/* Put a page into the record although nothing changes there. */
void
loki_change_keep(LokiChange *change, int page)
{
	Assert(page < change->npages);
	change->pages[page].logged = true;
}

/* Log a page as an image, since all of it changes. */
void
loki_change_image(LokiChange *change, int page)
{
	loki_change_keep(change, page);
	change->pages[page].image = true;
}

/* Register the pages of the record, in the order in which they were locked. */
static void
register_pages(LokiChange *change)
{
	uint8		id[LOKI_CHANGE_PAGES];
	uint8		n = 0;

	for (int i = 0; i < change->npages; i++)
	{
		LokiChangedPage *page = &change->pages[i];

		if (!page->logged)
			continue;
		Assert(loki_buffer_locked_exclusively(page->buffer));	/* I6 */
		id[i] = n++;
		XLogRegisterBuffer(id[i], page->buffer,
						   REGBUF_STANDARD | (page->image ? REGBUF_FORCE_IMAGE : 0));
		if (page->copy != NULL && page->copy->size > 0 && !page->image)
			XLogRegisterBufData(id[i], page->copy->differences, page->copy->size);
	}
	for (int i = 0; i < change->nparts; i++)
	{
		LokiChangedPart *part = &change->parts[i];

		Assert(change->pages[part->page].logged);
		XLogRegisterBufData(id[part->page], (char *) &part->offset, 2 * sizeof(uint16));
		XLogRegisterBufData(id[part->page], (char *) part->bytes, part->length);
	}
}

/* Change the pages in place, and log them in one record.  All pages stay locked. */
static void
apply_changes(LokiChange *change)
{
	bool		log = RelationNeedsWAL(change->index);

	/* what may allocate comes before the critical section, in which an ERROR is a PANIC */
	if (log)
	{
		if (2 * change->nparts + LOKI_CHANGE_PAGES > DEFAULT_PIECES)
			XLogEnsureRecordSpace(0, 2 * change->nparts + LOKI_CHANGE_PAGES);
		XLogBeginInsert();
	}
	START_CRIT_SECTION();
	for (int i = 0; i < change->nparts; i++)
	{
		const LokiChangedPart *part = &change->parts[i];

		Assert(loki_page_writable(loki_change_page(change, part->page)));
		memcpy((char *) loki_change_page(change, part->page) + part->offset, part->bytes,
			   part->written);
	}
	for (int i = 0; i < change->npages; i++)
	{
		if (!change->pages[i].logged)
			continue;
		if (change->pages[i].copy != NULL)
			write_copy(loki_change_page(change, i), change->pages[i].copy);
		MarkBufferDirty(change->pages[i].buffer);
	}
	if (log)
	{
		XLogRecPtr	lsn;

		register_pages(change);
		lsn = XLogInsert(RM_GENERIC_ID, 0);
		for (int i = 0; i < change->npages; i++)
			if (change->pages[i].logged)
				PageSetLSN(loki_change_page(change, i), lsn);
	}
	END_CRIT_SECTION();
}

/*
 * Make the changes, if there are any; unlock and unpin all pages.  No content lock is left.
 */
void
loki_change_finish(LokiChange *change)
{
	bool		changed = false;

	for (int i = 0; i < change->npages; i++)
	{
		LokiChangedPage *page = &change->pages[i];

		if (page->copy != NULL)
			page->logged |= compare_copy(page->copy, loki_change_page(change, i));
		/* a slot behind the used part */
		else if (((PageHeader) loki_change_page(change, i))->pd_lower != page->lower)
			loki_change_bytes(change, i, offsetof(PageHeaderData, pd_lower),
							  &page->lower, sizeof(page->lower));
		changed |= page->logged;
	}
	if (changed)
		apply_changes(change);
	while (change->npages > 0)
	{
		LokiChangedPage *page = &change->pages[--change->npages];

		UnlockReleaseBuffer(page->buffer);
		if (page->copy != NULL)
			pfree(page->copy);
	}
	change->nparts = 0;
	Assert(loki_no_buffer_locked());	/* I5 */
}

/*
 * Write one slot, whose page must exist, in a record of its own.  No content lock may be
 * held; none is left.
 */
void
loki_slot_write(LokiIndex *state, Relation index, int array, uint32 number,
				const void *slot)
{
	LokiChange	change;
	uint32		place;
	int			page;

	loki_change_begin(&change, state, index);
	page = loki_change_lock(&change, array, number, &place);
	loki_change_slot(&change, page, state->arrays[array].slot_size, place, slot);
	loki_change_finish(&change);
}
