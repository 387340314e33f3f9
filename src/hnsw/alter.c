/*-------------------------------------------------------------------------
 *
 * alter.c
 *	  ALTER INDEX ... SET: saying that a parameter waits for REINDEX.
 *
 * An index keeps the links, bits and profile that it was built with, even if its storage
 * parameters are changed.  A NOTICE says so.  A WARNING says if REINDEX would refuse the new
 * parameters, because `m` and `ef_construction` do not fit each other.
 *
 * The server calls a hook when it has altered a relation.  Only the hook knows both the
 * command and the index.  The parser of storage parameters knows no index, and is also called
 * by CREATE INDEX and by restores of dumps.
 *
 * IDENTIFICATION
 *	  src/hnsw/alter.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "hnsw/build/build.h"
#include "hnsw/handler.h"
#include "hnsw/page/page.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

static object_access_hook_type next_hook = NULL;

/*
 * The storage parameters of an index as the current command has left them, which other
 * commands do not see yet; NULL if there are none.
 */
static LokiHnswOptions *
read_options(Relation index)
{
	Relation	catalog = table_open(RelationRelationId, AccessShareLock);
	LokiHnswOptions *options = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationGetRelid(index)));
	scan = systable_beginscan(catalog, ClassOidIndexId, true, SnapshotSelf, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		options = (LokiHnswOptions *) extractRelOptions(tuple, RelationGetDescr(catalog),
														index->rd_indam->amoptions);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return options;
}

/* Whether two sets of parameters ask for different indexes */
static bool
ask_for_another(const LokiHnswOptions *a, const LokiHnswOptions *b)
{
	return loki_option_m(a) != loki_option_m(b) ||
		loki_option_profile(a) != loki_option_profile(b) ||
		loki_option_bits(a) != loki_option_bits(b) ||
		loki_option_refine_bits(a) != loki_option_refine_bits(b);
}

/* Add a parameter that the index was built with to a list, if its new value differs. */
static void
add_parameter(StringInfo list, const char *name, int built, int wanted)
{
	if (built != wanted)
		appendStringInfo(list, "%s%s = %d", list->len > 0 ? ", " : "", name, built);
}

/*
 * List what an index was built with that its parameters do not ask for any more.  A compact
 * build chooses bits itself, so these are not compared.
 */
static void
list_kept(Relation index, const LokiHnswOptions *options, StringInfo list)
{
	LokiColumn	column;
	LokiHnswOptions wanted = {.m = LOKI_M_AUTO, .bits = LOKI_BITS_AUTO,
	.refine_bits = LOKI_BITS_AUTO, .profile = LOKI_PROFILE_BALANCED};
	LokiMetaPageData built;
	LokiMetaPageData described;
	bool		chosen;

	if (options != NULL)
		wanted = *options;
	/* the build checks ef_construction against m; it does not matter here */
	wanted.ef_construction = LOKI_MAX_EF_CONSTRUCTION;
	chosen = wanted.profile == LOKI_PROFILE_COMPACT;
	loki_meta_read(index, &built);
	column = loki_index_column(index, &built);
	loki_build_describe(&wanted, &column, built.nattributes, built.attr_type, 0, &described);
	Assert(described.nattributes == built.nattributes);

	if (built.profile != described.profile)
		appendStringInfo(list, "profile = %s",
						 built.profile == LOKI_PROFILE_COMPACT ? "compact" : "balanced");
	add_parameter(list, "m", built.m, described.m);
	if (!chosen || wanted.bits != LOKI_BITS_AUTO)
		add_parameter(list, "bits", built.code.bits, described.code.bits);
	if (!chosen || wanted.refine_bits != LOKI_BITS_AUTO)
		add_parameter(list, "refine_bits", built.code.refine_bits, described.code.refine_bits);
}

/* Say what the new parameters of an index wait for, and whether it cannot be built with them. */
static void
compare_options(Relation index, const LokiHnswOptions *before, const LokiHnswOptions *after)
{
	StringInfoData list;

	if (RelationGetNumberOfBlocks(index) > LOKI_META_BLKNO &&
		ask_for_another(before, after) && !loki_hnsw_is_incompatible(index))
	{
		initStringInfo(&list);
		list_kept(index, after, &list);
		if (list.len > 0)
			ereport(NOTICE,
					(errmsg("index \"%s\" keeps %s until it is rebuilt",
							RelationGetRelationName(index), list.data),
					 errhint("REINDEX it to have it built with the new storage parameters.")));
	}
	if (loki_option_m(before) != loki_option_m(after) ||
		loki_option_ef_construction(before) != loki_option_ef_construction(after))
		loki_build_require_candidates(after, RelationGetRelationName(index));
}

/*
 * A relation was altered: if it is an index of ours, compare its parameters with the old ones
 * and with what it was built with.  The command holds a lock on it.
 */
static void
look_at_index(Oid relid)
{
	Relation	index = relation_open(relid, NoLock);

	Assert(index->rd_rel->relkind == RELKIND_INDEX);
	if (loki_is_hnsw_index(index))
		compare_options(index, LokiIndexOptions(index), read_options(index));
	relation_close(index, NoLock);
}

static void
object_altered(ObjectAccessType access, Oid class, Oid object, int sub, void *arg)
{
	if (next_hook)
		next_hook(access, class, object, sub, arg);
	if (access == OAT_POST_ALTER && class == RelationRelationId && sub == 0 &&
		get_rel_relkind(object) == RELKIND_INDEX)
		look_at_index(object);
}

/* Called by loki_hnsw_init() */
void
loki_alter_init(void)
{
	next_hook = object_access_hook;
	object_access_hook = object_altered;
}
