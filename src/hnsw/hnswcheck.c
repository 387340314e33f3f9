/*-------------------------------------------------------------------------
 *
 * hnswcheck.c
 *	  lokivector_check: verify an index against its own rules and its table.
 *
 * Structure is checked under AccessShareLock, while inserts and vacuum go on;
 * the first fault ends the check with an ERROR that names block and node.
 * What a crash may leave behind is told at DEBUG1, and what makes rows hard to
 * find without being wrong is a WARNING.  src/hnsw/README, "Checking", says
 * what is checked and how running commands are told from faults.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswcheck.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/index.h"
#include "catalog/pg_type.h"
#include "hnsw/hnswcheck.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

LOKI_FUNCTION(lokivector_check);

/* ----------------------------------------------------------------
 * What all files of the check use
 * ----------------------------------------------------------------
 */
int
loki_check_where(LokiCheck *check, int family, uint32 number)
{
	BlockNumber block;
	uint32		place;

	if (!loki_slot_locate(check->state, check->index, family, number, &block, &place))
		return errdetail("Slot %u of the %s array does not exist.",
						 number, loki_family_name(family));
	return errdetail("Slot %u of the %s array, at block %u, place %u.",
					 number, loki_family_name(family), block, place);
}

int
loki_check_state_now(LokiCheck *check, uint32 node)
{
	LokiTidData tid;

	if (node > LOKI_MAX_NUMBER ||
		!loki_slot_read(check->state, check->index, LOKI_FAMILY_TID, node, &tid))
		return LOKI_TID_FREE;
	return LokiTidState(&tid);
}

bool
loki_check_dead_pending(LokiCheck *check)
{
	LokiMetaPageData meta;

	loki_meta_read(check->index, &meta);
	return (meta.flags & LOKI_META_DEAD_PENDING) != 0;
}

/* ----------------------------------------------------------------
 * The check
 * ----------------------------------------------------------------
 */

/* The metapage must describe the index that the catalogs describe. */
static void
check_definition(LokiCheck *check)
{
	TupleDesc	desc = RelationGetDescr(check->index);
	LokiColumn	column = loki_index_column(check->index);
	LokiMetaPageData *meta = &check->meta;
	const char *fault = NULL;

	if (meta->code.metric != column.metric)
		fault = "metric";
	else if (meta->code.dim != column.dim)
		fault = "dimensions";
	else if (meta->nattributes != desc->natts - 1)
		fault = "number of columns";
	for (int i = 0; fault == NULL && i < meta->nattributes; i++)
		if (meta->attr_type[i] != loki_attr_type(check->index->rd_opcintype[i + 1]))
			fault = "types of columns";
	if (fault == NULL && (meta->flags & ~(LOKI_META_DEAD_PENDING | LOKI_META_RECODING |
										  LOKI_META_POSTINGS | LOKI_META_ROWMAP)) != 0)
		fault = "flags";
	for (int i = 1; fault == NULL && i < meta->calibration.nwidths; i++)
		if (meta->calibration.at[i].width <= meta->calibration.at[i - 1].width)
			fault = "calibration";

	if (fault != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("metapage of index \"%s\" has invalid %s",
						RelationGetRelationName(check->index), fault)));
}

static void
check_structure(LokiCheck *check)
{
	check_definition(check);
	loki_check_directory(check);
	loki_check_nodes(check);
	loki_check_nulls(check);
	loki_check_postings(check);
	loki_check_rowmap(check);
	loki_check_links(check);
	loki_check_uppers(check);
	loki_check_entry(check);
	loki_check_reachability(check);
	loki_check_freelists(check);
}

static void
report_oddities(LokiCheck *check)
{
	if (check->strange_codes > 0)
		ereport(WARNING,
				(errmsg("index \"%s\" has %llu nodes whose codes yield no finite distance",
						RelationGetRelationName(check->index),
						(unsigned long long) check->strange_codes),
				 loki_check_where(check, LOKI_FAMILY_CODE, check->first_strange_code)));
	if (check->stale_links > 0 || check->disowned > 0)
		ereport(DEBUG1,
				(errmsg_internal("index \"%s\" has %llu stale links and %llu slots without owner above layer 0",
								 RelationGetRelationName(check->index),
								 (unsigned long long) check->stale_links,
								 (unsigned long long) check->disowned)));
}

/*
 * A snapshot for comparing with the table.  In a transaction that keeps its
 * snapshot, an index may be newer than what the snapshot sees.
 */
static Snapshot
take_snapshot(Relation index)
{
	Snapshot	snapshot = RegisterSnapshot(GetTransactionSnapshot());

	if (IsolationUsesXactSnapshot() && index->rd_index->indcheckxmin &&
		!TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   snapshot->xmin))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("index \"%s\" cannot be verified using transaction snapshot",
						RelationGetRelationName(index))));
	return snapshot;
}

static void
check_index(Relation heap, Relation index, bool heap_all_indexed)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "lokivector_check",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiCheck  *check = palloc0(sizeof(LokiCheck));
	Snapshot	snapshot = heap_all_indexed ? take_snapshot(index) : InvalidSnapshot;

	check->heap = heap;
	check->index = index;
	check->strategy = GetAccessStrategy(BAS_BULKREAD);
	check->nblocks = RelationGetNumberOfBlocks(index);
	check->state = loki_index_open(index, &check->meta);
	loki_index_refresh(check->state, index);
	check->query = (LokiQuery *)
		TYPEALIGN(64, (uintptr_t) palloc(check->state->quantizer->query_size + 64));

	check_structure(check);
	if (heap_all_indexed)
	{
		loki_check_heap(check, BuildIndexInfo(index), snapshot);
		UnregisterSnapshot(snapshot);
	}
	report_oddities(check);

	FreeAccessStrategy(check->strategy);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Whether an index can be checked at all; ERROR if it never can */
static bool
is_checkable(Relation index)
{
	if (!index->rd_index->indisvalid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot check index \"%s\"", RelationGetRelationName(index)),
				 errdetail("Index is not valid.")));
	if (index->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED && RecoveryInProgress())
	{
		ereport(NOTICE,
				(errmsg("cannot verify unlogged index \"%s\" during recovery, skipping",
						RelationGetRelationName(index))));
		return false;
	}
	return true;
}

/*
 * lokivector_check(index regclass, heap_all_indexed boolean)
 *
 * The table is locked before its index, and its owner is who index
 * expressions are evaluated as.
 */
Datum
lokivector_check(PG_FUNCTION_ARGS)
{
	Oid			indexid = PG_GETARG_OID(0);
	bool		heap_all_indexed = PG_GETARG_BOOL(1);
	Relation	heap;
	Relation	index = loki_open_allowed(indexid, AccessShareLock, LOKI_RIGHT_READ, &heap);
	Oid			save_userid;
	int			save_sec_context;
	int			save_nestlevel;

	GetUserIdAndSecContext(&save_userid, &save_sec_context);
	SetUserIdAndSecContext(heap->rd_rel->relowner,
						   save_sec_context | SECURITY_RESTRICTED_OPERATION);
	save_nestlevel = NewGUCNestLevel();
	LokiRestrictSearchPath();

	if (is_checkable(index))
		check_index(heap, index, heap_all_indexed);

	AtEOXact_GUC(false, save_nestlevel);
	SetUserIdAndSecContext(save_userid, save_sec_context);
	relation_close(index, AccessShareLock);
	table_close(heap, AccessShareLock);
	PG_RETURN_VOID();
}
