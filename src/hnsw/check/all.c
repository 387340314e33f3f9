/*-------------------------------------------------------------------------
 *
 * all.c
 *	  The SQL functions that check indexes: one, all of a table, all of a schema.
 *
 * lokivector_check() ends with the first fault, an ERROR.  lokivector_check_all() is for a
 * nightly job.  A fault is a row, and so is an index that is locked or belongs to another
 * user.  If the job runs out of time, it can go on the next night from where it ended.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/all.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "funcapi.h"
#include "hnsw/check/check.h"
#include "hnsw/hnsw.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_check);
LOKI_FUNCTION(lokivector_check_all);

#define CHECK_COLUMNS	2

/* ----------------------------------------------------------------
 * Which indexes
 * ----------------------------------------------------------------
 */

/* Add the indexes of a table that are ours. */
static List *
add_indexes(List *indexes, Oid tableid)
{
	Relation	table = relation_open(tableid, AccessShareLock);
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(table))
	{
		Relation	index = relation_open(lfirst_oid(cell), AccessShareLock);

		if (loki_is_hnsw_index(index))
			indexes = lappend_oid(indexes, lfirst_oid(cell));
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
	ListCell   *cell;

	if (relkind != RELKIND_RELATION && relkind != RELKIND_MATVIEW &&
		relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_PARTITIONED_INDEX)
		return list_make1_oid(relid);
	loki_require_right(relid, right);
	LockRelationOid(relid, AccessShareLock);
	foreach(cell, find_all_inheritors(relid, AccessShareLock, NULL))
	{
		relkind = get_rel_relkind(lfirst_oid(cell));
		if (relkind == RELKIND_INDEX)
			result = lappend_oid(result, lfirst_oid(cell));
		else if (relkind == RELKIND_RELATION || relkind == RELKIND_MATVIEW)
			result = add_indexes(result, lfirst_oid(cell));
	}
	return result;
}

/* What lokivector_check() returns when no index that it checked is damaged */
static char *
describe_checked(int checked, int total)
{
	if (total == 0)
		return "no index";
	if (checked == 0)
		return "not checked";
	if (checked < total)
		return psprintf("sound: %d of %d indexes", checked, total);
	return total == 1 ? "sound" : psprintf("sound: %d indexes", total);
}

/*
 * lokivector_check(index regclass, heap_all_indexed boolean)
 */
Datum
lokivector_check(PG_FUNCTION_ARGS)
{
	List	   *indexes = loki_indexes_of(PG_GETARG_OID(0), LOKI_RIGHT_READ);
	ListCell   *cell;
	int			checked = 0;

	foreach(cell, indexes)
	{
		if (loki_check_index(lfirst_oid(cell), lfirst_oid(cell) == PG_GETARG_OID(0),
							 PG_GETARG_BOOL(1), list_length(indexes),
							 foreach_current_index(cell)))
			checked++;
	}
	PG_RETURN_TEXT_P(cstring_to_text(describe_checked(checked, list_length(indexes))));
}

/* ----------------------------------------------------------------
 * All of a schema
 * ----------------------------------------------------------------
 */

/* Lock a table and its index, unless that would have to wait. */
static bool
try_lock(Oid indexid)
{
	Oid			heapid = IndexGetRelation(indexid, true);

	return OidIsValid(heapid) && ConditionalLockRelationOid(heapid, AccessShareLock) &&
		ConditionalLockRelationOid(indexid, AccessShareLock);
}

/* An error, in one line */
static char *
describe_error(const ErrorData *error)
{
	return error->detail == NULL ? pstrdup(error->message) :
		psprintf("%s: %s", error->message, error->detail);
}

/*
 * Check an index in a subtransaction; returns what is wrong with it, or NULL.  Its locks are
 * released at the end in any case.
 */
static char *
find_problem(Oid indexid, bool heap_all_indexed, int total, int done)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext scratch = AllocSetContextCreate(context, "lokivector_check_all",
												  ALLOCSET_DEFAULT_SIZES);
	ResourceOwner owner = CurrentResourceOwner;
	char	   *volatile problem = NULL;

	Assert(done < total);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(scratch);
	PG_TRY();
	{
		/* the check locks both once more, and releases those locks */
		if (try_lock(indexid))
			(void) loki_check_index(indexid, true, heap_all_indexed, total, done);
		else
			problem = "locked by another session, look again";
		/* no lock outlives its index's check */
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		problem = describe_error(loki_check_caught(context));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	MemoryContextDelete(scratch);
	return problem;
}

/* The indexes of a schema, or of all of them, that come after one, by OID */
static List *
list_schema(Oid schema, Oid after)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, loki_list_indexes())
	{
		Oid			namespace = get_rel_namespace(lfirst_oid(cell));

		if (lfirst_oid(cell) > after && OidIsValid(namespace) &&
			!isOtherTempNamespace(namespace) &&
			(!OidIsValid(schema) || namespace == schema))
			result = lappend_oid(result, lfirst_oid(cell));
	}
	list_sort(result, list_oid_cmp);
	return result;
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
	bool		heap_all_indexed = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	TimestampTz end = PG_ARGISNULL(2) ? DT_NOEND :
		DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												TimestampTzGetDatum(GetCurrentTimestamp()),
												PG_GETARG_DATUM(2)));
	List	   *indexes = list_schema(schema, PG_ARGISNULL(3) ? InvalidOid : PG_GETARG_OID(3));
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
		/* it may be gone by now */
		if (!OidIsValid(IndexGetRelation(indexid, true)))
			continue;
		problem = find_problem(indexid, heap_all_indexed, list_length(indexes),
							   foreach_current_index(cell));
		values[0] = ObjectIdGetDatum(indexid);
		isnull[1] = problem == NULL;
		values[1] = isnull[1] ? (Datum) 0 : CStringGetTextDatum(problem);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	return (Datum) 0;
}
