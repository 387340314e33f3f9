/*-------------------------------------------------------------------------
 *
 * scan.h
 *	  State of an index scan, shared by the files that make it up.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/scan.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SCAN_SCAN_H
#define LOKI_SCAN_SCAN_H

#include "hnsw/filter/lookup.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/scan/walk.h"
#include "hnsw/statistics/sampled.h"
#include "types/toast.h"
#include "utils/float.h"

/* A walk within a bound is wide enough for this number of rows before it is believed that there are no more */
#define LOKI_BOUND_ROWS		320

/* A search for more rows keeps an account (strategy.c); one for so few, all of which its caller takes, ends long before */
#define LOKI_ACCOUNT_ROWS	100

/* Candidates by encodings that are enough for a row; encodings of earlier versions order them less well */
#define LOKI_ENCODINGS_PER_ROW(column)	((column)->dim == (column)->type->earlier_dim ? 10 : 8)

typedef enum LokiScanPhase
{
	LOKI_SCAN_START,			/* nothing done yet */
	LOKI_SCAN_WALK,				/* walking the graph */
	LOKI_SCAN_FLAT,				/* flat scans for the rest of the nodes */
	LOKI_SCAN_COLUMNS,			/* rows out of the index alone, in no order */
	LOKI_SCAN_UNORDERED,		/* the query has no direction: every node */
	LOKI_SCAN_ZERO_NORM,		/* rows outside the graph ... */
	LOKI_SCAN_NULL,				/* ... whose distance is NaN, then NULL */
	LOKI_SCAN_DONE
} LokiScanPhase;

/* Where a heap TID was read */
typedef struct LokiEntryRef
{
	uint32		node;
	uint32		duplicate;		/* DUPLICATE slot, LOKI_NONE: the TID slot */
	XLogRecPtr	lsn;			/* of the TID page, then */
	ItemPointerData heap;
} LokiEntryRef;

/* A visible row and its exact distance */
typedef struct LokiRow
{
	double		distance;
	ItemPointerData tid;
	bool		passed;			/* the caller's filter */
} LokiRow;

/* The heap TIDs that were read of a node last (tid_list.c) */
typedef struct LokiTidList
{
	struct
	{
		ItemPointerData tid;
		uint32		slot;		/* DUPLICATE slot that it is from; LOKI_NONE:
								 * a TID slot */
	}		   *rows;
	uint32		n;
	uint64		allocated;
	XLogRecPtr	lsn;			/* of the node's TID page when they were read */
} LokiTidList;

/*
 * A node with very many rows, of which only a part was read.  The last row of that part
 * was fetched and is visible to the scan's snapshot, so vacuum leaves its slot in place.
 */
typedef struct LokiPartialNode
{
	double		distance;
	uint32		node;
	uint32		slot;
	ItemPointerData tid;
	uint64		length;			/* slots of the TID list up to that one, or
								 * fewer: those of rows that may be visible */
} LokiPartialNode;

/* The query (scan.c; for 1-bit sketches: flat_list.c) */
typedef struct LokiScanQuery
{
	LokiMetric	metric;
	float	   *values;			/* dim floats */
	struct varlena *value;		/* itself, if the type asks for it; or NULL */
	bool		isnull;			/* NULL: every distance is NULL */
	bool		zero;			/* cosine of a zero vector: NaN */
	bool		ready;			/* for codes: loki_scan_query() */
	LokiQuery  *sketch;			/* for 1-bit sketches (flat_list.c); NULL: memory
								 * was not needed yet */
	bool		sketch_ready;
} LokiScanQuery;

/*
 * Which rows are asked for (scan.c; the set and the bound: plan.c), and how those that match
 * are found (strategy.c, flat.c, flat_list.c)
 */
