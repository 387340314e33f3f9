/*-------------------------------------------------------------------------
 *
 * memory_estimate.c
 *	  lokivector_build_memory(): how much memory a build will need, or that of an index
 *	  that there is.
 *
 * The estimate is made by what a build itself goes by: the metapage that these options would
 * give, and the memory of a node (loki_build_node_memory()).  Only rows have to be counted.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/memory_estimate.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "compat/pgcompat.h"
#include "executor/spi.h"
#include "hnsw/build/build.h"
#include "hnsw/definition/access.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/page/index.h"
#include "lokivector.h"
#include "nodes/makefuncs.h"
#include "types/vector.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/rls.h"
#include "utils/syscache.h"

LOKI_FUNCTION(lokivector_build_memory);
LOKI_FUNCTION(lokivector_rebuild_memory);

/* Pages of a table to count rows on: the count has an error of some two per cent */
#define SAMPLE_PAGES 3000

/* Attribute number of a column; sets its type and typmod */
static AttrNumber
find_column(Relation table, const char *name, Oid *type, int32 *typmod)
{
	AttrNumber	attribute = get_attnum(RelationGetRelid(table), name);
	Oid			collation;

	if (attribute <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, RelationGetRelationName(table))));
	get_atttypetypmodcoll(RelationGetRelid(table), attribute, type, typmod, &collation);
	return attribute;
}

/* Rows with a value in a column; of a large table, estimated from a sample of its pages */
static double
count_rows(Relation table, const char *column)
{
	BlockNumber nblocks = RelationGetNumberOfBlocks(table);
	double		share = nblocks > SAMPLE_PAGES ? 100.0 * SAMPLE_PAGES / nblocks : 100;
	char	   *name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(table)),
												  RelationGetRelationName(table));
	char	   *query = psprintf("SELECT pg_catalog.count(%s) FROM ONLY %s TABLESAMPLE pg_catalog.system (%.10g) REPEATABLE (1)",
								 quote_identifier(column), name, share);
	bool		isnull;
	int64		count;
	Oid			tableid = RelationGetRelid(table);
	Oid			userid;
	int			sec_context;
	int			nestlevel = NewGUCNestLevel();

	/*
	 * The planner runs expressions of the table's indexes and statistics, which are code of its
	 * owner.  Rows that a policy hides from the user are not counted, so that he asks himself.
	 */
	GetUserIdAndSecContext(&userid, &sec_context);
	if (check_enable_rls(tableid, InvalidOid, true) != RLS_ENABLED)
	{
		if (pg_class_aclcheck(tableid, userid, ACL_SELECT) != ACLCHECK_OK &&
			pg_attribute_aclcheck(tableid, get_attnum(tableid, column), userid,
								  ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(table->rd_rel->relkind),
						   RelationGetRelationName(table));
		SetUserIdAndSecContext(table->rd_rel->relowner, sec_context |
							   SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
		LokiRestrictSearchPath();
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not count the rows of \"%s\"", RelationGetRelationName(table));
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										1, &isnull));
	SPI_finish();
	AtEOXact_GUC(false, nestlevel);
	SetUserIdAndSecContext(userid, sec_context);
	return count * 100.0 / share;
}

/*
 * The operator class that is taken if none is named: one of the type, whose metric hardly
 * matters.  ERROR for a type that has none.
 */
static const char *
usual_class(Oid type)
{
	static const struct
	{
		const char *type;
		const char *class;
	}			classes[] = {
		{"vector", "vector_cosine_ops"},
		{"halfvec", "halfvec_cosine_ops"},
		{"bytevec", "bytevec_cosine_ops"},
		{"sparsevec", "sparsevec_cosine_ops"},
		{"bit", "bit_hamming_ops"},
		{"_vector", "vector_maxsim_ops"},
		{"_halfvec", "halfvec_maxsim_ops"},
		{"tsvector", "bm25_ops"},
	};
	const char *name = loki_type_name(type);

	for (int i = 0; i < lengthof(classes); i++)
		if (strcmp(name, classes[i].type) == 0)
			return classes[i].class;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("data type %s has no operator class of distances for access method \"hnsw\"",
					format_type_be(type)),
			 errhint("Name the column of vectors that the index is to search.")));
}

/*
 * Describe a column as an operator class indexes it.  The name of that may have a schema; without one it is
 * searched for in the search path, and then in the schema of the extension.
 */
