/*-------------------------------------------------------------------------
 *
 * width.c
 *	  The width of a walk, for a number of rows or for a recall.
 *
 * The metapage keeps how many of the nearest 1, 10, 100 and 500 nodes walks of several widths
 * find (recall/measure.c).  The width of a scan for lokivector.target_recall and the LIMIT
 * of its query follows from that.  lokivector_search_width() shows the width that scans
 * choose, and the recall that was measured for it.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/width.c
 *
 * SPDX-License-Identifier: PostgreSQL
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
#include "utils/memutils.h"

LOKI_FUNCTION(lokivector_search_width);

/* A share of neighbors missed that counts as none */
#define LEAST_MISSED		1e-4

/* A search looks this number of errors of an estimate beyond the last row wanted */
#define REACH_ERRORS		3

/*
 * A search for more rows finds as much as one for few, but at the default of hnsw.ef_search this share may always be
 * missed, and half of it at twice that: the last of many rows take most of the time.  Nor does it make a search more
 * than some times as wide.
 */
#define MISSED_OF_MANY		0.02
#define MOST_WIDER			4

const int	loki_calibration_ks[LOKI_MEASURED_KS] = {1, LOKI_FEW_ROWS, 100, 500};

/* How many of these were measured: one fewer by earlier versions */
static int
measured_ks(const LokiCalibrationData *calibration)
{
	return calibration->at[LOKI_CALIBRATION_MANY].other > 0 ? LOKI_MEASURED_KS : LOKI_CALIBRATION_KS;
}

/* The share of loki_calibration_ks[k] neighbors that a width misses, and its standard error. */
static double
missed_by(const LokiCalibrationData *calibration, int width, int k, double *error)
{
	uint16		recall = 0;
	uint16		of_recall = 0;

	Assert(width >= 0 && width < (int) calibration->nwidths);
	Assert(k >= 0 && k < LOKI_MEASURED_KS);
	if (k < LOKI_CALIBRATION_KS)
	{
		recall = calibration->at[width].recall[k];
		of_recall = calibration->at[width].error[k];
	}
	else if (width >= LOKI_CALIBRATION_MANY_FIRST)
	{
		width -= LOKI_CALIBRATION_MANY_FIRST;
		recall = calibration->at[LOKI_CALIBRATION_MANY + width].other;
		of_recall = calibration->at[LOKI_CALIBRATION_MANY_ERROR + width].other;
	}
	*error = (double) of_recall / LOKI_CALIBRATION_SCALE;
	return 1 - (double) recall / LOKI_CALIBRATION_SCALE;
}

/* The same, but a standard error more, since the queries are a sample. */
static double
missed(const LokiCalibrationData *calibration, int width, int k)
{
	double		error;
	double		share = missed_by(calibration, width, k, &error);

	return Max(share + error, LEAST_MISSED);
}

/*
 * The width for one of the measured numbers of neighbors.  Between two widths, and beyond
 * the last, up to four times as far, the logarithm of the share missed is taken to be linear in
 * that of the width.  If none finds enough, nothing says that a wider one finds more than the narrowest
 * that finds as much as the last.
 */
static double
width_for(const LokiCalibrationData *calibration, double recall, int k)
{
	double		wanted = Max(1 - recall, LEAST_MISSED);
	int			last = calibration->nwidths - 1;
	double		least = missed(calibration, last, k);
	int			i = 1;
	double		a;
	double		b;
	double		width;
	double		slope;

	Assert(recall >= 0 && recall <= 1 && last >= 1);
	while (i < last && missed(calibration, i, k) > Max(wanted, least))
		i++;
	a = missed(calibration, i - 1, k);
	b = Min(missed(calibration, i, k), a);
	if (a <= wanted)
		return calibration->at[i - 1].width;
	slope = log(a / b) / log((double) calibration->at[i].width / calibration->at[i - 1].width);
	width = slope > 0 && (b <= wanted || i == last) ?
		calibration->at[i - 1].width * pow(a / wanted, 1 / slope) : calibration->at[i].width;
	return Min(width, calibration->at[last].width * 4.0);
}

