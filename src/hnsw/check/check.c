/*-------------------------------------------------------------------------
 *
 * check.c
 *	  lokivector_check: verify an index against its own rules and its table.
 *
 * Structure is checked under AccessShareLock, while inserts and vacuum go on.  The first
 * fault ends the check with an ERROR that names block and node.  What makes rows hard to find
 * without being wrong is a WARNING.  What a crash may leave behind, such as slots that no node
 * owns, is passed by.  src/hnsw/check/README says what is checked, and how effects of running
 * commands are distinguished from faults.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/check.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_type.h"
#include "commands/progress.h"
#include "compat/pgcompat.h"
#include "hnsw/check/check.h"
#include "hnsw/definition/access.h"
#include "hnsw/derived/derived.h"
#include "hnsw/hnsw.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Whether a part of the metapage that nothing uses is as loki_meta_init() left it */
#define all_zero(bytes, size)	(loki_check_not_zero(bytes, 0, size) == (size))

/*
 * Whether a calibration has the form of one.  loki_meta_validate() has seen that its widths ascend; what they
 * find is not checked.  Growth is there without any, if inserts alone have measured it.
 */
static bool
calibration_valid(const LokiCalibrationData *calibration)
{
	LokiCalibrationData unused = *calibration;
	int			n = calibration->nwidths;

	Assert(n <= LOKI_CALIBRATION_WIDTHS);	/* loki_meta_validate() looked */
	for (int i = 1; i < n; i++)
		if (calibration->at[i].scored < calibration->at[i - 1].scored)
			return false;
	for (int i = 0; i < LOKI_CALIBRATION_WIDTHS; i++)
	{
		bool		says = i == LOKI_CALIBRATION_GROWTH || i == LOKI_CALIBRATION_GROWN ||
			(n > 0 && (i == LOKI_CALIBRATION_CHANGED || i == LOKI_CALIBRATION_UNCOUNTED ||
					   (n == LOKI_CALIBRATION_WIDTHS && i >= LOKI_CALIBRATION_MANY &&
						i < LOKI_CALIBRATION_MANY + 2 * (n - LOKI_CALIBRATION_MANY_FIRST)) ||
					   (i == LOKI_CALIBRATION_GIVEN && calibration->at[i].other == 1)));

		unused.at[i].other = says ? 0 : calibration->at[i].other;
		if (i < n ? unused.at[i].other != 0 : !all_zero(&unused.at[i], sizeof(unused.at[i])))
			return false;
	}
	return true;
}

/* Whether sorted lists and row map can belong to an index with these columns and pages */
static bool
lists_valid(const LokiCheck *check)
{
	const LokiMetaPageData *meta = &check->meta;
	const LokiSortedListsData *sorted_lists = &meta->derived.sorted;
	int			n = meta->nattributes;

	if ((meta->flags & LOKI_META_SORTED_LISTS) != 0)
		for (int i = 0; i < n; i++)
			if (sorted_lists->listed[i] != LOKI_NONE &&
				sorted_lists->nulls[i] > sorted_lists->listed[i])
				return false;
	return sorted_lists->end <= LOKI_MAX_NUMBER && meta->derived.rowmap.end <= LOKI_MAX_NUMBER &&
		meta->derived.notes.next_end <= LOKI_MAX_NUMBER &&
		meta->derived.rowmap.unused == 0 && loki_derived_possible(check->state, meta) &&
		all_zero(&meta->derived.pages[n], sizeof(LokiListPagesData) * (LOKI_MAX_ATTRIBUTES - n)) &&
		meta->derived.pages[LOKI_SORTED_ROWS].sketches == 0 &&
		all_zero(&sorted_lists->listed[n], sizeof(uint32) * (LOKI_MAX_ATTRIBUTES - n)) &&
		all_zero(&sorted_lists->nulls[n], sizeof(uint32) * (LOKI_MAX_ATTRIBUTES - n));
}

/*
 * Check that the metapage describes the same index as the catalogs, and is zero in its unused
 * parts.  check->meta is the copy that the check began with; what changes in it later does not matter
 * here.
 */
static void
check_definition(LokiCheck *check)
{
	LokiMetaPageData *meta = &check->meta;
	LokiColumn	column = loki_index_column(check->index, meta);
	const char *fault = NULL;

	if (meta->code.metric != column.metric)
		fault = "metric";
	else if (!loki_definition_valid(check->index, &column, meta))
		fault = "columns";
	else if ((meta->flags & ~(LOKI_META_VACUUM_UNFINISHED | LOKI_META_SORTED_LISTS |
							  LOKI_META_ROWMAP | LOKI_META_TERM_LISTS)) != 0)
		fault = "flags";
	else if (meta->set.nodes > LOKI_MAX_NUMBER || (meta->pending > 0 && meta->set.number > 0))
		fault = "set";
	else if (!calibration_valid(&meta->calibration))
		fault = "calibration";
	else if (!lists_valid(check))
		fault = "lists";
	else if (meta->ef_construction < LOKI_MIN_EF_CONSTRUCTION ||
			 meta->ef_construction > LOKI_MAX_EF_CONSTRUCTION)
		fault = "ef_construction";
	else if (meta->unused != 0 ||
			 !all_zero(meta->attr_type + meta->nattributes,
					   sizeof(meta->attr_type) - meta->nattributes))
		fault = "unused part";

	if (fault != NULL)
		loki_check_fault(check, "metapage", NULL, "has invalid %s", fault);
}

