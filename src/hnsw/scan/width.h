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

/* An index with fewer nodes is not calibrated */
#define LOKI_CALIBRATE_MIN_NODES	1000

/* The numbers k of neighbors that a calibration measures */
extern const int loki_calibration_ks[LOKI_CALIBRATION_KS];

#endif							/* LOKI_SCAN_WIDTH_H */
