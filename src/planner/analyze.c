/*-------------------------------------------------------------------------
 *
 * analyze.c
 *	  What ANALYZE keeps of a column of vectors.
 *
 * Nobody asks for the most common vectors, or for a histogram of them in the
 * order of btree, and either would be many kilobytes.  In their place there is
 * a profile of distances: those of some sampled vectors, the references, from
 * many others, for each operator that an index could have (profile.h).
 *
 * IDENTIFICATION
 *	  src/planner/analyze.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/vacuum.h"
#include "common/hashfn.h"
#include "compat/pgcompat.h"
#include "lokivector.h"
#include "planner/distexpr.h"
#include "planner/profile.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

LOKI_FUNCTION(lokivector_typanalyze);

/* References, and vectors that distances are measured to; bytes of each */
#define MAX_REFERENCES		24
#define MIN_REFERENCES		4
#define REFERENCE_BYTES		(64 * 1024)
#define MAX_TARGETS			1000
#define MIN_TARGETS			100
#define TARGET_BYTES		(16 * 1024 * 1024)

static const char *const operators[] = {"<->", "<#>", "<=>", "<+>"};

StaticAssertDecl(lengthof(operators) < STATISTIC_NUM_SLOTS,
				 "one more slot is for the references");

/* The sample's rows that are not NULL, and what their values look like */
typedef struct Sample
{
	int		   *rows;
	int			nrows;
	uint64	   *hashes;			/* of values in line */
	int			nhashes;
	int			nexternal;
	double		stored_bytes;
	double		bytes;
} Sample;

static void
read_sample(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, int samplerows, Sample *sample)
{
	memset(sample, 0, sizeof(Sample));
	sample->rows = palloc_array(int, samplerows);
	sample->hashes = palloc_array(uint64, samplerows);
	for (int i = 0; i < samplerows; i++)
	{
		bool		isnull;
		Datum		value;
		struct varlena *stored;

		LokiVacuumDelayPoint();
		value = fetch(stats, i, &isnull);
		if (isnull)
			continue;
		stored = (struct varlena *) DatumGetPointer(value);
		sample->rows[sample->nrows++] = i;
		sample->stored_bytes += VARSIZE_ANY(stored);
		sample->bytes += toast_raw_datum_size(value);
		if (VARATT_IS_EXTERNAL(stored))
			sample->nexternal++;
		else
			sample->hashes[sample->nhashes++] =
				hash_bytes_extended((const unsigned char *) VARDATA_ANY(stored),
									VARSIZE_ANY_EXHDR(stored), 0);
	}
}

static int
compare_hashes(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/*
 * The number of distinct vectors, by the estimator of Haas and Stokes that core
 * uses, too.  Values out of line count as distinct: they are not read.
 */
static float4
distinct_values(Sample *sample, double totalrows, float4 nullfrac)
{
	double		n = sample->nrows;
	double		d = sample->nexternal;
	double		once = sample->nexternal;
	double		rows = totalrows * (1 - nullfrac);
	double		distinct;

	qsort(sample->hashes, sample->nhashes, sizeof(uint64), compare_hashes);
	for (int i = 0, next; i < sample->nhashes; i = next)
	{
		for (next = i + 1; next < sample->nhashes; next++)
			if (sample->hashes[next] != sample->hashes[i])
				break;
		d++;
		once += next == i + 1;
	}
	if (once >= n || n >= rows)
		return once >= n ? -1 * (1 - nullfrac) : d;
	distinct = n * d / ((n - once) + once * n / rows);
	distinct = floor(Max(d, Min(distinct, rows)) + 0.5);
	return distinct > 0.1 * totalrows ? -distinct / totalrows : distinct;
}

/* A place in the i-th of n equal parts of so many rows, not at equal intervals */
static int
spread(int i, int n, int rows, double seed)
{
	double		place = (i + 1) * seed;

	return (int) ((i + place - floor(place)) * rows / n);
}

/*
 * Vectors spread over the sample, detoasted.  Distances need equal dimensions,
 * which all vectors here have in the word behind their length: those of the
 * first one are taken.
 */
static int
spread_values(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, Sample *sample,
			  int most, double seed, int32 *dims, Datum *values, int *rows)
{
	int			n = Min(most, sample->nrows);
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		int			row = sample->rows[spread(i, n, sample->nrows, seed)];
		bool		isnull;
		Datum		value;
		int32		value_dims;

		LokiVacuumDelayPoint();
		value = PointerGetDatum(PG_DETOAST_DATUM(fetch(stats, row, &isnull)));
		memcpy(&value_dims, VARDATA(DatumGetPointer(value)), sizeof(int32));
		if (*dims == -1)
			*dims = value_dims;
		if (value_dims != *dims)
			continue;
		values[kept] = value;
		rows[kept++] = row;
	}
	return kept;
}

static int
compare_floats(const void *a, const void *b)
{
	float4		x = *(const float4 *) a;
	float4		y = *(const float4 *) b;

	return x < y ? -1 : x > y ? 1 : 0;
}