/*
 * Check an index that is checkable, in memory of its own: first by itself, where each step relies on what those
 * before it have collected.
 */
static void
check_index(Relation heap, Relation index, bool heap_all_indexed)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "lokivector_check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiCheck  *check = palloc0(sizeof(LokiCheck));
	Snapshot	snapshot = heap_all_indexed ? RegisterSnapshot(GetTransactionSnapshot()) : InvalidSnapshot;

	Assert(index->rd_index->indrelid == RelationGetRelid(heap));
	Assert(snapshot == InvalidSnapshot || IsMVCCSnapshot(snapshot));
	/* in a transaction that keeps its snapshot, the index may be newer than what the snapshot sees */
	if (heap_all_indexed && IsolationUsesXactSnapshot() && index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), snapshot->xmin))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("index \"%s\" cannot be verified using transaction snapshot",
						RelationGetRelationName(index))));
	/* the whole index is read once: it should not drive all else out of shared buffers */
	check->heap = heap;
	check->index = index;
	check->strategy = GetAccessStrategy(BAS_BULKREAD);
	check->nblocks = RelationGetNumberOfBlocks(index);
	check->state = loki_index_open(index, &check->meta);
	loki_index_refresh(check->state, index);

	/* the snapshot is older than all that is read of the index, which heap.c relies on */
	loki_check_phase(check, PROGRESS_CREATEIDX_PHASE_VALIDATE_IDXSCAN, check->nblocks);
	check_definition(check);
	loki_check_directory(check);
	loki_check_nodes(check);
	loki_check_nulls(check);
	loki_check_derived(check);
	loki_check_terms(check);
	/* the graph of a pending index may be being written; nobody reads it before the metapage names it */
	if (!check->state->pending)
	{
		loki_check_links(check);
		loki_check_uppers(check);
		loki_check_entry(check);
		loki_check_reachability(check);
	}
	loki_check_freelists(check);
	if (heap_all_indexed)
	{
		loki_check_heap(check, BuildIndexInfo(index), snapshot);
		loki_check_terms_heap(check);
		UnregisterSnapshot(snapshot);
	}

	FreeAccessStrategy(check->strategy);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Check an index, and with heap_all_indexed compare it with its table.  The table is locked
 * before its index.  Index expressions are evaluated as the table's owner.  The caller has
 * `named` the index itself, not its table; one of a named table is left out if it cannot be checked now, and a NOTICE
 * says so.  For reports of progress, `done` of `total` indexes
 * have been checked before.  Returns whether it could be checked.
 */
bool
loki_check_index(Oid indexid, bool named, bool heap_all_indexed, int total, int done)
{
	Relation	heap;
	Relation	index = loki_open_allowed(indexid, AccessShareLock, LOKI_RIGHT_READ, &heap);
	Oid			save_userid;
	int			save_sec_context;
	int			save_nestlevel;
	bool		checkable = false;
	const int	params[] = {
		PROGRESS_CREATEIDX_INDEX_OID, PROGRESS_CREATEIDX_PARTITIONS_TOTAL,
		PROGRESS_CREATEIDX_PARTITIONS_DONE
	};
	const int64 values[] = {RelationGetRelid(index), total, done};

	Assert(done >= 0 && done < total);
	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	SetUserIdAndSecContext(heap->rd_rel->relowner,
						   save_sec_context | SECURITY_RESTRICTED_OPERATION);
	/* as amcheck: expressions of the index are code of its owner, which must not run as a superuser */
	save_nestlevel = NewGUCNestLevel();
	LokiRestrictSearchPath();

	if (named)
		loki_require_valid(index, "check");
	if (!index->rd_index->indisvalid)
		ereport(NOTICE,
				(errmsg("cannot check index \"%s\", skipping", RelationGetRelationName(index)),
				 errdetail("Index is not valid."),
				 errhint("It is being built, or was left by a build that failed.")));
	else if (index->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
		ereport(NOTICE,
				(errmsg("cannot verify unlogged index \"%s\" during recovery, skipping",
						RelationGetRelationName(index))));
	else
	{
		checkable = true;
		pgstat_progress_start_command(PROGRESS_COMMAND_CREATE_INDEX, RelationGetRelid(heap));
		pgstat_progress_update_multi_param(lengthof(params), params, values);
		check_index(heap, index, heap_all_indexed);
		pgstat_progress_end_command();
	}

	AtEOXact_GUC(false, save_nestlevel);
	SetUserIdAndSecContext(save_userid, save_sec_context);
	relation_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	return checkable;
}
