/*-------------------------------------------------------------------------
 *
 * hnswfilter.h
 *	  Filters over nodes: for the neighbors of a node, or the slots of a page,
 *	  at a time.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswfilter.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWFILTER_H
#define LOKI_HNSWFILTER_H

#include "hnsw/hnswint.h"
#include "hnsw/hnswtids.h"

/*
 * What a value of one attribute must be.  Values of each type that is stored
 * exactly are mapped to int64 so that their order is that of the operators;
 * most keys are an interval of these, and several of one attribute are their
 * intersection.  Any other key is a filter of its own.
 */
typedef struct LokiTest
{
	uint8		attribute;
	uint8		type;			/* LokiAttrType */
	bool		interval;		/* low .. high, not NULL; else `key` */
	int64		low;
	int64		high;
	LokiFilter	key;
} LokiTest;

/* A filter over nodes */
typedef struct LokiNodeFilter
{
	bool		any;			/* there is something to test */
	bool		never;			/* nothing can pass */
	int			ntests;
	int			tests_allocated;
	LokiTest   *tests;
	const LokiTidSet *tids;		/* some row of the node is one of these; NULL:
								 * whatever they are */
} LokiNodeFilter;

/*
 * Make a filter of compiled keys, which must stay as they are while it is in
 * use, and of a set of rows.  Memory in the current context, reused.
 */
extern void loki_node_filter_make(LokiNodeFilter *filter, const LokiFilter *keys,
								  const LokiTidSet *tids);

/* The place of a value in the order of its type; only of exact types */
extern bool loki_attr_ordered(uint8 type);
extern int64 loki_attr_order(uint8 type, const char *slot);

/*
 * Whether slots of an attribute, `stride` bytes apart, pass a test: clears
 * passes[] of those that do not.
 */
extern void loki_test_column(const LokiTest *test, const char *slots, uint32 stride,
							 int n, uint8 *passes);

/*
 * Which of n nodes pass the search's filter, 0 or 1 each; their number.
 * Reads without locks: a node that is being reused may get either answer.
 */
extern int	loki_filter_nodes(LokiSearch *search, const uint32 *nodes, int n,
							  uint8 *passes);

/* Start fetching what that will read into the processor's cache */
extern void loki_filter_prefetch(LokiSearch *search, const uint32 *nodes, int n);

#endif							/* LOKI_HNSWFILTER_H */
