/*-------------------------------------------------------------------------
 *
 * groups.h
 *	  Queries for the nearest groups of rows.
 *
 * IDENTIFICATION
 *	  src/planner/forms/groups.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_FORMS_GROUPS_H
#define LOKI_PLANNER_FORMS_GROUPS_H

#include "planner/query/level.h"

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

/* A LokiForm's method: levels that take the first rows of groups, in the order of a distance */
extern void *loki_find_groups(PlannerInfo *root, const Query *parse, const Query *outer, LokiLevel *level);

/*
 * An expression_tree_mutator callback, without a context: each min() and max() becomes its argument, and another
 * aggregate NULL
 */
extern Node *loki_without_aggregates(Node *node, void *context);

#endif							/* LOKI_PLANNER_FORMS_GROUPS_H */
