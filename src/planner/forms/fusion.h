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

/* Why there can be no fusion: refusal.c has what the user reads */
typedef enum LokiFusionFault
{
	LOKI_FUSION_POSSIBLE,
	LOKI_FUSION_IN_CONDITION,
	LOKI_FUSION_NOT_FIRST,		/* in ORDER BY */
	LOKI_FUSION_NO_FUSION,		/* that leg_rank() could be of */
	LOKI_FUSION_ASCENDING,
	LOKI_FUSION_OF_GROUPS,
	LOKI_FUSION_BESIDE_WINDOWS,
	LOKI_FUSION_LOCKS,
	LOKI_FUSION_HIDDEN_LEGS,
	LOKI_FUSION_NO_TABLE,
	LOKI_FUSION_SEVERAL_TABLES,
	LOKI_FUSION_NOT_OF_TABLE,
	LOKI_FUSION_NESTED,
	LOKI_FUSION_ANOTHER			/* than the one that is sorted by */
} LokiFusionFault;

/* ERROR of a call of a function that has no fusion. */
extern void loki_fusion_refuse(const char *function, LokiFusionFault fault);

/* Columns of the query that fuses; ranks of further legs follow */
#define LOKI_FUSION_TID			1
#define LOKI_FUSION_TABLE		2
#define LOKI_FUSION_SCORE		3
#define LOKI_FUSION_RANK		4

/* Whether a condition of a leg's value, in fusion.c, may be one of the leg's query. */
extern bool loki_may_come_first(const Query *query, const LokiFusion *fusion, Node *condition);

extern Query *loki_fusion_query(const Query *parse, const LokiFusion *fusion);

#endif							/* LOKI_PLANNER_FORMS_FUSION_H */
