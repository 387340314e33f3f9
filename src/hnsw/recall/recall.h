/*-------------------------------------------------------------------------
 *
 * recall.h
 *	  What the files that measure recall share.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/recall.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_RECALL_RECALL_H
#define LOKI_RECALL_RECALL_H

#include "postgres.h"

#include "hnsw/definition/column.h"

/* Neighbors and queries that may be asked for, at most */
#define LOKI_RECALL_MAX_K		10000
#define LOKI_RECALL_MAX_QUERIES	1000000

/* Vectors to search for, and what may not be among their answers */
typedef struct LokiQueries
{
	int			n;
	int			allocated;
	float	   *values;			/* dim floats each */
	ItemPointerData *own;		/* the row that a query was taken from;
								 * invalid if it is none */
	uint32	   *nodes;			/* its node, unless that has several rows;
								 * LOKI_NONE if it is none */
} LokiQueries;

/*
 * Exact distances of the nearest rows.  Rows are gathered to blocks, and all
 * queries multiplied with a block at once, where that can be had; what comes
 * out near enough is measured again by the kernels that scans use, so that
 * equal rows have equal distances on both sides.
 */
typedef struct LokiExact
{
	LokiMetric	metric;
	uint32		dim;
	int			k;
	int			nqueries;
	const float *queries;
	const ItemPointerData *own;
	float	   *query_norms;

	double	   *nearest;		/* k of each query: max-heaps, then ascending */
	int		   *found;

	int			block_rows;		/* that a block holds */
	int			nrows;			/* in the block */
	float	   *rows;
	float	   *row_norms;
	ItemPointerData *tids;
	float	   *products;		/* NULL: no BLAS, or no use of it */
} LokiExact;

/* functions in recall/exact.c */

/* Queries that a pass over the table can serve within so much memory */
extern int	loki_exact_queries(uint32 dim, int k, Size memory);

/* Everything in the current memory context */
extern void loki_exact_begin(LokiExact *exact, const LokiColumn *column, int k, int nqueries,
							 const float *queries,
							 const ItemPointerData *own, Size memory);
extern void loki_exact_add(LokiExact *exact, const float *values, ItemPointer tid);

/* The nearest distances, ascending; found[] says how many each query has */
extern void loki_exact_finish(LokiExact *exact);

#endif							/* LOKI_RECALL_RECALL_H */
