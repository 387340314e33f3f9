/*-------------------------------------------------------------------------
 *
 * lookup.h
 *	  Looking up the nodes that match a key, or have rows of a set, in derived
 *	  lists.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/lookup.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_LOOKUP_H
#define LOKI_FILTER_LOOKUP_H

#include "hnsw/derived/derived.h"
#include "hnsw/filter/filter.h"

struct LokiTidSet;

/* The most intervals of one key that are looked up */
#define LOKI_LOOKUP_PLACES	64

/* The most entries of a list that are copied out at once */
#define LOKI_LOOKUP_READ	(32 * LOKI_SEPARATOR_STEP)

/*
 * Places of a list.  Nodes from sure_first to sure_end match the key that was looked up.  A
 * few of the others may match, which share a separator with sort keys that do not.
 */
typedef struct LokiPlaces
{
	uint32		first;			/* first <= sure_first <= sure_end <= end */
	uint32		sure_first;
	uint32		sure_end;
	uint32		end;			/* the place after the last */
} LokiPlaces;

/* A key that was looked up in the list of its attribute */
typedef struct LokiLookup
{
	LokiSortedList list;
	LokiFilterKey *key;			/* of the filter that was looked up */
	int			nplaces;
	LokiPlaces	places[LOKI_LOOKUP_PLACES]; /* ascending, apart from each
											 * other */
	double		count;			/* nodes at these places */
	double		tested;			/* of which these may not pass the key ... */
	bool		repeats;		/* ... and some are there twice */
	bool		sketched;		/* its list has sketches, and is long enough */
	LokiNodeBits reused;		/* nodes that are not as they were listed */
} LokiLookup;

/* functions in filter/lookup.c */

/*
 * Find the places of a list, as few as possible, that have all nodes that match a filter,
 * except for nodes that the lists do not have; false if there are none.  `second` has the places
 * of the shortest list of another key, which have them too; its key is NULL if there is none.
 */
extern bool loki_lookup_begin(LokiLookup *lookup, LokiLookup *second, LokiIndex *state,
							  Relation index, const LokiMetaPageData *meta,
							  const LokiNodeFilter *filter);

/*
 * Set the bits of the nodes at all places of a lookup, which are bits of nodes below
 * list.end; false if the list does not have them any more
 */
extern bool loki_lookup_mark(LokiLookup *lookup, uint64 *bits);

/* functions in filter/row_lookup.c */

/* Heap pages that are looked up at once, and nodes that are visited at once */
#define LOKI_ROWMAP_PAGES		64
#define LOKI_ROWMAP_NODES		256
#define LOKI_ROWMAP_NOTED		LOKI_TEST_BATCH	/* of those that are noted */

/* Of nodes that are noted as changed, nothing is known but that */
typedef void (*LokiRowMapVisit) (void *arg, const uint32 *nodes, int n, bool noted);

/* A lookup of a set of rows in the row map */
typedef struct LokiRowLookup
{
	LokiSortedList list;
	LokiNodeBits reused;		/* nodes that are not as they were mapped */
	double		count;			/* rows to look up ... */
	double		stale;			/* ... and nodes that may have other rows */
} LokiRowLookup;

/* False if there is no map */
extern bool loki_row_lookup_begin(LokiRowLookup *lookup, LokiIndex *state,
								  Relation index, const LokiMetaPageData *meta,
								  const struct LokiTidSet *tids);

/*
 * Visit all nodes below list.end that may have a row in the set, those that are noted last, in batches of
 * LOKI_ROWMAP_NODES at most, or LOKI_ROWMAP_NOTED; some of them more than once.  No page may be locked before, and
 * none is when a batch is visited.
 */
extern void loki_row_lookup_read(LokiRowLookup *lookup, const struct LokiTidSet *tids,
								 LokiRowMapVisit visit, void *arg);

#endif							/* LOKI_FILTER_LOOKUP_H */