/* Make the profile of an operator's distances, at least a few of which exist. */
static LokiProfile *
make_profile(float4 *distances, int n, Sample *sample)
{
	static const double shares[] = LOKI_PROFILE_SHARES;
	LokiProfile *profile = palloc0(sizeof(LokiProfile));

	qsort(distances, n, sizeof(float4), compare_floats);
	profile->pairs = n;
	profile->external = (float4) sample->nexternal / sample->nrows;
	profile->bytes = sample->bytes / sample->nrows;
	for (int i = 0; i < LOKI_PROFILE_QUANTILES; i++)
		profile->quantiles[i] = distances[(int) (shares[i] * (n - 1))];
	return profile;
}

/* Measure one operator's distances; false where there are hardly any. */
static bool
measure_operator(VacAttrStats *stats, int slot, Oid opno, Sample *sample,
				 Datum *references, int *reference_rows, int nreferences,
				 Datum *targets, int *target_rows, int ntargets)
{
	float4	   *distances = palloc_array(float4, nreferences * ntargets);
	int			n = 0;
	FmgrInfo	function;
	MemoryContext old;

	fmgr_info(get_opcode(opno), &function);
	for (int i = 0; i < nreferences; i++)
	{
		LokiVacuumDelayPoint();
		for (int j = 0; j < ntargets; j++)
		{
			double		distance;

			if (reference_rows[i] == target_rows[j])
				continue;
			distance = DatumGetFloat8(FunctionCall2(&function, references[i], targets[j]));
			if (isfinite(distance))
				distances[n++] = distance;
		}
	}
	if (n < 10)
		return false;
	old = MemoryContextSwitchTo(stats->anl_context);
	stats->stakind[slot] = LOKI_STATISTIC_DISTANCES;
	stats->staop[slot] = opno;
	stats->stanumbers[slot] = (float4 *) make_profile(distances, n, sample);
	stats->numnumbers[slot] = LOKI_PROFILE_NUMBERS;
	MemoryContextSwitchTo(old);
	pfree(distances);
	return true;
}

/* Keep the references themselves, if they are not too large. */
static void
keep_references(VacAttrStats *stats, int slot, Datum *references, int n)
{
	MemoryContext old = MemoryContextSwitchTo(stats->anl_context);
	Datum	   *values = palloc_array(Datum, n);

	for (int i = 0; i < n; i++)
		values[i] = datumCopy(references[i], false, -1);
	stats->stakind[slot] = LOKI_STATISTIC_REFERENCES;
	stats->staop[slot] = InvalidOid;
	stats->stavalues[slot] = values;
	stats->numvalues[slot] = n;
	MemoryContextSwitchTo(old);
}

/* The schema of a type, where its operators are */
static char *
type_schema(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	result = get_namespace_name(((Form_pg_type) GETSTRUCT(tuple))->typnamespace);
	ReleaseSysCache(tuple);
	return result;
}

static void
make_profiles(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, Sample *sample)
{
	Oid			type = getBaseType(stats->attrtypid);
	char	   *schema = type_schema(type);
	double		bytes = Max(sample->bytes / sample->nrows, 1);
	int			nreferences = Max(MIN_REFERENCES, Min(MAX_REFERENCES, REFERENCE_BYTES / bytes));
	int			ntargets = Max(MIN_TARGETS, Min(MAX_TARGETS, TARGET_BYTES / bytes));
	Datum	   *references = palloc_array(Datum, nreferences);
	Datum	   *targets = palloc_array(Datum, ntargets);
	int		   *reference_rows = palloc_array(int, nreferences);
	int		   *target_rows = palloc_array(int, ntargets);
	int32		dims = -1;
	int			slot = 0;

	nreferences = spread_values(stats, fetch, sample, nreferences, 0.618034, &dims,
								references, reference_rows);
	ntargets = spread_values(stats, fetch, sample, ntargets, 0.414214, &dims,
							 targets, target_rows);
	for (int i = 0; i < lengthof(operators) && schema != NULL; i++)
	{
		Oid			opno = OpernameGetOprid(list_make2(makeString(schema),
													   makeString(pstrdup(operators[i]))),
											type, type);

		if (OidIsValid(opno) && loki_is_distance_operator(opno) &&
			measure_operator(stats, slot, opno, sample, references, reference_rows,
							 nreferences, targets, target_rows, ntargets))
			slot++;
	}
	if (slot > 0 && nreferences * bytes <= 4 * REFERENCE_BYTES)
		keep_references(stats, slot, references, nreferences);
}

static void
compute_vector_stats(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch,
					 int samplerows, double totalrows)
{
	Sample		sample;

	read_sample(stats, fetch, samplerows, &sample);
	if (samplerows == 0)
		return;
	stats->stats_valid = true;
	stats->stanullfrac = 1 - (double) sample.nrows / samplerows;
	stats->stawidth = 0;
	stats->stadistinct = 0;
	if (sample.nrows == 0)
		return;
	stats->stawidth = sample.stored_bytes / sample.nrows;
	stats->stadistinct = distinct_values(&sample, totalrows, stats->stanullfrac);
	make_profiles(stats, fetch, &sample);
}

/*
 * The analyze function of the types.  The profile needs few rows; other columns
 * of the table ask for as many as they need.
 */
Datum
lokivector_typanalyze(PG_FUNCTION_ARGS)
{
	VacAttrStats *stats = (VacAttrStats *) PG_GETARG_POINTER(0);

	LokiDefaultStatisticsTarget(stats);
	stats->compute_stats = compute_vector_stats;
	stats->minrows = 300 * LokiStatisticsTarget(stats);
	PG_RETURN_BOOL(true);
}
