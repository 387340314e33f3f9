/*-------------------------------------------------------------------------
 *
 * each.c
 *	  The SQL functions that call another for each index: lokivector_advice_all() and
 *	  lokivector_recall_all().
 *
 * They are for monitoring.  A query over all indexes ends with the first of which something
 * cannot be read; here an error is a row, as in lokivector_check_all(), and other indexes have
 * theirs.  Nothing is written, so they run on a standby.
 *
 * The function that is called may be written in SQL, so SPI calls it, as the user, by a name
 * with the schema of the calling function and with arguments of exactly its types.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/each.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "hnsw/check/check.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_advice_all);
LOKI_FUNCTION(lokivector_recall_all);

typedef struct EachIndex
{
	ReturnSetInfo *result;
	const char *query;			/* its rows are those of the result */
	int			narguments;
	Oid			types[3];
	Datum		arguments[3];	/* the first is the index */
} EachIndex;

/* Begin the rows of a function; its arguments follow the index in the query's */
static void
begin_rows(EachIndex *each, FunctionCallInfo fcinfo, const char *query)
{
	Oid			schema = get_func_namespace(fcinfo->flinfo->fn_oid);

	InitMaterializedSRF(fcinfo, 0);
	each->result = (ReturnSetInfo *) fcinfo->resultinfo;
	each->query = psprintf(query, quote_identifier(get_namespace_name(schema)));
	each->types[0] = REGCLASSOID;
	each->narguments = 1;
	for (int i = 0; i < PG_NARGS(); i++)
	{
		Assert(each->narguments < lengthof(each->types));
		each->types[each->narguments] = get_fn_expr_argtype(fcinfo->flinfo, i);
		each->arguments[each->narguments++] = PG_GETARG_DATUM(i);
	}
}

/* LokiLookAt: add the rows of an index.  None are added before all are there. */
static char *
add_rows_of_index(Oid indexid, void *arg)
{
	EachIndex  *each = arg;
	Oid			tableid = IndexGetRelation(indexid, true);
	TupleDesc	desc = each->result->setDesc;
	Datum	   *values = palloc_array(Datum, desc->natts);
	bool	   *isnull = palloc_array(bool, desc->natts);

	/* what is called waits for locks */
	if (!OidIsValid(tableid) || !ConditionalLockRelationOid(tableid, AccessShareLock))
		return loki_locked_elsewhere;
	each->arguments[0] = ObjectIdGetDatum(indexid);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args(each->query, each->narguments, each->types, each->arguments, NULL,
							  true, 0) != SPI_OK_SELECT || SPI_tuptable->tupdesc->natts != desc->natts)
		elog(ERROR, "could not execute \"%s\"", each->query);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, isnull);
		tuplestore_putvalues(each->result->setResult, desc, values, isnull);
	}
	SPI_finish();
	return NULL;
}

/*
 * The indexes of lokivector_stat_indexes.  With readable, the valid ones of vectors of tables all of whose
 * rows the user may read.
 */
static List *
list_indexes(bool readable)
{
	List	   *result = NIL;

	foreach_oid(indexid, loki_list_indexes(InvalidOid, InvalidOid))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(indexid));
		Form_pg_index index;
		bool		wanted;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		wanted = !RecoveryInProgress() ||
			get_rel_persistence(index->indexrelid) != RELPERSISTENCE_UNLOGGED;
		if (readable && wanted)
			/* searches for words are exact, and rows are no queries of them */
			wanted = index->indisvalid && get_atttype(index->indexrelid, 1) != TSVECTOROID &&
				pg_class_aclcheck(index->indrelid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
				check_enable_rls(index->indrelid, InvalidOid, true) != RLS_ENABLED;
		if (wanted)
			result = lappend_oid(result, index->indexrelid);
		ReleaseSysCache(tuple);
	}
	return result;
}

/* Add a row of an index in place of its own: texts in its last columns, the first of which may be NULL. */
static void
add_texts(EachIndex *each, Oid indexid, const char *about, const char *text)
{
	TupleDesc	desc = each->result->setDesc;
	Datum	   *values = palloc0_array(Datum, desc->natts);
	bool	   *isnull = palloc_array(bool, desc->natts);

	memset(isnull, true, desc->natts);
	values[0] = ObjectIdGetDatum(indexid);
	values[desc->natts - 1] = CStringGetTextDatum(text);
	isnull[0] = isnull[desc->natts - 1] = false;
	if (about != NULL)
	{
		values[desc->natts - 2] = CStringGetTextDatum(about);
		isnull[desc->natts - 2] = false;
	}
	tuplestore_putvalues(each->result->setResult, desc, values, isnull);
}

/*
 * lokivector_advice_all(): the rows of lokivector_advice(), and of other indexes one that says why
 * it has none: "locked", or "error"
 */
Datum
lokivector_advice_all(PG_FUNCTION_ARGS)
{
	EachIndex	each = {0};

	begin_rows(&each, fcinfo, "SELECT $1, about, advice FROM %s.lokivector_advice($1)");
	foreach_oid(indexid, list_indexes(false))
	{
		char	   *problem = loki_index_problem(indexid, add_rows_of_index, &each, false);
		char	   *command = problem == NULL ? NULL : loki_rebuild_command(indexid, true);

		CHECK_FOR_INTERRUPTS();
		/* it may be gone */
		if (command == NULL)
			continue;
		if (problem == loki_locked_elsewhere)
			add_texts(&each, indexid, "locked",
					  "Another session has locked the index or its table: look again.");
		else
			add_texts(&each, indexid, "error",
					  psprintf("%s. %s rebuilds the index.", problem, command));
	}
	return (Datum) 0;
}

/*
 * lokivector_recall_all(queries integer, k integer): the rows of lokivector_recall(), and an error
 */
Datum
lokivector_recall_all(PG_FUNCTION_ARGS)
{
	EachIndex	each = {0};

	begin_rows(&each, fcinfo, "SELECT $1, r.*, NULL::pg_catalog.text FROM %s.lokivector_recall($1, $2, $3) r");
	foreach_oid(indexid, list_indexes(true))
	{
		char	   *problem = loki_index_problem(indexid, add_rows_of_index, &each, false);

		CHECK_FOR_INTERRUPTS();
		/* it may be gone */
		if (problem != NULL && OidIsValid(IndexGetRelation(indexid, true)))
			add_texts(&each, indexid, NULL, problem);
	}
	return (Datum) 0;
}
