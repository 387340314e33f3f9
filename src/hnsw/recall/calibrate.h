/*-------------------------------------------------------------------------
 *
 * calibrate.h
 *	  Choosing the width of a search for a recall.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/calibrate.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_RECALL_CALIBRATE_H
#define LOKI_RECALL_CALIBRATE_H

#include "hnsw/page/index.h"
#include "hnsw/recall/recall.h"

/* Nodes that are queries, unless the pass over CODE would cost too much */
#define LOKI_CALIBRATE_QUERIES	500

/*
 * The most estimates that are made to find the true neighbors of all queries: by itself, and
 * at the end of a build, of which it must be a small part.
 */
#define LOKI_CALIBRATE_SCORES		4e9
#define LOKI_CALIBRATE_BUILD_SCORES	1e8

/* The same for comparisons of rows, each of which costs about a thousand estimates */
#define LOKI_CALIBRATE_DISTANCES	1e6

/*
 * How distances grow around queries, a histogram: LOKI_GROWTH_STEPS bins for each doubling of
 * the growth, from LOKI_GROWTH_LEAST on
 */
#define LOKI_GROWTH_LEAST	0.001
#define LOKI_GROWTH_STEPS	16
#define LOKI_GROWTH_BINS	(12 * LOKI_GROWTH_STEPS)

/* What walks found, as sums over queries by width */
typedef struct LokiCalibrationSums
{
	uint32		nodes;			/* in the graph */
	int			nqueries;
	int			nwidths;		/* that are still measured */
	double		recall[LOKI_CALIBRATION_WIDTHS][LOKI_CALIBRATION_KS];
	double		squares[LOKI_CALIBRATION_WIDTHS][LOKI_CALIBRATION_KS];
	int			queries_of[LOKI_CALIBRATION_KS];	/* of which these are sums */
	double		scored[LOKI_CALIBRATION_WIDTHS];	/* more than one width
													 * less */
	int			walked[LOKI_CALIBRATION_WIDTHS];	/* of which these are sums */
	bool		given;			/* queries of the caller: the growth stays as it
								 * was, since all searches go by it */
	int			growth[LOKI_GROWTH_BINS];	/* queries */
} LokiCalibrationSums;

/* Vectors to calibrate for, in place of nodes of the index */
typedef struct LokiGivenQueries
{
	int			n;
	Datum	   *data;			/* not toasted */
} LokiGivenQueries;

/* functions in recall/calibrate.c */

/*
 * Count nodes on the metapage that came or went, as far as that was after the calibration.  No
 * page may be locked.  Vacuum counts before it forgets which nodes these are.  If it is cancelled
 * in between, some are counted twice, but none is lost.
 */
extern void loki_calibrate_note_changed(Relation index, uint32 nodes);

/*
 * Calibrate an index that has changed by much since it was; called by vacuum.  No page may
 * be locked.  Returns whether it did.
 */
extern bool loki_calibrate_again(Relation index);

/*
 * At the end of a build: search for 1 / nshares of the queries.  False if the index is not to be
 * calibrated.  What is allocated stays in the current context.
 */
extern bool loki_calibrate_share(Relation heap, Relation index, int nshares,
								 LokiCalibrationSums *sums);

/*
 * Keep on the metapage what was measured, if it was.  So many nodes came or went before, and
 * vacuum has yet to count them.
 */
extern void loki_calibrate_store(Relation index, const LokiCalibrationSums *sums,
								 uint32 uncounted);

/* functions in recall/measure.c */

/*
 * Whether codes have the bits and dimensions to tell which nodes are nearest.  Those of compact
 * indexes and of sketches do not.
 */
extern bool loki_calibrate_codes_suffice(const LokiIndex *state);

/*
 * Search for the given queries, or for 1 / nshares of those that are chosen.  What is nearest,
 * codes tell, and rows where codes do not; then a pass over the table takes most of the time.
 * False if the index is not to be calibrated, as where codes do not tell and rows is NULL.
 */
extern bool loki_calibrate_measure(Relation index, LokiRows *rows,
								   const LokiGivenQueries *given, double max_scores,
								   int nshares, LokiCalibrationSums *sums);

/* How many queries can be searched for within maintenance_work_mem; no fewer than are chosen */
extern int	loki_calibrate_most(Relation index);

extern void loki_calibrate_add(LokiCalibrationSums *sums, const LokiCalibrationSums *more);
extern void loki_calibrate_form(const LokiCalibrationSums *sums, LokiCalibrationData *result);

/*
 * Count the live nodes, page by page under share lock.  Sets their bits in *live unless that is
 * NULL, and unless `uncounted` is NULL, counts there the nodes that vacuum has yet to count as
 * come or gone.  No page may be locked.
 */
extern uint32 loki_calibrate_count(Relation index, LokiIndex *state, uint8 *live,
								   uint32 *uncounted);

#endif							/* LOKI_RECALL_CALIBRATE_H */
