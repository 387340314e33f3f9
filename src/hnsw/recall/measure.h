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

/* The most true neighbors of a query that count */
#define LOKI_TRUTH			500

/* The k-th true neighbor of a query */
typedef struct LokiTruthLimit
{
	int			k;				/* at most as many as there are neighbors */
	double		limit;			/* rows that are no farther are hits */
} LokiTruthLimit;

/* The true neighbors of the query that is searched for */
typedef struct LokiTruth
{
	int			query;			/* its place among the measure's */
	int			nlimits;
	LokiTruthLimit limits[LOKI_MEASURED_KS];	/* by loki_calibration_ks */
	bool		tied;			/* for some k, more than k rows are hits */
	float		error;			/* that estimates may have; NaN: not known yet */
	struct truth_hash *nodes;	/* that walks have found */
} LokiTruth;

/* A scan of one width, for one number of rows, that a walk stands for */
typedef struct LokiMeasuredScan
{
	LokiReach	reach;
	bool		ended;			/* the walk has gone as far */
	bool		counted;		/* and what it finds was added; before that: */
	double		part;			/* of the way to the walk's next step, where
								 * it ended */
	double		recall;			/* at the step before */
} LokiMeasuredScan;

/* A calibration, or one process's share of it */
typedef struct LokiMeasure
{
	Relation	index;
	LokiIndex  *state;
	LokiMetaPageData meta;		/* as it was when the last walk began */
	LokiRows   *rows;
	LokiSearch	search;

	uint8	   *live;			/* bitmap of nodes in the graph, which were
								 * below end */
	uint32		end;			/* of node IDs, when the bitmap was made */
	uint32		nlive;			/* bits of it that are set */

	LokiQueries queries;
	char	   *prepared;		/* of these, loki_query_stride() bytes each */
	LokiExact	exact;			/* distances of true neighbors */

	/* the query that is searched for */
	LokiTruth	truth;
	double		growth;			/* of distances; 0: not known */
	LokiMeasuredScan scans[LOKI_CALIBRATION_WIDTHS][LOKI_MEASURED_KS];

	LokiCalibrationSums *sums;
} LokiMeasure;

static inline LokiQuery *
loki_measure_query(const LokiMeasure *measure, int query)
{
	return (LokiQuery *) (measure->prepared + loki_query_stride(measure->state->quantizer) * query);
}

/* Whether a node was live when the calibration began; `node` is below measure->end */
static inline bool
loki_measure_is_live(const uint8 *live, uint32 node)
{
	return (live[node / 8] & (1 << (node % 8))) != 0;
}

/* functions in recall/truth.c */

/*
 * The value of a node's row, of the first in its TID list that the snapshot sees.  False if it
 * sees none.  No page may be locked.
 */
extern bool loki_measure_read_row(LokiMeasure *measure, uint32 node, Datum *value);

/* How many rows of a node the snapshot sees, up to LOKI_TRUTH; one if there is one, seen or not */
extern int	loki_measure_count_rows(LokiMeasure *measure, uint32 node);

/* Find the distances of the nearest rows of all queries */
extern void loki_truth_gather(LokiMeasure *measure);

/*
 * Begin with a query, and the first nks numbers of true neighbors; false if it has none.  Then
 * count how many rows of a pool's nodes are hits: no farther than the k-th true neighbor, up to
 * k.  So rows at one distance count alike, whichever of them the walk has found.
 */
extern bool loki_truth_begin(LokiMeasure *measure, int query, int nks);
extern void loki_truth_count(LokiMeasure *measure, const LokiCandidate *pool, int n, int *hits);

#endif							/* LOKI_RECALL_MEASURE_H */
