/*-------------------------------------------------------------------------
 *
 * analyze.c
 *	  What ANALYZE keeps of a column of vectors.
 *
 * ANALYZE keeps the server's statistics, so that comparisons are estimated as for any
 * other type.  It also keeps a profile of distances (cost/distance_profile.h): for each operator
 * that an index could have, the distances of some sampled vectors, the references, from
 * many others.
 *
 *		64 references x 4,000 targets x 4 operators: a million distances at most
 *
 * Where vectors are large, references and targets are fewer, by bytes and not by number.  All is allocated in the
 * context of the column, which ANALYZE resets after it; only what is kept goes to that of the whole ANALYZE.
 *
 * IDENTIFICATION
 *	  src/planner/cost/analyze.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "lokivector.h"
#include "planner/cost/distance_profile.h"
#include "planner/query/distance_expr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

LOKI_FUNCTION(lokivector_typanalyze);

/* References, and vectors that distances are measured to; bytes of each */
#define MAX_REFERENCES		LOKI_DISTANCE_REFERENCES
#define MIN_REFERENCES		4
#define REFERENCE_BYTES		(64 * 1024)
#define MAX_TARGETS			4000
#define MIN_TARGETS			100
#define TARGET_BYTES		(16 * 1024 * 1024)

/* How the server computes its statistics, and what it wants to be given for that */
typedef struct ServerAnalysis
{
	AnalyzeAttrComputeStatsFunc compute_stats;
	void	   *extra_data;
} ServerAnalysis;

/* The sample's rows that are not NULL, and what their values look like */
typedef struct Sample
{
	int		   *rows;			/* their numbers in the sample, ascending */
	int			nrows;
	int			nexternal;		/* of these, values out of line */
	double		bytes;			/* of all values, as they are in memory */
} Sample;

/* Vectors of one number of dimensions, and the sample's rows that they are of */
typedef struct Vectors
{
	int			n;
	Datum	   *values;
	int		   *rows;
} Vectors;

/*
 * Vectors spread over the sample, detoasted: the i-th of n is in the i-th of n equal parts of the rows.  They are not at
 * equal intervals, as rows may repeat with a period, as those of a generated table do.  Fractions of multiples of an
 * irrational number (`seed`) are spread evenly.  So each ANALYZE of the same sample makes the same profile.
 *
 * Distances need equal dimensions, so vectors are left out
 * that have others than the first one.  All types here keep their dimensions in the word after the
 * length.  References and targets are two such sets, with other seeds, so that they have few rows in
 * common.
 */
static Vectors
spread_values(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, const Sample *sample,
			  int most, double seed, int32 *dims)
{
	int			n = Min(most, sample->nrows);
	Vectors		vectors = {0, palloc_array(Datum, n), palloc_array(int, n)};

	for (int i = 0; i < n; i++)
	{
		double		place = (i + 1) * seed;
		int			row = (int) ((i + place - floor(place)) * sample->nrows / n);
		bool		isnull;
		Datum		value;
		int32		value_dims;

		Assert(row < sample->nrows);
		row = sample->rows[row];
		LokiVacuumDelayPoint();
		value = PointerGetDatum(PG_DETOAST_DATUM(fetch(stats, row, &isnull)));
		memcpy(&value_dims, VARDATA(DatumGetPointer(value)), sizeof(int32));
		if (*dims == -1)
			*dims = value_dims;
		if (value_dims != *dims)
			continue;
		vectors.values[vectors.n] = value;
		vectors.rows[vectors.n++] = row;
	}
	Assert(vectors.n <= n);
	return vectors;
}

/*
 * Measure one operator's distances, those of each reference from the targets but itself.  If there are hardly any that
 * are finite, the profile stays empty: a zero vector has no cosine distance.  Each reference
 * has quantiles of its own, whose means are the profile's.  Quantiles of all pairs would be those of
 * dense clusters, whose rows have most of the short distances, although most rows are in others.
 */
static void
measure_operator(LokiDistanceProfile *profile, Oid opno, const Sample *sample,
				 const Vectors *references, const Vectors *targets)
{
	static const double shares[] = LOKI_DISTANCE_SHARES;
	double	   *distances = palloc_array(double, targets->n);
	double		sums[LOKI_DISTANCE_QUANTILES] = {0};
	double		measured = 0;
	int			counted = 0;
	FmgrInfo	function;

	StaticAssertStmt(lengthof(shares) == LOKI_DISTANCE_QUANTILES, "a quantile for each share");
	Assert(shares[LOKI_DISTANCE_MEDIAN] == 0.5 && shares[lengthof(shares) - 1] == 1);
	Assert(sample->nrows > 0);
	fmgr_info(get_opcode(opno), &function);
	for (int i = 0; i < references->n; i++)
	{
		int			n = 0;

		for (int j = 0; j < targets->n; j++)
		{
			if (references->rows[i] == targets->rows[j])
				continue;
			distances[n] = DatumGetFloat8(FunctionCall2(&function, references->values[i], targets->values[j]));
			if (isfinite(distances[n]))
				n++;
		}
		LokiVacuumDelayPoint();
		if (n == 0)
			continue;
		qsort(distances, n, sizeof(double), loki_compare_doubles);
		/* between the distances to the nearest targets */
		for (int j = 0; j < LOKI_DISTANCE_QUANTILES; j++)
		{
			double		place = shares[j] * (n - 1);
			int			below = (int) place;

			sums[j] += distances[below] +
				(place - below) * (distances[Min(below + 1, n - 1)] - distances[below]);
		}
		measured += n;
		counted++;
	}
	pfree(distances);
	if (measured < 10)
		return;
	profile->targets = measured / counted;
	profile->external = (float4) sample->nexternal / sample->nrows;
	profile->bytes = sample->bytes / sample->nrows;
	for (int i = 0; i < LOKI_DISTANCE_QUANTILES; i++)
		profile->quantiles[i] = sums[i] / counted;
}