typedef struct LokiScanFilter
{
	LokiFilter	keys;			/* the keys ... */
	LokiNodeFilter nodes;		/* ... as the walk tests them, and `within` */
	const LokiTidSet *within;	/* NULL: any row */
	double		bound;			/* of distances; NaN: none */
	bool		bound_nans;		/* distances that are NaN are within it */
	bool		bound_all;		/* the scan is for all rows within it: certain */
	bool		has_list;		/* of nodes that may match: */
	LokiLookup	list;
	LokiLookup	second;			/* the same by another key; key NULL: none */
	bool		has_map;		/* of rows to nodes: */
	LokiRowLookup map;
	LokiStrategyChoice choice;	/* of the walk */
	LokiStrategy strategy;		/* of a scan with a filter, at last */
} LokiScanFilter;

/*
 * What the plan takes of the rows, and relies on (plan.c, scan.c; to measure recall: recall.c)
 */
typedef struct LokiScanPlan
{
	LokiScanSettings settings;
	double		limit;			/* rows that the caller takes at most; 0 = not
								 * known */
	LokiScanCaller *caller;		/* what it does with them; NULL: not known */
	bool		complete;		/* go on until the caller is content ... */
	bool		exact;			/* ... by flat scans, which miss nothing: the plan or a
								 * setting asks for it ... */
	bool		certain;		/* ... and return rows in order: candidates
								 * have bounds that always hold */
	bool		unbounded;		/* codes give no bounds that always hold: if
								 * certain, every row is read */
	bool		ordered;		/* the plan relies on the order of rows */
	bool		measuring;		/* the scan measures recall: */
	uint32		skip;			/* a node to leave out; LOKI_NONE: none */
	const LokiScanSettings *given;	/* to go by; NULL: the session's */
} LokiScanPlan;

/* How far the scan is (scan.c) */
typedef struct LokiScanCourse
{
	LokiScanPhase phase;
	LokiScanPhase phases[4];	/* that follow it ... */
	int			next_phase;		/* ... of which this is the next */
	bool		walked;			/* the first walk was made ... */
	bool		widened;		/* ... and was too narrow for its rows */
	LokiWalkEnd walk_end;
	uint32		rows;			/* that the walk is wide enough for */
	uint32		width;			/* of its pool */
	uint32		first_width;	/* ... of the first walk */
	uint32		batch;			/* rows of this batch ... */
	uint32		batch_left;		/* ... and those not yet returned */
	bool		walk_taken;		/* nodes of a walk were queued */
	uint64		returned;
	double		farthest;		/* of the rows that were returned */
} LokiScanCourse;

/* Candidates that are not refined: candidates[next .. n), ascending (refine.c) */
typedef struct LokiRefineQueue
{
	LokiCandidate *candidates;
	uint32		n;
	uint32		next;
	uint64		allocated;
	double		squares;		/* of what refining changed estimates by ... */
	uint64		compared;		/* ... over these nodes */
	float		error;			/* of the estimates of the last that were
								 * refined, in the unit of codes */
	LokiSlots	slots;
} LokiRefineQueue;

/*
 * Nodes that wait to be reranked: nodes[next .. n), ascending by distance (refine.c, rerank.c).  Here
 * that is a lower bound of the exact distances of their rows, in the operator's unit.
 */
typedef struct LokiRerankQueue
{
	LokiCandidate *nodes;
	uint32		n;
	uint32		next;
	uint64		allocated;
	double		excess;			/* of bounds over the exact distances, in the
								 * unit of codes: the sum ... */
	uint64		measured;		/* ... over these nodes */
} LokiRerankQueue;

/* Nodes that were read, or known to be dead, with no row that is visible and passes */
typedef struct LokiRowless
{
	uint64		n;
	uint64		unseen;			/* of which so many have none that is visible
								 * ... */
	uint64		marked;			/* ... as marks say, so that no row was read */
} LokiRowless;

/*
 * Rows that were reranked: rows[next_row .. nrows), ascending by distance (rerank.c, rest.c; scan.c takes them;
 * prefetch.c says which were announced)
 */
