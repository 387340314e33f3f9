/*-------------------------------------------------------------------------
 *
 * check.h
 *	  What the files of lokivector_check share.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/check.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_CHECK_CHECK_H
#define LOKI_CHECK_CHECK_H

#include "hnsw/definition/access.h"
#include "hnsw/page/page.h"
#include "storage/bufmgr.h"
#include "utils/snapshot.h"

/* An UPPER slot, without its neighbors */
typedef struct LokiCheckUpper
{
	uint32		node;			/* LOKI_NONE if free */
	uint32		down;
	uint8		level;
	bool		reached;		/* from the entry point */
} LokiCheckUpper;

/* What the check knows of a node: its TID state in the low bits, and these bits */
#define LOKI_CHECK_STATE	LOKI_TID_STATE_MASK
#define LOKI_CHECK_LINKED	0x10	/* another node links to it */
#define LOKI_CHECK_REACHED	0x20	/* can be reached from the entry point */
#define LOKI_CHECK_UPPERS	0x40	/* its slots above layer 0 are complete */
#define LOKI_CHECK_LINKING	0x80	/* its insert had not ended when its state
									 * was read */

/* A TID list that was copied */
typedef struct LokiCheckTidList
{
	LokiDuplicateData *slots;
	uint64		n;
	uint64		allocated;
} LokiCheckTidList;

/* Of the phase, in pages */
typedef struct LokiCheckProgress
{
	BlockNumber total;
	BlockNumber done;
} LokiCheckProgress;

typedef struct LokiCheck
{
	/* unchanging */
	Relation	heap;
	Relation	index;
	LokiIndex  *state;
	LokiMetaPageData meta;		/* as it was when the check began */
	BlockNumber nblocks;		/* the same */
	BufferAccessStrategy strategy;
	PGAlignedBlock page;		/* the page being checked */
	void	   *slot_state;		/* what a slot_check function needs besides */

	LokiCheckTidList tid_list;	/* the one that was copied last */

	LokiCheckProgress progress;

	/* collected */
	uint32		nodes;			/* TID slots in use */
	uint8	   *node;			/* by node ID */
	uint8	   *level;			/* highest layer of each node, from LINK */
	uint32		nuppers;		/* UPPER slots in use */
	LokiCheckUpper *upper;
	uint32		nulls;			/* NULLTID slots in use */
} LokiCheck;

/* functions in check/indexes.c */

/* OIDs of the indexes that a relation stands for: itself, or ours of a table or of partitions */
extern List *loki_indexes_of(Oid relid, LokiRight right);

/* functions in check/read.c */

/* The detail of a fault: slot `number` of an array, and its block; palloc'd */
extern char *loki_check_where(LokiCheck *check, int array, uint32 number);

/* ERROR: "SUBJECT of index NAME FAULT".  The detail, a sentence, may be NULL. */
#define loki_check_fault(check, ...)	loki_report_damage((check)->index, __VA_ARGS__)

/* TID state of a node as it is now; FREE past the end.  No page may be locked. */
extern int	loki_check_state_now(LokiCheck *check, uint32 node);

/* Whether the metapage says now that dead nodes await repair.  No page may be locked. */
extern bool loki_check_vacuum_unfinished(LokiCheck *check);

/* Copy a node's TID slot and its TID list, of one moment; ERROR for a list with a fault */
extern void loki_check_duplicates(LokiCheck *check, uint32 node, LokiTidData *tid);

/* Begin a phase of a number of pages, of which pg_stat_progress_create_index tells */
extern void loki_check_phase(LokiCheck *check, int64 phase, BlockNumber pages);

/* functions in check/pages.c */
extern void loki_check_directory(LokiCheck *check);

/* Check the pages of a slot array, and each slot by slot_check; returns the end of its used part */
typedef void (*LokiSlotCheck) (LokiCheck *check, int array, uint32 number, const char *slot);
extern uint32 loki_check_slot_array(LokiCheck *check, int array,
									LokiSlotCheck slot_check);
extern void loki_check_freelists(LokiCheck *check);

/* functions in check/check_slots.c; sets nodes, node and nulls */
extern void loki_check_nodes(LokiCheck *check);
extern void loki_check_nulls(LokiCheck *check);

/* functions in check/links.c, in the order of calls: each relies on those before */
extern void loki_check_links(LokiCheck *check);
extern void loki_check_uppers(LokiCheck *check);
extern void loki_check_entry(LokiCheck *check);
extern void loki_check_reachability(LokiCheck *check);

/* functions in check/derived.c */
extern void loki_check_derived(LokiCheck *check);

/* functions in check/check_postings.c */
extern void loki_check_terms(LokiCheck *check);
extern void loki_check_terms_heap(LokiCheck *check);

/* functions in check/heap.c */
extern void loki_check_heap(LokiCheck *check, IndexInfo *info, Snapshot snapshot);

/* functions in check/check.c */
extern bool loki_check_index(Oid indexid, bool named, bool heap_all_indexed, int total,
							 int done);

/* As loki_slot_read() */
static inline bool
loki_check_read(LokiCheck *check, int array, uint32 number, void *slot)
{
	return loki_slot_read(check->state, check->index, array, number, slot);
}

/* Whether a node with this TID state has rows */
static inline bool
loki_check_is_live(int state)
{
	return state == LOKI_TID_LIVE || state == LOKI_TID_KILLED || state == LOKI_TID_LIST;
}

/* Whether it is in the graph: searches follow the links of a dead node until it is freed */
static inline bool
loki_check_in_graph(int state)
{
	return loki_check_is_live(state) || state == LOKI_TID_DEAD;
}

/* The first byte from `from` up to `to` that is not zero; `to` if there is none */
static inline Size
loki_check_not_zero(const void *bytes, Size from, Size to)
{
	while (from < to && ((const char *) bytes)[from] == 0)
		from++;
	return from;
}

#endif							/* LOKI_CHECK_CHECK_H */
