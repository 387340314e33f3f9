/*-------------------------------------------------------------------------
 *
 * foreign.c
 *	  Tables on other servers.
 *
 * IDENTIFICATION
 *	  src/planner/query/foreign.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "compat/pgcompat.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "planner/query/level.h"
#include "utils/lsyscache.h"

/* A wrapper is known by its library: others imitate it. */
bool
loki_is_shard_server(Oid serverid)
{
	Oid			handler = GetForeignDataWrapper(GetForeignServer(serverid)->fdwid)->fdwhandler;
	char	   *library = NULL;
	char	   *function;

	if (OidIsValid(handler))
		fmgr_symbol(handler, &library, &function);
	return library != NULL && strcmp(library, "$libdir/postgres_fdw") == 0 &&
		strcmp(function, "postgres_fdw_handler") == 0;
}

bool
loki_reads_foreign(const RangeTblEntry *rte, bool but_shards)
{
	if (rte->inh && has_subclass(rte->relid))
		foreach_oid(relid, find_all_inheritors(rte->relid, AccessShareLock, NULL))
			if (get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE &&
				!(but_shards && loki_is_shard_server(GetForeignServerIdByRelId(relid))))
			return true;
	return rte->relkind == RELKIND_FOREIGN_TABLE;
}