typedef struct LokiRanking
{
	uint32		fetch_most;		/* nodes that may still be fetched */
	struct Tuplesortstate *sort;	/* of rows that memory has no room for,
									 * behind all others; NULL: there are none */
	TupleTableSlot *sort_slot;
	struct Rest *rest;			/* that is read as it is asked for, behind
								 * these; or NULL */
	LokiRow    *rows;
	uint32		nrows;
	uint32		next_row;
	uint32		announced;		/* rows before this are on their way */
	uint64		rows_allocated;
	LokiPartialNode *partials;
	uint32		npartials;
	uint64		partials_allocated;
	uint64		dropped;		/* rows that the caller's filter did not pass */
	uint64		passed;			/* ... and those that it did */
	uint64		rejected_nearer;	/* rows not passed, nearer by their bounds
									 * than the nearest that passed */
	float		bound;			/* of the node that is being read */
	float		passed_bound;	/* the least of rows that passed */
	uint64		found;			/* rows that are visible and pass, even beyond
								 * the bound */
	LokiRowless rowless;
} LokiRanking;

/* How vectors of rows are read (rerank.c; rest.c: through which ring) */
typedef struct LokiHeapAccess
{
	MemoryContext context;		/* reset for each heap tuple */
	TupleTableSlot *slot;
	AttrNumber	attribute;		/* of the vector; 0: an expression */
	bool		is_heap;		/* TIDs are places in a heap ... */
	Buffer		visibility;		/* ... and this is a page of its visibility
								 * map */
	BufferAccessStrategy ring;	/* that rows are read through; NULL: none */
	LokiToastReader toast;
	IndexInfo  *index_info;		/* for expressions */
	EState	   *estate;
} LokiHeapAccess;

/* Rows dead to all (killed.c) */
typedef struct LokiKilled
{
	bool		trust;			/* pass over entries that are marked killed */
	bool		may_mark;		/* mark them */
	LokiEntryRef *entries;		/* to be marked at the end of the batch */
	uint32		n;
} LokiKilled;

/* Flat scans: what was queued, and what is left (flat.c) */
typedef struct LokiFlatCourse
{
	uint32		selections;		/* flat scans so far */
	uint8	   *seen;			/* bitmap: nodes handed to reranking; NULL:
								 * none were, or nothing is left */
	uint32		seen_nodes;		/* nodes that it covers */
	uint32	   *selected;		/* in its place: the nodes of the first
								 * selection, NULL if that is not the only one
								 * so far */
	uint32		nselected;
	bool		last;			/* the last one left nothing behind ... */
	bool		beyond;			/* ... but nodes beyond the bound */
	double		horizon;		/* what is not queued is not nearer, though
								 * queued nodes may be farther */
	uint64		returned;		/* rows that were returned before */
	uint64		kept;			/* nodes that flat scans queued ... */
	uint64		known;			/* ... up to the horizon */
	uint64		rowless;		/* ranking.rowless before */
} LokiFlatCourse;

/* Posting lists, and what they say of a window of nodes (posting_scan.c) */
typedef struct LokiScanTerms
{
	bool		bounded;		/* there are lists, which were not made again
								 * since, and bounds */
	LokiTermLists lists;
	LokiTermQuery query;
	LokiNodeBits changed;		/* nodes that lists do not know as they are */
	LokiTail	tail;			/* what is known of these, and of newer ones */
	LokiTermBounds *window;
	uint32		next;			/* the number of the window after it */
} LokiScanTerms;

/* A row that waits to be returned */
typedef struct LokiColumnsRow
{
	ItemPointerData tid;
	uint16		place;			/* of its node in the range */
	bool		known;			/* matches, and is visible to everyone */
} LokiColumnsRow;

/* Rows out of the index alone, by ranges of LOKI_TEST_BATCH nodes (columns.c) */
typedef struct LokiColumns
{
	LokiIndexRow *row;			/* the caller's; NULL: it fetches all rows */
	uint32		node;			/* where the next range begins */
	uint32		end;
	char	   *slots;			/* of the range's attributes, one after
								 * another ... */
	Size		offsets[INDEX_MAX_KEYS];	/* ... from here on */
	char		texts[INDEX_MAX_KEYS][LOKI_ATTR_TEXT_SIZE];
	LokiColumnsRow *rows;
	uint32		n;
	uint32		next;
	uint64		allocated;
} LokiColumns;

