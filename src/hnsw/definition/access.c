/*-------------------------------------------------------------------------
 *
 * access.c
 *	  Who may call the functions that read or change an index, and opening it
 *	  for them.
 *
 * Everyone may execute these functions; each asks whether its caller may do so
 * with this index.  That is asked before a lock is taken, as nobody is to hold up
 * a table that is not his, and again when it is held, as the owner can have
 * changed while the lock was waited for.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/access.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/access.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

amcostestimate_function loki_hnsw_costestimate = NULL;

/* Whether a relation is an index of ours */
bool
loki_is_hnsw_index(Relation index)
{
	return index->rd_rel->relkind == RELKIND_INDEX && index->rd_indam != NULL &&
		index->rd_indam->amcostestimate == loki_hnsw_costestimate;
}

/* ERROR if a relation is no index of ours, or a temporary one of another session */
static void
require_hnsw(Relation index)
{
	if (!loki_is_hnsw_index(index))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is not an hnsw index",
						RelationGetRelationName(index))));
	if (RELATION_IS_OTHER_TEMP(index))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot access temporary tables of other sessions"),
				 errdetail("Index \"%s\" is associated with temporary relation.",
						   RelationGetRelationName(index))));
}

/*
 * ERROR unless the user may read all rows of a table: what is told of an index's
 * answers depends on each of them.
 */
static void
require_all_rows(Oid heapid)
{
	AclResult	allowed = pg_class_aclcheck(heapid, GetUserId(), ACL_SELECT);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, get_relkind_objtype(get_rel_relkind(heapid)),
					   get_rel_name(heapid));
	if (check_enable_rls(heapid, InvalidOid, false) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("query would be affected by row-level security policy for table \"%s\"",
						get_rel_name(heapid))));
}

/*
 * ERROR unless the user may do this with a relation: a table, or an index.  Of one
 * that is gone the caller will hear when it opens it.
 */
void
loki_require_right(Oid relid, LokiRight right)
{
	Oid			heapid = IndexGetRelation(relid, true);

	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		return;
	if (right == LOKI_RIGHT_ROWS)
	{
		if (SearchSysCacheExists1(RELOID, ObjectIdGetDatum(heapid)))
			require_all_rows(heapid);
		return;
	}
	if (LokiOwnsRelation(relid) ||
		(right == LOKI_RIGHT_READ && has_privs_of_role(GetUserId(), ROLE_PG_MONITOR)))
		return;
	aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relid)),
				   get_rel_name(relid));
}

/*
 * Open an index, and its table, which is locked first; both locks are of the same
 * mode.  *heap may be NULL, and only the index is opened then.  ERROR if it is no
 * index of ours, or the user has not the right.
 */
Relation
loki_open_allowed(Oid indexid, LOCKMODE lock, LokiRight right, Relation *heap)
{
	Oid			heapid = IndexGetRelation(indexid, true);
	Relation	index;

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
	return index;
}
