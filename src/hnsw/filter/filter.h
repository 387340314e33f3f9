/*-------------------------------------------------------------------------
 *
 * filter.h
 *	  Filters over nodes: for the neighbors of a node, or the slots of a page,
 *	  at a time.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/filter.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_FILTER_H
#define LOKI_FILTER_FILTER_H

#include "hnsw/filter/key.h"
#include "hnsw/graph/search.h"

struct LokiTidSet;

/* A filter over nodes: keys and condition, as tests of slots, and a set of rows */
typedef struct LokiNodeFilter
{
	bool		any;			/* there is something to test */
	bool		never;			/* nothing can pass */
	int			ntests;
	uint64		tests_allocated;
	LokiTest   *tests;			/* all must be passed */
	bool		guess;			/* nodes that most likely do not pass do not */
	const LokiFilterKey *known; /* all nodes that are tested now pass this */
	const struct LokiTidSet *tids;	/* some row of the node must be one of
									 * these; NULL: any row will do */
} LokiNodeFilter;

/* The most nodes that are tested at once */
#define LOKI_TEST_BATCH		2048

/* Clear passes[] of those of n nodes, which the caller knows, that do not pass a key's test */
typedef void (*LokiKeyTester) (void *arg, const LokiTest *test, int n, uint8 *passes);

/* The same for any test */
extern void loki_test(const LokiTest *test, LokiKeyTester tester, void *arg, int n,
					  uint8 *passes);

/*
 * Make a filter of compiled keys and a set of rows, which must stay as they are while it
 * is in use.  Its memory is in the current context, and is reused.
 */
extern void loki_node_filter_make(LokiNodeFilter *filter, const LokiFilter *keys,
								  const struct LokiTidSet *tids);

/*
 * Set passes[] to 1 for each of n nodes that passes the search's filter, otherwise to 0;
 * returns how many pass.  To be called with no page locked.  Slots may be read without a
 * lock, so a node that is being reused may get either answer.
 */
extern int	loki_filter_nodes(LokiSearch *search, const uint32 *nodes, int n,
							  uint8 *passes);

#endif							/* LOKI_FILTER_FILTER_H */