/* Streams of rows that have no distance (unordered.c) */
typedef struct LokiUnordered
{
	char	   *page;			/* copy of a TID or NULLTID page */
	uint32		ordinal;
	uint32		place;
	uint32		tid;			/* next of tids */
} LokiUnordered;

/* What was done, for lokivector_scan_stats(); counted where it is done */
typedef struct LokiScanCounts
{
	uint64		postings;		/* read; they count as nodes that were scored */
	uint64		tested;			/* nodes that count as filtered, in flat scans ... */
	uint64		flat_scored;	/* ... and as scored */
	uint64		nodes_refined;
	uint64		heap_fetches;
	uint64		flat_scans;
	uint64		rests;			/* the rest was read */
	uint64		late_rows;
	uint64		microseconds;	/* of finding batches */
	double		index_rows;		/* in the index by a sample, without those that are
								 * marked dead; 0: not counted yet */
	LokiScanWork done;			/* all of it before the last rescan */
	LokiSampled sample;			/* if the search is sampled; query: NULL if
								 * not */
} LokiScanCounts;

/*
 * An index scan: the opaque of its IndexScanDesc.  Each part names the files that write it, which
 * test/lint/owners.sh checks; any file may read it.  A rescan sets all but memory and what is known of
 * the index.
 */
typedef struct LokiScan
{
	IndexScanDesc scan;
	MemoryContext context;		/* everything here; as long as the scan */
	LokiIndex  *state;			/* what the last (re)scan opened */
	LokiMetaPageData meta;		/* as it was then */
	LokiSearch	search;			/* begun, if it has the same state */
	LokiScanQuery query;
	LokiScanFilter filter;
	LokiScanPlan plan;
	LokiScanCourse course;
	LokiRefineQueue queue;
	LokiRerankQueue rerank;
	LokiTidList tids;
	LokiRanking ranking;
	LokiHeapAccess heap;
	LokiKilled	killed;
	LokiFlatCourse flat;
	LokiScanTerms terms;
	LokiColumns columns;
	LokiUnordered unordered;
	LokiScanCounts work;
} LokiScan;

/* Nodes whose rows are prefetched together */
#define LOKI_PREFETCH_NODES		32

/*
 * functions in scan/prefetch.c: prefetch the vectors of nodes, and the rows that are ranked next; the ring
 * that rows are read through; and pin the page of a row that the executor, or the scan itself, reads next
 */
extern void loki_prefetch_vectors(LokiScan *so, const LokiTidData *tids, int n, Buffer *recent);
extern void loki_prefetch_row(LokiScan *so, const LokiTidData *tid);
extern void loki_prefetch_ranked(LokiScan *so, uint32 wanted);
extern BufferAccessStrategy loki_row_ring(const LokiIndex *state, Relation rows);
extern void loki_pin_row_page(LokiScan *so, BlockNumber block, bool again);

/* functions in scan/plan.c: what is asked of the caller when a scan begins; and pgvector's limits end no more */
extern void loki_plan_completeness(LokiScan *so);
extern void loki_plan_all_rows(LokiScan *so);

/*
 * functions in scan/width.c: a width for a number of rows, as settings ask for; the nodes that the scan will
 * have gone through at the end of the batch; once its rows are known, the nodes that it has gone through, and the
 * width that these ask for; a warning if the target of the recall will be missed; and how far the walk looks
 */
extern uint32 loki_width_for(const LokiScan *so, double rows);
extern double loki_nodes_ahead(const LokiScan *so);
extern double loki_width_by_share(const LokiScan *so, double *nodes);
extern void loki_warn_of_target(LokiScan *so);
extern void loki_choose_reach(LokiScan *so, double rows, double width);

