/*-------------------------------------------------------------------------
 *
 * hnsw.h
 *	  What the rest of the extension may see of the hnsw access method.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnsw.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSW_H
#define LOKI_HNSW_H

#include "access/amapi.h"
#include "access/relscan.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

/* Reloptions */
#define LOKI_DEFAULT_M				16
#define LOKI_COMPACT_M				8
#define LOKI_MIN_M					2
#define LOKI_MAX_M					100
#define LOKI_DEFAULT_EF_CONSTRUCTION 64
#define LOKI_MIN_EF_CONSTRUCTION	4
#define LOKI_MAX_EF_CONSTRUCTION	1000
#define LOKI_DEFAULT_K1				1.2
#define LOKI_DEFAULT_B				0.75

/* Settings */
#define LOKI_DEFAULT_EF_SEARCH		40
#define LOKI_MIN_EF_SEARCH			1
#define LOKI_MAX_EF_SEARCH			1000

typedef enum LokiIterativeScan
{
	LOKI_ITERATIVE_OFF,
	LOKI_ITERATIVE_RELAXED,
	LOKI_ITERATIVE_STRICT
} LokiIterativeScan;

extern double loki_scan_mem_multiplier;
extern int	loki_build_seed;
extern int	loki_pending_nodes;
#define LOKI_MOST_PENDING	10000

/* What scans of an index go by: the settings of its access method, and its own defaults */
typedef struct LokiScanSettings
{
	int			ef;				/* rows that a search is as wide as */
	double		target_recall;	/* decides in place of ef, if the index is
								 * calibrated; 0: none */
	double		recall_sample_rate; /* share of searches that are sampled */
	int			iterative_scan; /* LokiIterativeScan, unless complete */
	int			max_tuples;		/* of an iterative scan */
	bool		complete;		/* goes on until the caller is content */
	bool		exact;			/* by flat scans, never by a walk */
} LokiScanSettings;

extern void loki_scan_settings(Relation index, LokiScanSettings *settings);

/* Whether hnsw.iterative_scan has rows come as they are asked for, under pgvector's limits */
extern bool loki_hnsw_iterates(void);

/* Called by _PG_init: reloptions and settings */
extern void loki_hnsw_init(void);

/* Whether a relation is an index of ours, of hnsw or ivfflat */
extern bool loki_is_hnsw_index(Relation index);

/* Whether it is one of words, which may be partitioned */
extern bool loki_is_words_index(Relation index);

/* Whether rows that row security hides may count in the scores of those that it shows */
extern bool loki_shares_statistics(Relation index);

/*
 * The column, from 2 on, whose value a query states so that the rows of that value alone count in scores; 0: all rows
 * do.  That the index has no such column is reported at a level; 0 if that is no error.
 */
extern AttrNumber loki_statistics_column(Relation index, int elevel);

/* Nanoseconds, as scans count them, of one that reads a table's rows and drops all by a filter of one operator */
extern double loki_table_time(double rows, double pages);

/* Note the parameters that scores of an index of words go by, but not the mean length of documents. */
struct LokiBm25;

extern void loki_words_parameters(Relation index, struct LokiBm25 *by);

/*
 * Estimate the share of documents that have each of n words, which is left in their `documents`, and
 * their weights in these (types/bm25.h).  False, and nothing, if the index has no posting lists.  The caller
 * has seen to it that the user may know.
 */
struct LokiWord;

extern bool loki_words_sample(Relation index, struct LokiWord *words, int n);

/*
 * Whether its file is pgvector's, or of another format.  Reading such an index is an error;
 * plans that do not use it must not read it.
 */
extern bool loki_hnsw_is_incompatible(Relation index);

/*
 * What slots of attributes can decide of a filter that is no scan key, such as x <> 3, or
 * x = 1 OR y = 2.  A key that is negated has the strategy of equality.
 */
typedef enum LokiConditionKind
{
	LOKI_CONDITION_KEY,
	LOKI_CONDITION_ALL,			/* all parts hold */
	LOKI_CONDITION_ANY			/* some part holds */
} LokiConditionKind;

typedef struct LokiCondition
{
	LokiConditionKind kind;
	bool		negated;		/* KEY: holds for any other value ... */
	bool		nulls;			/* ... and for NULL */
	ScanKeyData key;			/* KEY; no function is called */
	int			nparts;
	struct LokiCondition **parts;
} LokiCondition;

/* What a condition takes for a row: distances, and operators that cost as much as all else of it */
typedef struct LokiConditionWork
{
	double		operators;
	double		distances;
} LokiConditionWork;

