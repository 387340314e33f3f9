/*-------------------------------------------------------------------------
 *
 * word_statistics.c
 *	  bm25_weigh(): what an index says of the words of a search.
 *
 * Posting lists say how many documents have a word, as of when they were made.  Without lists, as in
 * a small table, or if they are damaged, the rows that the snapshot sees are counted.
 *
 * Under a policy that shows one tenant's rows, the planner has these counted alone (tenant_words.c).
 *
 * Who knows the weights of a query knows how many rows of the table have a word, those that row
 * security hides among them.  So the user must have the right to read all rows, or the index's owner
 * must have said that it does not matter (shared_statistics).  For a search that names no index the
 * planner checks this, and puts a weighed_tsquery without words into the plan (planner/query/words.c);
 * users cannot make one.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/word_statistics.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_inherits.h"
#include "common/hashfn.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/definition/access.h"
#include "hnsw/page/page.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Lists that an estimate of the planner reads in all windows together, at most, unless a search has more words */
#define SAMPLED_LISTS	16

typedef struct Statistics
{
	LokiWord   *words;			/* by term */
	int			n;
	double		documents;		/* of the windows that were read, by lists */
	double		length;			/* of all documents */
	const Bm25Query *of;		/* names the index, and whose rows count */
	Datum		tenant;			/* LOKI_BM25_TENANT: the value of that */
} Statistics;

/* ----------------------------------------------------------------
 * Statistics of an index
 * ----------------------------------------------------------------
 */

/*
 * Add what posting lists say, of each step-th window; false, and nothing, if they are not there any more,
 * or damaged.  Vacuum may make lists again at any time, so what was read counts only if they are still
 * valid afterwards (I13); until then sums are in a copy.
 */
static bool
add_posting_counts(Statistics *statistics, const LokiTermLists *lists, uint32 step)
{
	LokiWord   *words = palloc_array(LokiWord, statistics->n + 1);
	double		documents = 0;
	double		length = 0;

	Assert(step > 0);
	memcpy(words, statistics->words, statistics->n * sizeof(LokiWord));
	for (uint32 i = (step - 1) / 2; i < lists->data.windows; i += step)
	{
		LokiWindowData window;
		LokiTermData found;
		uint32		first = 0;

		CHECK_FOR_INTERRUPTS();
		if (!loki_terms_window(lists, i, &window))
			return false;
		documents += window.documents;
		length += window.length;
		/* both words and the terms of a window ascend, so that each search begins where the one before ended */
		for (int w = 0; w < statistics->n; w++)
		{
			LokiWord   *word = &words[w];

			CHECK_FOR_INTERRUPTS();
			if (!loki_terms_find(lists, &window, &first, word->term, &found))
				return false;
			if (found.postings == 0)
				continue;
			word->least = word->documents > 0 ? Min(word->least, found.least) : found.least;
			word->most = Max(word->most, found.least + LOKI_POSTING_STEPS * found.step);
			word->documents += found.postings;
		}
	}
	if (!loki_terms_valid(lists))
		return false;
	memcpy(statistics->words, words, statistics->n * sizeof(LokiWord));
	statistics->documents += documents;
	statistics->length += length;
	pfree(words);
	return true;
}

/*
 * LokiTermsWindow: count the documents of a window that have the words.  Both ascend by term.  Two words of
 * the search may share a term; each of them gets the count of both, which is what lists would say, too.
 */
static bool
count_entries(void *arg, const LokiWindowData *window, const LokiTermEntry *entries, uint32 n)
{
	Statistics *statistics = arg;
	int			w = 0;

	for (uint32 i = 0; i < n && w < statistics->n; i++)
	{
		while (w < statistics->n && statistics->words[w].term < entries[i].term)
			w++;
		for (int same = w; same < statistics->n && statistics->words[same].term == entries[i].term; same++)
			statistics->words[same].documents++;
	}
	return true;
}

/*
 * Add the statistics of an index that has rows; its table is locked first, as everywhere.  A partition
 * that was found without a lock may have been dropped since, and adds nothing.  An index that was valid
 * when a plan was made remains good for that plan; DROP and REINDEX CONCURRENTLY wait for its end.
 */
