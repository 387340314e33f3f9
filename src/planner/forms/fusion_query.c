/*-------------------------------------------------------------------------
 *
 * fusion_query.c
 *	  The query that fuses the legs of ORDER BY rrf(...).
 *
 * It is parsed from text, with a query that returns nothing in the place of each leg.
 * These are replaced by copies of the user's query, so that each leg has all that the
 * rewriter has made of its tables and conditions: row security, permissions, views.  In CASE
 * WHEN condition THEN value END without ELSE, the condition becomes one of the leg's, unless it may fail
 * for a row that the others exclude.  A leg has 4 (k + o) + 60 rows, or all if the rows of LIMIT are not
 * known.
 *
 * IDENTIFICATION
 *	  src/planner/forms/fusion_query.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "planner/forms/fusion.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/*
 * Rows of a leg below LIMIT k OFFSET o: DEPTH_FACTOR * (k + o) + DEPTH_LEAST.  k + o counts
 * as MAX_LIMIT at most, and NULL counts as that, so nothing overflows.
 */
#define DEPTH_FACTOR	4
#define DEPTH_LEAST		60
#define MAX_LIMIT		INT64CONST(1000000000)

/* The columns of a leg, and its place in the text */
#define LEG \
	"(SELECT NULL::pg_catalog.tid AS tid, NULL::pg_catalog.oid AS tab, " \
	"NULL::pg_catalog.float8 AS value, NULL::pg_catalog.float8 AS weight) AS leg "

/*
 * What a row's place in a leg adds to its score: weight / (60 + rank), as in Cormack, Clarke and
 * Buettcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods" (2009),
 * which has the 60; or its value, between 0 for the worst and 1 for the best row of the leg.
 */
#define BY_RANK \
	"weight OPERATOR(pg_catalog./) (60 OPERATOR(pg_catalog.+) pg_catalog.rank() OVER place)" \
	"::pg_catalog.float8"

#define BY_SCORE \
	"weight OPERATOR(pg_catalog.*) CASE WHEN pg_catalog.max(value) OVER () " \
	"OPERATOR(pg_catalog.=) pg_catalog.min(value) OVER () THEN 1 ELSE " \
	"(pg_catalog.max(value) OVER () OPERATOR(pg_catalog.-) value) OPERATOR(pg_catalog./) " \
	"(pg_catalog.max(value) OVER () OPERATOR(pg_catalog.-) pg_catalog.min(value) OVER ()) END"

/* NaN and infinite values have no place between the extremes. */
#define HAS_RANK	"value IS NOT NULL"
#define HAS_SCORE \
	"value OPERATOR(pg_catalog.<) 'Infinity'::pg_catalog.float8 AND " \
	"value OPERATOR(pg_catalog.>) '-Infinity'::pg_catalog.float8"

/*
 * What each leg adds is added up in the order of the legs, so that rows of equal ranks have equal scores
 * whatever plan runs.  Names are of pg_catalog, whatever search_path says: the text is parsed while a
 * query of the user's is planned.  Hooks of other extensions do not see it: it is not a statement of the user's.
 *
 *		SELECT tid, tab, COALESCE(max(part) FILTER (WHERE leg = 1), 0) + ... AS score
 *		FROM (SELECT tid, tab, 1 AS leg, weight / (60 + rank() OVER place) AS part FROM leg WINDOW place AS (ORDER BY value)
 *			UNION ALL ...) AS ranked GROUP BY tid, tab
 */
static Query *
query_without_legs(const LokiFusion *fusion)
{
	ParseState *pstate = make_parsestate(NULL);
	StringInfoData text;
	Query	   *query;

	Assert(fusion->legs != NIL);
	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT tid, tab");
	for (int leg = 1; leg <= list_length(fusion->legs); leg++)
		appendStringInfo(&text, "%s COALESCE(pg_catalog.max(part) FILTER "
						 "(WHERE leg OPERATOR(pg_catalog.=) %d), 0)",
						 leg == 1 ? "," : " OPERATOR(pg_catalog.+)", leg);
	appendStringInfoString(&text, " AS score");
	for (int leg = 1; leg <= list_length(fusion->legs); leg++)
		appendStringInfo(&text, ", pg_catalog.max(rank) FILTER "
						 "(WHERE leg OPERATOR(pg_catalog.=) %d) AS rank_%d", leg, leg);
	appendStringInfoString(&text, " FROM (");
	for (int leg = 1; leg <= list_length(fusion->legs); leg++)
		appendStringInfo(&text,
						 "%sSELECT tid, tab, %d AS leg, pg_catalog.rank() OVER place AS rank, "
						 "%s AS part FROM " LEG "WHERE %s WINDOW place AS (ORDER BY value)",
						 leg == 1 ? "" : " UNION ALL ", leg,
						 fusion->by_rank ? BY_RANK : BY_SCORE,
						 fusion->by_rank ? HAS_RANK : HAS_SCORE);
	appendStringInfoString(&text, ") AS ranked GROUP BY tid, tab");
	pstate->p_sourcetext = text.data;
	query = transformTopLevelStmt(pstate, linitial_node(RawStmt, raw_parser(text.data, RAW_PARSE_DEFAULT)));
	free_parsestate(pstate);
	return query;
}