/*
 * What the caller of a scan does with its rows.  The scan asks, and may leave out rows that
 * the caller would drop.  The struct belongs to the caller, and must exist as long as the
 * scan.  A function is NULL if its answer is not known; taken() is there if limit() is.
 *
 * limit() is asked when the scan begins: how many rows the caller takes at most (0 = not
 * known).  taken() says how many of them it has.
 *
 * passes() says of a row, which is in a slot of the table's kind, and which the snapshot
 * sees.  `recheck` says, as xs_recheck does, that the scan keys must be evaluated on it
 * first.  With by_distance, a bound comes before the filter: the row is measured, and passes() gets its distance.
 * A row is asked about once, and `passed` says of the row that the scan returned last that it has passed, so that its
 * caller need not evaluate the filter again, which may be volatile.
 *
 * condition() is asked when a scan begins, with no page locked, for a condition that
 * holds for every row that passes; it is good until the next call.
 *
 * left() is asked when the scan has returned so many rows and LIMIT is not met, and says how many more it may return
 * until it is asked again.  None: another plan takes its place, and it ends.
 *
 * A caller with `unordered` needs no order for what it can use: once the scan sets that, rows come in any order, with
 * no distance, until the last.
 */
typedef struct LokiScanCaller
{
	double		(*limit) (struct LokiScanCaller *caller);
	double		(*taken) (struct LokiScanCaller *caller);
	bool		(*passes) (struct LokiScanCaller *caller, TupleTableSlot *slot,
						   bool recheck, double distance);
	LokiCondition *(*condition) (struct LokiScanCaller *caller);
	double		(*left) (struct LokiScanCaller *caller, double returned);
	int			nconditions;	/* of passes(), in their order, besides those
								 * that are rechecked ... */
	LokiConditionWork *work;	/* ... and what each takes */
	bool		by_distance;
	bool		passed;
	void	   *limit_node;		/* of limit() and taken() ... */
	double		ahead;			/* ... and rows that nodes between take before
								 * they return what it wants */
	void	   *conditions;		/* of condition() */
	void	   *node;			/* of left() */
	bool	   *unordered;
	LokiConditionWork above;	/* what nodes above evaluate on each row, of a
								 * caller with `unordered` */
} LokiScanCaller;

/* Rows that are counted as taken besides those that were, as a share is told by few: none of 1,000 is not none */
#define LOKI_UNSEEN_ROWS	1.5

/* Give a scan that has no caller yet its own, before its first row is asked for; and that caller, or NULL */
extern void loki_hnsw_set_caller(IndexScanDesc scan, LokiScanCaller *caller);
extern LokiScanCaller *loki_hnsw_caller(IndexScanDesc scan);

/*
 * To be called when an executor starts: lokivector_scan_stats() is about the last query.
 */
extern void loki_hnsw_query_begins(void);

/* The work that a scan has done, over all of its rescans */
typedef struct LokiScanWork
{
	uint64		nodes_scored;
	uint64		nodes_filtered; /* of these, not passing the filter */
	uint64		nodes_refined;
	uint64		heap_fetches;	/* rows read, and vectors without their rows */
	uint64		flat_scans;
	uint64		late_rows;		/* returned after farther ones */
	uint64		walks;			/* scans that found their rows by walks alone,
								 * by hops or not ... */
	uint64		flats;			/* ... and those that read all nodes */
	uint64		rests;			/* those that ended in the order of the table */
} LokiScanWork;

extern void loki_hnsw_scan_work(IndexScanDesc scan, LokiScanWork *work);

/*
 * Whether slots of an attribute, with this family and input type of its operator class, tell all
 * its values apart, so that conditions on it need no recheck.
 */
extern bool loki_hnsw_decides(Oid family, Oid typid);

/*
 * What a plan relies on in a scan of ours.  LIMITED: pgvector's limits end it early.  LATE: it may return rows late,
 * after farther ones; others leave these out or have none.
 */
typedef enum LokiPromise
{
	LOKI_PROMISE_NONE,			/* no plan of ours: the settings decide when
								 * the scan begins */
	LOKI_PROMISE_EXACT,			/* every row, within the bound if there is
								 * one, and in exact order */
	LOKI_PROMISE_SEARCH,		/* goes on until its caller is content */
	LOKI_PROMISE_SEARCH_LATE,
	LOKI_PROMISE_LIMITED,
	LOKI_PROMISE_LIMITED_LATE
} LokiPromise;

/* Rows without a place in the graph that come first; otherwise they follow all others */
#define LOKI_FIRST_NULLS	1	/* rows whose distance is NULL */
#define LOKI_FIRST_NANS		2	/* ... is NaN; after those */

typedef struct LokiLabel
{
	LokiPromise promise;
	int			first;			/* LOKI_FIRST_xxx */
} LokiLabel;

/*
 * A label travels in the collation of the order-by operator, which distances do not use: there it goes wherever
 * the plan goes, also to workers, and stays while settings change.  Only these functions know that.
 */
static inline LokiLabel
loki_unpack_label(Oid collation)
{
	Assert((collation >> 2) <= LOKI_PROMISE_LIMITED_LATE);
	return (LokiLabel) {(LokiPromise) (collation >> 2), (int) (collation & 3)};
}

