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
#include "hnsw/graph/reachability.h"

/* The pool of the layers above 1 that a node is not on */
#define LOKI_UPPER_WIDTH	8

/* What a statement keeps between rows, in IndexInfo */
typedef struct LokiInsertCache
{
	MemoryContext context;
	MemoryContext row_context;	/* reset after every row */
	LokiIndex  *state;
	int			ef_construction;
	LokiSearch	search;
	LokiLinker	linker;
	uint64		nunchanged;		/* rows that are likely versions of others */
	struct LokiVersionTable *versions;	/* finds those; NULL: not made yet */
	TupleTableSlot *slot;		/* for a row of the table; NULL: not made yet */
	LokiUpperFound *found;		/* ef_construction, or LOKI_BEYOND_CROWD */
	LokiList	lists[LOKI_MAX_LEVEL + 1];	/* of the new node, by layer */

	/* nodes that the narrow search of each of its layers ended among */
	int			nnarrow[LOKI_MAX_LEVEL + 1];
	uint32		narrow[LOKI_MAX_LEVEL + 1][LOKI_NARROW_SEARCH];
} LokiInsertCache;

/* The row that is being inserted */
typedef struct LokiNewRow
{
	Relation	index;
	LokiIndex  *state;
	LokiInsertCache *cache;
	LokiMetaPageData meta;		/* as it was when the search began */
	bool		unchanged;		/* likely a version of a row in the index */
	bool		stale;			/* the index got its codes since it was opened */
	LokiTidData tid;			/* heap TID, and its value out of line */
	char		attributes[LOKI_MAX_ATTRIBUTES][LOKI_ATTR_MAX_SLOT];

	/* rows in the graph, or pending */
	char	   *code;			/* NULL: pending */
	char	   *refine;			/* NULL if there is none */
	LokiHashData hash;
	float		self;			/* estimate of the row's own code */
	int			level;
	uint32		node;
	bool		grown;			/* its node ID was never used before */
	uint32		slots[LOKI_MAX_LEVEL + 1];	/* UPPER slots by layer */
	bool		alone;			/* no live node was found to link to */
	bool		found;			/* a scan finds the node */
} LokiNewRow;

/* functions in insert/version.c */
extern void loki_version_prepare(LokiNewRow *row);
extern bool loki_version_join(LokiNewRow *row);

/* functions in insert/node.c */
extern void loki_node_write(LokiNewRow *row);
extern void loki_node_write_pending(LokiNewRow *row);
extern void loki_node_let_join(LokiNewRow *row);

/* functions in insert/crowd.c */
extern void loki_link_past_crowd(LokiNewRow *row);

/* functions in insert/offer.c */
extern void loki_offer_node(LokiNewRow *row);

/* functions in insert/pending.c */
extern void loki_insert_pending(LokiNewRow *row);

/* functions in insert/duplicate.c */
extern bool loki_join_duplicate(LokiNewRow *row, uint32 node);
extern void loki_look_for_duplicate(LokiNewRow *row);
extern bool loki_insert_duplicate(LokiNewRow *row);

/*
 * Insert a row, as aminsert does.  True if the index is pending and has nodes enough for its codes
 * and graph now.  No content lock may be held; none is left.
 */
extern bool loki_insert_row(Relation index, Datum *values, bool *isnull, ItemPointer heap_tid,
							Relation heap, bool indexUnchanged, IndexInfo *indexInfo);

#endif							/* LOKI_INSERT_INSERT_H */
