/*-------------------------------------------------------------------------
 *
 * scores.h
 *	  The best rows by a score: what the files of the node share.
 *
 * IDENTIFICATION
 *	  src/planner/order/scores.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_ORDER_SCORES_H
#define LOKI_PLANNER_ORDER_SCORES_H

/* As EXPLAIN shows it */
#define LOKI_SCORES_NAME	"LokivectorScoreSearch"

/* What a plan carries in custom_private; custom_exprs has the score, a float8 */
typedef enum LokiScoresPrivate
{
	LOKI_SCORES_DESCENDING,		/* Boolean */
	LOKI_SCORES_NULLS_FIRST,	/* Boolean */
	LOKI_SCORES_DISTANCE,		/* Integer: its column */
	LOKI_SCORES_FARTHEST,		/* Const: the greatest distance that there is */
	LOKI_SCORES_LOW,			/* Consts: ranges of the columns */
	LOKI_SCORES_HIGH,
	LOKI_SCORES_NULLS			/* integers: LOKI_SCORES_MAY_xxx */
} LokiScoresPrivate;

#define LOKI_SCORES_MAY_BE_NULL		1
#define LOKI_SCORES_MAY_BE_NAN		2

#endif							/* LOKI_PLANNER_ORDER_SCORES_H */
