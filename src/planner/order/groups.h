/*-------------------------------------------------------------------------
 *
 * groups.h
 *	  The first rows of each group: what the files of the node share.
 *
 * IDENTIFICATION
 *	  src/planner/order/groups.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_ORDER_GROUPS_H
#define LOKI_PLANNER_ORDER_GROUPS_H

#include "planner/query/groups.h"

/* As EXPLAIN shows it */
#define LOKI_GROUPS_NAME	"LokivectorGroupSearch"

/*
 * What a plan carries in custom_private; custom_exprs has the keys of the groups, and the
 * score if rows are put aside
 */
typedef enum LokiGroupsPrivate
{
	LOKI_GROUPS_OPERATORS,		/* OIDs: equality of the keys */
	LOKI_GROUPS_ASIDE,			/* Integer: LOKI_FIRST_xxx of rows put aside */
	LOKI_GROUPS_NUMBERED		/* Boolean: the last column is row_number() */
} LokiGroupsPrivate;

#endif							/* LOKI_PLANNER_ORDER_GROUPS_H */
