/*-------------------------------------------------------------------------
 *
 * indexes.c
 *	  The SQL functions for many indexes: checking all of a table or of a schema, and
 *	  finding and rebuilding those that cannot be read.
 *
 * lokivector_check() ends with the first fault, an ERROR.  lokivector_check_all() is for a
 * nightly job.  A fault is a row, and so is an index that is locked or belongs to another
 * user.  If the job runs out of time, it can go on the next night from where it ended.
 *
 * When the library replaces pgvector, or an older release, index files stay as they were, and
 * every use of one is an ERROR.  lokivector_incompatible_indexes() reads the metapage of each
 * index as scans do, and has what they would say.  It is for moments when not all is well: an
 * index that is gone, locked, or cannot be opened is a row at most, never an error.
 *
 * A function cannot run REINDEX CONCURRENTLY.  So the list has commands, for psql's \gexec.
 * The procedure runs those that are not concurrent.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/indexes.c
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
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
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
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_check);
LOKI_FUNCTION(lokivector_check_all);
LOKI_FUNCTION(lokivector_incompatible_indexes);
LOKI_FUNCTION(lokivector_rebuild_incompatible_indexes);

#define CHECK_COLUMNS			2
#define INCOMPATIBLE_COLUMNS	6

/* What is wrong, by its address, with an index that another session has locked */
static char locked_elsewhere[] = "locked by another session, look again";

/* ----------------------------------------------------------------
 * Which indexes
 * ----------------------------------------------------------------
 */

/* Add the indexes of a table that are ours. */
static List *
add_indexes(List *indexes, Oid tableid)
{
	Relation	table = relation_open(tableid, AccessShareLock);

	foreach_oid(indexid, RelationGetIndexList(table))
	{
		Relation	index = relation_open(indexid, AccessShareLock);

		if (loki_is_hnsw_index(index))
			indexes = lappend_oid(indexes, indexid);
		relation_close(index, AccessShareLock);
	}
	relation_close(table, AccessShareLock);
	return indexes;
}

/*
 * The indexes that a relation stands for: itself, those of a table, or those of all
 * partitions.  Any other relation stands for itself, and gives an error later.  The tables
 * and partitions that it goes through stay locked (AccessShareLock) until the end of the
 * transaction.  ERROR if the user has not the right to the relation.
 */
List *
loki_indexes_of(Oid relid, LokiRight right)
{
	char		relkind = get_rel_relkind(relid);
	List	   *result = NIL;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_MATVIEW &&
		relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_PARTITIONED_INDEX)
		return list_make1_oid(relid);
	loki_require_right(relid, right);
	LockRelationOid(relid, AccessShareLock);
	foreach_oid(inheritor, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		relkind = get_rel_relkind(inheritor);
		if (relkind == RELKIND_INDEX)
			result = lappend_oid(result, inheritor);
		else if (relkind == RELKIND_RELATION || relkind == RELKIND_MATVIEW)
			result = add_indexes(result, inheritor);
	}
	return result;
}

/*
 * The indexes of a schema, or of all of them, that come after one, by OID: an order that does not change from
 * one night to the next, whatever is made or dropped in between.
 */
static List *
list_indexes(Oid schema, Oid after)
{
	Oid			methods[] = {get_index_am_oid("hnsw", true), get_index_am_oid("ivfflat", true)};
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List	   *result = NIL;
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class class = (Form_pg_class) GETSTRUCT(tuple);

		CHECK_FOR_INTERRUPTS();
		if (class->relkind == RELKIND_INDEX && OidIsValid(class->relam) &&
			(class->relam == methods[0] || class->relam == methods[1]) &&
			class->oid > after && (!OidIsValid(schema) || class->relnamespace == schema) &&
			!isOtherTempNamespace(class->relnamespace))
			result = lappend_oid(result, class->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(result, list_oid_cmp);
	return result;
}

/* ----------------------------------------------------------------
 * What is wrong with an index
 * ----------------------------------------------------------------
 */

/* Looks at an index that is locked in share mode; returns what is wrong with it or NULL, or ends in an ERROR */
typedef char *(*LookAtIndex) (Oid indexid, void *arg);

/*
 * Look at an index in a subtransaction; returns what is wrong with it, or NULL.  An error is
 * something wrong, unless the query is canceled.  The index's lock is not waited for, and none is left.
 */
static char *
index_problem(Oid indexid, LookAtIndex look, void *arg, bool detailed)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(context, "hnsw index problem",
												  ALLOCSET_DEFAULT_SIZES);
	ResourceOwner owner = CurrentResourceOwner;
	char	   *volatile problem = locked_elsewhere;

	/* it is rolled back in any case: that is what releases the locks that were taken in it */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(scratch);
	PG_TRY();
	{
		if (ConditionalLockRelationOid(indexid, AccessShareLock))
			problem = look(indexid, arg);
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
		/* of lock_timeout */
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			problem = error->detail == NULL || !detailed ? pstrdup(error->message) :
				psprintf("%s: %s", error->message, error->detail);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	MemoryContextDelete(scratch);
	return problem;
}

/* ----------------------------------------------------------------
 * Checking
 * ----------------------------------------------------------------
 */

/*
 * lokivector_check(index regclass, heap_all_indexed boolean): what was checked, when none of it is damaged
 */
Datum
lokivector_check(PG_FUNCTION_ARGS)
{
	List	   *indexes = loki_indexes_of(PG_GETARG_OID(0), LOKI_RIGHT_READ);
	int			total = list_length(indexes);
	int			checked = 0;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		if (loki_check_index(lfirst_oid(cell), lfirst_oid(cell) == PG_GETARG_OID(0),
							 PG_GETARG_BOOL(1), total, foreach_current_index(cell)))
			checked++;
	}
	PG_RETURN_TEXT_P(cstring_to_text(total == 0 ? "no index" : checked == 0 ? "not checked" :
									 checked < total ? psprintf("sound: %d of %d indexes", checked, total) :
									 total == 1 ? "sound" : psprintf("sound: %d indexes", total)));
}

