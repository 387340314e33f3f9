/*-------------------------------------------------------------------------
 *
 * page.h
 *	  Pages, extents and slots.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/page.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PAGE_PAGE_H
#define LOKI_PAGE_PAGE_H

#include "hnsw/page/index.h"
#include "storage/bufmgr.h"

/* Name of a slot array, for messages; "unrecognized" for a number that a damaged page has */
extern const char *loki_slot_array_name(int array);

/* Make a page the ordinal-th of a slot array, without slots.  It is a copy, or locked exclusively. */
extern void loki_page_init(Page page, int array, uint32 ordinal);

/*
 * Check that a page is page `ordinal` of a slot array; ERRCODE_INDEX_CORRUPTED otherwise.
 * The buffer is pinned, and locked unless the slot array may be read without lock.
 */
extern void loki_page_check(Relation index, Buffer buffer, Page page, int array,
							uint32 ordinal);

/* The same for whichever page the slot array has at this buffer's block */
extern void loki_slot_array_page_check(const LokiIndex *index_state, Relation index,
									   Buffer buffer, int array);

/*
 * Pin a page of a slot array, lock it in share mode and check it; *used becomes the number of
 * slots in its used part.  NULL, and nothing pinned, if there is no such page.  Reads the
 * directory if index_state does not know of the page.  Only pages that come before in the
 * order of locks may be locked.
 */
extern Page loki_page_lock(LokiIndex *index_state, Relation index, int array, uint32 ordinal,
						   Buffer *buffer, int *used);

/*
 * The part of n nodes from `first` on that is on the first one's page of an array, whose slots are
 * read there
 */
typedef struct LokiPagePart
{
	Buffer		buffer;			/* share locked and pinned, if used is not 0 */
	char	   *slots;			/* of the first nodes of the part: */
	uint32		used;			/* fewer than n if the others are not written */
	uint32		n;				/* nodes of the part */
} LokiPagePart;

/* Lock the page of a part in share mode, if it has slots of it (part->used > 0).  Its caller unlocks it. */
extern void loki_part_lock(LokiIndex *index_state, Relation index, int array, uint32 first, uint32 n,
						   LokiPagePart *part);

/*
 * Copy a page that exists out under share lock, and check it; returns the number of slots in
 * its used part.  Reads through a ring of buffers if strategy is not NULL.
 */
extern int	loki_page_copy(LokiIndex *index_state, Relation index, int array, uint32 ordinal,
						   BufferAccessStrategy strategy, char *copy);

/*
 * All slots of an array, one after the other; set are the first fields, and all others 0, but npages, to pass
 * over so many pages
 */
typedef struct LokiAllSlots
{
	LokiIndex  *state;
	Relation	index;
	int			array;
	BufferAccessStrategy strategy;	/* as of loki_page_copy() */
	void		(*step) (void);	/* called at each page, if not NULL */

	uint32		number;			/* of the slot that was returned last */
	uint32		npages;			/* pages that were read; the copy is the last of them */
	uint32		slot_size;
	char	   *next;			/* slot on the copy, */
	char	   *end;			/* which has its slots up to here */
	PGAlignedBlock copy;
} LokiAllSlots;

/* Copy the next page that has slots; false if there is none.  Checks for interrupts, and delays vacuum. */
extern bool loki_all_slots_page(LokiAllSlots *all);

/*
 * The next slot, in a copy of its page; NULL after the last.  Pages are copied under share lock, so none may be
 * locked, and none is afterwards.
 */
static inline void *
loki_all_slots_next(LokiAllSlots *all)
{
	char	   *slot;

	if (all->next == all->end && !loki_all_slots_page(all))
		return NULL;
	slot = all->next;
	all->next += all->slot_size;
	all->number++;
	return slot;
}

/*
 * Whether a page names the slot array and the ordinal that the directory gives to its
 * block.  Reads the special space alone.
 */
static inline bool
loki_page_is_of(const LokiIndex *index_state, Page page, int array, BlockNumber block)
{
	const LokiSlotArray *slots = &index_state->arrays[array];
	LokiPageOpaque opaque = LokiPageOpaqueAtEnd(page);

	return opaque->page_id == LOKI_PAGE_ID && opaque->array == slots->stored &&
		opaque->ordinal < slots->npages && loki_page_block(slots, opaque->ordinal) == block;
}

/* Write metapage and first directory page of an empty index, and log them; the fork is
 * main or init */
extern void loki_create_empty(Relation index, ForkNumber fork, const LokiMetaPageData *meta);

/* Fill a metapage for an index with these properties */
extern void loki_meta_init(LokiMetaPageData *meta, const LokiCodeSpec *code,
						   LokiProfile profile, int m, int ef_construction,
						   int nattributes, const uint8 *attr_type, uint32 pending);

