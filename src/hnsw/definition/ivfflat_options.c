/*-------------------------------------------------------------------------
 *
 * ivfflat_options.c
 *	  Storage parameters of ivfflat indexes, and settings.
 *
 * An index USING ivfflat is an hnsw index, so that what is written for pgvector's works as it is.
 * Probes of its lists become a width of searches, and all lists an exact scan.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/ivfflat_options.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/reloptions.h"
#include "hnsw/definition/options.h"

#define MAX_LISTS		32768

/* Candidates that stand for a probe, which reads a list of pgvector's */
#define PROBE_WIDTH		20

static int	probes = 1;
static int	iterative_scan = LOKI_ITERATIVE_OFF;
static int	max_probes = MAX_LISTS;

/* Whether the user set these, instead of leaving them at their defaults */
static bool iterative_scan_set = false;
static bool max_probes_set = false;

static relopt_kind ivfflat_relopt_kind;

static const struct config_enum_entry iterative_scan_options[] = {
	{"off", LOKI_ITERATIVE_OFF, false},
	{"relaxed_order", LOKI_ITERATIVE_RELAXED, false},
	{NULL, 0, false}
};

static void
assign_ivfflat_iterative_scan(int newval, void *extra)
{
	loki_assign_source(&iterative_scan_set, extra, newval != iterative_scan);
}

static void
assign_max_probes(int newval, void *extra)
{
	loki_assign_source(&max_probes_set, extra, false);
}

/* Called by loki_hnsw_init(). */
void
loki_ivfflat_init(void)
{
	ivfflat_relopt_kind = add_reloption_kind();
	add_int_reloption(ivfflat_relopt_kind, "lists", "Number of inverted lists",
					  LOKI_DEFAULT_LISTS, 1, MAX_LISTS, AccessExclusiveLock);

	DefineCustomIntVariable("ivfflat.probes", "Sets the number of probes",
							"Valid range is 1..lists.", &probes, 1, 1, MAX_LISTS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("ivfflat.iterative_scan",
							 "Sets the mode for iterative scans",
							 NULL, &iterative_scan, LOKI_ITERATIVE_OFF,
							 iterative_scan_options, PGC_USERSET, 0,
							 loki_check_int_source, assign_ivfflat_iterative_scan, NULL);
	DefineCustomIntVariable("ivfflat.max_probes",
							"Sets the max number of probes for iterative scans",
							NULL, &max_probes, MAX_LISTS, 1, MAX_LISTS, PGC_USERSET, 0,
							loki_check_int_source, assign_max_probes, NULL);
	MarkGUCPrefixReserved("ivfflat");
}

/* Parse and validate storage parameters, in the form of those of hnsw. */
bytea *
loki_ivfflat_options(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{"lists", RELOPT_TYPE_INT, offsetof(LokiHnswOptions, lists)},
	};
	LokiHnswOptions *options = (LokiHnswOptions *)
		build_reloptions(reloptions, validate, ivfflat_relopt_kind,
						 sizeof(LokiHnswOptions), table, lengthof(table));

	if (options != NULL)
	{
		options->m = LOKI_M_AUTO;
		options->ef_construction = LOKI_DEFAULT_EF_CONSTRUCTION;
		options->bits = LOKI_BITS_AUTO;
		options->centers = LOKI_CENTERS_AUTO;
		options->refine_bits = LOKI_BITS_AUTO;
		options->profile = LOKI_PROFILE_BALANCED;
	}
	return (bytea *) options;
}

/* The settings that scans of an index use; false if it is not of this access method */
bool
loki_ivfflat_scan_settings(Relation index, LokiScanSettings *settings)
{
	const LokiHnswOptions *options = LokiIndexOptions(index);
	int			lists = options->lists;

	if (index->rd_indam->amoptions != loki_ivfflat_options)
		return false;

	Assert(probes >= 1 && lists >= 1);
	settings->ef = PROBE_WIDTH * (Min(probes, lists) + 1);
	settings->iterative_scan = iterative_scan;
	settings->max_tuples = INT_MAX;
	if (Max(max_probes, probes) < lists)
		settings->max_tuples = Min(loki_hnsw_nodes(index) * Max(max_probes, probes) / lists, INT_MAX);
	settings->complete = loki_scan_complete(iterative_scan_set || max_probes_set);
	settings->exact = probes >= lists;
	return true;
}
