/*-------------------------------------------------------------------------
 *
 * hnswrecord.h
 *	  Changing pages in place, in one WAL record.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswrecord.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWRECORD_H
#define LOKI_HNSWRECORD_H

#include "hnsw/hnswint.h"

#define LOKI_RECORD_PAGES	MAX_GENERIC_XLOG_PAGES
#define LOKI_RECORD_PARTS	40

typedef struct LokiRecordPage
{
	Buffer		buffer;
	uint16		lower;			/* pd_lower as it will be */
} LokiRecordPage;

typedef struct LokiRecordPart
{
	uint16		offset;			/* in the page; and length, as in the record */
	uint16		length;
	uint8		page;
	const void *bytes;
} LokiRecordPart;

typedef struct LokiRecord
{
	Relation	index;
	int			npages;
	int			nparts;
	LokiRecordPage pages[LOKI_RECORD_PAGES];
	LokiRecordPart parts[LOKI_RECORD_PARTS];
} LokiRecord;

extern void loki_record_begin(LokiRecord *record, Relation index);

/*
 * Add a page, whose buffer is locked exclusively until the record is finished;
 * the number by which the others know it.  Replay locks pages in the order in
 * which they are added and keeps them locked, so that this is the order of
 * README, "Lock order".
 */
extern int	loki_record_page(LokiRecord *record, Buffer buffer);

/*
 * Change bytes of a page, or of a slot, or all of a slot.  What is pointed to
 * must stay until the record is finished.
 */
extern void loki_record_bytes(LokiRecord *record, int page, Size offset,
							  const void *bytes, Size length);
extern void loki_record_slot_bytes(LokiRecord *record, int page, uint32 slot_size,
								   uint32 place, Size offset, const void *bytes,
								   Size length);
extern void loki_record_slot(LokiRecord *record, int page, uint32 slot_size,
							 uint32 place, const void *slot);

/* The same, but of a slot only what differs from what the page has */
extern void loki_record_slot_changes(LokiRecord *record, int page, uint32 slot_size,
									 uint32 place, const char *slot);

/* Make the changes, and log them */
extern void loki_record_finish(LokiRecord *record);

/* ----------------------------------------------------------------
 * Claiming slots (hnswextent.c)
 * ----------------------------------------------------------------
 */

/*
 * A slot of a free-list family that is about to be claimed.  Its page is locked
 * exclusively.
 */
typedef struct LokiClaim
{
	int			family;
	uint32		number;
	Buffer		buffer;
	uint32		place;
	uint16		free_slots;		/* of the page, after the claim */
	bool		was_free;		/* it is one that vacuum has freed */
} LokiClaim;

/*
 * Find a free slot of a free-list family (TID, UPPER, OVERFLOW, NULLTID).  Takes
 * those on the free list before new ones; extends the family when there are
 * none.  No buffer lock may be held.
 */
extern void loki_claim_begin(LokiIndex *index_state, Relation index, int family,
							 LokiClaim *claim);

/*
 * The same for n slots of one page, the head of the free list or, if that is
 * LOKI_NONE, the one on which the used part ends.  False if that does not do,
 * as the page is full.  No page of the family may be locked, but others that are
 * locked before: nothing is extended and no other page looked at.
 */
extern bool loki_claim_at_once(LokiIndex *index_state, Relation index, int family,
							   uint32 free_head, int n, LokiClaim *claims);

/*
 * Add the claim to a record, with the slot's first content, slot_size bytes
 * that are not those of a free slot.  The caller finishes the record, then
 * releases claim->buffer.
 */
extern void loki_claim_record(LokiIndex *index_state, LokiClaim *claim,
							  LokiRecord *record, const void *slot);

#endif							/* LOKI_HNSWRECORD_H */
