/*-------------------------------------------------------------------------
 *
 * width.h
 *	  The width of a walk that a calibration gives.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/width.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_WIDTH_H
#define LOKI_SCAN_WIDTH_H

#include "hnsw/definition/layout.h"

/* The numbers k of neighbors that a calibration measures */
extern const int loki_calibration_ks[LOKI_CALIBRATION_KS];

/*
 * The width of a walk that finds `recall` of the k nearest, by the index's
 * calibration; 0 if it has none.
 */
extern uint32 loki_calibrated_width(const LokiCalibrationData *calibration,
									double recall, double k);

#endif							/* LOKI_SCAN_WIDTH_H */