static void
add_index(Statistics *statistics, Oid indexid)
{
	Oid			heapid = IndexGetRelation(indexid, true);
	Relation	index;
	LokiMetaPageData meta;
	LokiTermLists lists;

	if (!OidIsValid(heapid))
		return;
	LockRelationOid(heapid, AccessShareLock);
	index = try_relation_open(indexid, AccessShareLock);
	if (index == NULL)
		return;
	if (statistics->of->n >= 0)
		loki_require_valid(index, "rank by");
	Assert(index->rd_index->indislive);
	/* again if the lists were made again while they were read; rows if there are none, or they are damaged */
	for (;;)
	{
		LokiIndex  *state = loki_index_open(index, &meta);
		bool		listed = loki_terms_open(&lists, state, index, &meta);

		CHECK_FOR_INTERRUPTS();
		loki_index_refresh(state, index);
		if (statistics->of->n == LOKI_BM25_TENANT)
		{
			LokiTenantWords words = {.words = statistics->words, .n = statistics->n};

			loki_tenant_words(state, index, Bm25QueryTenant(statistics->of), statistics->tenant, &words);
			statistics->documents += words.documents;
			statistics->length += words.length;
			break;
		}
		if (listed && add_posting_counts(statistics, &lists, 1))
			break;
		if (!listed || loki_terms_valid(&lists))
		{
			LokiTermsRange range = {
				.end = loki_node_end(state, index), .take = count_entries, .arg = statistics,
				.snapshot = GetActiveSnapshot()
			};

			(void) loki_build_terms_gather(state, index, &range);
			statistics->documents += range.documents;
			statistics->length += range.length;
			break;
		}
	}
	index_close(index, NoLock);
}

void
loki_words_parameters(Relation index, LokiBm25 *by)
{
	const LokiHnswOptions *options = LokiIndexOptions(index);

	by->k1 = (float) options->k1;
	by->b = (float) options->b;
}

/*
 * For the planner: no rows are read, and of posting lists a few windows, the fewer the more words there
 * are.  The index may have been made by another release.
 */
bool
loki_words_sample(Relation index, LokiWord *words, int n)
{
	Statistics	statistics = {.words = words, .n = n};
	LokiMetaPageData meta;
	LokiTermLists lists;
	LokiIndex  *state;
	uint32		most = Max(SAMPLED_LISTS / Max(n, 1), 1);

	if (loki_hnsw_is_incompatible(index))
		return false;
	state = loki_index_open(index, &meta);
	if (!loki_terms_open(&lists, state, index, &meta) || lists.data.windows == 0)
		return false;
	loki_index_refresh(state, index);
	if (!add_posting_counts(&statistics, &lists, (lists.data.windows - 1) / most + 1) || statistics.documents == 0)
		return false;
	for (int i = 0; i < n; i++)
		words[i].documents = Min(words[i].documents / statistics.documents, 1);
	return true;
}

/* A query for the words of a search by the statistics of an index, or of a partitioned index's */
static Bm25Query *
make_query(const Bm25Query *of, TSQuery search, Datum tenant)
{
	Oid			indexid = of->index;
	Relation	index = relation_open(indexid, AccessShareLock);
	Statistics	statistics = {.of = of, .tenant = tenant};
	Bm25Query  *query;
	Size		size;
	uint32		start = 0;

	statistics.words = loki_words_of_search(search, &statistics.n);
	if (statistics.words == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("operator <@> cannot rank by the beginning of words"),
				 errhint("Filter by words @@ query, and rank by ts_rank_cd(words, query), which may be a leg of rrf().")));
	/* of a partitioned index, documents of all partitions count together: one scale of scores for all */
	foreach_oid(inheritor, find_all_inheritors(indexid, NoLock, NULL))
	{
		if (get_rel_relkind(inheritor) == RELKIND_INDEX)
			add_index(&statistics, inheritor);
	}
	size = offsetof(Bm25Query, words) + statistics.n * sizeof(Bm25Word);
	for (int i = 0; i < statistics.n; i++)
		size += statistics.words[i].length;
	query = palloc0(size);
	SET_VARSIZE(query, size);
	query->index = indexid;
	loki_words_parameters(index, &query->by);
	query->by.mean = statistics.documents > 0 ? (float) (statistics.length / statistics.documents) : 0;
	query->n = statistics.n;
	for (int i = 0; i < statistics.n; i++)
	{
		const LokiWord *word = &statistics.words[i];

		query->words[i] = (Bm25Word)
		{
			.term = word->term, .start = start, .length = word->length,
				.weight = (float) loki_bm25_query_weight(&query->by, statistics.documents, word->documents)
		};
		memcpy(Bm25QueryLexemes(query) + start, word->lexeme, word->length);
		start += word->length;
	}
	relation_close(index, NoLock);
	return query;
}

