/*-------------------------------------------------------------------------
 *
 * hybrid.h
 *	  Scans of an hnsw index within a bitmap or a distance: what the files
 *	  of the node share.
 *
 * path.c makes a CustomPath, which hybrid_cost.c estimates, and hybrid_plan.c a CustomScan of it, from core's
 * plans of the two children.  exec.c executes it; bitmap_rows.c makes the set of rows, and finds them
 * without the index.  explain.c shows what was done.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/hybrid.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_HYBRID_HYBRID_H
#define LOKI_PLANNER_HYBRID_HYBRID_H

#include "access/skey.h"
#include "hnsw/hnsw.h"
#include "nodes/extensible.h"
#include "nodes/pathnodes.h"

/* As EXPLAIN shows it */
#define LOKI_HYBRID_NAME	"LokivectorHybridScan"

/* lokivector.enable_hybrid_scan */
extern bool loki_enable_hybrid_scan;

/*
 * The children of a path: the index path that says how the index is scanned, and the
 * bitmap heap path whose bitmap the scan stays in, or NULL.
 */
#define LokiHybridWalk(path)	((IndexPath *) linitial((path)->custom_paths))
#define LokiHybridBitmap(path) \
	(list_length((path)->custom_paths) > 1 ? \
	 (BitmapHeapPath *) lsecond((path)->custom_paths) : NULL)

/* What a plan carries: custom_private ... */
typedef enum LokiHybridPrivate
{
	LOKI_HYBRID_INDEX,			/* OID list of one: the index */
	LOKI_HYBRID_BOUNDS,			/* integer list: LOKI_BOUND_xxx by bound */
	LOKI_HYBRID_ATTRIBUTES,		/* integer list: of the index, for rows out of
								 * it alone */
	LOKI_HYBRID_FLAGS			/* Integer: LOKI_HYBRID_xxx */
} LokiHybridPrivate;

#define LOKI_HYBRID_ALONE		1	/* rows come out of the index alone, in no order */
#define LOKI_HYBRID_MEASURES	2	/* those of the bitmap may be measured before the index
									 * has found them */
#define LOKI_HYBRID_FILTERS		4	/* the filter comes before bounds */
#define LOKI_HYBRID_ALL			8	/* all rows are taken, in their order */

#define LokiHybridHas(scan, flag)	((intVal(list_nth((scan)->custom_private, LOKI_HYBRID_FLAGS)) & (flag)) != 0)

#define LOKI_BOUND_NANS		1	/* the clause holds where the distance is NaN */
#define LOKI_BOUND_EXACT	2	/* the clause compares the distance itself */
#define LOKI_BOUND_STRICT	4	/* the distance is below the value */

/* ... and custom_exprs, lists all of them */
typedef enum LokiHybridExprs
{
	LOKI_HYBRID_KEYS,			/* conditions on the index's columns ... */
	LOKI_HYBRID_ORDER,			/* ... and its order, as of the index */
	LOKI_HYBRID_KEYS_ROW,		/* the same as of the row */
	LOKI_HYBRID_ORDER_ROW,
	LOKI_HYBRID_INDEX_ROW,		/* clauses that the index answers, and the
								 * bitmap does not */
	LOKI_HYBRID_BITMAP_ROW,		/* clauses that the bitmap answers */
	LOKI_HYBRID_BOUND_ROW,		/* clauses that bound the distance */
	LOKI_HYBRID_BOUND_VALUES,	/* what distances are compared with */
	LOKI_HYBRID_NEXPRS
} LokiHybridExprs;

#define LokiHybridExpr(scan, which)	((List *) list_nth((scan)->custom_exprs, which))

/* How the rows are found */
typedef enum LokiHybridStrategy
{
	LOKI_HYBRID_NOTHING,		/* there can be none */
	LOKI_HYBRID_WALK,			/* by the access method, in its own way */
	LOKI_HYBRID_ROWS			/* by reading every row of the bitmap */
} LokiHybridStrategy;

/* A bound of the distance: d < value, or d <= value */
typedef struct LokiHybridBound
{
	ExprState  *expr;
	double		value;
	int			flags;			/* LOKI_BOUND_xxx */
} LokiHybridBound;

/* A row of the bitmap, and its distance */
typedef struct LokiHybridRow
{
	double		distance;
	ItemPointerData tid;
	uint16		rank;			/* sorted by before the distance: NULL and NaN
								 * come first or last */
} LokiHybridRow;

/* What EXPLAIN ANALYZE shows */
typedef struct LokiHybridCounts
{
	uint64		walks;			/* rescans that asked the access method ... */
	uint64		row_scans;		/* ... or read every row of the bitmap */
	uint64		bitmaps;		/* made */
	double		bitmap_rows;	/* in them */
	uint64		lossy_pages;
	uint64		rechecked;		/* rows removed by rechecking */
	uint64		heap_fetches;	/* rows of bitmaps read */
} LokiHybridCounts;

