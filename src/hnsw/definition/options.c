/*-------------------------------------------------------------------------
 *
 * options.c
 *	  Storage parameters of hnsw indexes, and settings.
 *
 * A scan is complete (goes on until its caller is content) unless the user asked for
 * pgvector's limits by setting hnsw.iterative_scan or hnsw.max_scan_tuples.  Only the check
 * hook of a setting sees the source of its value, and so whether it was set.  The hook
 * passes that on as the value's extra data, so that RESET and the end of a SET LOCAL undo
 * it, too.  In the same way the width of a search comes from the index's parameters
 * ef_search and target_recall unless the user set hnsw.ef_search or lokivector.target_recall,
 * and the share of searches that are sampled comes from its recall_sample_rate.
 *
 *	setting					set by the user		else the index's		else
 *	hnsw.ef_search			that				ef_search				40
 *	target_recall			that				target_recall, unless	0: ef_search decides
 *												ef_search was set
 *	recall_sample_rate		that				recall_sample_rate		0
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/options.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "access/reloptions.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/options.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"

const LokiHnswOptions loki_default_options = {
	.m = LOKI_M_AUTO,
	.ef_construction = LOKI_DEFAULT_EF_CONSTRUCTION,
	.bits = LOKI_BITS_AUTO,
	.refine_bits = LOKI_BITS_AUTO,
	.profile = LOKI_PROFILE_BALANCED,
	.centers = LOKI_CENTERS_AUTO,
	.brief_codes = true,
	.ef_search = LOKI_EF_SEARCH_UNSET,
	.lists = LOKI_DEFAULT_LISTS,
	.k1 = LOKI_DEFAULT_K1,
	.b = LOKI_DEFAULT_B,
};

double		loki_scan_mem_multiplier = 1;
int			loki_build_seed = -1;
int			loki_pending_nodes = 0;

static int	ef_search = LOKI_DEFAULT_EF_SEARCH;
static double target_recall = 0;
static double recall_sample_rate = 0;
static int	iterative_scan = LOKI_ITERATIVE_OFF;
static int	max_scan_tuples = 20000;
static bool complete = true;

/*
 * Whether the user set these, instead of leaving them at their defaults.  A value that is set to the default
 * counts as set: who writes it means it.
 */
static bool iterative_scan_set = false;
static bool max_scan_tuples_set = false;
static bool complete_set = false;
static bool ef_search_set = false;
static bool target_recall_set = false;
static bool recall_sample_rate_set = false;

static relopt_kind hnsw_relopt_kind;

static relopt_enum_elt_def bits_options[] = {
	{"auto", LOKI_BITS_AUTO}, {"1", 1}, {"2", 2}, {"4", 4}, {"8", 8}, {NULL}
};

static relopt_enum_elt_def refine_bits_options[] = {
	{"auto", LOKI_BITS_AUTO}, {"0", 0}, {"2", 2}, {"4", 4}, {"6", 6}, {"8", 8}, {NULL}
};

static relopt_enum_elt_def profile_options[] = {
	{"balanced", LOKI_PROFILE_BALANCED}, {"compact", LOKI_PROFILE_COMPACT}, {NULL}
};

static const struct config_enum_entry iterative_scan_options[] = {
	{"off", LOKI_ITERATIVE_OFF, false},
	{"relaxed_order", LOKI_ITERATIVE_RELAXED, false},
	{"strict_order", LOKI_ITERATIVE_STRICT, false},
	{NULL, 0, false}
};

/*
 * Remember as the value's extra data whether the user has set it.  The server hands that to the assign
 * hook, and again whenever the value comes back: no other place sees RESET and the end of SET LOCAL.
 */
static bool
remember_source(void **extra, GucSource source)
{
	bool	   *is_set = LokiGucAlloc(sizeof(bool));

	if (is_set == NULL)
		return false;
	/* a configuration file, ALTER ROLE and ALTER DATABASE count as the user */
	*is_set = source > PGC_S_DYNAMIC_DEFAULT;
	*extra = is_set;
	return true;
}

/* Check hooks, one for each type of values; enums are checked as int.  Also for settings of ivfflat.*. */
bool
loki_check_int_source(int *newval, void **extra, GucSource source)
{
	return remember_source(extra, source);
}

static bool
check_bool_source(bool *newval, void **extra, GucSource source)
{
	return remember_source(extra, source);
}

static bool
check_real_source(double *newval, void **extra, GucSource source)
{
	return remember_source(extra, source);
}