/* The first of two places in loki_calibration_ks that k lies between, or beyond */
static int
place_of(const LokiCalibrationData *calibration, double k)
{
	int			i = 0;

	while (i < measured_ks(calibration) - 2 && k > loki_calibration_ks[i + 1])
		i++;
	return i;
}

/* Where a number lies between two others, in logarithms: 0 at the first, 1 at the second */
static double
log_share(double number, double first, double second)
{
	Assert(number > 0 && first > 0 && second > first);
	return log(number / first) / log(second / first);
}

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
	double		error;

	while (i < last && calibration->at[i + 1].width <= width)
		i++;
	a = missed_by(calibration, i, k, &error);
	if (i == last || width <= calibration->at[i].width || a <= LEAST_MISSED)
		return 1 - a;
	b = missed_by(calibration, i + 1, k, &error);
	share = log_share(width, calibration->at[i].width, calibration->at[i + 1].width);
	return 1 - a * pow(Max(b, LEAST_MISSED) / a, share);
}

/*
 * The width of a walk that finds `recall` of the k nearest, by the index's calibration; 0 if
 * it has none.
 */
static uint32
calibrated_width(const LokiCalibrationData *calibration, double recall, double k)
{
	int			i = place_of(calibration, k);
	double		low;
	double		high;
	double		width;

	if (calibration->nodes == 0 || calibration->nwidths < 2)
		return 0;
	k = Max(k, 1);
	low = width_for(calibration, recall, i);
	high = width_for(calibration, recall, i + 1);
	if (k <= loki_calibration_ks[i + 1])
		width = low * pow(high / low, log_share(k, loki_calibration_ks[i],
												loki_calibration_ks[i + 1]));
	else
		width = high * k / loki_calibration_ks[i + 1];
	return (uint32) Min(ceil(Max(width, k)), (double) LOKI_MAX_NUMBER / 4);
}

/*
 * The width of a walk for n rows.  A code that keeps little of a vector needs a wider
 * pool for the same recall; doc/design/search.md has the measurements of the factors.
 */
uint32
loki_walk_width(const LokiIndex *state, double rows)
{
	double		factor = 1.0;

	if (loki_column_encoded(&state->column))
		factor = LOKI_ENCODINGS_PER_ROW(&state->column);
	else if (state->code.kind == LOKI_CODE_ROTATED)
		factor = state->code.bits == 1 ? 1.6 : state->code.bits == 2 ? 1.3 : 1.2;
	else if (state->code.kind == LOKI_CODE_BITS)
		factor = 1.2;			/* many nodes have the same distance, and the
								 * graph leads less far, ... */
	else if (state->code.metric == LOKI_METRIC_L1)
		factor = 1.3;			/* ... as it does with L1 */
	return (uint32) Min(rows * factor + 8, (double) LOKI_MAX_NUMBER);
}

/* The width without a target: for ef rows, or for as large a share of more rows as ef finds of few. */
static uint32
plain_width(const LokiIndex *state, const LokiCalibrationData *calibration, bool complete, uint32 ef, double rows)
{
	uint32		width = loki_walk_width(state, Max(ef, rows));
	double		few;

	if (rows <= LOKI_FEW_ROWS || !complete || calibration->nwidths < 2)
		return width;
	few = Min(recall_at(calibration, loki_walk_width(state, ef), LOKI_FEW_PLACE),
			  1 - MISSED_OF_MANY * Min((double) LOKI_DEFAULT_EF_SEARCH / ef, 1));
	return Min(Max(width, calibrated_width(calibration, few, rows)), MOST_WIDER * width);
}

/*
 * The width for a target of the recall, by the calibration; 0 without one.
 *
 * A calibration with rows knows nothing of queries unlike these, which find less at each width.  So it
 * makes no walk narrower than the default is without a target; one with a user's queries does.
 */
