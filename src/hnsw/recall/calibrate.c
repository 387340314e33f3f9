/*-------------------------------------------------------------------------
 *
 * calibrate.c
 *	  Recall as the setting: calibrations, and the width that they give.
 *
 * The metapage keeps how many of the nearest 1, 10 and 100 nodes walks of several widths
 * find (recall/measure.c).  It is measured when the index is built, when vacuum finds it
 * changed, and on demand.  The width of a scan for lokivector.target_recall and the LIMIT
 * of its query follows from that.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/calibrate.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/change.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/recall/measure.h"
#include "hnsw/scan/width.h"
#include "hnsw/statistics/statistics.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_calibrate);
LOKI_FUNCTION(lokivector_calibrate_for);
LOKI_FUNCTION(lokivector_calibration);

/* A graph that has changed by this share is calibrated again */
#define CHANGED_SHARE		0.2

/* ----------------------------------------------------------------
 * Calibrating
 * ----------------------------------------------------------------
 */

/* Nodes, in the unit of LOKI_CALIBRATION_CHANGED */
static double
as_share(const LokiCalibrationData *calibration, uint32 nodes)
{
	Assert(calibration->nodes > 0);
	return nodes * (double) LOKI_CALIBRATION_SCALE / calibration->nodes;
}

/* See calibrate.h.  Locks the metapage exclusively, for one record. */
void
loki_calibrate_store(Relation index, const LokiCalibrationSums *sums, uint32 uncounted)
{
	const LokiCounts counts = {.of[LOKI_COUNT_CALIBRATIONS] = 1};
	LokiCalibrationData calibration;
	LokiChange	change;

	if (sums->nqueries == 0)
		return;
	/* what is kept of changes begins again */
	loki_calibrate_form(sums, &calibration);
	Assert(calibration.nodes > 0 && calibration.nodes == sums->nodes);
	calibration.at[LOKI_CALIBRATION_UNCOUNTED].other = (uint16) Min(as_share(&calibration, uncounted),
																	LOKI_CALIBRATION_SCALE);
	loki_change_begin(&change, NULL, index);
	loki_change_meta(&change)->calibration = calibration;
	loki_change_finish(&change);
	loki_count(index, &counts);
}

/* Count the nodes that came or went, and that vacuum has yet to count.  No page may be locked. */
static uint32
count_uncounted(Relation index)
{
	LokiIndex  *state = loki_index_open(index, NULL);
	uint32		uncounted;

	loki_index_refresh(state, index);
	(void) loki_count_live(state, index, NULL, &uncounted);
	return uncounted;
}

/*
 * Calibrate an index and keep the result on its metapage.  False if it has too few nodes, or no
 * rows that can be read.  No page may be locked.
 *
 * Nodes that come meanwhile, vacuum counts as changed.  If it has counted others meanwhile, the
 * second count leaves them out.
 */
static bool
calibrate(Relation index, LokiRows *rows, const LokiGivenQueries *given)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw calibration",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiCalibrationSums sums;
	uint32		uncounted = count_uncounted(index);
	bool		measured = loki_calibrate_measure(index, rows, given, 0, &sums);

	if (measured)
		loki_calibrate_store(index, &sums, Min(uncounted, count_uncounted(index)));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return measured;
}

/*
 * See calibrate.h.  The metapage is locked exclusively meanwhile.  Nodes that had changed before the
 * calibration, but that vacuum had not counted then, come first, and do not make it older.
 */
void
loki_calibrate_note_changed(Relation index, uint32 nodes)
{
	LokiChange	change;
	LokiCalibrationData *calibration;

	Assert(loki_no_buffer_locked());
	if (nodes == 0)
		return;
	loki_change_begin(&change, NULL, index);
	calibration = &loki_change_meta(&change)->calibration;
	if (calibration->nodes > 0)
	{
		double		changed = ceil(as_share(calibration, nodes));
		double		before = Min(changed, calibration->at[LOKI_CALIBRATION_UNCOUNTED].other);

		calibration->at[LOKI_CALIBRATION_UNCOUNTED].other -= (uint16) before;
		changed += calibration->at[LOKI_CALIBRATION_CHANGED].other - before;
		Assert(changed >= calibration->at[LOKI_CALIBRATION_CHANGED].other);
		calibration->at[LOKI_CALIBRATION_CHANGED].other =
			(uint16) Min(changed, LOKI_CALIBRATION_SCALE);
	}
	loki_change_finish(&change);
}

