/*-------------------------------------------------------------------------
 *
 * groups.h
 *	  Queries for the nearest groups of rows.
 *
 * IDENTIFICATION
 *	  src/planner/query/groups.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_GROUPS_H
#define LOKI_PLANNER_QUERY_GROUPS_H

#include "nodes/pathnodes.h"

/* What a query level takes of its rows: the first ones of each group, in order */
typedef struct LokiGroups
{
	UpperRelationKind stage;	/* in which core makes groups of the rows */
	const PlannerInfo *limit;	/* the level whose LIMIT takes them */
	List	   *keys;			/* SortGroupClause: what the rows of a group
								 * have in common */
	Expr	   *score;			/* the first row of a group is the first by it */
	PathKey    *input;			/* the order of the rows of all groups ... */
	PathKey    *output;			/* ... and of the result */
	Oid			aside;			/* LOKI_FIRST_xxx: rows that are first in the
								 * result, and last in their group */
	List	   *aggregates;		/* Aggref: their values are those of the first
								 * row */
	WindowFunc *number;			/* row_number() or a rank within the group, or
								 * NULL: the first row alone is wanted */
	List	   *filter;			/* conditions on these */
} LokiGroups;

/*
 * Whether a query level takes the first rows of groups, in the order of a distance; `outer` is the query of the
 * level above, or NULL
 */
extern bool loki_find_groups(const PlannerInfo *root, const Query *parse, const Query *outer,
							 LokiGroups *groups);

/* Groups of which each has the rows that are joined to one row of a table; in row_groups.c */
typedef struct LokiRowGroups
{
	UpperRelationKind stage;	/* GROUP BY or DISTINCT */
	List	   *keys;			/* SortGroupClause: they hold a key of the
								 * table */
	PathKey    *input;			/* a distance of the table's rows ... */
	PathKey    *output;			/* ... which the result is sorted by; or its
								 * min(), the same for all rows of a group */
	Index		relid;			/* the table */
} LokiRowGroups;

/* An expression with each min() and max() in it as its argument, and NULL for other aggregates; in groups.c */
extern Node *loki_without_aggregates(Node *expr);

extern bool loki_find_row_groups(const PlannerInfo *root, const Query *parse, LokiRowGroups *groups);

#endif							/* LOKI_PLANNER_QUERY_GROUPS_H */
