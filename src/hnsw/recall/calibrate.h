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
#include "hnsw/scan/width.h"

/* Nodes that are queries, unless the pass over the table would cost too much */
#define LOKI_CALIBRATE_QUERIES	500

/* What walks found, as sums over queries by width */
typedef struct LokiCalibrationSums
{
	uint32		nodes;			/* in the graph */
	uint32		end;			/* of node IDs */
	int			nqueries;		/* that were searched for; 0: nothing is known */
	double		recall[LOKI_CALIBRATION_WIDTHS][LOKI_MEASURED_KS];
	double		squares[LOKI_CALIBRATION_WIDTHS][LOKI_MEASURED_KS];
	int			queries_of[LOKI_MEASURED_KS];	/* of which these are sums */
	double		scored[LOKI_CALIBRATION_WIDTHS];	/* more than one width
													 * less */
	int			walked[LOKI_CALIBRATION_WIDTHS];	/* of which these are sums */
	bool		given;			/* queries of the caller */
	uint16		growth;			/* of distances, as the metapage has it */
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
 * Keep on the metapage what was measured, if it was.  `uncounted` nodes came or went before,
 * which vacuum has yet to count.
 */
extern void loki_calibrate_store(Relation index, const LokiCalibrationSums *sums,
								 uint32 uncounted);

/* functions in recall/measure.c */

/*
 * Search for the given queries, or for nodes that are chosen; at the end of a build, for 1 / nshares of
 * fewer of these, else nshares is 0.  False if the index is not to be calibrated.
 */
extern bool loki_calibrate_measure(Relation index, LokiRows *rows,
								   const LokiGivenQueries *given, int nshares,
								   LokiCalibrationSums *sums);

/* Add what another process measured; and make what the metapage keeps of all of it */
extern void loki_calibrate_add(LokiCalibrationSums *sums, const LokiCalibrationSums *more);
extern void loki_calibrate_form(const LokiCalibrationSums *sums, LokiCalibrationData *result);

/* functions in recall/growth.c */

/*
 * How distances grow around n of the nodes, as the metapage has it; 0 if that is not known.  And the end of
 * node IDs, as the metapage has it.  No page may be locked.
 */
extern uint16 loki_growth_around(Relation index, LokiIndex *state, uint32 end, int n);
extern uint16 loki_grown_form(uint32 end);

/*
 * Measure growth alone and keep it on the metapage, unless another process does or did: after an insert,
 * whose lock is released.  No page may be locked.
 */
extern void loki_growth_measure(Relation index);

#endif							/* LOKI_RECALL_CALIBRATE_H */