/* The scan of the index (hybrid/exec.c), as nodeIndexscan.c has it */
typedef struct LokiHybridWalk
{
	Relation	index;			/* NULL below EXPLAIN without ANALYZE */
	ScanKey		keys;
	int			nkeys;
	ScanKey		orderbys;		/* one */
	IndexRuntimeKeyInfo *runtime_keys;
	int			nruntime_keys;
	ExprContext *runtime;		/* in which these and bounds are evaluated */
	IndexScanDesc scan;			/* NULL before the first walk */
}			LokiHybridWalk;

/* What rows are checked by, as LokiHybridExprs has it; NULL: nothing */
typedef struct LokiHybridChecks
{
	ExprState  *keys;
	ExprState  *index;
	ExprState  *bitmap;
	ExprState  *bound;
	ExprState  *distance;		/* float8, by which rows are sorted */
} LokiHybridChecks;

/* Bounds of the distance, and what they come to when a scan begins */
typedef struct LokiHybridBounds
{
	LokiHybridBound *clauses;
	int			n;
	bool		nans;			/* all clauses hold where the distance is NaN */
} LokiHybridBounds;

/* The rows of the bitmap, if they are read one by one (hybrid/bitmap_rows.c) */
typedef struct LokiHybridRows
{
	IndexFetchTableData *fetch; /* NULL before the first of them */
	LokiHybridRow *rows;		/* n of them, sorted, in `context` */
	uint64		n;
	uint64		next;			/* to be returned */
	MemoryContext context;		/* reset by a rescan */
} LokiHybridRows;

typedef struct LokiHybridState
{
	CustomScanState css;
	LokiHybridWalk walk;
	LokiHybridChecks checks;
	LokiHybridBounds bounds;
	LokiLabel	label;			/* what the plan relies on */

	LokiIndexRow *row;			/* out of the index alone; NULL: rows are
								 * fetched */
	LokiScanCaller caller;		/* what slots can decide of the node's filter,
								 * and the Limit above it */
	ExprState  *filter;			/* of the node; and conditions before the
								 * first with a sub-plan, if there is one ... */
	ExprState  *filter_first;
	ExprContext *filter_context;	/* ... in which the access method
									 * evaluates it; NULL: it does not */

	/* a scan that has begun */
	bool		begun;
	LokiHybridStrategy strategy;
	double		limit;			/* rows that the caller takes at most, 0 = not
								 * known */
	PlanState  *bitmap;			/* the child, or NULL */
	struct LokiTidSet *tids;	/* its rows; NULL: not made, or a parameter has
								 * changed */
	int			nhashed;		/* its clauses, if the filter can have them
								 * instead, as they hash their keys; or 0 */
	bool		filters;		/* and it has */
	LokiHybridRows rows;

	LokiHybridCounts counts;
} LokiHybridState;

/* functions in hybrid/hybrid_cost.c, which says what each returns */
extern bool loki_hybrid_cost(PlannerInfo *root, CustomPath *path, Selectivity selectivity,
							 bool bounded);
extern Cost loki_hybrid_columns_least(const IndexOptInfo *index);
extern bool loki_hybrid_rows_pay(const LokiHybridState *state);
extern bool loki_hybrid_keys_outgrow(const LokiHybridState *state);

/* functions in hybrid/hybrid_plan.c */
extern const CustomPathMethods loki_hybrid_path_methods;
extern const CustomPathMethods loki_hybrid_columns_methods;
extern Expr *loki_hybrid_distance(Plan *plan);
extern void loki_hybrid_init(void);

/* functions in hybrid/exec.c */
extern Node *loki_hybrid_create_state(CustomScan *scan);
extern LokiScanCaller *loki_hybrid_caller(PlanState *ps);
extern bool loki_hybrid_within(LokiHybridState *state, ExprContext *econtext, double distance,
							   bool isnull);

/* functions in hybrid/bitmap_rows.c */
extern void loki_hybrid_make_tids(LokiHybridState *state);
extern void loki_hybrid_read_rows(LokiHybridState *state);
extern bool loki_hybrid_next_row(LokiHybridState *state, TupleTableSlot *slot);

/* functions in hybrid/explain.c */
extern void loki_hybrid_explain_init(void);
extern void loki_hybrid_explain(CustomScanState *node, List *ancestors, ExplainState *es);

/* functions in hybrid/path.c */

/* Whether a clause may be evaluated before those of a lower security level (P6) */
extern bool loki_hybrid_is_early(const RelOptInfo *rel, const RestrictInfo *clause);

/* Add paths for each distance that a table could be scanned by, within bounds of it or a bitmap. */
extern void loki_hybrid_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);

#endif							/* LOKI_PLANNER_HYBRID_HYBRID_H */