static inline LokiLabel
loki_label_of_key(ScanKey key)
{
	return loki_unpack_label(key->sk_collation);
}

static inline LokiLabel
loki_label_of_operator(const OpExpr *distance)
{
	return loki_unpack_label(distance->inputcollid);
}

static inline void
loki_set_label(OpExpr *distance, LokiLabel label)
{
	distance->inputcollid = (Oid) label.promise << 2 | (Oid) label.first;
}

/*
 * Keep a scan to the rows of a set (NULL: any row), and to rows whose distance is not above a
 * bound (NaN: no bound).  `nans` says whether rows are kept whose distance is NaN, and `all`
 * that the caller asks for every row within the bound.  To be called before the first row of
 * a scan or rescan is asked for; it holds for later rescans as well.  The set belongs to the
 * caller, and must exist as long as the scan.  Sets may be lossy, so the caller has to
 * recheck rows.
 */
struct LokiTidSet;

extern void loki_hnsw_restrict(IndexScanDesc scan, const struct LokiTidSet *tids,
							   double bound, bool nans, bool all);

/*
 * A row out of the index alone.  A scan whose caller gives it one before the first row is asked for, and
 * keeps it as long as the scan, returns rows in no order, and sets it for each.  If the row is `known`,
 * it meets scan keys, set and bound, is visible to everyone, and has the values of the attributes that
 * are `wanted`, which are good until the next row.  Otherwise its caller must fetch it, and check all that.
 */
typedef struct LokiIndexRow
{
	bool		wanted[INDEX_MAX_KEYS]; /* by attribute, the column after the
										 * first is 0; loki_hnsw_returns() its
										 * type */
	double		sure;			/* distances up to this are within the
								 * caller's bounds; infinite if it has none */
	bool		known;
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
} LokiIndexRow;

extern void loki_hnsw_return_columns(IndexScanDesc scan, LokiIndexRow *row);

/* Whether slots of an attribute show its values: all of them, or those of `most` bytes */
extern bool loki_hnsw_returns(Oid family, Oid typid, int32 *most);

/* Rows at one end of a column that are looked at for one that a snapshot sees; those beyond are taken for seen */
#define LOKI_EXTREME_ROWS	256

/*
 * What an attribute is, of all rows that a snapshot sees which was taken before the call, and maybe of others: whether it
 * is NULL or NaN in any, and else the least and the greatest.
 */
typedef struct LokiExtremes
{
	bool		nulls;
	bool		nans;
	Oid			type;			/* of low and high: of the attribute, or float8
								 * for a numeric, which is the nearest;
								 * InvalidOid if there are none */
	Datum		low;
	Datum		high;
} LokiExtremes;

/*
 * Read them from the slots of all nodes and of rows without a place in the graph: pages are locked one by one, and
 * read in some milliseconds for a million rows.  Attributes count from 1, in the order of the index's columns.
 * False, and nothing, if the index cannot be read.
 */
extern bool loki_hnsw_extremes(Relation table, Relation index, Snapshot snapshot, int attribute,
							   LokiExtremes *extremes);

/* Whether an index has posting lists, though its column may not be what can be indexed */
extern bool loki_index_listed(Relation index);

/* Facts for the cost model, from metapage and settings; false for an index without pages yet */
typedef struct LokiHnswShape
{
	int			m;
	uint32		code_dims;
	uint32		code_size;
	uint32		code_bits;
	int			entry_level;
	uint32		full_bits;		/* of the code, refined */
	int			ef;				/* of LokiScanSettings */
	bool		certain;		/* codes give bounds that always hold */
	bool		pending;		/* there is no graph: scans are exact ... */
	bool		listed;			/* ... by posting lists, otherwise they read
								 * the rows of all nodes */
	double		mapped;			/* the row map has the nodes below this; 0:
								 * there is none */
} LokiHnswShape;

extern bool loki_hnsw_shape(Relation index, LokiHnswShape *shape);

/* How many nodes an index that is built has now, with those that are free; what VACUUM counted may be far from it */
extern double loki_hnsw_nodes(Relation index);

/*
 * For how many rows walks are as wide as those for `rows` rows (0 = not known) that scans of the index
 * choose, by the target of their recall or by what they find of few rows
 */
extern double loki_hnsw_rows_width(Relation index, double rows);

/*
 * The estimator of planner/cost/cost.c.  _PG_init sets this pointer, so that the access method
 * does not depend on the planner folder.
 */
extern amcostestimate_function loki_hnsw_costestimate;

/*
 * Whether the user may read an index, or else all rows of its table: counts of a scan's work tell of
 * rows that a policy hides
 */
extern bool loki_sees_all_rows(Oid indexid);

#endif							/* LOKI_HNSW_H */
