/*-------------------------------------------------------------------------
 *
 * width.c
 *	  The width of a walk, for a number of rows or for a recall.
 *
 * The metapage keeps how many of the nearest 1, 10 and 100 nodes walks of several widths
 * find (recall/measure.c).  The width of a scan for lokivector.target_recall and the LIMIT
 * of its query follows from that.  lokivector_search_width() shows the width that scans
 * choose, and the recall that was measured for it.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/width.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/hnsw.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "hnsw/scan/width.h"
#include "lokivector.h"

LOKI_FUNCTION(lokivector_search_width);

/* A share of neighbors missed that counts as none */
#define LEAST_MISSED		1e-4

/* A width is at most this many times the widest that was measured */
#define MOST_BEYOND			4.0

/*
 * The part of the growth of distances up to the width that a cutoff allows for.  With it, recall
 * at equal widths is no less than that of walks that end by their widths; with the smaller one,
 * widths for a target, which are those of such walks, do not find much more than was asked for
 * (doc/design/search.md).
 */
#define CUTOFF_SHARE		0.85
#define TARGET_SHARE		0.7

/*
 * A walk for a target keeps so many nodes for each row at least.  If it kept no more than its rows,
 * even the last would be in doubt, and the walk would be made twice as wide (loki_codes_fall_short()):
 * a lower target could then find more than a higher one.
 */
#define LEAST_FOR_TARGET	1.2

/*
 * Who sets hnsw.ef_search below its default asks for speed.  Then a walk is not made wider again
 * if that has just changed none of the batch's rows.  Fewer rows than these do not tell: chance may
 * leave them as they are.
 */
#define NARROW_ROWS			10

/* So many candidates by sketches, for each row of the batch, leave no doubt. */
#define SKETCHES_PER_ROW	10

/* How much wider the pool of a walk with a cutoff may become */
#define CUTOFF_WIDER	3

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
	/* no more was found by the widest: nothing says that wider ones would */
	width = slope > 0 ? calibration->at[i - 1].width * pow(a / wanted, 1 / slope) :
		calibration->at[last].width;
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
	return (uint32) Min(ceil(Max(width, LEAST_FOR_TARGET * k)), (double) LOKI_MAX_NUMBER / 4);
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
loki_walk_width(const LokiIndex *state, double rows)
{
	double		factor = 1.0;

	if (state->code.kind == LOKI_CODE_ROTATED)
		factor = state->code.bits == 1 ? 1.6 : state->code.bits == 2 ? 1.3 : 1.2;
	else if (state->code.kind == LOKI_CODE_BITS)
		factor = 1.2;			/* many nodes have the same distance, and the
								 * graph leads less far, ... */
	else if (state->code.metric == LOKI_METRIC_L1)
		factor = 1.3;			/* ... as it does with L1 */
	if (loki_column_sketched(&state->column))
		factor *= 1.5;			/* a code of a sketch */
	return (uint32) Min(rows * factor + 8, (double) LOKI_MAX_NUMBER);
}

/*
 * The width of the first walk of a scan whose first batch has so many rows: what the target
 * of its recall needs, if there is one and the index is calibrated, otherwise the width for
 * ef rows.  Sets the rows that it is wide enough for.
 */
static uint32
first_width(const LokiIndex *state, const LokiCalibrationData *calibration,
			const LokiScanSettings *settings, uint32 batch, uint32 *rows)
{
	uint32		width = settings->target_recall > 0 ?
		calibrated_width(calibration, settings->target_recall, batch) : 0;

	Assert(batch > 0);
	*rows = width > 0 ? batch : Max(settings->ef, batch);
	return width > 0 ? width : loki_walk_width(state, *rows);
}

void
loki_choose_width(LokiScan *so)
{
	if (so->plan.settings.target_recall > 0 && so->meta.calibration.nodes == 0)
		ereport(DEBUG1,
				(errmsg_internal("index \"%s\" is not calibrated, using hnsw.ef_search",
								 RelationGetRelationName(so->scan->indexRelation))));
	so->course.width = first_width(so->state, &so->meta.calibration, &so->plan.settings,
								   so->course.batch, &so->course.ef);
}

/*
 * Choose where the first walk ends by distance (graph/README, "Search"), after its width.  There
 * is no cutoff for rows up to a bound, where the caller drops some of the rows, and where a scan
 * ends with its first walk.
 */
