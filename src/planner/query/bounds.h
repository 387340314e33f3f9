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

/* What bounds a column; a plan carries it */
typedef struct LokiBounds
{
	LokiRange	always;			/* by type, constraints and conditions */
	bool		filled;			/* a join may make it NULL, whatever it is in
								 * the table */
	Oid			table;			/* InvalidOid: there are no indexes to ask */
	AttrNumber	column;
	Oid			type;			/* below domains */
	List	   *indexes;		/* OIDs: to ask one after another; the last
								 * field, as loki_bounds_write() says */
} LokiBounds;

/* What the planner knows to bound a column */
extern void loki_bounds_of(PlannerInfo *root, Var *column, LokiBounds *bounds);

/*
 * The range of a column in all rows that a snapshot sees which was taken before the call.  What no index can say,
 * since it is gone or locked, may be anything that `always` allows.
 */
extern LokiRange loki_bounds_read(const LokiBounds *bounds);

/* Whether the constraints of tables hold for all rows that the transaction's snapshots see */
extern bool loki_constraints_hold(void);

/* About what it costs to ask the indexes of a table that has so many rows */
extern Cost loki_bounds_cost(const LokiBounds *bounds, double rows);

/* As custom_private has it, and back */
extern List *loki_bounds_write(const LokiBounds *bounds);
extern LokiBounds loki_bounds_parse(const List *list);

#endif							/* LOKI_PLANNER_QUERY_BOUNDS_H */