/*
 * functions in scan/killed.c: begin a scan; note an entry, mark what was noted, and entries of one TID page;
 * ERROR for an old snapshot
 */
extern void loki_kill_begin(LokiScan *so);
extern void loki_kill_note(LokiScan *so, const LokiEntryRef *entry);
extern void loki_kill_flush(LokiScan *so);
extern void loki_kill_page(LokiScan *so, const LokiEntryRef *kills, uint32 n);
extern void loki_test_snapshot(LokiScan *so);

/* Whether the only row of a TID slot is known to be dead to everyone */
static inline bool
loki_is_killed(const LokiScan *so, const LokiTidData *tid)
{
	return so->killed.trust && LokiTidState(tid) == LOKI_TID_KILLED;
}

/* Whether there is a bound of distances */
static inline bool
loki_is_bounded(const LokiScan *so)
{
	return !isnan(so->filter.bound);
}

/* Whether a distance is before another in the order of a sort, where NaN is last */
static inline bool
loki_is_nearer(double distance, double other)
{
	return distance < other || (isnan(other) && !isnan(distance));
}

/* Whether a distance is beyond the bound, if there is one */
static inline bool
loki_is_beyond(const LokiScan *so, double distance)
{
	return isnan(distance) ? loki_is_bounded(so) && !so->filter.bound_nans :
		distance > so->filter.bound;
}

/* Whether the caller drops rows that the scan may ask it about: by its conditions, or by those that the scan left to it */
static inline bool
loki_caller_filters(const LokiScan *so)
{
	const LokiScanCaller *caller = so->plan.caller;

	return caller != NULL && caller->passes != NULL &&
		(caller->nconditions > 0 || loki_filter_needs_recheck(&so->filter.keys) ||
		 (so->filter.within != NULL && so->filter.within->recheck));
}

/*
 * Whether a search is over once its last row is at this distance, in the operator's unit, since no
 * row can be nearer.  If the caller drops rows, it needs others, and the search goes on.
 */
static inline bool
loki_is_least(const LokiScan *so, double distance)
{
	return so->query.metric != LOKI_METRIC_IP && distance <= 0 && !loki_caller_filters(so);
}

/* Whether a scan reads the rows of all nodes that match: the index has neither codes nor posting lists */
static inline bool
loki_reads_all_rows(const LokiScan *so)
{
	return so->state->pending && !loki_column_listed(&so->state->column);
}

/* Whether the scan looks for more rows as they are asked for, be it up to pgvector's limit */
static inline bool
loki_goes_on(const LokiScan *so)
{
	return so->plan.complete || so->plan.settings.iterative_scan != LOKI_ITERATIVE_OFF;
}

/*
 * Whether the scan evaluates the caller's filter on rows before it measures them.  It does
 * so once the caller has asked for more rows than it takes: then it drops some.  If all rows are read in any
 * case, it does so from the beginning.
 */
static inline bool
loki_filters_rows(const LokiScan *so)
{
	return loki_caller_filters(so) && loki_goes_on(so) && so->plan.limit > 0 &&
		((double) so->course.returned >= so->plan.limit || loki_reads_all_rows(so));
}

/* Whether another plan may take the place of the scan's: it does so before rows are sorted for nodes above that drop them */
static inline bool
loki_may_be_given_up(const LokiScan *so)
{
	return so->plan.caller != NULL && so->plan.caller->left != NULL && so->plan.complete;
}

/* Whether a row is one that the scan is kept to */
static inline bool
loki_is_within(const LokiScan *so, ItemPointer tid)
{
	return so->filter.within == NULL || loki_tids_has(so->filter.within, tid);
}

/* Whether the row of a slot of a TID list is live as far as the scan trusts marks, and one that it is kept to */
static inline bool
loki_is_wanted_duplicate(const LokiScan *so, LokiDuplicateData *slot)
{
	int			state = slot->state & LOKI_TID_STATE_MASK;

	return (state == LOKI_TID_LIVE || (state == LOKI_TID_KILLED && !so->killed.trust)) && loki_is_within(so, &slot->heap);
}

