/*-------------------------------------------------------------------------
 *
 * bounds.h
 *	  The values that a column can have in rows that a snapshot sees.
 *
 * IDENTIFICATION
 *	  src/planner/query/bounds.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_BOUNDS_H
#define LOKI_PLANNER_QUERY_BOUNDS_H

#include "nodes/pathnodes.h"
#include "planner/query/range.h"
#include "utils/snapshot.h"

/* What bounds a column; a plan carries it */
typedef struct LokiBounds
{
	LokiRange	always;			/* by type, constraints and conditions */
	bool		filled;			/* a join may make it NULL, whatever it is in
								 * the table */
	Oid			table;			/* InvalidOid: there are no indexes to ask */
	AttrNumber	column;
	Oid			type;			/* below domains */
	bool		btree;			/* the first of the indexes is one */
	List	   *indexes;		/* OIDs: to ask one after another; the last
								 * field, as loki_bounds_write() says */
} LokiBounds;

/* Parts of a column's rows, by their values; one more than that, with the least value */
#define LOKI_QUANTILES	33

/* A column, and what is known of its values */
typedef struct LokiColumnValues
{
	Var		   *column;
	LokiBounds	bounds;			/* what a plan goes by */
	LokiRange	range;			/* for costs: as of now */
	double		quantiles[LOKI_QUANTILES];	/* ascending values, for costs: the
											 * last is that of all rows */
	double		typical;		/* the value that estimates go by */
} LokiColumnValues;

/* What the planner knows to bound a column */
extern void loki_bounds_of(PlannerInfo *root, Var *column, LokiBounds *bounds);

/*
 * The range of a column in all rows that a snapshot sees which was taken before the call; NULL: any snapshot of this
 * backend.  What no index can say, since it is gone or locked, may be anything that `always` allows.
 */
extern LokiRange loki_bounds_read(const LokiBounds *bounds, Snapshot snapshot);

/*
 * Whether a table's constraints and unique indexes, and NOT NULL of a column unless it is 0, hold for all rows that a plan
 * made now will see.  It may become a plan that is not kept for long.
 */
extern bool loki_constraints_hold(PlannerInfo *root, Oid table, AttrNumber column);

/* About what it costs to ask the indexes of a table that has so many rows */
extern Cost loki_bounds_cost(const LokiBounds *bounds, double rows);

/* As custom_private has it, and back */
extern List *loki_bounds_write(const LokiBounds *bounds);
extern LokiBounds loki_bounds_parse(const List *list);

/* Whether a condition on a table drops rows in which a column, or what an index is on, is NULL */
extern bool loki_drops_nulls(const RelOptInfo *rel, Node *column);

/* Whether an expression may be NULL for a row of a table, whatever statistics tell of its columns */
extern bool loki_may_be_null(PlannerInfo *root, const RelOptInfo *rel, Node *expr);

#endif							/* LOKI_PLANNER_QUERY_BOUNDS_H */