void
loki_choose_cutoff(LokiScan *so)
{
	LokiCutoff *cutoff = &so->search.cutoff;
	double		growth = (double) so->meta.calibration.at[LOKI_CALIBRATION_GROWTH].other /
		LOKI_GROWTH_SCALE;

	memset(cutoff, 0, sizeof(*cutoff));
	if (growth == 0 || so->course.width <= so->course.batch || so->course.width > LOKI_POOL_MAX ||
		!so->plan.complete || loki_caller_filters(so) || loki_is_bounded(so))
		return;
	cutoff->rows = (int) so->course.batch;
	cutoff->width = (int) so->course.width;
	cutoff->least = Min(cutoff->width, Max(LOKI_NARROW_SEARCH, Max(cutoff->rows, cutoff->width / 2)));
	/* a search that is to find each row by its own vector expands all of its width */
	if (cutoff->width >= LOKI_ROW_WIDTH)
		cutoff->least = cutoff->width;
	cutoff->most = Min(CUTOFF_WIDER * cutoff->width, LOKI_POOL_MAX);
	cutoff->ratio = (float) pow((double) cutoff->width / cutoff->rows,
								growth * (so->plan.settings.target_recall > 0 ? TARGET_SHARE : CUTOFF_SHARE));
	cutoff->error = -1;
}

/* ----------------------------------------------------------------
 * Doubts
 * ----------------------------------------------------------------
 */

/* The target of the recall that the width was measured for; 0: none, or the index is not calibrated */
static double
target_of_width(const LokiScan *so)
{
	return so->meta.calibration.nodes > 0 ? so->plan.settings.target_recall : 0;
}

/*
 * Whether even the last of so many candidates may be among the rows of the batch, which are
 * complete.  If the candidates are hardly more than the batch, the last of them is near in any
 * case, so fewer errors count.  But if all rows of the batch are within one error, estimates say
 * nothing of their order.  Rows at one distance do not count so, since they are mostly equal.  Fewer
 * errors count as well if the target of the recall is low.
 */
bool
loki_last_is_doubtful(const LokiScan *so, double candidates)
{
	double		nearest = so->ranking.rows[0].distance;
	double		farthest = so->ranking.rows[so->course.batch_left - 1].distance;
	double		target = target_of_width(so);
	double		sure = 1 - Min(so->course.batch / candidates, 1);

	Assert(so->course.batch_left > 0 && so->ranking.nrows >= so->course.batch_left);
	if (nearest < farthest && farthest - nearest < loki_refine_error(so))
		sure = 1;
	if (target > 0)
		sure *= Max(2 * target - 1, 0);
	return loki_refine_doubts(so, farthest, sure);
}

/*
 * Whether a row was read that is as far as the batch's last one.  Then values are few, such as
 * integers, and the rows that may be missed are as far as well for the most part.
 */
bool
loki_last_is_tied(const LokiScan *so)
{
	uint32		n = so->course.batch_left;

	Assert(n > 0 && so->ranking.nrows >= n);
	return so->ranking.nrows > n && so->ranking.rows[n].distance == so->ranking.rows[n - 1].distance;
}

/*
 * Whether the rows of so many candidates were all read, as codes excluded none of them.  Then nodes
 * that are no candidates may be as near.  Sketches err so much that all rows are read for most
 * queries, which counts only where the candidates are few.
 */
bool
loki_codes_exclude_none(const LokiScan *so, double candidates)
{
	return loki_refine_used_up(so) &&
		(!loki_column_sketched(&so->state->column) ||
		 candidates < SKETCHES_PER_ROW * so->course.batch_left);
}

/*
 * Whether codes do not tell the rows around the query apart, so that chance decided which
 * of their nodes the walk kept.  A tight cluster of rows far from the centroid is such.  A walk
 * that ended by its cutoff has asked that already.  One with a filter has a narrower pool, since
 * nodes that match lie far apart, which is no reason to count fewer errors.  The rows of the batch
 * are complete.
 *
 * That all rows were read is no doubt if the width was measured to find a target of the recall, nor if
 * the last row is tied.
 */
