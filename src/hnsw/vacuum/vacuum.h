/*-------------------------------------------------------------------------
 *
 * vacuum.h
 *	  What the parts of vacuum share: marking and freeing (vacuum/vacuum.c) and
 *	  the repair of the graph in between (vacuum/repair.c).
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/vacuum.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_VACUUM_VACUUM_H
#define LOKI_VACUUM_VACUUM_H

#include "access/genam.h"
#include "hnsw/graph/reachability.h"
#include "hnsw/page/change.h"
#include "utils/memutils.h"

/* A bit for each slot of a slot array; those past the end are not set */
typedef struct LokiBitmap
{
	uint32		size;			/* bits */
	uint64	   *words;			/* size / 64 + 1, in the context of its making */
} LokiBitmap;

/* Make a bitmap without bits that are set.  A Bitmapset could not be larger than 1 GB. */
static inline void
loki_bitmap_init(LokiBitmap *bitmap, uint32 size)
{
	Size		bytes = mul_size(size / 64 + 1, sizeof(uint64));

	bitmap->size = size;
	bitmap->words = MemoryContextAllocExtended(CurrentMemoryContext, bytes,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* Set a bit.  Slots that came into being after the bitmap are nobody's business here. */
static inline void
loki_bitmap_set(LokiBitmap *bitmap, uint32 number)
{
	if (number < bitmap->size)
		bitmap->words[number / 64] |= UINT64CONST(1) << (number % 64);
}

static inline bool
loki_bitmap_test(const LokiBitmap *bitmap, uint32 number)
{
	return number < bitmap->size &&
		(bitmap->words[number / 64] >> (number % 64) & 1) != 0;
}

/*
 * The first bit that is set from `number` on; the bitmap's size if there is none.  Checks for
 * interrupts, as a bitmap of a large index has millions of words.
 */
static inline uint32
loki_bitmap_next(const LokiBitmap *bitmap, uint32 number)
{
	while (number < bitmap->size)
	{
		uint64		word = bitmap->words[number / 64] >> (number % 64);

		if (word != 0)
			return number + pg_rightmost_one_pos64(word);
		number += 64 - number % 64;
		CHECK_FOR_INTERRUPTS();
	}
	return bitmap->size;
}

/* Each set bit in turn; bits behind the one at hand may change */
#define loki_bitmap_foreach(number, bitmap) \
	for (uint32 number = loki_bitmap_next(bitmap, 0); number < (bitmap)->size; \
		 number = loki_bitmap_next(bitmap, number + 1))

/* What VACUUM does with an index; lokivector_progress has the names */
typedef enum LokiVacuumPhase
{
	LOKI_VACUUM_NONE,
	LOKI_VACUUM_MARKING,		/* pages of rows */
	LOKI_VACUUM_WAITING,		/* for inserts */
	LOKI_VACUUM_REPAIRING,		/* pages of lists */
	LOKI_VACUUM_SEARCHING,		/* nodes, on each layer */
	LOKI_VACUUM_FREEING,		/* pages of slots */
	LOKI_VACUUM_CALIBRATING,
	LOKI_VACUUM_SORTING,		/* side arrays */
	LOKI_VACUUM_ENCODING		/* all nodes anew */
} LokiVacuumPhase;

/* Taking rows out of nodes */
typedef struct LokiMarking
{
	IndexBulkDeleteResult *stats;
	IndexBulkDeleteCallback callback;
	void	   *callback_state;
	bool		flagged;		/* LOKI_META_VACUUM_UNFINISHED is set */
	uint32	   *removed;		/* DUPLICATE slots taken out of TID lists */
	uint32		nremoved;
	uint64		removed_allocated;
} LokiMarking;

/*
 * A vacuum of an index: ambulkdelete and amvacuumcleanup have one each.  What is of repairing is made
 * by amvacuumcleanup, in the memory context that it deletes at its end.
 */
typedef struct LokiVacuum
{
	Relation	index;
	LokiIndex  *state;			/* opened again after a wait: codes may be made */
	BufferAccessStrategy strategy;	/* VACUUM's ring of buffers */
	uint32		refused;		/* loki_extensions_refused() when it began */
	bool		new_codes;		/* codes were made anew */
	PGAlignedBlock page;		/* copy of the page at hand */
	uint16		places[BLCKSZ / LOKI_TID_SHORT];	/* of slots on it */

	LokiMarking marking;

	/* repairing */
	LokiBitmap	dead;			/* nodes to be freed */
	LokiBitmap	live;			/* nodes that were in the graph and not dead
								 * when repair began */
	uint32		ndead;
	LokiBitmap	upper_used;		/* slots that were not free before inserts
								 * were waited for */
	LokiBitmap	duplicate_used;
	LokiBitmap	duplicate_listed;
	LokiBitmap	linked;			/* nodes that can be reached from the entry point
								 * by way of nodes that are not dead ... */
	bool		named;			/* ... or only that a list of such a node names */
	LokiBitmap	thin;			/* nodes most of whose links were to dead ones */
	LokiBitmap	lost[2];		/* what is to be searched for, as it is new or
								 * a link to it is gone: nodes, and UPPER
								 * slots */
	LokiSearch	search;
	LokiLinker	linker;
} LokiVacuum;

/*
 * Copy page `ordinal` of a slot array to vacuum->page, under share lock; returns the number
 * of its used slots.  No page may be locked before, and none is afterwards.  Checks for
 * interrupts and delays.
 */
extern int	loki_vacuum_read_page(LokiVacuum *vacuum, int array, uint32 ordinal);

/* Slot i of the page that was copied last, which is of this slot array */
static inline void *
loki_vacuum_slot(LokiVacuum *vacuum, int array, int i)
{
	Assert(LokiPageOpaqueAtEnd(vacuum->page.data)->array == vacuum->state->arrays[array].stored);
	return LokiPageSlot(vacuum->page.data, vacuum->state->arrays[array].slot_size, i);
}

/* Begin a change, of pages that are read in the same way */
extern void loki_vacuum_change(LokiVacuum *vacuum, LokiChange *change);

/* functions in vacuum/progress.c */

/* Begin a phase of `total` pages or nodes; 0: not known */
extern void loki_vacuum_phase(LokiVacuum *vacuum, LokiVacuumPhase phase, uint64 total);

/* One of them is done */
extern void loki_vacuum_step(void);

/* functions in vacuum/report.c */

/* Say what was done, if VACUUM is VERBOSE.  Reads all of TID then; no page may be locked. */
extern void loki_vacuum_report(IndexVacuumInfo *info, LokiVacuum *vacuum, bool calibrated);

/* functions in vacuum/repair.c; `dead` and `live` are set, and no page may be locked */

/* Put a live node in place of a dead entry point */
extern void loki_repair_entry(LokiVacuum *vacuum);

/* Take dead nodes out of all lists, and link again what that cut off */
extern void loki_repair_graph(LokiVacuum *vacuum);

/* functions in vacuum/new_reachable.c; no page may be locked */

/* Make ready to search and to link, by lists of at most `capacity` candidates; `live` is set */
extern void loki_reachability_begin(LokiVacuum *vacuum, int capacity);

/* Search for what is noted in `lost`, and link what is not found */
extern void loki_make_lost_reachable(LokiVacuum *vacuum);

/* The same for nodes that were inserted since the vacuum before */
extern void loki_make_new_reachable(LokiVacuum *vacuum);

/* Entry points of the access method */
extern IndexBulkDeleteResult *loki_hnsw_bulkdelete(IndexVacuumInfo *info,
												   IndexBulkDeleteResult *stats,
												   IndexBulkDeleteCallback callback,
												   void *callback_state);
extern IndexBulkDeleteResult *loki_hnsw_vacuumcleanup(IndexVacuumInfo *info,
													  IndexBulkDeleteResult *stats);

#endif							/* LOKI_VACUUM_VACUUM_H */
