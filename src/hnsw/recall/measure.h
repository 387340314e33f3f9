/*-------------------------------------------------------------------------
 *
 * measure.h
 *	  What the files that measure walks share.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/measure.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_RECALL_MEASURE_H
#define LOKI_RECALL_MEASURE_H

#include "hnsw/graph/search.h"
#include "hnsw/recall/calibrate.h"

/* The nodes that are refined for each query, and the true neighbors among them */
#define LOKI_TRUTH_KEPT		600
#define LOKI_TRUTH			100

/* Nodes that a query keeps: besides those above, what its walks find as near */
#define LOKI_TRUTH_ROOM		(2 * LOKI_TRUTH_KEPT)

#define LOKI_TRUTH_PLACES	4096	/* of a hash table of these */

/* The k-th true neighbor of a query */
typedef struct LokiTruthLimit
{
	int			k;				/* at most as many as there are neighbors */
	float		estimate;		/* of its distance */
	float		margin;			/* estimates may be wrong by so much; 0: they
								 * are what counts */
	double		limit;			/* nodes that are no farther are hits */
	bool		tied;			/* there are more than k of these */
} LokiTruthLimit;

/* The true neighbors of the query that is searched for */
typedef struct LokiTruth
{
	int			query;
	LokiCandidate *near;		/* by distance; LOKI_TRUTH_ROOM allocated */
	int			n;
	bool		more;			/* other nodes may be as near */
	bool		tied;			/* for some k */
	int			nlimits;
	LokiTruthLimit limits[LOKI_CALIBRATION_KS];
	float		error;			/* of codes, by_table; NaN: not known yet */
	float	   *query_floats;	/* of its value */
	bool		query_read;		/* they are there */
	double		exact[LOKI_TRUTH_ROOM]; /* distances of near[] by rows; NaN:
										 * not read */
	uint16		places[LOKI_TRUTH_PLACES];	/* in near[], plus one */
} LokiTruth;

typedef struct LokiMeasure
{
	Relation	index;
	LokiIndex  *state;
	LokiMetaPageData meta;
	LokiRows   *rows;			/* NULL: they cannot be read */
	bool		by_rows;		/* they alone tell what is nearest: the values
								 * of sketches, compared one by one, ... */
	bool		by_table;		/* ... or vectors, by a pass over the table */
	BufferAccessStrategy strategy;
	LokiSearch	search;
	LokiSlots	refines;

	uint8	   *live;			/* bitmap of nodes in the graph, which were
								 * below end */
	uint32		end;
	uint32		nlive;

	int			nqueries;
	Size		query_size;
	char	   *queries;		/* prepared, query_size bytes each */
	Datum	   *values;			/* themselves; 0 if not known */
	uint32	   *own;			/* the node that is the query, or LOKI_NONE */
	ItemPointerData *own_rows;	/* its row, by_table */
	LokiExact	exact;			/* distances of true neighbors, by_table */
	LokiCandidate *near;		/* LOKI_TRUTH_ROOM of each query */
	int		   *nnear;
	float	   *bound;			/* nodes that are farther are not kept */

	/* the query that is searched for */
	LokiTruth	truth;
	uint32		links[2 * LOKI_MAX_M];	/* of its node */

	LokiCalibrationSums *sums;
} LokiMeasure;

static inline LokiQuery *
loki_measure_query(const LokiMeasure *measure, int query)
{
	return (LokiQuery *) (measure->queries + measure->query_size * query);
}

static inline bool
loki_measure_is_live(const uint8 *live, uint32 node)
{
	return (live[node / 8] & (1 << (node % 8))) != 0;
}

/* functions in recall/truth.c */

/*
 * The value of a node's row, of the first in its TID list that the snapshot sees.  False if it
 * sees none, or if the value is out of line and must not be read.  No page may be locked.
 */
extern bool loki_measure_read_row(LokiMeasure *measure, uint32 node, Datum *value);

/* Keep the nodes that are nearest to each query, or the distances of the nearest rows */
extern void loki_truth_gather(LokiMeasure *measure);

/*
 * Find the true neighbors of a query, of the first nks numbers; false if there are none.  Then
 * count how many of a pool are hits: those that are no farther than the k-th true neighbor, up to
 * k, so nodes of equal distances count alike, whichever of them the walk has found.  If true
 * neighbors come from a pass over the table, hits are rows, else nodes.
 */
extern bool loki_truth_begin(LokiMeasure *measure, int query, int nks);
extern void loki_truth_count(LokiMeasure *measure, const LokiCandidate *pool, int n, int *hits);

#endif							/* LOKI_RECALL_MEASURE_H */
