/*-------------------------------------------------------------------------
 *
 * condition.h
 *	  What slots of attributes can decide of a scan's filter, or could.
 *
 * IDENTIFICATION
 *	  src/planner/query/condition.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_CONDITION_H
#define LOKI_PLANNER_QUERY_CONDITION_H

#include "hnsw/hnsw.h"
#include "nodes/pathnodes.h"

/*
 * Give the caller of a scan the condition of those clauses of the scan's filter that are
 * about attributes of an index, if there are any.  The index stays open as long as the
 * scan.  Memory of the current context; constants are evaluated when a scan begins.
 */
extern void loki_condition_attach(LokiScanCaller *caller, ScanState *scan, Relation index);

/* Whether slots decide a condition of an index's table, whole, so that a scan with such a caller reads few other rows */
extern bool loki_slots_decide(const IndexOptInfo *info, Node *clause);

/* The filter of a node, for rows of which it is not known yet that they have passed it */
extern ExprState *loki_filter_once(ExprState *filter, const bool *passed);

#endif							/* LOKI_PLANNER_QUERY_CONDITION_H */