/*
 * See calibrate.h.  The rows that a build has just read may be of this command, which the active snapshot
 * does not see.  There may be no active snapshot either: a commit that empties a table builds its indexes.
 */
bool
loki_calibrate_share(Relation heap, Relation index, int nshares, LokiCalibrationSums *sums)
{
	LokiColumn	column = loki_index_open(index, NULL)->column;
	LokiRows	rows;
	bool		measured;

	if (loki_column_encoded(&column))
		return false;
	loki_rows_begin(&rows, heap, index, SnapshotSelf);
	measured = loki_calibrate_measure(index, &rows, NULL, nshares, sums);
	loki_rows_end(&rows);
	return measured;
}

/*
 * See calibrate.h.  The caller is vacuum, whose snapshot does not keep dead rows, so the values of these
 * may be gone from the TOAST table, and are left out then.  Encodings are not measured here, and
 * expressions are not evaluated that may read tables (README).
 */
bool
loki_calibrate_again(Relation index)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	const LokiCalibrationData *before = &meta.calibration;
	Relation	heap;
	LokiRows	rows;
	uint32		nodes;
	bool		calibrated;

	Assert(loki_no_buffer_locked());
	loki_index_refresh(state, index);
	nodes = loki_count_live(state, index, NULL, NULL);
	/* all have changed if it never was calibrated */
	if (meta.pending > 0 || nodes < LOKI_CALIBRATE_MIN_NODES ||
		(fabs((double) nodes - before->nodes) <= CHANGED_SHARE * before->nodes &&
		 before->at[LOKI_CALIBRATION_CHANGED].other <= CHANGED_SHARE * LOKI_CALIBRATION_SCALE) ||
		loki_column_encoded(&state->column) || !loki_rows_need_no_snapshot(index))
		return false;
	/* vacuum has locked the table */
	heap = table_open(index->rd_index->indrelid, NoLock);
	loki_rows_begin(&rows, heap, index, SnapshotSelf);
	rows.toast.may_be_gone = true;
	calibrated = calibrate(index, &rows, NULL);
	loki_rows_end(&rows);
	table_close(heap, NoLock);
	return calibrated;
}

/* ----------------------------------------------------------------
 * The functions
 * ----------------------------------------------------------------
 */

/* Say why an index was not calibrated, and what searches go by.  No page may be locked. */
static void
report_failure(Relation index)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	bool		listed = loki_column_listed(&state->column);
	uint32		nodes;

	loki_index_refresh(state, index);
	nodes = loki_count_live(state, index, NULL, NULL);
	ereport(NOTICE,
			(errmsg("index \"%s\" was not calibrated", RelationGetRelationName(index)),
			 listed ?
			 errdetail("It has posting lists, by which searches are exact whatever lokivector.target_recall is.") :
			 nodes < LOKI_CALIBRATE_MIN_NODES ?
			 errdetail("Calibrating takes %d nodes, and the index has %u.",
					   LOKI_CALIBRATE_MIN_NODES, nodes) :
			 meta.pending > 0 ?
			 errdetail("The index has no graph yet.") :
			 errdetail("The transaction sees no row of the index."),
			 listed ? 0 :
			 meta.pending > 0 ?
			 errhint("The index has a graph from %u nodes on, and until then searches are exact.", meta.pending) :
			 meta.calibration.nodes > 0 ?
			 errhint("Searches go by what was measured before.") :
			 errhint("Searches go by hnsw.ef_search, whatever lokivector.target_recall is.")));
}

/*
 * The queries of an array, which is NULL if there are none; ERROR if they are too few.  Of more than fit into memory,
 * some are kept at equal intervals.
 */
