/*-------------------------------------------------------------------------
 *
 * access.c
 *	  Who may call the functions that read or change an index, and opening it
 *	  for them.
 *
 * Everyone may execute these functions; each checks whether its caller has the right to do
 * so with this index.  It checks before it takes a lock, because nobody is to block another
 * user's table, and again when it holds the lock, because the owner may have changed while
 * it waited.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/access.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <ctype.h>

#include "access/relation.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/objectaddress.h"
#include "catalog/partition.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/access.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

/* The planner's, by which this library knows its own indexes, whatever the access method is called */
amcostestimate_function loki_hnsw_costestimate = NULL;

/* Whether a relation is an index of ours */
static bool
has_our_method(Relation index)
{
	/* set when the library is loaded */
	Assert(loki_hnsw_costestimate != NULL);
	return index->rd_indam != NULL && index->rd_indam->amcostestimate == loki_hnsw_costestimate;
}

/* Whether a relation is an index with rows, of hnsw or ivfflat.  See hnsw.h. */
bool
loki_is_hnsw_index(Relation index)
{
	return index->rd_rel->relkind == RELKIND_INDEX && has_our_method(index);
}

/* Whether it is an index of words, or a partitioned one.  See hnsw.h. */
bool
loki_is_words_index(Relation index)
{
	return has_our_method(index) && index->rd_opcintype[0] == TSVECTOROID;
}

/* ERROR unless a relation is an index of ours that this session may read. */
static void
require_hnsw(Relation index)
{
	if (index->rd_rel->relkind == RELKIND_PARTITIONED_INDEX)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("index \"%s\" is partitioned", RelationGetRelationName(index)),
				 errdetail("Only the indexes of its partitions have rows."),
				 errhint("Call the function for each of SELECT relid FROM pg_partition_tree(%s) WHERE isleaf.",
						 quote_literal_cstr(quote_qualified_identifier(get_namespace_name(RelationGetNamespace(index)),
																	   RelationGetRelationName(index))))));
	if (!loki_is_hnsw_index(index))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not an hnsw index",
						RelationGetRelationName(index)),
				 errhint("SELECT index FROM lokivector_stat_indexes lists such indexes.")));
	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary tables of other sessions"),
				 errdetail("Index \"%s\" is associated with temporary relation.",
						   RelationGetRelationName(index))));
}

/* ERROR with what an aclcheck function returned for a relation, unless that is ACLCHECK_OK. */
static void
require_allowed(AclResult allowed, Oid relid)
{
	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, get_relkind_objtype(get_rel_relkind(relid)),
					   get_rel_name(relid));
}

/* Whether the user may read a relation's index, or change it */
bool
loki_has_right(Oid relid, LokiRight right)
{
	Assert(right == LOKI_RIGHT_READ || right == LOKI_RIGHT_CHANGE);
	return LokiOwnsRelation(relid) ||
		(right == LOKI_RIGHT_READ && has_privs_of_role(GetUserId(), ROLE_PG_MONITOR));
}

/* Whether the user may read an index.  One that is gone nobody reads. */
bool
loki_may_read(Oid indexid)
{
	return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(indexid)) &&
		loki_has_right(indexid, LOKI_RIGHT_READ);
}

/*
 * Whether the user may read an index, or else all rows of its table: through the table itself,
 * or through one of which it is a partition.
 */
bool
loki_sees_all_rows(Oid indexid)
{
	Oid			heapid = IndexGetRelation(indexid, true);

	if (loki_may_read(indexid))
		return true;
	if (!OidIsValid(heapid))
		return false;
	foreach_oid(tableid, lcons_oid(heapid, get_partition_ancestors(heapid)))
	{
		if (pg_class_aclcheck(tableid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
			check_enable_rls(tableid, InvalidOid, true) != RLS_ENABLED)
			return true;
	}
	return false;
}

/*
 * ERROR unless the user has a right to a relation, which is a table or an index.  A relation
 * that is gone is left to the caller, who will notice when it opens it.
 */
void
loki_require_right(Oid relid, LokiRight right)
{
	Oid			heapid = IndexGetRelation(relid, true);

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return;
	if (right == LOKI_RIGHT_TABLE)
	{
		/* or to a table of which it is a partition: reading rows through that asks for no right to the partition */
		Oid			tableid = OidIsValid(heapid) ? heapid : relid;

		foreach_oid(ancestor, get_partition_ancestors(tableid))
		{
			if (pg_class_aclcheck(ancestor, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
				return;
		}
		require_allowed(pg_class_aclcheck(tableid, GetUserId(), ACL_SELECT), tableid);
	}
	else if (right == LOKI_RIGHT_ROWS)
	{
		/* all of them: what a function shows of an index's answers depends on each */
		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(heapid)))
			return;
		require_allowed(pg_class_aclcheck(heapid, GetUserId(), ACL_SELECT), heapid);
		if (check_enable_rls(heapid, InvalidOid, false) == RLS_ENABLED)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("query would be affected by row-level security policy for table \"%s\"",
							get_rel_name(heapid))));
	}
	else if (!loki_has_right(relid, right))
	{
		if (right == LOKI_RIGHT_READ)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must be owner of %s %s or have privileges of pg_monitor",
							get_relkind_objtype(get_rel_relkind(relid)) == OBJECT_INDEX ? "index" : "relation",
							get_rel_name(relid))));
		require_allowed(ACLCHECK_NOT_OWNER, relid);
	}
}

/*
 * Open an index and its table with locks of one mode; the table is locked first.  If heap is
 * NULL, only the index is opened.  ERROR if it is not an index of ours, or if the user has
 * not the right.
 */
Relation
loki_open_allowed(Oid indexid, LOCKMODE lock, LokiRight right, Relation *heap)
{
	Oid			heapid = IndexGetRelation(indexid, true);
	Relation	index;

	Assert(lock != NoLock);
	loki_require_right(indexid, right);
	if (heap != NULL)
		*heap = OidIsValid(heapid) ? table_open(heapid, lock) : NULL;
	index = relation_open(indexid, lock);
	require_hnsw(index);
	if (!OidIsValid(heapid) || heapid != IndexGetRelation(indexid, true))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("could not open parent table of index \"%s\"",
						RelationGetRelationName(index))));
	loki_require_right(indexid, right);
	Assert(CheckRelationLockedByMe(index, lock, false));
	Assert(heap == NULL || RelationGetRelid(*heap) == index->rd_index->indrelid);
	return index;
}

/*
 * The hint of an error for an index that is not valid.  The server's names tell those that a
 * REINDEX CONCURRENTLY made or replaced, which are to be dropped (lokivector_advice() says so
 * too).
 */
int
loki_errhint_not_valid(Relation index)
{
	const char *name = RelationGetRelationName(index);
	size_t		stem = strlen(name);

	while (stem > 0 && isdigit((unsigned char) name[stem - 1]))
		stem--;
	if (stem >= 6 && (strncmp(name + stem - 6, "_ccnew", 6) == 0 ||
					  strncmp(name + stem - 6, "_ccold", 6) == 0))
		return errhint("REINDEX CONCURRENTLY left it, unless one is running. Drop it with DROP INDEX CONCURRENTLY.");
	return errhint("Unless its build is running, rebuild it with REINDEX INDEX CONCURRENTLY, or drop it.");
}

/* ERROR unless an index is valid; `action` is what cannot be done with it otherwise. */
void
loki_require_valid(Relation index, const char *action)
{
	if (!index->rd_index->indisvalid)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot %s index \"%s\"", action, RelationGetRelationName(index)),
				 errdetail("Index is not valid."),
				 loki_errhint_not_valid(index)));
}