static uint32
target_width(const LokiIndex *state, const LokiCalibrationData *calibration, const LokiScanSettings *settings,
			 double rows)
{
	uint32		width = settings->target_recall > 0 ? calibrated_width(calibration, settings->target_recall, rows) : 0;

	if (width == 0 || calibration->at[LOKI_CALIBRATION_GIVEN].other != 0)
		return width;
	return Max(width, plain_width(state, calibration, settings->complete, LOKI_DEFAULT_EF_SEARCH, rows));	/* I16 */
}

/*
 * The width of a walk for so many rows: what the target of the recall needs, if there is one and the index is
 * calibrated, otherwise what hnsw.ef_search does.
 */
static uint32
chosen_width(const LokiIndex *state, const LokiCalibrationData *calibration, const LokiScanSettings *settings,
			 uint32 rows)
{
	uint32		width = target_width(state, calibration, settings, rows);

	Assert(rows > 0);
	return width > 0 ? width : plain_width(state, calibration, settings->complete, settings->ef, rows);
}

/* For the cost model, which counts rows.  Without a target a walk for many rows is wider by some factor. */
double
loki_hnsw_rows_width(Relation index, double rows)
{
	LokiMetaPageData meta;
	LokiScanSettings settings;
	LokiIndex  *state;
	uint32		width;

	rows = Max(Min(rows, (double) LOKI_MAX_NUMBER / 4), 0);
	loki_scan_settings(index, &settings);
	if (settings.target_recall == 0 && rows <= LOKI_FEW_ROWS)
		return Max(settings.ef, rows);
	state = loki_index_open(index, &meta);
	width = target_width(state, &meta.calibration, &settings, rows > 0 ? rows : settings.ef);
	if (width > 0)
		return width;
	rows = (uint32) Max(rows, 1);
	width = plain_width(state, &meta.calibration, settings.complete, settings.ef, rows);
	rows = Max(settings.ef, rows);
	return rows * (width / (double) loki_walk_width(state, rows));
}

/* See scan.h. */
uint32
loki_width_for(const LokiScan *so, double rows)
{
	return chosen_width(so->state, &so->meta.calibration, &so->plan.settings,
						(uint32) Min(rows, (double) LOKI_MAX_NUMBER / 4));
}

/* Rows of the batch that are known */
static double
rows_in_hand(const LokiScan *so)
{
	return Min(so->ranking.nrows - so->ranking.next_row, so->course.batch_left);
}

/*
 * Nodes that the scan has gone through, nearest first, down to the last row in hand, but those without a visible row,
 * which take no place (ask_for_rows() in scan.c).  Of some the filter drops the row, which is learned when it is read.
 * Reranking reads nodes beyond that row as well, so the share of such nodes is what counts.
 */
static double
nodes_seen(const LokiScan *so)
{
	double		found = so->ranking.found;
	double		dropped = so->ranking.rowless.n - so->ranking.rowless.unseen;

	return found > 0 ? (so->course.returned + rows_in_hand(so)) * (1 + dropped / found) : dropped;
}

/* ... and rows among them that are wanted, as far as is known */
static double
rows_wanted(const LokiScan *so)
{
	double		returned = so->course.returned;

	if (loki_filters_rows(so))
		returned = Max(so->plan.caller->taken(so->plan.caller), 0);
	return returned + rows_in_hand(so);
}

/*
 * See scan.h: how many nodes the scan will have gone through at the end of the batch.  Nodes are expected to have a
 * wanted row as often as up to now, but no more than twice the nodes that were seen are added.
 */
double
loki_nodes_ahead(const LokiScan *so)
{
	double		seen = nodes_seen(so);
	double		wanted = rows_wanted(so);
	double		left = so->course.batch_left - rows_in_hand(so);

	if (seen <= wanted)
		return seen + left;
	return seen + Min(left * (seen + 1) / (wanted + 0.5), 2 * seen);
}