/* functions in scan/stats.c */

/* Report the work up to now as that of this backend's last scan. */
extern void loki_scan_report(LokiScan *so);
extern void loki_scan_count(LokiScan *so);

/* functions in scan/sample.c */

/* Sample the search that begins, or not, once its filter is known; and keep it when it ends */
extern void loki_scan_choose_sample(LokiScan *so);
extern void loki_scan_end_sample(LokiScan *so);

/* Make the query ready for codes, before the first is read. */
static inline void
loki_scan_query(LokiScan *so)
{
	if (!so->query.ready)
		loki_search_query(&so->search, so->query.values);
	so->query.ready = true;
}

/*
 * functions in scan/posting_scan.c: begin with a query; bounds; how many nodes from one on are in the window that is in
 * memory, and in that which is read for it; nodes that may be nearer than a distance
 */
extern void loki_scan_terms_begin(LokiScan *so);
extern void loki_scan_terms_bounds(LokiScan *so, const uint32 *nodes, int n, float *bounds);
extern uint32 loki_scan_terms_left(const LokiScan *so, uint32 node);
extern uint32 loki_scan_terms_enter(LokiScan *so, uint32 node);
extern bool loki_scan_terms_near(LokiScan *so, uint32 first, uint32 n, double distance,
								 uint8 *passes);

/* functions in scan/refine.c */
extern void loki_refine_begin(LokiScan *so);
extern void loki_refine_add(LokiScan *so, const LokiCandidate *candidates, uint32 n);
extern void loki_refine_pass_by(LokiScan *so, const uint32 *nodes, uint32 n);

/*
 * For certain scans: bounds of nodes, in the operator's unit; and queuing candidates that have
 * bounds
 */
#define LOKI_REFINE_BATCH	16
extern void loki_refine_bounds(LokiScan *so, const uint32 *nodes, int n, float *bounds,
							   float *most);
extern void loki_refine_queue(LokiScan *so, const LokiCandidate *candidates, uint32 n);
extern void loki_refine_certain(LokiScan *so);
extern void loki_refine_first(LokiScan *so, uint32 n);
extern void loki_refine_within(LokiScan *so, double distance);

/* Whether the queue is not empty, and everything in it is beyond the scan's bound */
extern bool loki_refine_beyond(const LokiScan *so);

/* The estimate up to which nodes may be nearer than a distance, by a number of errors */
extern float loki_refine_reach(const LokiScan *so, double distance, double errors);

/* Whether even the last candidate may be nearer than a distance */
extern bool loki_refine_doubts(const LokiScan *so, double distance, double sure);

/* A row of a node with this bound has this distance; both in the operator's unit */
extern void loki_refine_measured(LokiScan *so, double bound, double distance);

/* Whether the next node of the rerank queue may be as near as a distance, in the operator's unit */
extern bool loki_refine_may_be_within(const LokiScan *so, double distance);

/* functions in strategy.c */

/*
 * Choose the row map for a flat scan, if it takes less time than other ways to find nodes
 * that may match.  Memory in the current context.
 */
extern void loki_scan_begin_map(LokiScan *so);

extern bool loki_account_proves(const LokiScan *so);

/*
 * How many rows the scan will rank for those that its caller needs, 0 where that is not known; whether it keeps an
 * account of what it spends; let it go on until it is due to read the rest, false if it is; and whether its caller takes
 * that in any order
 */
extern double loki_account_needed(const LokiScan *so);
extern bool loki_account_is_kept(const LokiScan *so);
extern bool loki_account_open(LokiScan *so);
extern bool loki_account_leaves(const LokiScan *so);
extern bool loki_account_unordered(const LokiScan *so);
extern bool loki_account_wide(const LokiScan *so);
extern double loki_account_expanded(const LokiScan *so);

/* functions in scan/tid_list.c */