/* Of lokivector_check_all(): the indexes, and how they are checked */
typedef struct CheckAll
{
	bool		heap_all_indexed;
	int			total;
	int			done;
} CheckAll;

/* LookAtIndex: the check locks table and index once more, and releases those locks. */
static char *
check_one(Oid indexid, void *arg)
{
	const CheckAll *all = arg;
	Oid			heapid = IndexGetRelation(indexid, true);

	Assert(all->done < all->total);
	if (!OidIsValid(heapid) || !ConditionalLockRelationOid(heapid, AccessShareLock))
		return locked_elsewhere;
	(void) loki_check_index(indexid, true, all->heap_all_indexed, all->total, all->done);
	return NULL;
}

/*
 * lokivector_check_all(schema name, heap_all_indexed boolean, time_limit interval,
 *						after regclass)
 *
 * A row for each index.  At least one is checked.  When the time is up, no other is begun.
 */
Datum
lokivector_check_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = PG_ARGISNULL(0) ? InvalidOid :
		get_namespace_oid(NameStr(*PG_GETARG_NAME(0)), false);
	CheckAll	all = {.heap_all_indexed = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1)};
	TimestampTz end = PG_ARGISNULL(2) ? DT_NOEND :
		DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												TimestampTzGetDatum(GetCurrentTimestamp()),
												PG_GETARG_DATUM(2)));
	List	   *indexes = list_indexes(schema, PG_ARGISNULL(3) ? InvalidOid : PG_GETARG_OID(3));
	ListCell   *cell;

	InitMaterializedSRF(fcinfo, 0);
	Assert(result->setDesc->natts == CHECK_COLUMNS);
	foreach(cell, indexes)
	{
		Oid			indexid = lfirst_oid(cell);
		Datum		values[CHECK_COLUMNS];
		bool		isnull[CHECK_COLUMNS] = {0};
		char	   *problem;

		CHECK_FOR_INTERRUPTS();
		if (foreach_current_index(cell) > 0 && GetCurrentTimestamp() >= end)
			break;
		/* it may be gone */
		if (!OidIsValid(IndexGetRelation(indexid, true)))
			continue;
		all.total = list_length(indexes);
		all.done = foreach_current_index(cell);
		problem = index_problem(indexid, check_one, &all, true);
		values[0] = ObjectIdGetDatum(indexid);
		isnull[1] = problem == NULL;
		values[1] = isnull[1] ? (Datum) 0 : CStringGetTextDatum(problem);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	return (Datum) 0;
}

/* ----------------------------------------------------------------
 * Indexes that cannot be read
 * ----------------------------------------------------------------
 */

typedef struct IncompatibleIndex
{
	Oid			indexid;
	Oid			tableid;
	bool		valid;
	int64		bytes;
	char	   *reason;			/* NULL: it can be read;
								 * locked_elsewhere: nothing else is known */
} IncompatibleIndex;

/*
 * LookAtIndex: note what an index is, and read its metapage, if commands of this session may read it.  They do not if it
 * is being built CONCURRENTLY, or was left by that, and is not ready for inserts yet.
 */
static char *
read_meta(Oid indexid, void *arg)
{
	IncompatibleIndex *found = arg;
	LokiMetaPageData meta;
	Relation	index = try_relation_open(indexid, NoLock);

	if (index != NULL && loki_is_hnsw_index(index) && !RELATION_IS_OTHER_TEMP(index) &&
		index->rd_index->indisready && (!RecoveryInProgress() || RelationIsPermanent(index)))
	{
		found->tableid = index->rd_index->indrelid;
		found->valid = index->rd_index->indisvalid;
		found->bytes = (int64) RelationGetNumberOfBlocks(index) * BLCKSZ;
		loki_meta_read(index, &meta);
	}
	if (index != NULL)
		relation_close(index, NoLock);
	return NULL;
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

	foreach(cell, list_indexes(InvalidOid, InvalidOid))
	{
		IncompatibleIndex *found = palloc0(sizeof(IncompatibleIndex));

		CHECK_FOR_INTERRUPTS();
		found->indexid = lfirst_oid(cell);
		found->valid = true;
		found->reason = index_problem(found->indexid, read_meta, found, false);
		if (found->reason != NULL)
			result = lappend(result, found);
	}
	list_sort(result, compare_sizes);
	return result;
}

/* The command that rebuilds an index; NULL if it is gone.  Names are looked up without a lock. */
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

	InitMaterializedSRF(fcinfo, 0);
	foreach_ptr(IncompatibleIndex, found, list_incompatible())
	{
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
		isnull[5] = found->reason == locked_elsewhere;
		if (!isnull[5])
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

	SPI_connect_ext(atomic ? 0 : SPI_OPT_NONATOMIC);
	foreach_ptr(IncompatibleIndex, found, list_incompatible())
	{
		char	   *command = rebuild_command(found->indexid, false);
		bool		locked = found->reason == locked_elsewhere;

		if (command == NULL)
			continue;
		if (locked || !LokiOwnsRelation(found->indexid))
		{
			ereport(WARNING,
					(errmsg("skipping index \"%s\"", get_rel_name(found->indexid)),
					 locked ? errdetail("It is locked by another session.") :
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
