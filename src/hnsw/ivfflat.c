/*-------------------------------------------------------------------------
 *
 * ivfflat.c
 *	  The access method name ivfflat, for databases that come from pgvector.
 *
 * An index of it is a graph like any other here.  Its storage parameter
 * `lists` is accepted and tells what a probe is: where pgvector reads the
 * vectors of ivfflat.probes of so many lists, a search is PROBE_WIDTH rows
 * wider for each of them.  As many probes as lists find everything there, and
 * so they do here: such a scan is a pass over all nodes.
 *
 * IDENTIFICATION
 *	  src/hnsw/ivfflat.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/genam.h"
#include "access/reloptions.h"
#include "catalog/index.h"
#include "hnsw/build/build.h"
#include "hnsw/handler.h"
#include "lokivector.h"
#include "nodes/execnodes.h"
#include "utils/guc.h"
#include "utils/rel.h"

/*
 * ambuild: as of hnsw, which a new index is told of, though not one that is
 * rebuilt or truncated.
 */
static IndexBuildResult *
ivfflat_build(Relation heap, Relation index, IndexInfo *info)
{
	IndexBuildResult *result = loki_hnsw_build(heap, index, info);

	if (!ReindexIsProcessingIndex(RelationGetRelid(index)))
		ereport(NOTICE,
				(errmsg("index \"%s\" of access method ivfflat is built as a graph, like those of hnsw",
						RelationGetRelationName(index)),
				 errdetail("The storage parameter \"lists\" only scales what ivfflat.probes means.")));
	return result;
}

/* Its operator classes are pgvector's, with more functions than are needed. */
static bool
ivfflat_validate(Oid opclassoid)
{
	return true;
}

LOKI_FUNCTION(ivfflathandler);
Datum
ivfflathandler(PG_FUNCTION_ARGS)
{
	IndexAmRoutine *amroutine = loki_hnsw_routine();

	amroutine->amsupport = 5;
	amroutine->amcanmulticol = false;
	amroutine->ambuild = ivfflat_build;
	amroutine->amoptions = loki_ivfflat_options;
	amroutine->amvalidate = ivfflat_validate;
	PG_RETURN_POINTER(amroutine);
}