static LokiColumn
describe_estimated_column(const char *name, Oid extension_schema, Oid type, int32 typmod)
{
	const char *class_name = name[0] != '\0' ? name : usual_class(type);
	Oid			method = get_index_am_oid("hnsw", false);
	List	   *names = LokiQualifiedNameList(class_name);
	Oid			class = get_opclass_oid(method, names, true);

	if (!OidIsValid(class) && list_length(names) == 1)
		class = get_opclass_oid(method,
								lcons(makeString(get_namespace_name(extension_schema)),
									  list_copy(names)), true);
	if (!OidIsValid(class))
		class = get_opclass_oid(method, names, false);
	if (get_opclass_input_type(class) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("operator class \"%s\" does not accept data type %s",
						class_name, format_type_be(type))));
	return loki_family_column(get_opclass_family(class), type, typmod);
}

/* Bytes that a build keeps for each node */
static Size
node_memory(const LokiHnswOptions *options, const LokiColumn *column, int nattributes,
			const uint8 *attr_type)
{
	LokiMetaPageData meta;
	LokiBuild  *build;
	Size		bytes;

	loki_build_describe(options, column, nattributes, attr_type, 0, &meta);
	build = loki_build_begin(NULL, NULL, NULL, &meta);
	build->geometry.column = *column;
	loki_build_set_code(build);
	bytes = loki_build_node_memory(build);
	MemoryContextDelete(build->context);
	return bytes;
}

/*
 * lokivector_build_memory(tab regclass, col name, operator_class text,
 *						   attributes name[], options text[])
 *
 * Bytes of maintenance_work_mem with which an index on these columns is built in memory.
 * An empty operator_class is the usual one of the column's type.  Attributes have no class here: a text counts
 * as one of text_prefix_ops, whose slots are the larger.
 * Duplicates count as if they differed.
 */
Datum
lokivector_build_memory(PG_FUNCTION_ARGS)
{
	Oid			tableid = PG_GETARG_OID(0);
	Relation	table;
	char	   *column = NameStr(*PG_GETARG_NAME(1));
	ArrayType  *attributes = PG_GETARG_ARRAYTYPE_P(3);
	LokiHnswOptions *options = (LokiHnswOptions *) loki_hnsw_options(PG_GETARG_DATUM(4), true);
	uint8		attr_type[LOKI_MAX_ATTRIBUTES + 1] = {0};
	LokiColumn	indexed;
	Datum	   *names;
	int			nattributes;
	Oid			type;
	int32		typmod;
	double		bytes;

	/* who may read no column is not to lock the table; the query that counts rows checks the column */
	if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(tableid)) &&
		pg_class_aclcheck(tableid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(tableid, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, get_relkind_objtype(get_rel_relkind(tableid)),
					   get_rel_name(tableid));
	table = table_open(tableid, AccessShareLock);
	if (table->rd_rel->relkind != RELKIND_RELATION && table->rd_rel->relkind != RELKIND_MATVIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table or materialized view",
						RelationGetRelationName(table)),
				 table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ?
				 errhint("Its partitions are built one by one: ask for the largest.") : 0));
	deconstruct_array(attributes, NAMEOID, NAMEDATALEN, false, TYPALIGN_CHAR, &names,
					  NULL, &nattributes);
	if (nattributes > LOKI_MAX_ATTRIBUTES)
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_COLUMNS),
				 errmsg("cannot use more than %d columns in an index", INDEX_MAX_KEYS)));
	for (int i = 0; i < nattributes; i++)
	{
		find_column(table, NameStr(*DatumGetName(names[i])), &type, &typmod);
		attr_type[i] = loki_attr_type(type);
		if (attr_type[i] == LOKI_ATTR_TEXT)
			attr_type[i] = LOKI_ATTR_PREFIX;
	}

	find_column(table, column, &type, &typmod);
	type = getBaseTypeAndTypmod(type, &typmod);
	indexed = describe_estimated_column(text_to_cstring(PG_GETARG_TEXT_PP(2)),
										get_func_namespace(fcinfo->flinfo->fn_oid), type, typmod);
	bytes = count_rows(table, column) *
		node_memory(options != NULL ? options : &loki_default_options, &indexed, nattributes,
					attr_type);
	table_close(table, AccessShareLock);
	PG_RETURN_INT64((int64) bytes);
}

/*
 * lokivector_build_memory(index regclass): bytes of maintenance_work_mem with which REINDEX
 * builds an index of as many nodes in memory
 */
Datum
lokivector_rebuild_memory(PG_FUNCTION_ARGS)
{
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_READ, NULL);
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	LokiHnswOptions options = *LokiIndexOptions(index);
	double		nodes;

	/* the build checks it against m; it does not matter here */
	options.ef_construction = LOKI_MAX_EF_CONSTRUCTION;
	loki_index_refresh(state, index);
	nodes = loki_count_live(state, index, NULL, NULL);
	nodes *= node_memory(&options, &state->column, meta.nattributes, meta.attr_type);
	relation_close(index, NoLock);
	PG_RETURN_INT64((int64) nodes);
}
