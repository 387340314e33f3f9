/*-------------------------------------------------------------------------
 *
 * fusion_refusal.c
 *	  What a user reads who calls rrf() where there is no fusion.
 *
 * rrf() and its like have no value of their own.  The planner puts the fusion in the place of a call that comes first in
 * ORDER BY; any other call is an error.  Most of them come of a query that could be written so that it works, which is
 * what the hint shows.  All messages are here, since they are read as a whole.
 *
 * IDENTIFICATION
 *	  src/planner/forms/fusion_refusal.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "planner/forms/fusion.h"

typedef struct Refusal
{
	const char *message;		/* %s is the function */
	const char *detail;
	const char *hint;
} Refusal;

#define FUSION		"ORDER BY rrf(...) DESC LIMIT ..."
#define WITHIN		"(SELECT ... " FUSION ") AS hits"

static const Refusal refusals[] = {
	[LOKI_FUSION_POSSIBLE] = {
		"%s() is not planned here",
		"A row's place among others is known only to the query of these rows.",
		"Write SELECT ... FROM one table WHERE ... " FUSION "."
	},
	[LOKI_FUSION_IN_CONDITION] = {
		"%s() cannot be in a condition of its own query",
		"Rows are fused that meet the conditions.",
		"Put the condition around it: SELECT ... FROM (SELECT ..., rrf(...) AS score ... " FUSION ") AS hits WHERE score > ...."
	},
	[LOKI_FUSION_NOT_FIRST] = {
		"%s() must come first in ORDER BY",
		"A row's place among others is known only to the query of these rows.",
		"Write SELECT ... FROM one table WHERE ... " FUSION "."
	},
	[LOKI_FUSION_NO_FUSION] = {
		"%s() needs a fusion that comes first in ORDER BY",
		"It is the place of a row in a leg of rrf(), weighted_rrf() or weighted_scores().",
		"Write SELECT leg_rank(1), ... FROM one table WHERE ... " FUSION "."
	},
	[LOKI_FUSION_ASCENDING] = {
		"%s() must be sorted by in descending order",
		"The best rows have the greatest score.",
		"Add DESC: " FUSION "."
	},
	[LOKI_FUSION_OF_GROUPS] = {
		"%s() cannot rank groups of rows",
		"The query has GROUP BY, DISTINCT or an aggregate.",
		"Put these around it: SELECT ... FROM " WITHIN " GROUP BY ...."
	},
	[LOKI_FUSION_BESIDE_WINDOWS] = {
		"%s() cannot be in a query with window functions",
		"These need all rows, and a fusion has those of its lists.",
		"Put them around it: SELECT ..., rank() OVER (...) FROM " WITHIN "."
	},
	[LOKI_FUSION_LOCKS] = {
		"%s() cannot be in a query that locks rows",
		"The query has FOR UPDATE or FOR SHARE.",
		"Lock the rows around it: SELECT ... WHERE id IN (SELECT id FROM ... " FUSION ") FOR UPDATE."
	},
	[LOKI_FUSION_HIDDEN_LEGS] = {
		"legs of %s() must be written one by one",
		"Each is an expression that a list of its own is sorted by.",
		"Write rrf(leg, leg), or VARIADIC ARRAY[leg, leg] with the legs in it."
	},
	[LOKI_FUSION_NO_TABLE] = {
		"%s() needs a table",
		"The query has none in FROM whose rows it could rank.",
		"Write SELECT ... FROM one table WHERE ... " FUSION "."
	},
	[LOKI_FUSION_SEVERAL_TABLES] = {
		"%s() cannot rank rows of a join",
		"A fusion is of rows of one table.",
		"Put the join around it: SELECT ... FROM " WITHIN " JOIN ...."
	},
	[LOKI_FUSION_NOT_OF_TABLE] = {
		"%s() can rank rows of a table only",
		"FROM has a subquery, a WITH, a view with security_barrier, VALUES, a function of several rows, a sample or a foreign table.",
		"Write it in the query that reads the table, or make a materialized view."
	},
	[LOKI_FUSION_NESTED] = {
		"%s() cannot be in the arguments of a fusion, or in FROM",
		"Its value is known only when the rows have been fused.",
		"Put one fusion around the other: SELECT ... FROM (SELECT ..., rrf(...) AS score ... " FUSION ") AS hits ORDER BY ...."
	},
	[LOKI_FUSION_ANOTHER] = {
		"%s() is not the call that the query is sorted by",
		"A query has one fusion.",
		"Name the call: SELECT ..., rrf(...) AS score FROM ... ORDER BY score DESC LIMIT ...."
	}
};

void
loki_fusion_refuse(const char *function, LokiFusionFault fault)
{
	const Refusal *refusal = &refusals[fault];

	Assert(fault < lengthof(refusals) && refusal->message != NULL);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg(refusal->message, function),
			 errdetail("%s", refusal->detail),
			 errhint("%s", refusal->hint)));
}