/*
 * See scan.h.  Nodes whose row the caller drops took the place of rows, as those do that do not match a filter
 * (loki_strategy_width()); so the width grows by the share of the others.
 */
double
loki_width_by_share(const LokiScan *so, double *nodes)
{
	double		share;

	*nodes = nodes_seen(so);
	share = rows_wanted(so) / *nodes;
	if (share >= 1)
		return so->course.width;
	return Max(loki_width_for(so, *nodes), so->course.first_width / sqrt(share));
}

/*
 * Warn, once in a session, that searches in an index do not keep the target of their recall: if the index was not
 * calibrated, or the widest walk that was measured found less.  Nodes of an index that is too small to be calibrated
 * are nearly all scored, so nothing is missed there.  No page may be locked.
 */
void
loki_warn_of_target(LokiScan *so)
{
	static List *warned = NIL;
	const LokiCalibrationData *calibration = &so->meta.calibration;
	double		target = so->plan.settings.target_recall;
	Relation	index = so->scan->indexRelation;
	MemoryContext old;
	double		recall = -1;
	double		error;
	int			i = 0;

	if (target == 0 || so->plan.exact)
		return;
	while (i < measured_ks(calibration) - 1 && so->course.batch > (uint32) loki_calibration_ks[i])
		i++;
	if (calibration->nodes > 0 && calibration->nwidths >= 2)
		recall = 1 - missed_by(calibration, calibration->nwidths - 1, i, &error);
	if (recall >= target - 0.01 || list_member_oid(warned, RelationGetRelid(index)) ||
		loki_node_end(so->state, index) < LOKI_CALIBRATE_MIN_NODES)
		return;
	old = MemoryContextSwitchTo(TopMemoryContext);
	warned = lappend_oid(warned, RelationGetRelid(index));
	MemoryContextSwitchTo(old);
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("index \"%s\" does not keep lokivector.target_recall = %g",
					RelationGetRelationName(index), target),
			 recall < 0 ? errdetail("It was not calibrated, so searches go by hnsw.ef_search.") :
			 errdetail("Its widest calibrated search found %.3f of the rows.", recall),
			 recall < 0 && !loki_column_encoded(&so->state->column) ?
			 errhint("VACUUM measures what its searches find, and lokivector_calibrate() does so with queries of your users.") :
			 errhint("Use lokivector_calibrate() with queries of your users, or raise hnsw.ef_search and reset lokivector.target_recall.")));
}

/* See width.h. */
void
loki_reach_begin(const LokiIndex *state, LokiReach *reach, int width, double n)
{
	double		grown;
	double		most;

	memset(reach, 0, sizeof(*reach));
	reach->width = reach->least = reach->grown = reach->most = width;
	if (n >= width)
		return;
	reach->rows = (int) n;
	/*
	 * Where encodings bound nothing, the rows of all that is kept are read.  Otherwise nodes that codes do
	 * not tell apart are scored in any case, so keeping them costs little
	 */
	if (loki_column_encoded(&state->column))
		grown = most = Max(width, LOKI_ENCODINGS_PER_ROW(&state->column) * n);
	else
	{
		grown = 8.0 * Max(width, loki_walk_width(state, Max(LOKI_DEFAULT_EF_SEARCH, 4 * n)));
		most = Max(grown, LOKI_REACH_MOST);
	}
	reach->grown = (int) Min(grown, LOKI_MAX_NUMBER);
	reach->most = (int) Min(most, LOKI_MAX_NUMBER);

	/*
	 * hardly more candidates than rows are near in any case, so fewer errors
	 * count
	 */
	reach->errors = (float) (REACH_ERRORS * (1 - n / width));
	reach->error = -1;
	reach->floor = -FLT_MAX;
	Assert(reach->rows > 0 && reach->errors > 0 && reach->errors <= REACH_ERRORS);
}

