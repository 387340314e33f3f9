/*-------------------------------------------------------------------------
 *
 * hnsw.h
 *	  What the rest of the extension may see of the hnsw access method.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnsw.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSW_H
#define LOKI_HNSW_H

#include "postgres.h"

#include "access/amapi.h"
#include "access/relscan.h"
#include "executor/tuptable.h"
#include "hnsw/filter/tid_set.h"
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

extern int	loki_ef_search;
extern double loki_scan_mem_multiplier;
extern int	loki_build_seed;
extern double loki_target_recall;

/* What scans of an index go by: the settings of its access method */
typedef struct LokiScanSettings
{
	int			ef;				/* rows that a search is as wide as */
	int			iterative_scan; /* LokiIterativeScan, unless complete */
	int			max_tuples;		/* of an iterative scan */
	bool		complete;		/* goes on until the caller is content */
	bool		exact;			/* by passes over all nodes, never by a walk */
} LokiScanSettings;

extern void loki_scan_settings(Relation index, LokiScanSettings *settings);

/* Called by _PG_init: reloptions and settings */
extern void loki_hnsw_init(void);

/* Whether a relation is an index of ours, of hnsw or ivfflat */
extern bool loki_is_hnsw_index(Relation index);

/* ERROR if a relation is not one, or if it is a temporary one of another session */
extern void loki_require_hnsw(Relation index);

/*
 * Whether its file is pgvector's, or of another format: an error to whatever
 * reads it, which plans are not to do that have no need of it.
 */
extern bool loki_hnsw_is_old(Relation index);

/*
 * What the caller of a scan does with a row, in a slot of the table's kind, when it
 * gets it: rows that do not pass may be left out.  A row is one that the snapshot
 * sees; `recheck` says, as xs_recheck does, that the scan keys are to be evaluated on
 * it first.  It stays the caller's, and must stay as long as the scan.
 */
typedef struct LokiRowFilter
{
	bool		(*passes) (struct LokiRowFilter *filter, TupleTableSlot *slot,
						   bool recheck);
	double		wanted;			/* rows that pass, and are still to come */
} LokiRowFilter;

/*
 * Tell the scan how many rows its caller will take at most (0 = not known), and
 * what it does with them (NULL = that is not known, or nothing).
 * With scan = NULL the hint is kept for the next scan of this index that
 * begins; the caller clears it again by passing limit = 0.
 */
extern void loki_hnsw_set_limit(IndexScanDesc scan, Oid index, double limit,
								LokiRowFilter *filter);

/* The work that a scan has done, over all of its rescans */
typedef struct LokiScanWork
{
	uint64		nodes_scored;
	uint64		nodes_filtered; /* of these, not passing the filter */
	uint64		nodes_refined;
	uint64		heap_fetches;	/* vectors read to rank rows */
	uint64		flat_scans;
	uint64		late_rows;		/* returned after farther ones */
} LokiScanWork;

extern void loki_hnsw_scan_work(IndexScanDesc scan, LokiScanWork *work);

/*
 * Whether slots of an attribute, given the input type of its operator class, tell all
 * of its values apart, so that a condition on it need not be checked on rows.
 */
extern bool loki_hnsw_decides(Oid typid);

/*
 * What a plan asks of a scan, as bits in the collation of its order-by operator,
 * which distances have no use for.  There they go wherever a plan goes, into a
 * plan that is kept while settings change as well.
 *
 * Rows without a place in the graph follow all others, if they are not to be first.
 * The other bits say what the scan's caller relies on; where LOKI_PLAN_MADE is
 * missing, as in scans without a plan, settings say it when the scan begins.
 */
#define LOKI_FIRST_NULLS	1	/* rows whose distance is NULL */
#define LOKI_FIRST_NANS		2	/* ... is NaN; after those */
#define LOKI_PLAN_MADE		4	/* our planner has set the following: */
#define LOKI_PLAN_COMPLETE	8	/* the scan goes on until its caller is
								 * content */
#define LOKI_PLAN_EXACT		16	/* it returns every row, within the bound if
								 * there is one, and in exact order */
#define LOKI_PLAN_LATE		32	/* it may return rows late, after farther ones */

/*
 * Keep a scan to the rows of a set (NULL: whatever they are), and to those
 * whose distance is not above a bound; one that is NaN is no bound.  `nans` says
 * whether rows are kept whose distance is NaN, and `all` that the scan is asked
 * for every row within the bound.  To be called before the first
 * row of a scan or rescan is asked for; holds for those after it as well.  The
 * set stays the caller's, and must stay as long as the scan.  As sets may be
 * lossy, rows are to be checked by the caller.
 */
struct LokiTidSet;

extern void loki_hnsw_restrict(IndexScanDesc scan, const struct LokiTidSet *tids,
							   double bound, bool nans, bool all);

/*
 * Facts for the cost model, from the metapage: m, code bytes a node, and the
 * highest layer.  Cheap; false for an index that cannot be read.
 */
typedef struct LokiHnswShape
{
	int			m;
	uint32		code_dims;
	uint32		code_size;
	uint32		code_bits;
	int			entry_level;
	uint32		full_bits;		/* of the code, refined */
	bool		certain;		/* codes tell what a distance is never less
								 * than */
	double		mapped;			/* nodes below this are found by their rows'
								 * TIDs; 0: none are */
} LokiHnswShape;

extern bool loki_hnsw_shape(Relation index, LokiHnswShape *shape);

/*
 * The width of a walk for so many rows (0 = not known), as scans of the index
 * choose it from lokivector.target_recall; 0 where hnsw.ef_search decides.
 */
extern double loki_hnsw_target_width(Relation index, double rows);

/*
 * In planner/cost/cost.c, called through this pointer so that the access method
 * does not depend on the planner folder; set by _PG_init.
 */
extern amcostestimate_function loki_hnsw_costestimate;

#endif							/* LOKI_HNSW_H */