/*
 * A SELECT that may read what another query reads; it has no join tree yet.  Permissions are checked for
 * each range table entry, and so for the columns that the user's query names.
 */
static Query *
select_from(const Query *parse)
{
	Query	   *query = makeNode(Query);

	query->commandType = CMD_SELECT;
	query->canSetTag = true;
	query->hasRowSecurity = parse->hasRowSecurity;
	query->rtable = copyObject(parse->rtable);
	LokiCopyPermissions(query, parse);
	return query;
}

/* ----------------------------------------------------------------
 * Semi-joins as conditions
 * ----------------------------------------------------------------
 */

/* Where a walker of a leg is, and what it raises */
typedef struct LevelContext
{
	int			depth;			/* of the query at hand within the leg */
	int			delta;			/* by which its CTEs are further up now */
	const Bitmapset *inner;		/* what it reads itself; NULL for all */
} LevelContext;

/*
 * Walker: references from a leg to CTEs of the user's query, which is further up now, and from
 * the subquery of an EXISTS to what it does not read itself, but its parent does
 */
static bool
raise_levels(Node *node, void *argument)
{
	LevelContext *context = argument;

	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
	{
		RangeTblEntry *rte = (RangeTblEntry *) node;

		if (rte->rtekind == RTE_CTE && rte->ctelevelsup == context->depth)
			rte->ctelevelsup += context->delta;
		return false;
	}
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;

		if (context->inner != NULL && var->varlevelsup == context->depth &&
			!bms_is_member(var->varno, context->inner))
			var->varlevelsup++;
		return false;
	}
	if (IsA(node, Query))
	{
		bool		result;

		context->depth++;
		result = query_tree_walker((Query *) node, raise_levels, context,
								   QTW_EXAMINE_RTES_BEFORE);
		context->depth--;
		return result;
	}
	return expression_tree_walker(node, raise_levels, context);
}

/*
 * EXISTS with the inner side and the condition of a semi-join, or NOT EXISTS.  The subquery keeps the
 * whole range table, since that way no Var need be renumbered.  What it does not read itself is its
 * parent's: such a member becomes an empty one, and Vars of it go up a level.
 */
static Node *
exists_condition(const Query *leg, JoinExpr *join)
{
	Bitmapset  *inner = LokiJoinTreeRelids(join->rarg);
	LevelContext context = {.delta = 1, .inner = inner};
	Query	   *query = select_from(leg);
	SubLink    *link = makeNode(SubLink);
	ListCell   *cell;

	Assert(join->jointype == JOIN_SEMI || join->jointype == JOIN_ANTI);
	foreach(cell, query->rtable)
		if (!bms_is_member(foreach_current_index(cell) + 1, inner))
	{
		RangeTblEntry *rte = makeNode(RangeTblEntry);

		rte->rtekind = RTE_RESULT;
		rte->eref = makeAlias("*RESULT*", NIL);
		lfirst(cell) = rte;
	}
	query->jointree = makeFromExpr(list_make1(join->rarg), join->quals);
	query->hasSubLinks = checkExprHasSubLink((Node *) query);
	IncrementVarSublevelsUp((Node *) query, 1, 1);
	query_tree_walker(query, raise_levels, &context, QTW_EXAMINE_RTES_BEFORE);
	Assert(context.depth == 0);

	link->subLinkType = EXISTS_SUBLINK;
	link->subselect = (Node *) query;
	link->location = -1;
	return join->jointype == JOIN_SEMI ? (Node *) link :
		(Node *) makeBoolExpr(NOT_EXPR, list_make1(link), -1);
}

/*
 * A join tree of a leg without its semi-joins and anti-joins, which are added to the
 * conditions.  The planner makes them of sublinks, and takes none for its input where there
 * are other sublinks.
 */