/* ----------------------------------------------------------------
 * The functions
 * ----------------------------------------------------------------
 */

/*
 * A query that was weighed in this transaction.  All that a statement asks by has to have the same
 * weights: an index and its sort key, a bound and its recheck, each partition.  But VACUUM may make lists
 * again in between, so weights are those of the first time that the statement's snapshot was used.  For
 * the same reason the functions are not for parallel workers, which would weigh by themselves.
 */
typedef struct KnownQuery
{
	bytea	   *key;			/* of make_key() */
	SubTransactionId subid;		/* that asked; rows of one that was rolled
								 * back do not count */
	Bm25Query  *query;			/* NULL: as if there were no entry */
} KnownQuery;

/*
 * All that were weighed, within work_mem: a nested loop comes back to each search of a table of them for every row.
 * NULL: none yet in this transaction, with which their memory goes, also after an error
 */
static HTAB *known_queries = NULL;
static MemoryContext known_memory = NULL;

static void
forget_queries(void *arg)
{
	known_queries = NULL;
	known_memory = NULL;
}

/*
 * What a query is weighed by, as bytes.  Snapshots that are equal in these fields see the same rows: what runs between
 * xmin and xmax can only end, so that fewer run if others do.  On a standby all of them count as subtransactions.  Of a
 * tenant whose rows alone count there is his value, too; one that is equal in other bytes is counted again.
 */
static bytea *
make_key(const Bm25Query *of, TSQuery search, Datum tenant, Oid type)
{
	Snapshot	snapshot = GetActiveSnapshot();
	const uint32 fields[] = {snapshot->xmin, snapshot->xmax, snapshot->xcnt, (uint32) snapshot->subxcnt,
	snapshot->curcid, of->index};
	StringInfoData key;
	int16		length;
	bool		by_value;

	initStringInfo(&key);
	appendStringInfoSpaces(&key, VARHDRSZ);
	appendBinaryStringInfo(&key, (const char *) fields, sizeof(fields));
	appendBinaryStringInfo(&key, (const char *) search, VARSIZE(search));
	if (of->n == LOKI_BM25_TENANT)
	{
		get_typlenbyval(type, &length, &by_value);
		appendBinaryStringInfo(&key, (const char *) Bm25QueryTenant(of), sizeof(Bm25Tenant));
		appendBinaryStringInfo(&key, by_value ? (const char *) &tenant : DatumGetPointer(tenant),
							   by_value ? sizeof(Datum) : datumGetSize(tenant, by_value, length));
	}
	SET_VARSIZE(key.data, key.len);
	return (bytea *) key.data;
}

/* HashValueFunc */
static uint32
hash_known(const void *key, Size size)
{
	const bytea *known = *(bytea *const *) key;

	return hash_bytes((const unsigned char *) known, VARSIZE(known));
}

/* HashCompareFunc */
static int
compare_known(const void *a, const void *b, Size size)
{
	const bytea *k = *(bytea *const *) a;
	const bytea *l = *(bytea *const *) b;

	return VARSIZE(k) == VARSIZE(l) ? memcmp(k, l, VARSIZE(k)) : 1;
}

/* A copy in the memory of the table */
static void *
keep(const void *value)
{
	return memcpy(MemoryContextAlloc(known_memory, VARSIZE(value)), value, VARSIZE(value));
}

