/*-------------------------------------------------------------------------
 *
 * lokivector.c
 *	  The module: what happens when the library is loaded, and what it says
 *	  about itself.
 *
 * IDENTIFICATION
 *	  src/lokivector.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "distance/bits.h"
#include "distance/distance.h"
#include "hnsw/hnsw.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "planner/planner.h"
#include "quantize/quantize.h"
#include "utils/builtins.h"
#include "utils/guc.h"

LOKI_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/*
 * Start the folders, each after those that it uses.  When all settings are
 * there, others with their prefixes are errors.
 *
 * One session has one of the libraries.  But pg_upgrade loads those of all
 * databases in one, to see that they are there, and uses none.
 */
void
_PG_init(void)
{
	const char *setting = "hnsw.ef_search";

	/*
	 * The library may be loaded under its other name, or pgvector's may be.  A setting of a library that is
	 * yet to come is a placeholder.
	 */
	if (GetConfigOption(setting, true, false) != NULL &&
		(GetConfigOptionFlags(setting, true) & GUC_CUSTOM_PLACEHOLDER) == 0)
	{
		if (IsBinaryUpgrade)
			return;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("another library with the settings of pgvector is loaded in this session"),
				 errhint("Connect again, as a session has one library. A database has one of the extensions \"vector\" and \"lokivector\"; preload neither library, or the one that all databases use.")));
	}

	loki_distance_init();
	loki_quantize_init();
	loki_hnsw_init();
	loki_planner_init();
	MarkGUCPrefixReserved("hnsw");
	MarkGUCPrefixReserved("lokivector");
}

LOKI_FUNCTION(lokivector_version);
Datum
lokivector_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(LOKI_VERSION));
}

/*
 * The instruction sets that the kernels in use were written for.
 */
LOKI_FUNCTION(lokivector_simd);
Datum
lokivector_simd(PG_FUNCTION_ARGS)
{
	char	   *kernels = psprintf("distance %s, bits %s, codes %s",
								   loki_distance.name, loki_bits.name,
								   loki_quantize_simd());

	PG_RETURN_TEXT_P(cstring_to_text(kernels));
}
