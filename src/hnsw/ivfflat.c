/*-------------------------------------------------------------------------
 *
 * ivfflat.c
 *	  The access method name ivfflat, for databases that come from pgvector.
 *
 * Such an index is a graph like any other here.  Its storage parameter `lists` says what a
 * probe is.  pgvector reads the vectors of ivfflat.probes out of that number of lists.  Here, a
 * search is PROBE_WIDTH rows wider for each probe.  In pgvector, as many probes as lists find
 * everything.  So do they here: such a scan is a flat scan.
 *
 * IDENTIFICATION
 *	  src/hnsw/ivfflat.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/reloptions.h"
#include "catalog/index.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/handler.h"
#include "lokivector.h"

/*
 * ambuild: builds a graph, and says so in a NOTICE if the index is new, not rebuilt or
 * truncated.
 */
static IndexBuildResult *
ivfflat_build(Relation heap, Relation index, IndexInfo *info)
{
	IndexBuildResult *result = loki_hnsw_build(heap, index, info);

	Assert(info->ii_NumIndexKeyAttrs == 1);
	if (!ReindexIsProcessingIndex(RelationGetRelid(index)))
		ereport(NOTICE,
				(errmsg("index \"%s\" of access method ivfflat is built as a graph, like those of hnsw",
						RelationGetRelationName(index)),
				 errdetail("The storage parameter \"lists\" only scales what ivfflat.probes means.")));
	return result;
}

/* Its operator classes are pgvector's, which have more functions than are needed. */
static bool
ivfflat_validate(Oid opclassoid)
{
	return true;
}

/* The handler of CREATE ACCESS METHOD ivfflat: that of hnsw, for one column, with other parameters */
LOKI_FUNCTION(ivfflathandler);
Datum
ivfflathandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *amroutine = makeNode(IndexAmRoutine);

	loki_hnsw_routine(amroutine);
	Assert(amroutine->amcanmulticol && amroutine->amsupport < 5);
	amroutine->amsupport = 5;
	amroutine->amcanmulticol = false;
	amroutine->ambuild = ivfflat_build;
	amroutine->amoptions = loki_ivfflat_options;
	amroutine->amvalidate = ivfflat_validate;
	PG_RETURN_POINTER(amroutine);
}
