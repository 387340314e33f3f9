/*-------------------------------------------------------------------------
 *
 * calibrate.h
 *	  Choosing the width of a search for a recall.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/calibrate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_RECALL_CALIBRATE_H
#define LOKI_RECALL_CALIBRATE_H

#include "postgres.h"

#include "hnsw/page/index.h"
#include "utils/rel.h"

/* A graph with fewer nodes is not calibrated */
#define LOKI_CALIBRATE_MIN_NODES	1000

/*
 * Estimates that the true neighbors of the queries may take: by themselves, and
 * at the end of a build, of which they shall be a small part.
 */
#define LOKI_CALIBRATE_SCORES		4e9
#define LOKI_CALIBRATE_BUILD_SCORES	3e7

/* What walks found, as sums over queries by width */
typedef struct LokiCalibrationSums
{
	uint32		nodes;			/* in the graph */
	int			nqueries;
	int			nwidths;		/* still of use */
	double		recall[LOKI_CALIBRATION_WIDTHS][LOKI_CALIBRATION_KS];
	double		squares[LOKI_CALIBRATION_WIDTHS][LOKI_CALIBRATION_KS];
	int			queries_of[LOKI_CALIBRATION_KS];	/* of which these are sums */
	double		scored[LOKI_CALIBRATION_WIDTHS];	/* more than one width
													 * less */
	int			walked[LOKI_CALIBRATION_WIDTHS];	/* of which these are sums */
} LokiCalibrationSums;

/* Vectors to calibrate for, in place of nodes of the index */
typedef struct LokiGivenQueries
{
	int			n;
	float	   *values;			/* dim floats each */
} LokiGivenQueries;

/* functions in recall/calibrate.c */

/*
 * Calibrate an index and keep the result on its metapage.  False if it has too
 * few nodes for that, or codes too coarse to tell near nodes apart.
 */
extern bool loki_calibrate(Relation index, const LokiGivenQueries *given,
						   double max_scores);

/* The same if the index has changed by much since; for vacuum */
extern void loki_calibrate_again(Relation index);

/* Keep what several processes have measured; nothing if that is nothing */
extern void loki_calibrate_store(Relation index, const LokiCalibrationSums *sums);

/* functions in recall/measure.c */

/*
 * Search for the queries, or a share of those that are chosen, 1 / nshares of
 * them.  False if the index is not to be calibrated.
 */
extern bool loki_calibrate_measure(Relation index, const LokiGivenQueries *given,
								   double max_scores, int nshares,
								   LokiCalibrationSums *sums);

extern void loki_calibrate_add(LokiCalibrationSums *sums, const LokiCalibrationSums *more);
extern void loki_calibrate_form(const LokiCalibrationSums *sums, LokiCalibrationData *result);

/* Nodes in the graph, by a pass over TID; sets their bits in *live if not NULL */
extern uint32 loki_calibrate_count(Relation index, LokiIndex *state, uint8 *live);

#endif							/* LOKI_RECALL_CALIBRATE_H */