/*
 * Note whether a setting was set.  Plans rely on whether scans are complete: only then may an index return
 * all rows of a query without LIMIT.  If that may have changed, they are made again.  Called before the
 * server stores the new value, so that `changed` compares it with the old one.
 */
void
loki_assign_source(bool *is_set, const void *extra, bool changed)
{
	bool		newly_set = *(const bool *) extra;

	if (changed || newly_set != *is_set)
		ResetPlanCache();
	*is_set = newly_set;
}

static void
assign_iterative_scan(int newval, void *extra)
{
	loki_assign_source(&iterative_scan_set, extra, newval != iterative_scan);
}

static void
assign_max_scan_tuples(int newval, void *extra)
{
	loki_assign_source(&max_scan_tuples_set, extra, false);
}

static void
assign_complete(bool newval, void *extra)
{
	loki_assign_source(&complete_set, extra, newval != complete);
}

/* Plans may be made with other widths than scans have, so they need not be made again. */
static void
assign_ef_search(int newval, void *extra)
{
	ef_search_set = *(const bool *) extra;
}

static void
assign_target_recall(double newval, void *extra)
{
	target_recall_set = *(const bool *) extra;
}

static void
assign_recall_sample_rate(double newval, void *extra)
{
	recall_sample_rate_set = *(const bool *) extra;
}

/*
 * Whether scans are complete, given whether the user set one of pgvector's limits.  Applications that
 * were written for pgvector set them to get more rows, or to bound the work, and expect what pgvector
 * does; all others get each row of the table if they ask for it.
 */
bool
loki_scan_complete(bool limits_set)
{
	return complete_set ? complete : !limits_set;
}

/* Whether scans go on as pgvector's iterative scans do, up to its limits.  See hnsw.h. */
bool
loki_hnsw_iterates(void)
{
	return iterative_scan != LOKI_ITERATIVE_OFF &&
		!loki_scan_complete(iterative_scan_set || max_scan_tuples_set);
}

/*
 * The settings that scans of an index use: what the user has set in the session, else what the index
 * says, else the defaults.  A session that sets hnsw.ef_search asks for that width, so a target_recall
 * of the index does not count for it.
 */
void
loki_scan_settings(Relation index, LokiScanSettings *settings)
{
	const LokiHnswOptions *options = LokiIndexOptions(index);

	/* an index of access method ivfflat has settings of its own name */
	settings->target_recall = target_recall;
	settings->recall_sample_rate = recall_sample_rate_set ? recall_sample_rate :
		options->recall_sample_rate;
	if (loki_ivfflat_scan_settings(index, settings))
		return;
	settings->ef = ef_search;
	if (!ef_search_set)
	{
		if (options->ef_search != LOKI_EF_SEARCH_UNSET)
			settings->ef = options->ef_search;
		if (!target_recall_set)
			settings->target_recall = options->target_recall;
	}
	settings->iterative_scan = iterative_scan;
	settings->max_tuples = max_scan_tuples;
	settings->complete = loki_scan_complete(iterative_scan_set || max_scan_tuples_set);
	settings->exact = false;
	Assert(settings->ef >= LOKI_MIN_EF_SEARCH && settings->ef <= LOKI_MAX_EF_SEARCH);
}

/*
 * Storage parameters of an index: what the file is made by, under locks that keep everybody out, and
 * what scans or the next vacuum go by.  Names, defaults and texts of m and ef_construction are pgvector's.
 */
