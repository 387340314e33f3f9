/*-------------------------------------------------------------------------
 *
 * column_test.h
 *	  Conditions on one column of an index.
 *
 * IDENTIFICATION
 *	  src/planner/query/column_test.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_COLUMN_TEST_H
#define LOKI_PLANNER_QUERY_COLUMN_TEST_H

#include "nodes/pathnodes.h"
#include "utils/relcache.h"

/* A condition as column operator constant, or IS [NOT] NULL, which has no operator */
typedef struct LokiColumnTest
{
	int			column;			/* of the index, from 0 */
	Node	   *operand;		/* that column, as the condition has it */
	Oid			opno;			/* of the column's operator family */
	int			strategy;
	Oid			subtype;		/* its right input type */
	Oid			collation;
	Node	   *constant;		/* no column of the table is in it */
	int			flags;			/* of a scan key: SK_SEARCHARRAY, SK_SEARCHNULL */
	bool		negated;		/* holds for any other value ... */
	bool		nulls;			/* ... and for NULL */
	bool		equals_null;	/* a constant that is NULL is equal to NULL */
} LokiColumnTest;

/*
 * Whether a condition is a test of one column; without AND and OR, for whose parts the caller sees.  Of the index only
 * its columns are looked at, their operator families and collations.  loki_column_condition() is the same with whatever
 * stands in the place of the constant.
 */
extern bool loki_column_test(const IndexOptInfo *info, Node *clause, LokiColumnTest *test);
extern bool loki_column_condition(const IndexOptInfo *info, Node *clause, LokiColumnTest *test);

/* As much of an index for these, where the planner has none; conditions have its table by this number */
extern IndexOptInfo *loki_index_columns(Relation index, Index relid);

/* Whether an index compares by the collation of a test */
extern bool loki_column_collates(const IndexOptInfo *info, const LokiColumnTest *test);

/* Whether an expression has the same value for all rows of a table, numbered so, during a scan; and no sub-plans */
extern bool loki_is_constant(Node *expr, Index relid);

/* The column below what makes it look like another type */
extern Node *loki_strip_relabel(Node *node);

#endif							/* LOKI_PLANNER_QUERY_COLUMN_TEST_H */
