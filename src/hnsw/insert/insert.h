/*-------------------------------------------------------------------------
 *
 * insert.h
 *	  The state of an insert, shared by the files that make it up.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/insert.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_INSERT_INSERT_H
#define LOKI_INSERT_INSERT_H

#include "access/genam.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/derived/derived.h"
#include "hnsw/graph/reachability.h"

/* What a statement keeps between rows, in IndexInfo->ii_AmCache; insert.c makes it */
typedef struct LokiInsertCache
{
	MemoryContext context;		/* all of this; below IndexInfo's own */
	MemoryContext row_context;	/* reset after every row */
	LokiIndex  *state;			/* the cache is for this; another: made again */
	int			ef_construction;	/* the parameter: width of the search */
	LokiSearch	search;			/* its query is that of the row */
	LokiLinker	linker;
	uint64		nunchanged;		/* rows that are likely versions of others */
	struct LokiVersionTable *versions;	/* finds those; NULL: not made yet */
	TupleTableSlot *slot;		/* for a row of the table; NULL: not made yet */
	LokiUpperFound *found;		/* of a layer: room for the widest search of
								 * one */
	LokiList	lists[LOKI_MAX_LEVEL + 1];	/* of the new node, by layer */

	/*
	 * Nodes that the narrow search of each of its layers ended among
	 * (graph/README, R4), without flags.  If one of these links to the node,
	 * a scan finds it.
	 */
	int			nnarrow[LOKI_MAX_LEVEL + 1];
	uint32		narrow[LOKI_MAX_LEVEL + 1][LOKI_NARROW_SEARCH];
	LokiBacklinks links;		/* to the new node, on one of its layers */
} LokiInsertCache;

/* How far the searches of a row agree (search_widely()) */
typedef struct LokiAgreement
{
	int			compared;		/* nearest nodes; 0: the row is none of those
								 * that compare */
	int			agreed;			/* of these, were known to the narrower search */
} LokiAgreement;

/* The row that is being inserted */
typedef struct LokiNewRow
{
	Relation	index;
	LokiIndex  *state;
	LokiInsertCache *cache;
	LokiMetaPageData meta;		/* as it was when the search began */
	bool		unchanged;		/* likely a version of a row in the index: the
								 * executor's indexUnchanged */
	bool		stale;			/* the index got its codes since it was opened */
	bool		anew;			/* the index has its node, in another set of
								 * codes and graph */
	LokiTidData tid;			/* its TID slot: heap TID, its value out of
								 * line, and the state that was written last */
	char		attributes[LOKI_MAX_ATTRIBUTES][LOKI_ATTR_MAX_SLOT];	/* slots */

	/* rows in the graph, or pending */
	char	   *code;			/* slot of CODE; NULL: pending */
	char	   *refine;			/* slot of REFINE; NULL if there is none */
	LokiHashData hash;
	LokiTailRow tail;			/* elements, if the index has posting lists */
	int			level;			/* the highest layer of its node */
	uint32		node;			/* LOKI_NONE before loki_node_write(), and for
								 * a row that has joined another's */
	bool		grown;			/* its node ID was never used before */
	uint32		slots[LOKI_MAX_LEVEL + 1];	/* UPPER slots by layer; LOKI_NONE
											 * on layer 0 */
	bool		alone;			/* no live node was found to link to */
	LokiAgreement agreement;
	bool		found;			/* a scan finds the node as soon as one of its
								 * nearest links to it: no more is to be done */
} LokiNewRow;

/* function in insert/insert.c */
extern void loki_node_link_anew(Relation index, LokiIndex *state, const LokiMetaPageData *meta, IndexInfo *info,
								uint32 node, bool placed, const float *values);

/* functions in insert/version.c */
extern void loki_version_prepare(LokiNewRow *row);
extern bool loki_version_join(LokiNewRow *row);

/* functions in insert/write_node.c */
extern void loki_node_write(LokiNewRow *row);
extern void loki_node_write_anew(LokiNewRow *row, uint32 node, bool placed);
extern void loki_node_link(LokiNewRow *row);
extern bool loki_linked_narrowly(const LokiNewRow *row);
extern void loki_node_let_join(LokiNewRow *row);

/* functions in insert/duplicate_cluster.c */
extern void loki_link_past_cluster(LokiNewRow *row);

/* functions in insert/neighbor_offer.c */
extern void loki_offer_node(LokiNewRow *row);

/* functions in insert/duplicate.c */
extern bool loki_join_duplicate(LokiNewRow *row, uint32 node);
extern void loki_look_for_duplicate(LokiNewRow *row);
extern bool loki_insert_duplicate(LokiNewRow *row);
extern bool loki_join_pending(LokiNewRow *row);

/* What an index has become due for by an insert; its caller does it (build/make_pending.c) */
typedef enum LokiInsertDue
{
	LOKI_INSERT_DUE_NOTHING,
	LOKI_INSERT_DUE_CODES,		/* it is pending, and has nodes enough for
								 * codes and a graph */
	LOKI_INSERT_DUE_LISTS,		/* many of its nodes are in no list
								 * (derived/make.c) */
	LOKI_INSERT_DUE_GROWTH,		/* its nodes have doubled, so that distances
								 * may grow otherwise (recall/growth.c) */
	LOKI_INSERT_DUE_AGAIN		/* it got its codes meanwhile, and the row is
								 * not in it; insert.c alone sees this */
} LokiInsertDue;

/*
 * Insert a row, as aminsert does: values[] and isnull[] are those of the index's columns, and
 * heap_tid is the root of the row's HOT chain.  ERROR without disk space, or for a vector of other
 * dimensions; then vacuum removes what was written.  No content lock may be held; none is left.
 */
extern LokiInsertDue loki_insert_row(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid,
									 Relation heap, bool indexUnchanged, IndexInfo *indexInfo);

#endif							/* LOKI_INSERT_INSERT_H */