/* Copy the metapage out under share lock and validate it.  No content lock may be held. */
extern void loki_meta_read(Relation index, LokiMetaPageData *meta);

/* Validate; ERROR with a hint when foreign, damaged or of another version */
extern void loki_meta_validate(Relation index, Page page);

/*
 * ERROR: "index NAME FAULT", with the hint to REINDEX it; or if there is a subject, "SUBJECT of index NAME
 * FAULT", which lokivector_check() says.  The detail, a sentence, may be NULL.
 */
extern void loki_report_damage(Relation index, const char *subject, const char *detail, const char *format,...)
			__attribute__((format(printf, 4, 5), noreturn));
#define loki_damaged(index, ...)	loki_report_damage(index, NULL, __VA_ARGS__)

/* ERROR: what the metapage says cannot be */
extern void loki_meta_damaged(Relation index);

/*
 * Make sure that a slot array has a page, or that of a slot; extends the relation and the directory if
 * it has not.  If there is no room for the page: an ERROR, or with an elevel below it a message and
 * false.  No content lock may be held.
 */
extern bool loki_reserve_page(LokiIndex *index_state, Relation index, int array,
							  uint32 page, int elevel);
extern bool loki_reserve_slot(LokiIndex *index_state, Relation index, int array,
							  uint32 number, int elevel);

/* How often it has found no room since this process began, with an elevel below ERROR */
extern uint32 loki_extensions_refused(void);

/* Whether all slots of a node are known to have pages; reads nothing */
extern bool loki_node_has_pages(const LokiIndex *index_state, uint32 node);

/*
 * Make sure that all slots of a node ID have pages; ERROR if there is no room.  No content lock may be
 * held.
 */
extern void loki_ensure_node(LokiIndex *index_state, Relation index, uint32 node);

/*
 * Address of a slot on a page that is about to change (a copy, or a page under
 * construction); raises pd_lower to cover it.
 */
extern char *loki_page_slot_for_write(Page page, uint32 slot_size, uint32 place);

/*
 * Claim a slot in a record of its own.  Returns its number; or LOKI_NONE if there is no
 * room for one and elevel is below ERROR.  No content lock may be held.
 */
extern uint32 loki_slot_claim(LokiIndex *index_state, Relation index, int array,
							  const void *slot, int elevel);

/* State of a slot of a free-list slot array (LOKI_TID_*; UPPER: FREE or LIVE) */
extern int	loki_slot_state(int array, const void *slot);

/*
 * Put a page with free slots on the free list, unless it is there.  Called by vacuum;
 * locks block 0, then the page.  No content lock may be held.
 */
extern void loki_freelist_add(LokiIndex *index_state, Relation index, int array,
							  uint32 page);

/* All node IDs are below this, but those that are being claimed right now */
extern uint32 loki_node_end(LokiIndex *index_state, Relation index);

/* Number of used slots on a page of a slot array */
extern uint32 loki_page_used(LokiIndex *index_state, Relation index, int array,
							 uint32 ordinal);

/* Copy one slot out under share lock; false if past the used part.  Only pages that come
 * before in the order of locks may be locked. */
extern bool loki_slot_read(LokiIndex *index_state, Relation index, int array,
						   uint32 number, void *slot);

/*
 * Read DUPLICATE slots, each of one node's TID list, which cannot change: its TID page is locked (I8), or vacuum asks, which
 * alone changes what comes behind the head.  *length counts the slots that were read of a list.  ERROR if a slot is not
 * of the list, or if that has no end.
 */
extern void loki_listed_rows_read(LokiIndex *index_state, Relation index, const uint32 *nodes, const uint32 *numbers,
								  int n, uint64 *length, LokiDuplicateData *slots);

static inline void
loki_listed_row_read(LokiIndex *index_state, Relation index, uint32 node, uint32 number, uint64 *length,
					 LokiDuplicateData *slot)
{
	loki_listed_rows_read(index_state, index, &node, &number, 1, length, slot);
}

/* Where the next heap TID of a node is read; 0 before the first */
typedef struct LokiNodeRows
{
	uint32		read;			/* heap TIDs that were read */
	uint32		next;			/* DUPLICATE slot, LOKI_NONE after the last */
} LokiNodeRows;

/*
 * The next heap TID of a node.  False if there is none, for vacuum may remove rows between two
 * calls; rows->next is LOKI_NONE then.  ERROR for a TID list without end.
 */
extern bool loki_node_row(LokiIndex *index_state, Relation index, uint32 node,
						  LokiNodeRows *rows, ItemPointer tid);

#endif							/* LOKI_PAGE_PAGE_H */