static void
init_reloptions(void)
{
	hnsw_relopt_kind = add_reloption_kind();
	add_int_reloption(hnsw_relopt_kind, "m", "Max number of connections",
					  LOKI_M_AUTO, LOKI_MIN_M, LOKI_MAX_M, AccessExclusiveLock);
	add_int_reloption(hnsw_relopt_kind, "ef_construction",
					  "Size of the dynamic candidate list for construction",
					  LOKI_DEFAULT_EF_CONSTRUCTION, LOKI_MIN_EF_CONSTRUCTION,
					  LOKI_MAX_EF_CONSTRUCTION, AccessExclusiveLock);
	add_enum_reloption(hnsw_relopt_kind, "bits",
					   "Bits a dimension of the codes that a search walks on",
					   bits_options, LOKI_BITS_AUTO,
					   "Valid values are \"auto\", \"1\", \"2\", \"4\" and \"8\".",
					   AccessExclusiveLock);
	add_enum_reloption(hnsw_relopt_kind, "refine_bits",
					   "Bits a dimension in total of the codes that rank candidates",
					   refine_bits_options, LOKI_BITS_AUTO,
					   "Valid values are \"auto\", \"0\", \"2\", \"4\", \"6\" and \"8\".",
					   AccessExclusiveLock);
	add_enum_reloption(hnsw_relopt_kind, "profile",
					   "What the defaults of the others are chosen for",
					   profile_options, LOKI_PROFILE_BALANCED,
					   "Valid values are \"balanced\" and \"compact\".",
					   AccessExclusiveLock);
	add_int_reloption(hnsw_relopt_kind, "centers",
					  "Local centers of codes",
					  LOKI_CENTERS_AUTO, 0, LOKI_MAX_CENTERS, AccessExclusiveLock);
	add_bool_reloption(hnsw_relopt_kind, "brief_codes",
					   "Keeps 1-bit sketches of the rows in the order of each attribute",
					   true, ShareUpdateExclusiveLock);
	add_real_reloption(hnsw_relopt_kind, "k1",
					   "BM25: how much more a word counts that occurs more often",
					   LOKI_DEFAULT_K1, 0, 100, AccessExclusiveLock);
	add_real_reloption(hnsw_relopt_kind, "b",
					   "BM25: how much less words count in long documents",
					   LOKI_DEFAULT_B, 0, 1, AccessExclusiveLock);
	add_bool_reloption(hnsw_relopt_kind, "shared_statistics",
					   "Lets scores depend on words of rows that row security hides",
					   false, ShareUpdateExclusiveLock);
	add_string_reloption(hnsw_relopt_kind, "statistics_by",
						 "BM25: the column of the tenant whose rows alone count",
						 NULL, NULL, ShareUpdateExclusiveLock);
	/* defaults of an index's searches; scans that have begun keep theirs */
	add_int_reloption(hnsw_relopt_kind, "ef_search",
					  "hnsw.ef_search of sessions that have not set it",
					  LOKI_EF_SEARCH_UNSET, LOKI_MIN_EF_SEARCH, LOKI_MAX_EF_SEARCH,
					  ShareUpdateExclusiveLock);
	add_real_reloption(hnsw_relopt_kind, "target_recall",
					   "lokivector.target_recall of sessions that have set neither it nor hnsw.ef_search",
					   0, 0, 1, ShareUpdateExclusiveLock);
	add_real_reloption(hnsw_relopt_kind, "recall_sample_rate",
					   "lokivector.recall_sample_rate of sessions that have not set it",
					   0, 0, 1, ShareUpdateExclusiveLock);
}

/*
 * See hnsw.h.  Called once in a process.  Kinds of reloptions are in the process's own memory.  Settings: first those
 * that pgvector has, by its names and texts, then ours.
 */
