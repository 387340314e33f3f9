/*-------------------------------------------------------------------------
 *
 * node.h
 *	  Nodes of ours above a plan whose rows they take: what they have in common.
 *
 * A kind of node is a LokiNodeKind.  Its plan carries, in custom_scan_tlist, the columns of
 * the rows below; custom_exprs and custom_private are its own.
 *
 * IDENTIFICATION
 *	  src/planner/order/node.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_ORDER_NODE_H
#define LOKI_PLANNER_ORDER_NODE_H

#include "nodes/extensible.h"
#include "nodes/pathnodes.h"
#include "utils/tuplesort.h"

typedef struct LokiNode LokiNode;

/* What is particular to a kind of node; a constant for the life of the backend */
typedef struct LokiNodeKind
{
	CustomPathMethods path;
	CustomScanMethods plan;
	Size		size;			/* of the state, which begins with a LokiNode */
	bool		ordered;		/* rows come as a Limit takes them, and are
								 * taken so from a plan that is in order */

	bool		takes_late;		/* such rows are in order again above it, if
								 * the plan below is or not */
	bool		any_order;		/* all rows that are left are of use in any
								 * order */

	/* BeginCustomScan, after the child; may be NULL */
	void		(*begin) (LokiNode *node, CustomScan *scan);

	/*
	 * Before the first row, and of ReScanCustomScan: forget the rows. False
	 * if the child need not be read again as long as it does not change.
	 */
	bool		(*restart) (LokiNode *node);

	/* The next row, which must pass the node's filter; NULL after the last */
	TupleTableSlot *(*next) (LokiNode *node);

	/*
	 * Takes the inner side of a nested loop below a Limit, of which the node
	 * is the outer one, if that is a scan of an hnsw index; may be NULL
	 */
	void		(*beside) (LokiNode *node, PlanState *inner);

	/* What EXPLAIN shows of it, besides its filter; may be NULL */
	void		(*explain) (LokiNode *node, List *ancestors, struct ExplainState *es);
} LokiNodeKind;

/* Rows that are sorted by numbers beside them, float8; on disk beyond half of work_mem */
typedef struct LokiSortedRows
{
	Tuplesortstate *sort;		/* NULL: there are none */
	TupleTableSlot *slot;		/* a row's columns, and its numbers */
	int			nnumbers;		/* of each row */
	bool		sorted;			/* no more can be put */
} LokiSortedRows;

#define LOKI_NODE_SORTS		2
#define LOKI_SORT_NUMBERS	2	/* of a row, at most */

/* The state of a node, of which kinds have more */
struct LokiNode
{
	CustomScanState css;
	const LokiNodeKind *kind;
	PlanState  *child;			/* the one that is read, of css.custom_ps */
	bool		ended;			/* the child, which must not be asked again */
	bool		unordered;		/* a scan below has said that its rows come so
								 * from now on (any_order) */
	struct LokiConditionWork *work; /* for a row here, of such a kind */
	LimitState *limit;			/* directly above, or NULL */
	MemoryContext context;		/* of rows: reset when the node restarts */
	LokiSortedRows sorted[LOKI_NODE_SORTS];
};

/*
 * A path of a node, without rows, costs and order.  `columns` are the expressions that rows of
 * the child have, in their order; `exprs` are what the node computes of them (custom_exprs), and
 * `private` what else it needs (custom_private).
 */
extern CustomPath *loki_node_path(const LokiNodeKind *kind, RelOptInfo *rel, PathTarget *target,
								  Path *child, List *columns, List *exprs, List *filter,
								  List *private);

/* PlanCustomPath and CreateCustomScanState of all kinds */
extern Plan *loki_node_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
							List *clauses, List *children);
extern Node *loki_node_create_state(CustomScan *scan);

/* The kind of a node's path; and what is changed in a finished plan, if that has a node of ours */
extern const LokiNodeKind *loki_node_kind(const CustomPath *path);
extern void loki_node_finish(CustomScan *scan);

/* The ordered rows that a node takes; NULL if a path is no such node */
extern Path *loki_node_input(const CustomPath *path);

/* The plan that an ordered node takes rows of, for the Limit above it; NULL for other nodes */
extern PlanState *loki_node_child(PlanState *ps, LimitState *limit);

/* Tell a node that may be on the outer side of a nested loop what scans an hnsw index on the inner one. */
extern void loki_node_beside(PlanState *outer, PlanState *inner);

/* The node itself, if rows that are left may come in any order; NULL for other nodes */
extern LokiNode *loki_node_any_order(PlanState *ps);

/* The next row of the child, in the node's slot; NULL after the last */
extern TupleTableSlot *loki_node_next_of_child(LokiNode *node);

/*
 * The columns of a row, in the node's own slot; they are good as long as the row is.  The node
 * may have further columns, which are NULL.
 */
extern TupleTableSlot *loki_node_store(LokiNode *node, TupleTableSlot *row);

/* The first n expressions of a plan as EXPLAIN shows them: strings */
extern List *loki_node_deparse(LokiNode *node, List *ancestors, struct ExplainState *es, int n);

/*
 * Let the row in the node's slot be sorted by numbers, as many as for all rows of sorted[i]; and
 * take the next row in their order, in the node's slot, with its numbers unless that is NULL.
 * NULL after the last; then others may be put.
 */
extern void loki_sorted_put(LokiNode *node, int i, int nnumbers, const double *numbers);
extern TupleTableSlot *loki_sorted_next(LokiNode *node, int i, double *numbers);

#endif							/* LOKI_PLANNER_ORDER_NODE_H */
