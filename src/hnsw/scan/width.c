/*-------------------------------------------------------------------------
 *
 * width.c
 *	  The width of a walk, for a number of rows or for a recall.
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
#include "hnsw/scan/scan.h"
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

/*
 * The width of a walk that finds `recall` of the k nearest, by the index's calibration; 0 if
 * it has none.
 */
static uint32
calibrated_width(const LokiCalibrationData *calibration, double recall, double k)
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
	return calibrated_width(&meta.calibration, settings.target_recall,
								 rows > 0 ? rows : settings.ef);
}

/*
 * The width of a walk for so many rows.  A code that keeps little of a vector needs a wider
 * pool for the same recall; doc/design/search.md has the measurements of the factors.
 */
uint32
loki_walk_width(const LokiScan *so, double rows)
{
	double		factor = 1.0;

	if (so->state->code.kind == LOKI_CODE_ROTATED)
		factor = so->state->code.bits == 1 ? 1.6 : so->state->code.bits == 2 ? 1.3 : 1.2;
	else if (so->state->code.kind == LOKI_CODE_BITS)
		factor = 1.2;			/* many nodes have the same distance, and the
								 * graph leads less far, ... */
	else if (so->query.metric == LOKI_METRIC_L1)
		factor = 1.3;			/* ... as it does with L1 */
	if (loki_column_sketched(&so->state->column))
		factor *= 1.5;			/* a code of a sketch */
	return (uint32) Min(rows * factor + 8, (double) LOKI_MAX_NUMBER);
}

/*
 * Choose the width of the first walk: what the target of its recall needs, if there is one
 * and the index is calibrated, otherwise the width for ef rows.
 */
void
loki_choose_width(LokiScan *so)
{
	double		target = so->plan.settings.target_recall;

	so->course.ef = so->course.batch;
	so->course.width = target > 0 ?
		calibrated_width(&so->meta.calibration, target, so->course.batch) : 0;
	if (so->course.width > 0)
		return;
	if (target > 0)
		ereport(DEBUG1,
				(errmsg_internal("index \"%s\" is not calibrated, using hnsw.ef_search",
								 RelationGetRelationName(so->scan->indexRelation))));
	so->course.ef = Max(so->plan.settings.ef, so->course.batch);
	so->course.width = loki_walk_width(so, so->course.ef);
}