/* Begin with a table that knows nothing. */
static void
make_known_queries(void)
{
	MemoryContext memory = AllocSetContextCreate(TopTransactionContext, "weighed_tsquery", ALLOCSET_SMALL_SIZES);
	MemoryContextCallback *forget = MemoryContextAllocZero(memory, sizeof(MemoryContextCallback));
	HASHCTL		control = {
		.keysize = sizeof(bytea *), .entrysize = sizeof(KnownQuery), .hash = hash_known, .match = compare_known, .hcxt = memory
	};

	forget->func = forget_queries;
	MemoryContextRegisterResetCallback(memory, forget);
	known_queries = hash_create("weighed_tsquery", 64, &control, HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	known_memory = memory;
}

/*
 * Find a query that is known, or weigh it: a copy, as another search may take its place while the caller has it.  One
 * that finds work_mem used up takes the place of all others.
 */
static Datum
weigh(const Bm25Query *of, TSQuery search, Datum tenant, Oid type)
{
	bytea	   *key = make_key(of, search, tenant, type);
	KnownQuery *known = known_queries == NULL ? NULL : hash_search(known_queries, &key, HASH_FIND, NULL);

	/* a subtransaction that was rolled back may have weighed by rows of its own */
	if (known == NULL || known->query == NULL || !SubTransactionIsActive(known->subid))
	{
		Bm25Query  *query = make_query(of, search, tenant);

		/* weighing may have run expressions, and these this function */
		if (known_memory != NULL && MemoryContextMemAllocated(known_memory, true) > work_mem * (Size) 1024)
			MemoryContextDelete(known_memory);
		if (known_memory == NULL)
			make_known_queries();
		known = hash_search(known_queries, &key, HASH_FIND, NULL);
		if (known == NULL)
		{
			bytea	   *kept = keep(key);

			known = hash_search(known_queries, &kept, HASH_ENTER, NULL);
			known->query = NULL;
		}
		else if (known->query != NULL)
		{
			pfree(known->query);
			known->query = NULL;
		}
		known->subid = GetCurrentSubTransactionId();
		known->query = keep(query);
		pfree(query);
	}
	pfree(key);
	PG_RETURN_POINTER(memcpy(palloc(VARSIZE(known->query)), known->query, VARSIZE(known->query)));
}

/*
 * ERROR unless a relation is an index of words, and the user may know of all rows.  Rights are checked before
 * the table is locked, so that nobody locks what he may not read, and again when it is, since they may have
 * been revoked while it was waited for.
 */
static void
require_statistics(Oid indexid)
{
	Oid			heapid = IndexGetRelation(indexid, true);
	Relation	index;

	loki_require_right(indexid, LOKI_RIGHT_TABLE);
	if (OidIsValid(heapid))
	{
		LockRelationOid(heapid, AccessShareLock);
		loki_require_right(indexid, LOKI_RIGHT_TABLE);
	}
	index = relation_open(indexid, AccessShareLock);
	if (!loki_is_words_index(index))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relation \"%s\" is no index of words", RelationGetRelationName(index)),
				 errhint("Such an index is made by USING hnsw (words bm25_ops).")));
	if (!loki_shares_statistics(index))
		loki_require_right(indexid, LOKI_RIGHT_ROWS);
	relation_close(index, NoLock);
}

LOKI_FUNCTION(bm25_weigh);
Datum
bm25_weigh(PG_FUNCTION_ARGS)
{
	Bm25Query	of = {.index = PG_GETARG_OID(0)};

	require_statistics(of.index);
	return weigh(&of, PG_GETARG_TSQUERY(1), (Datum) 0, InvalidOid);
}

/* ERROR for a query that has words, or others than `n` says.  Users have none, which the planner makes. */
static void
require_planned(const Bm25Query *of, int n)
{
	if (of->n != n)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only a plan can ask for the words of a tenant")));
}

/* The same with the index of a query; the planner has checked one without words. */
LOKI_FUNCTION(bm25_weighed);
Datum
bm25_weighed(PG_FUNCTION_ARGS)
{
	const Bm25Query *of = DatumGetBm25Query(PG_GETARG_DATUM(0));

	if (of->n >= 0)
		require_statistics(of->index);
	else
		require_planned(of, LOKI_BM25_INDEX);
	return weigh(of, PG_GETARG_TSQUERY(1), (Datum) 0, InvalidOid);
}

/* The same by the rows of one tenant, whose value is the third argument. */
LOKI_FUNCTION(bm25_weighed_of_tenant);
Datum
bm25_weighed_of_tenant(PG_FUNCTION_ARGS)
{
	const Bm25Query *of = DatumGetBm25Query(PG_GETARG_DATUM(0));
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 2);
	Datum		tenant = PG_GETARG_DATUM(2);

	require_planned(of, LOKI_BM25_TENANT);
	if (get_typlen(type) == -1)
		tenant = PointerGetDatum(PG_DETOAST_DATUM(tenant));
	return weigh(of, PG_GETARG_TSQUERY(1), tenant, type);
}