/* See width.h. */
void
loki_reach_grow(LokiReach *reach, double growth, double width, double n, double few_width)
{
	if (reach->rows == 0)
		return;

	/*
	 * a search that is to find each row by its own vector expands all of its
	 * width
	 */
	if (reach->width < LOKI_ROW_WIDTH)
		reach->least = Min(reach->width, Max(LOKI_NARROW_SEARCH, Max(reach->rows, reach->width / 2)));
	if (growth <= 0)
		return;
	reach->ratio = (float) pow(width / n, growth);
	if (reach->rows < loki_reach_few(reach))
		few_width = width;
	if (few_width > 0)
		reach->few_ratio = (float) pow(few_width / loki_reach_few(reach), growth);
}

/*
 * Say how far the walk looks for n rows (graph/README, "How far a search looks").  `width` is
 * that of a walk without a filter; the walk's own may be narrower, where few nodes match.
 */
void
loki_choose_reach(LokiScan *so, double rows, double width)
{
	LokiReach  *reach = &so->search.reach;
	double		target = so->meta.calibration.nodes > 0 ? so->plan.settings.target_recall : 0;
	double		growth = (double) so->meta.calibration.at[LOKI_CALIBRATION_GROWTH].other /
		LOKI_GROWTH_SCALE;
	double		few_rows;
	double		few_width;

	so->search.budget.kept_limit = 0;
	/* without complete, the width alone counts */
	loki_reach_begin(so->state, reach, (int) so->course.width,
					 so->plan.complete || target > 0 ? rows : so->course.width);
	if (reach->rows == 0)
		return;
	if (loki_account_wide(so))
	{
		double		most = Max(loki_account_expanded(so), reach->width);

		if (most < reach->most)
			so->search.budget.kept_limit = reach->most = (int) most;
		reach->grown = Min(reach->grown, reach->most);
	}
	few_rows = Min(reach->rows, LOKI_FEW_ROWS);
	few_width = loki_width_for(so, few_rows);
	loki_reach_grow(reach, growth, width, rows, few_width);
	reach->errors = (float) (REACH_ERRORS * (1 - Min(rows / Max(width, rows), few_rows / few_width)));

	/*
	 * a width below the default's favors speed; calibrations measure widths
	 * with all errors
	 */
	if (target == 0)
		reach->errors *= Min(width / loki_walk_width(so->state, Max(rows, LOKI_DEFAULT_EF_SEARCH)), 1.0);
}

/* ----------------------------------------------------------------
 * The function
 * ----------------------------------------------------------------
 */

/* The recall of a width for k rows; between measured numbers it is linear in log(k). */
static double
recall_of_width(const LokiCalibrationData *calibration, double width, double k)
{
	int			i = place_of(calibration, k);
	double		share;

	Assert(k >= 1 && calibration->nwidths >= 2);
	if (k > loki_calibration_ks[i + 1])
		return recall_at(calibration, width * loki_calibration_ks[i + 1] / k, i + 1);
	share = log_share(k, loki_calibration_ks[i], loki_calibration_ks[i + 1]);
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
	TupleDesc	desc;
	Datum		values[4];
	bool		isnull[4] = {0};
	bool		exact;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != lengthof(values))
		elog(ERROR, "return type must be a row type");
	if (k < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must be greater than zero")));
	loki_scan_settings(index, &settings);
	width = chosen_width(state, &meta.calibration, &settings, settings.complete ? k : settings.ef);
	values[0] = Int32GetDatum(settings.ef);
	values[1] = Float8GetDatum(settings.target_recall);
	values[2] = Int64GetDatum(width);
	/* searches by posting lists are exact, and have no walk */
	isnull[2] = loki_column_listed(&state->column);
	exact = settings.exact || isnull[2];
	isnull[3] = !exact && meta.calibration.nwidths < 2;
	values[3] = isnull[3] ? (Datum) 0 :
		Float8GetDatum(exact ? 1 : recall_of_width(&meta.calibration, width, k));
	relation_close(index, NoLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
