/*-------------------------------------------------------------------------
 *
 * width.h
 *	  What calibrations measure.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/width.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_WIDTH_H
#define LOKI_SCAN_WIDTH_H

#include "hnsw/definition/layout.h"

struct LokiIndex;
struct LokiReach;

/* An index with fewer nodes is not calibrated */
#define LOKI_CALIBRATE_MIN_NODES	1000

/* The numbers k of neighbors that a calibration measures, one more than at[] has; and the place of ten */
#define LOKI_MEASURED_KS	(LOKI_CALIBRATION_KS + 1)
extern const int loki_calibration_ks[LOKI_MEASURED_KS];
#define LOKI_FEW_PLACE		1

/* The width of a walk for n rows, without a target of recall */
extern uint32 loki_walk_width(const struct LokiIndex *state, double rows);

/*
 * How far a walk of this width looks for n rows, by its width and by errors of estimates.  If the
 * width alone counts, reach->rows is 0.
 */
extern void loki_reach_begin(const struct LokiIndex *state, struct LokiReach *reach, int width,
							 double n);

/*
 * The same by how distances grow, 0 if that is not known: for n rows by a walk of this width without a
 * filter, and at least as far as a search for ten rows that has the other width, if that is not 0.  For fewer rows no
 * farther than for ten.
 */
extern void loki_reach_grow(struct LokiReach *reach, double growth, double width, double n,
							double few_width);

#endif							/* LOKI_SCAN_WIDTH_H */