/*
 * Set so->tids to all heap TIDs of a node, copied out under the share lock of its TID page.
 * No page may be locked before, and none is afterwards.
 */
extern void loki_node_tids(LokiScan *so, uint32 node);

/* The next part of them, from `most` slots of the TID list; false if it was the last */
extern bool loki_node_part(LokiScan *so, LokiPartialNode *partial, uint32 most);

/* Set so->tids to one TID, or to none */
extern void loki_set_tid(LokiScan *so, ItemPointer tid);

/* functions in scan/rerank.c */
extern void loki_rerank_begin(LokiScan *so);
extern void loki_rerank_end(LokiScan *so);

/* LokiRowTest.test of a scan */
extern void loki_rerank_test_rows(void *scan, const uint32 *nodes, int n, uint8 *has_row);

/*
 * Fetch rows until the nearest `wanted` of what is queued are known, in order.
 * False if the queue ran empty before.
 */
extern bool loki_rerank_complete(LokiScan *so, uint32 wanted);

/* Whether the visibility map says of a row's page that all rows are visible to everyone */
extern bool loki_on_visible_page(LokiScan *so, const ItemPointerData *tid);
extern bool loki_map_is_pinned(const LokiScan *so, const ItemPointerData *tid);

/* Whether a TID slot names the TOAST value that is the vector of its rows */
extern bool loki_value_known(const LokiScan *so, const LokiTidData *tid);

/* Fetch no more than this number of nodes from now on */
extern void loki_rerank_most(LokiScan *so, uint32 most);

/*
 * Append the row in so->heap.slot, with the TID that the index has, if the caller takes it; or a row whose distance
 * is known, and whether it has passed the caller's filter; and sort the rows that were not returned
 */
extern void loki_rerank_slot(LokiScan *so, ItemPointerData root);
extern void loki_rerank_add(LokiScan *so, double distance, ItemPointerData tid, bool passed);
extern void loki_rerank_sort(LokiScan *so);

/*
 * functions in scan/rest.c: read all rows that were not read, in the order of the table; more of them, if
 * memory had no room for all; and forget those
 */
extern void loki_rest_read(LokiScan *so);
extern bool loki_rest_more(LokiScan *so);
extern void loki_rest_end(LokiScan *so);

/* functions in scan/flat.c */
extern void loki_flat_begin(LokiScan *so);
extern void loki_flat_certain(LokiScan *so);

/* Queue the best nodes not seen before; false if there are none */
extern bool loki_flat_select(LokiScan *so);

/* Whether nodes were left behind that may be nearer than the rows that are wanted next */
extern bool loki_flat_falls_short(const LokiScan *so);

/* Let nodes pass that most likely do not; false if there are none */
extern bool loki_flat_doubt(LokiScan *so);

/* Flat scans have no more to find: a bitmap of the nodes whose rows were all read, or begun to be */
extern const uint8 *loki_flat_end(LokiScan *so);

/* Whether flat scans of the sorted list that was found read its 1-bit sketches first */
extern bool loki_flat_goes_by_sketches(const LokiScan *so);

/* functions in scan/columns.c: begin the phase; the next row of the graph, false if there is none */
extern void loki_columns_begin(LokiScan *so);
extern bool loki_columns_next(LokiScan *so);

/* functions in scan/unordered.c: the next TID of TID or NULLTID; false at its end */
extern void loki_stream_begin(LokiScan *so);
extern bool loki_stream_next(LokiScan *so, int array, uint16 flags, ItemPointer tid);

/* Entry points of the access method */
extern IndexScanDesc loki_hnsw_beginscan(Relation index, int nkeys, int norderbys);
extern void loki_hnsw_rescan(IndexScanDesc scan, ScanKey keys, int nkeys,
							 ScanKey orderbys, int norderbys);
extern bool loki_hnsw_gettuple(IndexScanDesc scan, ScanDirection dir);
extern void loki_hnsw_endscan(IndexScanDesc scan);

#endif							/* LOKI_SCAN_SCAN_H */
