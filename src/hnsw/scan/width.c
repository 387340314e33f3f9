/*-------------------------------------------------------------------------
 *
 * width.c
 *	  The width of a walk for a recall, by the index's calibration.
 *
 * The metapage keeps how many of the nearest 1, 10 and 100 nodes walks of several widths
 * find (recall/measure.c).  The width of a scan for lokivector.target_recall and the LIMIT
 * of its query follows from that.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/width.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnsw.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/width.h"

/* A share of neighbors missed that counts as none */
#define LEAST_MISSED		1e-4

/* A width is at most this many times the widest that was measured */
#define MOST_BEYOND			4.0

const int	loki_calibration_ks[LOKI_CALIBRATION_KS] = {1, 10, 100};

/*
 * The share of the neighbors that a width misses, with k being a place in
 * loki_calibration_ks.  A standard error is added, since the queries are a sample.
 */
static double
missed(const LokiCalibrationData *calibration, int width, int k)
{
	double		recall = (double) (calibration->at[width].recall[k] -
								   calibration->at[width].error[k]) / LOKI_CALIBRATION_SCALE;

	Assert(width >= 0 && width < (int) calibration->nwidths);
	Assert(k >= 0 && k < LOKI_CALIBRATION_KS);
	return Max(1 - recall, LEAST_MISSED);
}

/*
 * The width for one of the measured numbers of neighbors.  Between two widths, and beyond
 * the last, the logarithm of the share missed is taken to be linear in that of the width.
 */
static double
width_for(const LokiCalibrationData *calibration, double recall, int k)
{
	double		wanted = Max(1 - recall, LEAST_MISSED);
	int			last = calibration->nwidths - 1;
	int			i = 1;
	double		a;
	double		b;
	double		width;
	double		slope;

	Assert(recall > 0 && recall <= 1 && last >= 1);
	while (i < last && missed(calibration, i, k) > wanted)
		i++;
	a = missed(calibration, i - 1, k);
	b = Min(missed(calibration, i, k), a);
	if (a <= wanted)
		return calibration->at[i - 1].width;
	slope = log(a / b) / log((double) calibration->at[i].width / calibration->at[i - 1].width);
	width = slope > 0 ? calibration->at[i - 1].width * pow(a / wanted, 1 / slope) : HUGE_VAL;
	return Min(width, calibration->at[last].width * MOST_BEYOND);
}

uint32
loki_calibrated_width(const LokiCalibrationData *calibration, double recall, double k)
{
	int			i = 0;
	double		low;
	double		high;
	double		width;

	if (calibration->nodes == 0 || calibration->nwidths < 2)
		return 0;
	k = Max(k, 1);
	while (i < LOKI_CALIBRATION_KS - 2 && k > loki_calibration_ks[i + 1])
		i++;
	low = width_for(calibration, recall, i);
	high = width_for(calibration, recall, i + 1);
	if (k <= loki_calibration_ks[i + 1])
		width = low * pow(high / low, log(k / loki_calibration_ks[i]) /
						  log((double) loki_calibration_ks[i + 1] / loki_calibration_ks[i]));
	else
		width = high * k / loki_calibration_ks[i + 1];
	return (uint32) Min(ceil(Max(width, k)), (double) LOKI_MAX_NUMBER / 4);
}

/* For the cost model */
double
loki_hnsw_target_width(Relation index, double rows)
{
	LokiMetaPageData meta;
	LokiScanSettings settings;

	loki_scan_settings(index, &settings);
	if (settings.target_recall == 0)
		return 0;
	loki_meta_read(index, &meta);
	return loki_calibrated_width(&meta.calibration, settings.target_recall,
								 rows > 0 ? rows : settings.ef);
}
