/*-------------------------------------------------------------------------
 *
 * dimensions.c
 *	  Columns that have lost the dimensions that their indexes need.
 *
 * ALTER TABLE may take the dimensions from the type of a column, and keeps its index, which
 * goes by its metapage from then on.  A rebuild has no metapage to go by: it is an error that
 * says what helps.
 *
 * That must not happen to an index of a temporary table that each commit empties.  The commit
 * builds the index again, in its file that is cut to no blocks before, and cannot be rolled back
 * to what it was.  So the session remembers the dimensions of the temporary indexes that it has
 * built, by their files.  A rebuild by REINDEX and the like has another file.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/dimensions.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/column.h"
#include "types/vector.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* An index of a temporary table that this session has built */
typedef struct TemporaryIndex
{
	LokiRelFileLocator file;	/* the key */
	int32		typmod;
} TemporaryIndex;

static HTAB *temporary_indexes = NULL;

/*
 * Remember the typmod that a build went by, if the index is of a temporary table.  Entries are small,
 * and stay until the session ends.
 */
void
loki_dimensions_remember(Relation index, int32 typmod)
{
	TemporaryIndex *entry;
	HASHCTL		control = {
		.keysize = sizeof(LokiRelFileLocator),
		.entrysize = sizeof(TemporaryIndex),
		.hcxt = TopMemoryContext
	};

	Assert(typmod > 0);
	if (index->rd_rel->relpersistence != RELPERSISTENCE_TEMP)
		return;
	if (temporary_indexes == NULL)
		temporary_indexes = hash_create("hnsw temporary indexes", 16, &control,
										HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	entry = hash_search(temporary_indexes, &LokiRelationLocator(index), HASH_ENTER, NULL);
	entry->typmod = typmod;
}

/* The typmod that was remembered for the file that an index has now; -1: none */
int32
loki_dimensions_remembered(Relation index)
{
	TemporaryIndex *entry = NULL;

	if (temporary_indexes != NULL)
		entry = hash_search(temporary_indexes, &LokiRelationLocator(index), HASH_FIND, NULL);
	Assert(entry == NULL || index->rd_rel->relpersistence == RELPERSISTENCE_TEMP);
	return entry != NULL ? entry->typmod : -1;
}

/* A type with dimensions, as a user writes it: "vector(n)", or "vector(n)[]" for an array */
char *
loki_dimensions_type(Oid type)
{
	Oid			element = get_element_type(type);

	return psprintf("%s(n)%s", loki_type_name(OidIsValid(element) ? element : type),
					OidIsValid(element) ? "[]" : "");
}

/* The table whose column is to be altered: partitions have their columns from above. */
static char *
altered_table(Oid table)
{
	List	   *ancestors = get_rel_relispartition(table) ? get_partition_ancestors(table) : NIL;
	Oid			top = ancestors != NIL ? llast_oid(ancestors) : table;
	Oid			schema = get_rel_namespace(top);

	return quote_qualified_identifier(isTempNamespace(schema) ? "pg_temp" :
									  get_namespace_name(schema), get_rel_name(top));
}

/* Whether a table's column cannot be altered there, as it is a parent's or a type's */
static bool
altered_elsewhere(Oid table, AttrNumber number)
{
	HeapTuple	class = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	HeapTuple	attribute = SearchSysCache2(ATTNUM, ObjectIdGetDatum(table),
											Int16GetDatum(number));
	Form_pg_class form;
	bool		elsewhere;

	if (!HeapTupleIsValid(class) || !HeapTupleIsValid(attribute))
		elog(ERROR, "cache lookup failed for attribute %d of relation %u", number, table);
	form = (Form_pg_class) GETSTRUCT(class);
	elsewhere = OidIsValid(form->reloftype) ||
		(!form->relispartition && ((Form_pg_attribute) GETSTRUCT(attribute))->attinhcount > 0);
	ReleaseSysCache(attribute);
	ReleaseSysCache(class);
	return elsewhere;
}

/*
 * ERROR: the column has no dimensions.  The hint is a command that gives them back, where there is
 * one: the column may be a parent's or a composite type's, or there may be an expression instead.
 */
void
loki_dimensions_missing(Relation index, Oid type)
{
	char	   *wanted = loki_dimensions_type(type);
	Oid			table = index->rd_index->indrelid;
	AttrNumber	number = index->rd_index->indkey.values[0];
	char	   *column = number != 0 ? get_attname(table, number, false) : NULL;

	Assert(number >= 0);		/* system columns have no vectors */
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column does not have dimensions"),
			 column != NULL ?
			 errdetail("Index \"%s\" needs those of column \"%s\" of table \"%s\".",
					   RelationGetRelationName(index), column, get_rel_name(table)) :
			 errdetail("Index \"%s\" needs those of the expression that is its first column.",
					   RelationGetRelationName(index)),
			 column != NULL && altered_elsewhere(table, number) ?
			 errhint("Give it the type %s in the table that it is inherited from, or in the type that its table is of; or drop the index, and make one on an expression that casts the column to %s.",
					 wanted, wanted) :
			 column != NULL ?
			 errhint("Set them by ALTER TABLE %s ALTER COLUMN %s TYPE %s, in one command for all such columns of the table; or drop the index, and make one on an expression that casts the column to %s.",
					 altered_table(table), quote_identifier(column), wanted, wanted) :
			 errhint("Make the index on an expression that is cast to %s.", wanted)));
}