static LokiGivenQueries
given_queries(Relation index, ArrayType *array)
{
	const LokiIndex *state = loki_index_open(index, NULL);
	const LokiColumn column = state->column;
	Size		size = loki_query_stride(state->quantizer) + loki_exact_query_size(&column, LOKI_TRUTH + 1);
	Size		memory = (Size) maintenance_work_mem * 1024 / 4 * 3;	/* the rest is for
																		 * blocks of rows */
	int			most = (int) Min(INT_MAX, Max(LOKI_CALIBRATE_QUERIES, memory / size));
	LokiGivenQueries given = {0};

	if (array != NULL)
		given.n = loki_query_array(&column, array, &given.data);
	if (given.n < LOKI_LEAST_QUERIES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("cannot calibrate index \"%s\" with %d query",
							   "cannot calibrate index \"%s\" with %d queries",
							   given.n, RelationGetRelationName(index), given.n),
				 errhint("At least %d are needed.", LOKI_LEAST_QUERIES)));
	if (given.n <= most)
		return given;
	ereport(NOTICE,
			(errmsg("index \"%s\" is calibrated with %d of %d queries",
					RelationGetRelationName(index), most, given.n),
			 most > LOKI_CALIBRATE_QUERIES ? errdetail("More do not fit into maintenance_work_mem.") :
			 errdetail("%d are taken in any case, and more if they fit into maintenance_work_mem.",
					   LOKI_CALIBRATE_QUERIES)));
	/* from the front, so that none is overwritten before it is read: its number is not less */
	for (int i = 0; i < most; i++)
		given.data[i] = given.data[(int64) i * given.n / most];
	given.n = most;
	return given;
}

/*
 * What both forms of lokivector_calibrate() do; `array` is NULL if the caller gives no queries.
 *
 * The table is locked as inserts lock it.  A stronger lock could be waited for with a snapshot, and CREATE
 * INDEX CONCURRENTLY, which holds it, waits for snapshots.  So vacuum may free nodes meanwhile (recall/README).
 */
static Datum
calibrate_index(Oid indexid, bool by_queries, ArrayType *array)
{
	Relation	heap;
	Relation	index;
	LokiRows	rows;
	LokiGivenQueries given = {0};
	LokiMetaPageData meta;
	const LokiCalibrationData *calibration = &meta.calibration;
	const int	k = LOKI_FEW_PLACE;
	const char *result = "not calibrated";
	int			last;

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("recovery is in progress"),
				 errhint("An index cannot be calibrated during recovery.")));
	index = loki_open_allowed(indexid, RowExclusiveLock, LOKI_RIGHT_CHANGE, &heap);
	loki_require_valid(index, "calibrate");
	if (by_queries)
		given = given_queries(index, array);
	loki_rows_begin(&rows, heap, index, GetActiveSnapshot());
	if (!calibrate(index, &rows, by_queries ? &given : NULL))
	{
		loki_rows_end(&rows);
		report_failure(index);
	}
	else
	{
		/* the recall of the narrowest and widest searches */
		loki_rows_end(&rows);
		(void) loki_index_open(index, &meta);
		last = calibration->nwidths - 1;
		result = psprintf("calibrated with %d queries: recall@%d is %.3f at width %d, %.3f at width %d",
						  calibration->queries, loki_calibration_ks[k],
						  (double) calibration->at[0].recall[k] / LOKI_CALIBRATION_SCALE,
						  calibration->at[0].width,
						  (double) calibration->at[last].recall[k] / LOKI_CALIBRATION_SCALE,
						  calibration->at[last].width);
	}
	relation_close(index, NoLock);
	table_close(heap, NoLock);
	return CStringGetTextDatum(result);
}

/*
 * lokivector_calibrate(index regclass): measure with nodes of the index
 */
Datum
lokivector_calibrate(PG_FUNCTION_ARGS)
{
	return calibrate_index(PG_GETARG_OID(0), false, NULL);
}

/*
 * lokivector_calibrate(index regclass, queries vector[]): not strict in queries, since
 * array_agg() of no rows is NULL
 */
Datum
lokivector_calibrate_for(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return calibrate_index(PG_GETARG_OID(0), true,
						   PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1));
}

/*
 * lokivector_calibration(index regclass): a row for each width
 */
Datum
lokivector_calibration(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_READ, NULL);
	LokiMetaPageData meta;

	InitMaterializedSRF(fcinfo, 0);
	(void) loki_index_open(index, &meta);
	for (int i = 0; i < meta.calibration.nwidths; i++)
	{
		Datum		values[2 + LOKI_CALIBRATION_KS];
		bool		isnull[2 + LOKI_CALIBRATION_KS] = {0};

		values[0] = Int32GetDatum(meta.calibration.at[i].width);
		values[1] = Int64GetDatum(meta.calibration.at[i].scored);
		for (int k = 0; k < LOKI_CALIBRATION_KS; k++)
			values[2 + k] = Float8GetDatum((double) meta.calibration.at[i].recall[k] /
										   LOKI_CALIBRATION_SCALE);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	relation_close(index, NoLock);
	return (Datum) 0;
}