static Node *
take_semijoins(const Query *leg, Node *node, List **conditions)
{
	if (IsA(node, FromExpr))
	{
		ListCell   *cell;

		foreach(cell, ((FromExpr *) node)->fromlist)
			lfirst(cell) = take_semijoins(leg, lfirst(cell), conditions);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		join->larg = take_semijoins(leg, join->larg, conditions);
		if (join->jointype != JOIN_INNER)
		{
			*conditions = lappend(*conditions, exists_condition(leg, join));
			return join->larg;
		}
		join->rarg = take_semijoins(leg, join->rarg, conditions);
	}
	return node;
}

/* ----------------------------------------------------------------
 * A leg
 * ----------------------------------------------------------------
 */

/*
 * Whether a leg is CASE WHEN condition THEN value END, with or without casts around it.  Then takes the
 * condition out: as one of the query's it may be an index condition.  Rows for which it does not hold
 * have no value, and a strict cast of NULL is NULL, so they have no place in the leg in either form.
 */
static bool
split_condition(Expr **leg, Node **condition)
{
	if (IsA(*leg, FuncExpr) && list_length(((FuncExpr *) *leg)->args) == 1 &&
		(((FuncExpr *) *leg)->funcformat == COERCE_IMPLICIT_CAST ||
		 ((FuncExpr *) *leg)->funcformat == COERCE_EXPLICIT_CAST) &&
		func_strict(((FuncExpr *) *leg)->funcid))
		return split_condition((Expr **) &linitial(((FuncExpr *) *leg)->args), condition);
	if (IsA(*leg, CaseExpr))
	{
		CaseExpr   *expr = (CaseExpr *) *leg;
		CaseWhen   *when = linitial_node(CaseWhen, expr->args);

		if (expr->arg != NULL || list_length(expr->args) != 1 || expr->defresult == NULL ||
			!IsA(expr->defresult, Const) || !((Const *) expr->defresult)->constisnull)
			return false;
		*condition = (Node *) when->expr;
		*leg = when->result;
		return true;
	}
	return false;
}

/* Append a column to the select list of a leg. */
static void
add_column(Query *query, Expr *expr, const char *name)
{
	query->targetList = lappend(query->targetList,
								makeTargetEntry(expr, list_length(query->targetList) + 1,
												pstrdup(name), false));
}

/*
 * Sort a leg by its value, which is one of its columns; or by the integer column that this, or its
 * negative, is as double precision.  Rows without a value are not needed, so NULLs are where an index has
 * them.
 *
 *		rrf(v <=> $1, -votes)		votes DESC, which a btree index on votes has; votes::float8 none
 */
static void
sort_by_value(Query *query, TargetEntry *value)
{
	const FuncExpr *cast = (const FuncExpr *) value->expr;
	SortGroupClause *sort;
	bool		descending = false;

	if (IsA(cast, FuncExpr) &&
		(cast->funcid == F_FLOAT8_INT2 || cast->funcid == F_FLOAT8_INT4 || cast->funcid == F_FLOAT8_INT8))
	{
		const OpExpr *op = linitial(cast->args);
		bool		negative = IsA(op, OpExpr) &&
			(op->opfuncid == F_INT2UM || op->opfuncid == F_INT4UM || op->opfuncid == F_INT8UM);
		Expr	   *column = linitial(negative ? op->args : cast->args);

		if (IsA(column, Var))
		{
			descending = negative;
			query->jointree->quals = make_and_qual(query->jointree->quals, (Node *)
												   loki_make_null_test(copyObject(column), IS_NOT_NULL));
			value = makeTargetEntry(copyObject(column), list_length(query->targetList) + 1, NULL, true);
			query->targetList = lappend(query->targetList, value);
		}
	}
	Assert(query->sortClause == NIL);
	sort = loki_sort_clause(exprType((Node *) value->expr), descending, descending);
	sort->tleSortGroupRef = value->ressortgroupref = 1;
	query->sortClause = list_make1(sort);
}

/*
 * The rows of a query that have a value in leg n (from 0), the best first: TID, table,
 * value and weight of each.
 *
 * These are all of them, if the query has no LIMIT, one that may be another when it is
 * evaluated again, WITH TIES, of which there may be any number, or functions that return sets, which may
 * return none for a row.
 *
 * A row that is among the best by the sum need not be among the first k of any leg, so legs are deeper
 * than the result.  That makes the fusion approximate: a row that is in no leg has no score.
 */
