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

/*
 * Give the caller of a scan the condition of those clauses of the scan's filter that are
 * about attributes of an index, if there are any.  The index stays open as long as the
 * scan.  Memory of the current context; constants are evaluated when a scan begins.
 */
extern void loki_condition_attach(LokiScanCaller *caller, ScanState *scan, Relation index);

/* The filter of a node, for rows of which it is not known yet that they have passed it */
extern ExprState *loki_filter_once(ExprState *filter, const bool *passed);

#endif							/* LOKI_PLANNER_QUERY_CONDITION_H */
