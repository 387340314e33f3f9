/*-------------------------------------------------------------------------
 *
 * handler.c
 *	  The hnsw access method as PostgreSQL sees it.
 *
 * Its properties are those of GiST with an ordering operator: ORDER BY a distance, columns that filter,
 * no backward scans, no uniqueness.  Unlike GiST it does not return a column's values to the executor
 * (amcanreturn), but to a custom scan of ours (hnsw.h, LokiIndexRow).
 *
 * IDENTIFICATION
 *	  src/hnsw/handler.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/handler.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "hnsw/vacuum/vacuum.h"
#include "lokivector.h"
#include "utils/builtins.h"

/*
 * Whether an index file is pgvector's, or of another format.  Share locks the metapage; no
 * page may be locked before.
 */
bool
loki_hnsw_is_incompatible(Relation index)
{
	Buffer		buffer;
	LokiMetaPage meta;
	bool		incompatible;

	Assert(loki_is_hnsw_index(index) && loki_no_buffer_locked());
	if (RelationGetNumberOfBlocks(index) <= LOKI_META_BLKNO)
		return false;
	buffer = ReadBuffer(index, LOKI_META_BLKNO);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	meta = LokiPageGetMeta(BufferGetPage(buffer));
	incompatible = !PageIsNew(BufferGetPage(buffer)) &&
		(meta->format.magic != LOKI_META_MAGIC || meta->format.version != LOKI_META_VERSION);
	UnlockReleaseBuffer(buffer);
	return incompatible;
}

/*
 * See hnsw.h.  Share locks the metapage; plans read it for each scan of an index that they think of, as
 * nbtree's estimates read its root's level.
 */
bool
loki_hnsw_shape(Relation index, LokiHnswShape *shape)
{
	LokiMetaPageData meta;
	LokiScanSettings settings;
	LokiBm25	by;
	int32		declared;

	Assert(loki_is_hnsw_index(index) && loki_no_buffer_locked());
	if (RelationGetNumberOfBlocks(index) <= LOKI_DIRECTORY_BLKNO)
		return false;
	loki_meta_read(index, &meta);
	loki_scan_settings(index, &settings);
	shape->ef = settings.ef;
	shape->m = meta.m;
	shape->code_dims = loki_code_dims(&meta.code);
	shape->code_size = meta.code_size;
	shape->code_bits = meta.code.bits;
	shape->full_bits = Max(meta.code.bits, meta.code.refine_bits);
	/* by the index's own parameters, for which VACUUM may have to make posting lists first */
	shape->listed = loki_index_listed(index) && (meta.flags & LOKI_META_TERM_LISTS);
	if (shape->listed && loki_is_words_index(index))
	{
		loki_words_parameters(index, &by);
		shape->listed = by.k1 == meta.derived.terms.k1 && by.b == meta.derived.terms.b;
	}
	/* codes of encodings, which have fewer dimensions than the column, give no bounds that always hold */
	(void) loki_index_type(index, &declared);
	shape->certain = loki_index_listed(index) ||
		(meta.pending == 0 && loki_code_certain(&meta.code) &&
		 (loki_metric_of_bits(meta.code.metric) || declared <= (int32) meta.code.dim));
	shape->pending = meta.pending > 0;
	shape->entry_level = meta.entry.level;
	shape->mapped = meta.flags & LOKI_META_ROWMAP ? meta.derived.rowmap.end : 0;
	Assert(shape->ef > 0 && shape->m >= LOKI_MIN_M && shape->m <= LOKI_MAX_M);
	Assert(shape->pending || shape->code_dims > 0);
	return true;
}

double
loki_hnsw_nodes(Relation index)
{
	return loki_node_end(loki_index_open(index, NULL), index);
}

/*
 * The access method's properties and entry points, also those of ivfflat, which changes some.  What is
 * not set is false, 0 or NULL, as makeNode() left it.
 */
void
loki_hnsw_routine(IndexAmRoutine *amroutine)
{
	Assert(loki_hnsw_costestimate != NULL);
	amroutine->amsupport = 3;
	amroutine->amcanorderbyop = true;
	amroutine->amcanmulticol = true;
	amroutine->amoptionalkey = true;
	amroutine->amsearcharray = true;
	amroutine->amsearchnulls = true;
	amroutine->ampredlocks = true;	/* when the first row is asked for */
	amroutine->amparallelvacuumoptions = VACUUM_OPTION_PARALLEL_BULKDEL |
		VACUUM_OPTION_PARALLEL_CLEANUP;

	amroutine->ambuild = loki_hnsw_build;
	amroutine->ambuildempty = loki_hnsw_buildempty;
	amroutine->aminsert = loki_hnsw_insert;
	amroutine->ambulkdelete = loki_hnsw_bulkdelete;
	amroutine->amvacuumcleanup = loki_hnsw_vacuumcleanup;
	amroutine->amcostestimate = loki_hnsw_costestimate;
	amroutine->amoptions = loki_hnsw_options;
	amroutine->ambuildphasename = loki_build_phase_name;
	amroutine->amvalidate = loki_hnsw_validate;
	amroutine->ambeginscan = loki_hnsw_beginscan;
	amroutine->amrescan = loki_hnsw_rescan;
	amroutine->amgettuple = loki_hnsw_gettuple;
	amroutine->amendscan = loki_hnsw_endscan;
}

/* The handler of CREATE ACCESS METHOD hnsw: its IndexAmRoutine */
LOKI_FUNCTION(hnswhandler);
Datum
hnswhandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *amroutine = makeNode(IndexAmRoutine);

	loki_hnsw_routine(amroutine);
	PG_RETURN_POINTER(amroutine);
}