void
loki_hnsw_init(void)
{
	init_reloptions();
	DefineCustomIntVariable("hnsw.ef_search",
							"Sets the size of the dynamic candidate list for search",
							"Valid range is 1..1000.", &ef_search,
							LOKI_DEFAULT_EF_SEARCH, LOKI_MIN_EF_SEARCH, LOKI_MAX_EF_SEARCH,
							PGC_USERSET, 0, loki_check_int_source, assign_ef_search, NULL);
	DefineCustomEnumVariable("hnsw.iterative_scan",
							 "Sets the mode for iterative scans",
							 NULL, &iterative_scan, LOKI_ITERATIVE_OFF,
							 iterative_scan_options, PGC_USERSET, 0,
							 loki_check_int_source, assign_iterative_scan, NULL);
	DefineCustomIntVariable("hnsw.max_scan_tuples",
							"Sets the max number of tuples to visit for iterative scans",
							NULL, &max_scan_tuples, 20000, 1, INT_MAX,
							PGC_USERSET, 0, loki_check_int_source, assign_max_scan_tuples, NULL);
	DefineCustomRealVariable("hnsw.scan_mem_multiplier",
							 "Sets the multiple of work_mem to use for iterative scans",
							 NULL, &loki_scan_mem_multiplier, 1, 1, 1000,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("lokivector.complete",
							 "Returns rows beyond hnsw.ef_search until the query is content",
							 "When neither this nor hnsw.iterative_scan nor hnsw.max_scan_tuples is set, scans are complete.",
							 &complete, true, PGC_USERSET, 0,
							 check_bool_source, assign_complete, NULL);
	DefineCustomRealVariable("lokivector.target_recall",
							 "Sets the recall that searches are made wide enough for",
							 "With 0 hnsw.ef_search decides.", &target_recall,
							 0, 0, 1, PGC_USERSET, 0,
							 check_real_source, assign_target_recall, NULL);
	DefineCustomRealVariable("lokivector.recall_sample_rate",
							 "Sets the share of searches whose recall will be measured",
							 "Their queries are kept in memory until lokivector_measure_samples() is called.",
							 &recall_sample_rate,
							 0, 0, 1, PGC_SUSET, 0,
							 check_real_source, assign_recall_sample_rate, NULL);
	DefineCustomIntVariable("lokivector.build_seed",
							"Sets the seed of index builds and inserts",
							"With -1 each of them is random.", &loki_build_seed,
							-1, -1, INT_MAX, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("lokivector.pending_nodes",
							"Sets the number of nodes at which an index gets codes and a graph",
							"It counts when an index is created. With 0 the number depends on the dimensions.",
							&loki_pending_nodes,
							0, 0, LOKI_MOST_PENDING, PGC_USERSET, 0, NULL, NULL, NULL);
	loki_ivfflat_init();
}

/* amoptions: parse and validate storage parameters; NULL if there are none. */
bytea *
loki_hnsw_options(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{"m", RELOPT_TYPE_INT, offsetof(LokiHnswOptions, m)},
		{"ef_construction", RELOPT_TYPE_INT, offsetof(LokiHnswOptions, ef_construction)},
		{"bits", RELOPT_TYPE_ENUM, offsetof(LokiHnswOptions, bits)},
		{"refine_bits", RELOPT_TYPE_ENUM, offsetof(LokiHnswOptions, refine_bits)},
		{"profile", RELOPT_TYPE_ENUM, offsetof(LokiHnswOptions, profile)},
		{"centers", RELOPT_TYPE_INT, offsetof(LokiHnswOptions, centers)},
		{"brief_codes", RELOPT_TYPE_BOOL, offsetof(LokiHnswOptions, brief_codes)},
		{"ef_search", RELOPT_TYPE_INT, offsetof(LokiHnswOptions, ef_search)},
		{"target_recall", RELOPT_TYPE_REAL, offsetof(LokiHnswOptions, target_recall)},
		{"recall_sample_rate", RELOPT_TYPE_REAL,
		offsetof(LokiHnswOptions, recall_sample_rate)},
		{"k1", RELOPT_TYPE_REAL, offsetof(LokiHnswOptions, k1)},
		{"b", RELOPT_TYPE_REAL, offsetof(LokiHnswOptions, b)},
		{"shared_statistics", RELOPT_TYPE_BOOL,
		offsetof(LokiHnswOptions, shared_statistics)},
		{"statistics_by", RELOPT_TYPE_STRING, offsetof(LokiHnswOptions, statistics_by)},
	};

	return (bytea *) build_reloptions(reloptions, validate, hnsw_relopt_kind,
									  sizeof(LokiHnswOptions), table, lengthof(table));
}

/* m = 0, the default, lets the profile choose; the number is on the metapage afterwards. */
int
loki_option_m(const LokiHnswOptions *options)
{
	Assert(options->m == LOKI_M_AUTO || (options->m >= LOKI_MIN_M && options->m <= LOKI_MAX_M));
	if (options->m != LOKI_M_AUTO)
		return options->m;
	return options->profile == LOKI_PROFILE_COMPACT ? LOKI_COMPACT_M : LOKI_DEFAULT_M;
}

/* Whether the owner lets scores depend on rows that row security hides.  See hnsw.h. */
bool
loki_shares_statistics(Relation index)
{
	return LokiIndexOptions(index)->shared_statistics;
}

/*
 * The column of an index that its parameter statistics_by names.  See hnsw.h.  A column of the table goes by its name
 * there, which may have changed since the parameter was set; an expression by that of the index.
 */
AttrNumber
loki_statistics_column(Relation index, int elevel)
{
	const LokiHnswOptions *options = LokiIndexOptions(index);
	const char *name = options->statistics_by == 0 ? "" : (const char *) options + options->statistics_by;

	if (name[0] == '\0')
		return 0;
	for (int i = 1; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
	{
		AttrNumber	of_table = index->rd_index->indkey.values[i];

		if (strcmp(name, of_table != 0 ? get_attname(index->rd_index->indrelid, of_table, false) :
				   NameStr(TupleDescAttr(RelationGetDescr(index), i)->attname)) == 0)
			return i + 1;
	}
	ereport(elevel,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("index \"%s\" has no attribute \"%s\"", RelationGetRelationName(index), name),
			 errdetail("The parameter statistics_by names it."),
			 errhint("Name a column of the index after its first by ALTER INDEX ... SET (statistics_by = ...), or RESET "
					 "(statistics_by). An index of a partitioned table gets it by CREATE INDEX.")));
	return 0;
}
