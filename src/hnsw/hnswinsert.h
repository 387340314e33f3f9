/*-------------------------------------------------------------------------
 *
 * hnswinsert.h
 *	  The state of an insert, shared by the files that make it up.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswinsert.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWINSERT_H
#define LOKI_HNSWINSERT_H

#include "hnsw/hnswint.h"

/* What a statement keeps between rows, in IndexInfo */
typedef struct LokiInsertCache
{
	MemoryContext context;
	MemoryContext row_context;	/* reset after every row */
	LokiIndex  *state;
	int			ef_construction;
	LokiSearch	search;
	LokiLinker	linker;
	LokiUpperFound *found;		/* ef_construction */
	LokiList	lists[LOKI_MAX_LEVEL + 1];	/* of the new node, by layer */
} LokiInsertCache;

/* The row that is being inserted */
typedef struct LokiNewRow
{
	Relation	index;
	LokiIndex  *state;
	LokiInsertCache *cache;
	LokiMetaPageData meta;		/* as it was when the search began */
	LokiTidData tid;			/* heap TID, and its value out of line */
	char		attributes[LOKI_MAX_ATTRIBUTES][LOKI_ATTR_MAX_SLOT];

	/* rows in the graph */
	char	   *code;
	char	   *refine;			/* NULL if there is none */
	LokiHashData hash;
	int			level;
	uint32		node;
	uint32		slots[LOKI_MAX_LEVEL + 1];	/* UPPER slots by layer */
	bool		alone;			/* no live node was found to link to */
} LokiNewRow;

/* functions in hnswjoin.c */
extern bool loki_join_equal_row(LokiNewRow *row);

#endif							/* LOKI_HNSWINSERT_H */