static Query *
leg_query(const Query *parse, const LokiFusion *fusion, int n)
{
	Query	   *query = select_from(parse);
	Expr	   *value = copyObject(list_nth(fusion->legs, n));
	Expr	   *within = copyObject(value);
	Expr	   *weight = loki_float_const(1);
	Node	   *condition = NULL;
	List	   *semijoins = NIL;

	query->jointree = copyObject(parse->jointree);
	(void) take_semijoins(query, (Node *) query->jointree, &semijoins);
	if (semijoins != NIL)
		query->jointree->quals = make_and_qual(query->jointree->quals,
											   (Node *) make_ands_explicit(semijoins));
	if (split_condition(&within, &condition) && loki_may_come_first(query, fusion, condition))
	{
		query->jointree->quals = make_and_qual(query->jointree->quals, condition);
		value = within;
	}

	add_column(query, (Expr *) makeVar(fusion->table, SelfItemPointerAttributeNumber,
									   TIDOID, -1, InvalidOid, 0), "tid");
	add_column(query, (Expr *) makeVar(fusion->table, TableOidAttributeNumber,
									   OIDOID, -1, InvalidOid, 0), "tab");
	Assert(exprType((Node *) value) == FLOAT8OID);
	add_column(query, value, "value");
	if (fusion->weights != NULL)
		weight = loki_make_call(fusion->weight_function, FLOAT8OID,
								list_make3(copyObject(fusion->weights),
										   makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
													 Int32GetDatum(n + 1), false, true),
										   makeConst(INT4OID, -1, InvalidOid, sizeof(int32),
													 Int32GetDatum(list_length(fusion->legs)), false, true)));
	add_column(query, weight, "weight");
	sort_by_value(query, list_nth_node(TargetEntry, query->targetList, 2));
	if (loki_has_limit(parse) && !parse->hasTargetSRFs &&
		!contain_volatile_functions((Node *) list_make2(parse->limitCount, parse->limitOffset)))
	{
		Expr	   *rows = loki_make_extreme(IS_LEAST, loki_rows_taken(parse->limitCount, parse->limitOffset),
											 loki_bigint_const(MAX_LIMIT));

		rows = loki_make_call(F_INT8MUL, INT8OID, list_make2(rows, loki_bigint_const(DEPTH_FACTOR)));
		query->limitCount = (Node *) loki_make_call(F_INT8PL, INT8OID,
													list_make2(rows, loki_bigint_const(DEPTH_LEAST)));
	}
	query->limitOption = LIMIT_OPTION_COUNT;
	query->hasSubLinks = checkExprHasSubLink((Node *) query);
	return query;
}

/* ----------------------------------------------------------------
 * Legs in their places
 * ----------------------------------------------------------------
 */

/* The subqueries in the places of the legs, within a query that is `level` levels below: those with the alias "leg" */
static List *
find_places(Query *query, int level, int *leg_level)
{
	List	   *places = NIL;

	foreach_node(RangeTblEntry, rte, query->rtable)
	{
		if (rte->rtekind != RTE_SUBQUERY)	/* GROUP BY, since PostgreSQL 18 */
			continue;
		if (strcmp(rte->eref->aliasname, "leg") != 0)
			places = list_concat(places, find_places(rte->subquery, level + 1, leg_level));
		else
		{
			places = lappend(places, rte);
			*leg_level = level + 1;
		}
	}
	return places;
}

/*
 * A query for the TID, table, score and ranks of each row that has a value in a leg.  It
 * belongs one level below the user's query, which is not changed.
 */
Query *
loki_fusion_query(const Query *parse, const LokiFusion *fusion)
{
	Query	   *query = query_without_legs(fusion);
	int			level = 0;
	List	   *places = find_places(query, 1, &level);
	LevelContext context = {.delta = level};

	Assert(list_length(places) == list_length(fusion->legs));
	Assert(list_length(query->targetList) == LOKI_FUSION_RANK - 1 + list_length(places));
	for (int n = 0; n < list_length(places); n++)
	{
		RangeTblEntry *rte = list_nth_node(RangeTblEntry, places, n);

		rte->subquery = leg_query(parse, fusion, n);

		/*
		 * not in the user's query; what the leg refers to in its own tables
		 * stays
		 */
		IncrementVarSublevelsUp((Node *) rte->subquery, level, 1);
		query_tree_walker(rte->subquery, raise_levels, &context, QTW_EXAMINE_RTES_BEFORE);
	}
	return query;
}
