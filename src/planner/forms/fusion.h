/*-------------------------------------------------------------------------
 *
 * fusion.h
 *	  Queries whose order fuses several orders of one table.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/planner/forms/fusion.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_FORMS_FUSION_H
#define LOKI_PLANNER_FORMS_FUSION_H

#include "nodes/parsenodes.h"

/* What ORDER BY asks for */
typedef struct LokiFusion
{
	Index		table;			/* whose rows are ordered, in the range table */
	bool		by_rank;		/* fuses ranks, else scores between the extremes */
	Expr	   *weights;		/* double precision[]; NULL: all are 1 */
	Oid			weight_function;	/* fusion_weight() */
	List	   *legs;			/* expressions of double precision; the least is the best */
} LokiFusion;

/* Columns of the query that fuses; ranks of further legs follow */
#define LOKI_FUSION_TID			1
#define LOKI_FUSION_TABLE		2
#define LOKI_FUSION_SCORE		3
#define LOKI_FUSION_RANK		4

/* Whether a condition of a leg's value, in fusion.c, may be one of the leg's query. */
extern bool loki_may_come_first(const Query *query, const LokiFusion *fusion, Node *condition);

extern Query *loki_fusion_query(const Query *parse, const LokiFusion *fusion);

#endif							/* LOKI_PLANNER_FORMS_FUSION_H */