bool
loki_codes_fall_short(const LokiScan *so)
{
	bool		filtered = so->search.budget.flat_nodes > 0;
	double		candidates = filtered ? Max(so->course.width, so->choice.width) : so->course.width;
	double		farthest;

	if (so->course.phase != LOKI_SCAN_WALK || so->search.cutoff.told ||
		(so->course.doubts >= loki_most_doubts(so) && so->course.width >= loki_walk_width(so->state, LOKI_DOUBT_EF)))
		return false;
	Assert(so->course.batch_left > 0 && so->ranking.nrows >= so->course.batch_left);
	farthest = so->ranking.rows[so->course.batch_left - 1].distance;
	if (farthest >= so->course.settled)
		return false;
	if (target_of_width(so) == 0 && !loki_last_is_tied(so) &&
		loki_codes_exclude_none(so, candidates))
		return true;
	return loki_last_is_doubtful(so, candidates);
}

/*
 * If the search is narrow: the distance of the batch's last row, which it still has after the walk
 * was made wider in vain.  Infinity for other searches.
 */
double
loki_settled_distance(const LokiScan *so)
{
	uint32		rows = so->course.batch_left;

	if (target_of_width(so) > 0 || rows < NARROW_ROWS ||
		Max(so->plan.settings.ef, Max(so->course.batch, so->plan.limit)) >= LOKI_DEFAULT_EF_SEARCH)
		return get_float8_infinity();
	return so->ranking.rows[rows - 1].distance;
}

/* ----------------------------------------------------------------
 * The function
 * ----------------------------------------------------------------
 */

/*
 * The recall of a width for one of the measured numbers of neighbors: between two measured
 * widths by the line that width_for() uses, and outside of them that of the nearest one.
 */
static double
recall_at(const LokiCalibrationData *calibration, double width, int k)
{
	int			last = calibration->nwidths - 1;
	int			i = 0;
	double		a;
	double		b;
	double		share;

	while (i < last && calibration->at[i + 1].width <= width)
		i++;
	a = 1 - (double) calibration->at[i].recall[k] / LOKI_CALIBRATION_SCALE;
	if (i == last || width <= calibration->at[i].width || a <= LEAST_MISSED)
		return 1 - a;
	b = 1 - (double) calibration->at[i + 1].recall[k] / LOKI_CALIBRATION_SCALE;
	share = log(width / calibration->at[i].width) /
		log((double) calibration->at[i + 1].width / calibration->at[i].width);
	return 1 - a * pow(Max(b, LEAST_MISSED) / a, share);
}

/* The recall of a width for k rows; between measured numbers it is linear in log(k). */
static double
recall_of_width(const LokiCalibrationData *calibration, double width, double k)
{
	int			i = 0;
	double		share;

	Assert(k >= 1 && calibration->nwidths >= 2);
	while (i < LOKI_CALIBRATION_KS - 2 && k > loki_calibration_ks[i + 1])
		i++;
	if (k > loki_calibration_ks[i + 1])
		return recall_at(calibration, width * loki_calibration_ks[i + 1] / k, i + 1);
	share = log(k / loki_calibration_ks[i]) /
		log((double) loki_calibration_ks[i + 1] / loki_calibration_ks[i]);
	return (1 - share) * recall_at(calibration, width, i) +
		share * recall_at(calibration, width, i + 1);
}

/*
 * lokivector_search_width(index regclass, k integer): how wide a search for k rows is, at the
 * session's settings and the index's own, and the recall that was measured for that
 */
Datum
lokivector_search_width(PG_FUNCTION_ARGS)
{
	int32		k = PG_GETARG_INT32(1);
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_READ, NULL);
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	LokiScanSettings settings;
	uint32		width;
	uint32		rows;
	TupleDesc	desc;
	Datum		values[4];
	bool		isnull[4] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != lengthof(values))
		elog(ERROR, "return type must be a row type");
	if (k < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must be greater than zero")));
	loki_scan_settings(index, &settings);
	width = first_width(state, &meta.calibration, &settings,
						settings.complete ? k : settings.ef, &rows);
	values[0] = Int32GetDatum(settings.ef);
	values[1] = Float8GetDatum(settings.target_recall);
	values[2] = Int64GetDatum(width);
	isnull[3] = !settings.exact && meta.calibration.nwidths < 2;
	values[3] = isnull[3] ? (Datum) 0 :
		Float8GetDatum(settings.exact ? 1 : recall_of_width(&meta.calibration, width, k));
	relation_close(index, NoLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
