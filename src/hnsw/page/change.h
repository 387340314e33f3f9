/*-------------------------------------------------------------------------
 *
 * change.h
 *	  Changing pages: locking them, writing them, and one WAL record.
 *
 * Nothing else locks pages of an index exclusively or writes WAL, except for pages that
 * nobody can know yet (README, "WAL"), and hints of killed rows (scan/killed.c).
 *
 *	loki_change_begin()
 *	loki_change_lock() for each page, in the order of README, "Lock order"
 *	read the pages by loki_change_page(), and say what becomes of them
 *	loki_change_finish()
 *
 * IDENTIFICATION
 *	  src/hnsw/page/change.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PAGE_CHANGE_H
#define LOKI_PAGE_CHANGE_H

#include "access/generic_xlog.h"
#include "hnsw/page/index.h"
#include "storage/bufmgr.h"

#define LOKI_CHANGE_PAGES	MAX_GENERIC_XLOG_PAGES
#define LOKI_CHANGE_PARTS	40

/* Changes of a slot that are logged apart, at most (loki_change_slot_differing()) */
#define LOKI_SLOT_PARTS		8

/* A page that a change has locked exclusively, and pinned */
typedef struct LokiChangedPage
{
	Buffer		buffer;
	int			array;			/* what page it is: of a slot array, ... */
	uint32		ordinal;		/* ... which one there */
	bool		logged;			/* part of the record */
	bool		image;			/* as an image */
	uint16		lower;			/* pd_lower as it will be */
	struct LokiPageCopy *copy;	/* the page as it will be, or NULL */
} LokiChangedPage;

/* Bytes that a caller has named, to be copied into a page */
typedef struct LokiChangedPart
{
	uint16		offset;			/* in the page; and length, as in the record */
	uint16		length;
	uint16		written;		/* bytes that are written: those, and what the
								 * page has behind them already */
	uint8		page;			/* number in the change */
	const void *bytes;			/* the caller's, who keeps them until the end */
} LokiChangedPart;

/*
 * A change, from loki_change_begin() to loki_change_finish(): one WAL record, or none.  It is on its
 * caller's stack.  An error in between releases locks and pins with all others, and leaves the pages
 * as they were.
 */
typedef struct LokiChange
{
	Relation	index;
	LokiIndex  *state;			/* NULL where block 0 alone is changed */
	BufferAccessStrategy strategy;	/* set by a caller that has one */
	int			npages;
	int			nparts;
	LokiChangedPage pages[LOKI_CHANGE_PAGES];	/* in the order of locks */
	LokiChangedPart parts[LOKI_CHANGE_PARTS];	/* in the order of writing */
} LokiChange;

/* Whether a page may be locked while another is: README, "Lock order" */
extern bool loki_lock_in_order(int array_before, uint32 ordinal_before, int array,
							   uint32 ordinal);

/* No content lock may be held from here until the first page is locked */
extern void loki_change_begin(LokiChange *change, LokiIndex *index_state, Relation index);

/*
 * Pin a page and lock it exclusively: one of a slot array, or that of a slot.  Returns its
 * number in the change.  ERROR if it is not a page of the slot array, or if it comes before
 * a locked page in the order of locks.
 */
extern int	loki_change_lock_page(LokiChange *change, int array, uint32 ordinal);
extern int	loki_change_lock(LokiChange *change, int array, uint32 number, uint32 *place);

/* The same for a page of the directory */
extern int	loki_change_lock_directory(LokiChange *change, BlockNumber block, uint32 ordinal);

/* Unlock and unpin the page that was locked last and has not been changed */
extern void loki_change_unlock(LokiChange *change);

/* A locked page as it is */
static inline Page
loki_change_page(const LokiChange *change, int page)
{
	Assert(page < change->npages);
	return BufferGetPage(change->pages[page].buffer);
}

/* ----------------------------------------------------------------
 * Changes that the caller knows
 * ----------------------------------------------------------------
 */

/*
 * Change bytes of a page, bytes of a slot, or a whole slot.  The bytes pointed to must stay
 * until the change is finished.
 */
extern void loki_change_bytes(LokiChange *change, int page, Size offset,
							  const void *bytes, Size length);
extern void loki_change_slot_bytes(LokiChange *change, int page, uint32 slot_size,
								   uint32 place, Size offset, const void *bytes,
								   Size length);
extern void loki_change_slot(LokiChange *change, int page, uint32 slot_size,
							 uint32 place, const void *slot);

/*
 * Change words of a slot, which readers without a lock are to see whole; what the page has of them already at
 * their end, as the high bytes of node IDs, is not logged.  Not for slots that have hints, which WAL lacks.
 */
extern void loki_change_words(LokiChange *change, int page, uint32 slot_size, uint32 place, Size offset,
							  const void *words, Size length);

/* Change n slots that follow each other on the page */
extern void loki_change_slots(LokiChange *change, int page, uint32 slot_size, uint32 place, uint32 n,
							  const void *slots);

/* Change those bytes of a slot that differ from the page */
extern void loki_change_slot_differing(LokiChange *change, int page, uint32 slot_size,
									   uint32 place, const char *slot);

/* ----------------------------------------------------------------
 * Changes that are found by comparing
 * ----------------------------------------------------------------
 */

/* A copy of a locked page, to be changed until the change is finished */
extern Page loki_change_copy(LokiChange *change, int page);

/* Lock block 0 exclusively as the first page; returns its copy */
extern LokiMetaPage loki_change_meta(LokiChange *change);

/* ---------------------------------------------------------------- */

/* Put a page into the record although nothing changes there, so that replay locks it */
extern void loki_change_keep(LokiChange *change, int page);

/* Log a page as an image, as all of it changes */
extern void loki_change_image(LokiChange *change, int page);

/*
 * Make the changes and log them, if there are any; unlock and unpin all pages.
 */
extern void loki_change_finish(LokiChange *change);

/* Write one slot, whose page exists, in a record of its own */
extern void loki_slot_write(LokiIndex *index_state, Relation index, int array,
							uint32 number, const void *slot);

/* ----------------------------------------------------------------
 * Claiming slots (page/extent.c)
 * ----------------------------------------------------------------
 */

/* A slot of a free-list slot array that is about to be claimed; a change locks its page */
typedef struct LokiClaim
{
	int			array;
	uint32		number;
	int			page;			/* in the change */
	uint32		place;
	uint16		free_slots;		/* of the page, after the claim */
	bool		was_free;		/* vacuum has freed it */
} LokiClaim;

/*
 * Find a free slot of a free-list slot array (TID, UPPER, DUPLICATE, NULLTID), and lock its
 * page as the first of a change.  Slots on the free list are taken before new ones; if
 * there are neither, the slot array is extended.  If there is no room for that: an ERROR, or
 * with an elevel below it a message and false, and no page is locked.  No content lock may be
 * held before.
 */
extern bool loki_claim_begin(LokiChange *change, int array, int elevel, LokiClaim *claim);

/*
 * The same for n slots of one page: the head of the free list or, if that is LOKI_NONE, the
 * page on which the used part ends.  False, and no page is locked, if the page has fewer.
 * The change may have locked other pages before: nothing is extended, and no other page
 * is looked at.
 */
extern bool loki_claim_at_once(LokiChange *change, int array, uint32 free_head, int n,
							   LokiClaim *claims);

/*
 * Add a claim to the change, with the slot's first content: slot_size bytes, whose state is
 * not that of a free slot.
 */
extern void loki_claim_slot(LokiChange *change, LokiClaim *claim, const void *slot);

#endif							/* LOKI_PAGE_CHANGE_H */
