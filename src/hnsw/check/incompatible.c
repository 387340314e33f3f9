/*-------------------------------------------------------------------------
 *
 * incompatible.c
 *	  Finding and rebuilding indexes that cannot be read: those of pgvector,
 *	  of other formats, and damaged ones.
 *
 * When the library replaces pgvector, or an older release, index files stay as they were, and
 * every use of one is an ERROR.  The list reads the metapage of each index as scans do, and
 * says what they would say.  It is for moments when not all is well: an index that is gone,
 * locked, or cannot be opened is a row at most, never an error.
 *
 * A function cannot run REINDEX CONCURRENTLY.  So the list has commands, for psql's \gexec.
 * The procedure runs those that are not concurrent.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/incompatible.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "compat/pgcompat.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "hnsw/check/check.h"
#include "hnsw/hnsw.h"
#include "hnsw/page/page.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_incompatible_indexes);
LOKI_FUNCTION(lokivector_rebuild_incompatible_indexes);

#define INCOMPATIBLE_COLUMNS	6

typedef struct IncompatibleIndex
{
	Oid			indexid;
	Oid			tableid;
	bool		valid;
	bool		locked;			/* by another session; nothing else is known */
	int64		bytes;
	char	   *reason;			/* NULL: it can be read */
} IncompatibleIndex;

/*
 * Whether commands of this session may read an index.  They do not if it is being built
 * CONCURRENTLY, or was left by that, and is not ready for inserts yet.
 */
static bool
is_used(Relation index)
{
	if (!loki_is_hnsw_index(index) || RELATION_IS_OTHER_TEMP(index) ||
		!index->rd_index->indisready)
		return false;
	return !RecoveryInProgress() || RelationIsPermanent(index);
}

/*
 * Look at an index, whose lock the caller holds.  If it cannot be opened or read, the error
 * becomes the reason.
 */
static void
look_at(IncompatibleIndex *found)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	LokiMetaPageData *meta = palloc(sizeof(LokiMetaPageData));

	Assert(found->reason == NULL && !found->locked);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		Relation	index = try_relation_open(found->indexid, NoLock);

		if (index != NULL && is_used(index))
		{
			found->tableid = index->rd_index->indrelid;
			found->valid = index->rd_index->indisvalid;
			found->bytes = (int64) RelationGetNumberOfBlocks(index) * BLCKSZ;
			loki_meta_read(index, meta);
		}
		if (index != NULL)
			relation_close(index, NoLock);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		found->reason = loki_check_caught(context)->message;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	pfree(meta);
}

/* In PG_CATCH: end the subtransaction, and return its error, unless the query is canceled. */
ErrorData *
loki_check_caught(MemoryContext context)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	FlushErrorState();
	RollbackAndReleaseCurrentSubTransaction();
	if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	return error;
}

/* OIDs of all indexes that may be ours */
List *
loki_list_indexes(void)
{
	Oid			methods[] = {get_index_am_oid("hnsw", true), get_index_am_oid("ivfflat", true)};
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List	   *candidates = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class class = (Form_pg_class) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (class->relkind == RELKIND_INDEX && OidIsValid(class->relam) &&
			(class->relam == methods[0] || class->relam == methods[1]))
			candidates = lappend_oid(candidates, class->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return candidates;
}

/* list_sort: the smallest first, and by OID, so that a list is always in the same order */
static int
compare_sizes(const ListCell *a, const ListCell *b)
{
	const IncompatibleIndex *left = lfirst(a);
	const IncompatibleIndex *right = lfirst(b);

	if (left->bytes != right->bytes)
		return left->bytes < right->bytes ? -1 : 1;
	return left->indexid < right->indexid ? -1 : left->indexid > right->indexid;
}

/*
 * All indexes that cannot be read, as IncompatibleIndex, the smallest first.  Each index is locked
 * only while it is looked at, and not waited for.
 */
static List *
list_incompatible(void)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, loki_list_indexes())
	{
		IncompatibleIndex *found = palloc0(sizeof(IncompatibleIndex));

		CHECK_FOR_INTERRUPTS();
		found->indexid = lfirst_oid(cell);
		found->valid = true;
		if (ConditionalLockRelationOid(found->indexid, AccessShareLock))
		{
			look_at(found);
			UnlockRelationOid(found->indexid, AccessShareLock);
		}
		else
		{
			found->locked = true;
			found->reason = "locked by another session, look again";
		}
		if (found->reason != NULL)
			result = lappend(result, found);
	}
	list_sort(result, compare_sizes);
	return result;
}

/* The command that rebuilds an index; NULL if it is gone */
static char *
rebuild_command(Oid indexid, bool concurrently)
{
	char	   *name = get_rel_name(indexid);
	char	   *schema = get_namespace_name(get_rel_namespace(indexid));

	if (name == NULL || schema == NULL)
		return NULL;
	return psprintf("REINDEX INDEX %s%s", concurrently ? "CONCURRENTLY " : "",
					quote_qualified_identifier(schema, name));
}

/*
 * lokivector_incompatible_indexes(concurrently bool): a row for each
 */
Datum
lokivector_incompatible_indexes(PG_FUNCTION_ARGS)
{
	bool		concurrently = PG_GETARG_BOOL(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach(cell, list_incompatible())
	{
		IncompatibleIndex *found = lfirst(cell);
		char	   *command = rebuild_command(found->indexid, concurrently);
		Datum		values[INCOMPATIBLE_COLUMNS];
		bool		isnull[INCOMPATIBLE_COLUMNS] = {0};

		Assert(found->reason != NULL);
		if (command == NULL)
			continue;
		values[0] = ObjectIdGetDatum(found->indexid);
		values[1] = ObjectIdGetDatum(found->tableid);
		isnull[1] = !OidIsValid(found->tableid);
		values[2] = BoolGetDatum(found->valid);
		isnull[2] = isnull[1];
		values[3] = Int64GetDatum(found->bytes);
		isnull[3] = isnull[1];
		values[4] = CStringGetTextDatum(found->reason);
		isnull[5] = found->locked;
		if (!found->locked)
			values[5] = CStringGetTextDatum(command);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/*
 * lokivector_rebuild_incompatible_indexes(): REINDEX each.  Outside of a transaction block each
 * is committed by itself, so that its result stays and its locks are released.
 */
Datum
lokivector_rebuild_incompatible_indexes(PG_FUNCTION_ARGS)
{
	CallContext *call = (CallContext *) fcinfo->context;
	bool		atomic = call == NULL || !IsA(call, CallContext) || call->atomic;
	ListCell   *cell;

	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	foreach(cell, list_incompatible())
	{
		IncompatibleIndex *found = lfirst(cell);
		char	   *command = rebuild_command(found->indexid, false);

		if (command == NULL)
			continue;
		if (found->locked || !LokiOwnsRelation(found->indexid))
		{
			ereport(WARNING,
					(errmsg("skipping index \"%s\"", get_rel_name(found->indexid)),
					 found->locked ? errdetail("It is locked by another session.") :
					 errdetail("It belongs to another user.")));
			continue;
		}
		ereport(INFO, (errmsg_internal("%s", command)));
		if (SPI_execute(command, false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not execute \"%s\"", command);
		if (!atomic)
			SPI_commit();
	}
	SPI_finish();
	PG_RETURN_VOID();
}