/*
 * By name, and in the type's own schema: the OIDs of an extension differ between databases.  search_path
 * has no part in it.
 */
Oid
loki_distance_operator(Oid type, int place)
{
	static const char *const names[] = {"<->", "<#>", "<=>", "<+>"};

	/* operators are in the schema of the type */
	char	   *schema = get_namespace_name(GetSysCacheOid1(TYPEOID, Anum_pg_type_typnamespace,
															ObjectIdGetDatum(type)));
	Oid			opno = InvalidOid;

	StaticAssertStmt(lengthof(names) == LOKI_DISTANCE_OPERATORS, "a place for each operator");
	Assert(place >= 0 && place < LOKI_DISTANCE_OPERATORS);
	if (schema != NULL)
		opno = OpernameGetOprid(list_make2(makeString(schema),
										   makeString(pstrdup(names[place]))),
								type, type);
	return OidIsValid(opno) && loki_is_distance_operator(opno) ? opno : InvalidOid;
}

/*
 * Keep profiles for the operators that the column's type has, in a slot that the server's statistics left free, with the
 * references if these come to 256 kB at most: pg_statistic is a catalog that every planning of the table reads.  A few
 * large vectors more than planned are worth it, as without them all queries are taken for typical.
 */
static void
make_profiles(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, Sample *sample)
{
	Oid			type = getBaseType(stats->attrtypid);
	double		bytes = Max(sample->bytes / sample->nrows, 1);
	int			nreferences = Max(MIN_REFERENCES, Min(MAX_REFERENCES, REFERENCE_BYTES / bytes));
	int			ntargets = Max(MIN_TARGETS, Min(MAX_TARGETS, TARGET_BYTES / bytes));
	LokiDistanceProfile profiles[LOKI_DISTANCE_OPERATORS] = {0};
	int32		dims = -1;
	Vectors		references;
	Vectors		targets;
	MemoryContext old;
	bool		any = false;
	int			slot = 0;

	references = spread_values(stats, fetch, sample, nreferences, 0.618034, &dims);
	targets = spread_values(stats, fetch, sample, ntargets, 0.414214, &dims);
	for (int i = 0; i < LOKI_DISTANCE_OPERATORS; i++)
	{
		Oid			opno = loki_distance_operator(type, i);

		if (OidIsValid(opno))
			measure_operator(&profiles[i], opno, sample, &references, &targets);
		any = any || profiles[i].targets > 0;
	}
	if (!any)
		return;
	while (slot < STATISTIC_NUM_SLOTS && stats->stakind[slot] != 0)
		slot++;
	Assert(slot < STATISTIC_NUM_SLOTS);
	old = MemoryContextSwitchTo(stats->anl_context);
	stats->stakind[slot] = LOKI_STATISTIC_DISTANCES;
	stats->stanumbers[slot] = memcpy(palloc(sizeof(profiles)), profiles, sizeof(profiles));
	stats->numnumbers[slot] = LOKI_DISTANCE_OPERATORS * LOKI_DISTANCE_NUMBERS;
	if (references.n * bytes <= 4 * REFERENCE_BYTES)
	{
		/* they are of the column's type, as statypid does not say otherwise */
		stats->stavalues[slot] = palloc_array(Datum, references.n);
		stats->numvalues[slot] = references.n;
		for (int i = 0; i < references.n; i++)
			stats->stavalues[slot][i] = datumCopy(references.values[i], false, -1);
	}
	MemoryContextSwitchTo(old);
}

/*
 * The server's statistics come first.  They take the slots for the most common
 * values, the histogram and the correlation.  Core leaves out values of more than
 * 1 kB, and counts them as distinct.
 *
 * extra_data is the server's while its function runs, and ours otherwise.
 */
static void
compute_vector_stats(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch,
					 int samplerows, double totalrows)
{
	ServerAnalysis *server = stats->extra_data;
	Sample		sample = {0};

	Assert(server->compute_stats != compute_vector_stats);
	stats->extra_data = server->extra_data;
	server->compute_stats(stats, fetch, samplerows, totalrows);
	stats->extra_data = server;
	if (!stats->stats_valid)
		return;
	/* sizes come from headers, so no vector is read out of line for them */
	sample.rows = palloc_array(int, samplerows);
	for (int i = 0; i < samplerows; i++)
	{
		bool		isnull;
		Datum		value;

		LokiVacuumDelayPoint();
		value = fetch(stats, i, &isnull);
		if (isnull)
			continue;
		sample.rows[sample.nrows++] = i;
		sample.bytes += toast_raw_datum_size(value);
		if (VARATT_IS_EXTERNAL(DatumGetPointer(value)))
			sample.nexternal++;
	}
	if (sample.nrows > 0)
		make_profiles(stats, fetch, &sample);
}

/*
 * The typanalyze function of the vector types.  std_typanalyze() chooses the server's function, and says
 * how many rows the sample is to have.
 */
Datum
lokivector_typanalyze(PG_FUNCTION_ARGS)
{
	VacAttrStats *stats = (VacAttrStats *) PG_GETARG_POINTER(0);
	ServerAnalysis *server;

	if (!std_typanalyze(stats))
		PG_RETURN_BOOL(false);
	server = palloc_object(ServerAnalysis);
	server->compute_stats = stats->compute_stats;
	server->extra_data = stats->extra_data;
	stats->compute_stats = compute_vector_stats;
	stats->extra_data = server;
	PG_RETURN_BOOL(true);
}
