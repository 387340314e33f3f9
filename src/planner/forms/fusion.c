/*-------------------------------------------------------------------------
 *
 * fusion.c
 *	  Orders that are fused of several orders of one table.
 *
 *		SELECT id FROM items ORDER BY rrf(v <=> $1, age) DESC LIMIT 10
 *
 * A row's score depends on the places that it has in each order, the legs.  No function
 * can know these.  So the planner's support function of rrf() joins the table with a query
 * that computes the scores (fusion_query.c), and puts a column of that in the place of the call:
 *
 *		SELECT id FROM items, (... UNION ALL ... GROUP BY tid) AS fusion
 *		WHERE items.ctid = fusion.tid ORDER BY fusion.score DESC LIMIT 10
 *
 * The query's own join tree stays beside the legs, and is evaluated again for the few rows of the
 * fusion: row security and permissions hold for what is returned (P6).  A TID names a row for one
 * statement, so FOR UPDATE has no fusion; nor have groups, windows, set operations and joins.  When a
 * call finds none, planning ends with what is in its way.
 *
 * IDENTIFICATION
 *	  src/planner/forms/fusion.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "lokivector.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parse_func.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "planner/forms/fusion.h"
#include "planner/query/column_test.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/promise.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

LOKI_FUNCTION(rrf);
LOKI_FUNCTION(weighted_rrf);
LOKI_FUNCTION(weighted_scores);
LOKI_FUNCTION(leg_rank);
LOKI_FUNCTION(fusion_weight);
LOKI_FUNCTION(lokivector_fusion_support);

/* EXPLAIN shows it. */
#define FUSION_NAME		"fusion"

/* ----------------------------------------------------------------
 * What a user reads where there is no fusion
 * ----------------------------------------------------------------
 */

/* Why there can be no fusion */
typedef enum FusionFault
{
	FUSION_POSSIBLE,
	FUSION_IN_CONDITION,
	FUSION_NOT_FIRST,		/* in ORDER BY */
	FUSION_NO_FUSION,		/* that leg_rank() could be of */
	FUSION_ASCENDING,
	FUSION_OF_GROUPS,
	FUSION_BESIDE_WINDOWS,
	FUSION_LOCKS,
	FUSION_HIDDEN_LEGS,
	FUSION_NO_TABLE,
	FUSION_SEVERAL_TABLES,
	FUSION_NOT_OF_TABLE,
	FUSION_NESTED,
	FUSION_ANOTHER			/* than the one that is sorted by */
} FusionFault;

/* All messages are here, since they are read as a whole; hints show how to write a query that works. */
typedef struct Refusal
{
	const char *message;		/* %s is the function */
	const char *detail;
	const char *hint;
} Refusal;

#define FUSION		"ORDER BY rrf(...) DESC LIMIT ..."
#define WITHIN		"(SELECT ... " FUSION ") AS hits"

static const Refusal refusals[] = {
	[FUSION_POSSIBLE] = {
		"%s() is not planned here",
		"A row's place among others is known only to the query of these rows.",
		"Write SELECT ... FROM one table WHERE ... " FUSION "."
	},
	[FUSION_IN_CONDITION] = {
		"%s() cannot be in a condition of its own query",
		"Rows are fused that meet the conditions.",
		"Put the condition around it: SELECT ... FROM (SELECT ..., rrf(...) AS score ... " FUSION ") AS hits WHERE score > ...."
	},
	[FUSION_NOT_FIRST] = {
		"%s() must come first in ORDER BY",
		"A row's place among others is known only to the query of these rows.",
		"Write SELECT ... FROM one table WHERE ... " FUSION "."
	},
	[FUSION_NO_FUSION] = {
		"%s() needs a fusion that comes first in ORDER BY",
		"It is the place of a row in a leg of rrf(), weighted_rrf() or weighted_scores().",
		"Write SELECT leg_rank(1), ... FROM one table WHERE ... " FUSION "."
	},
	[FUSION_ASCENDING] = {
		"%s() must be sorted by in descending order",
		"The best rows have the greatest score.",
		"Add DESC: " FUSION "."
	},
	[FUSION_OF_GROUPS] = {
		"%s() cannot rank groups of rows",
		"The query has GROUP BY, DISTINCT or an aggregate.",
		"Put these around it: SELECT ... FROM " WITHIN " GROUP BY ...."
	},
	[FUSION_BESIDE_WINDOWS] = {
		"%s() cannot be in a query with window functions",
		"These need all rows, and a fusion has those of its lists.",
		"Put them around it: SELECT ..., rank() OVER (...) FROM " WITHIN "."
	},
	[FUSION_LOCKS] = {
		"%s() cannot be in a query that locks rows",
		"The query has FOR UPDATE or FOR SHARE.",
		"Lock the rows around it: SELECT ... WHERE id IN (SELECT id FROM ... " FUSION ") FOR UPDATE."
	},
	[FUSION_HIDDEN_LEGS] = {
		"legs of %s() must be written one by one",
		"Each is an expression that a list of its own is sorted by.",
		"Write rrf(leg, leg), or VARIADIC ARRAY[leg, leg] with the legs in it."
	},
	[FUSION_NO_TABLE] = {
		"%s() needs a table",
		"The query has none in FROM whose rows it could rank.",
		"Write SELECT ... FROM one table WHERE ... " FUSION "."
	},
	[FUSION_SEVERAL_TABLES] = {
		"%s() cannot rank rows of a join",
		"A fusion is of rows of one table.",
		"Put the join around it: SELECT ... FROM " WITHIN " JOIN ...."
	},
	[FUSION_NOT_OF_TABLE] = {
		"%s() can rank rows of a table only",
		"FROM has a subquery, a WITH, a view with security_barrier, VALUES, a function of several rows, a sample or a foreign table.",
		"Write it in the query that reads the table, or make a materialized view."
	},
	[FUSION_NESTED] = {
		"%s() cannot be in the arguments of a fusion, or in FROM",
		"Its value is known only when the rows have been fused.",
		"Put one fusion around the other: SELECT ... FROM (SELECT ..., rrf(...) AS score ... " FUSION ") AS hits ORDER BY ...."
	},
	[FUSION_ANOTHER] = {
		"%s() is not the call that the query is sorted by",
		"A query has one fusion.",
		"Name the call: SELECT ..., rrf(...) AS score FROM ... ORDER BY score DESC LIMIT ...."
	}
};

/* ERROR of a call of a function that has no fusion */
static void
refuse(const char *function, FusionFault fault)
{
	const Refusal *refusal = &refusals[fault];

	Assert(fault < lengthof(refusals) && refusal->message != NULL);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg(refusal->message, function),
			 errdetail("%s", refusal->detail),
			 errhint("%s", refusal->hint)));
}

/* ----------------------------------------------------------------
 * What a query asks for
 * ----------------------------------------------------------------
 */

/*
 * Walker: calls of the functions of fusions, which all have this support function.  Names would not do:
 * a user may have an rrf() of his own in another schema.
 */
static bool
has_call(Node *node, void *support)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr) &&
		get_func_support(((FuncExpr *) node)->funcid) == *(Oid *) support)
		return true;
	return expression_tree_walker(node, has_call, support);
}

/*
 * Whether a join tree has the rows of one table, each at most once: one table, semi-joins
 * and anti-joins of it with others, and functions that return one row.  Notes the table.
 */
static FusionFault
find_fused_table(const Query *parse, Node *node, Index *table)
{
	FusionFault fault = FUSION_POSSIBLE;

	if (IsA(node, FromExpr))
	{
		foreach_ptr(Node, member, ((FromExpr *) node)->fromlist)
			if (fault == FUSION_POSSIBLE)
			fault = find_fused_table(parse, member, table);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		if (join->jointype != JOIN_SEMI && join->jointype != JOIN_ANTI)
			fault = join->jointype != JOIN_INNER ? FUSION_SEVERAL_TABLES :
				find_fused_table(parse, join->rarg, table);
		if (fault == FUSION_POSSIBLE)
			fault = find_fused_table(parse, join->larg, table);
	}
	else
	{
		Index		rti = castNode(RangeTblRef, node)->rtindex;
		RangeTblEntry *rte = rt_fetch(rti, parse->rtable);

		if (rte->rtekind == RTE_RESULT ||
			(rte->rtekind == RTE_FUNCTION && !expression_returns_set((Node *) rte->functions)))
			return FUSION_POSSIBLE;
		if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL ||
			(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW &&
			 rte->relkind != RELKIND_PARTITIONED_TABLE) ||
		/* TIDs tell the rows of such children apart that postgres_fdw reads */
			loki_reads_foreign(rte, true))
			return FUSION_NOT_OF_TABLE;
		if (*table != 0)
			return FUSION_SEVERAL_TABLES;
		*table = rti;
	}
	return fault;
}

/* The C function behind an SQL function, by which ours are known whatever their schema is */
static PGFunction
implementation(Oid function)
{
	FmgrInfo	info;

	fmgr_info(function, &info);
	return info.fn_addr;
}

/*
 * The call that a query sorts by first, or NULL.  An alias makes no difference, as ORDER BY score names
 * an entry of the target list, which has the call.
 */
static FuncExpr *
sorting_call(const Query *parse, bool *descending)
{
	SortGroupClause *sort;
	Node	   *expr;

	if (parse->sortClause == NIL)
		return NULL;
	sort = linitial_node(SortGroupClause, parse->sortClause);
	expr = get_sortgroupclause_expr(sort, parse->targetList);
	*descending = sort->sortop == lookup_type_cache(FLOAT8OID, TYPECACHE_GT_OPR)->gt_opr;
	return IsA(expr, FuncExpr) ? (FuncExpr *) expr : NULL;
}

/*
 * Find the fusion of legs that a query sorts by, in which there is a call.  A query that groups its
 * rows, or locks them, has none.
 */
static FusionFault
find_fusion(const Query *parse, const FuncExpr *call, LokiFusion *fusion)
{
	Oid			support = get_func_support(call->funcid);
	FusionFault fault;
	bool		descending;
	FuncExpr   *sort = sorting_call(parse, &descending);
	PGFunction	sorting = sort == NULL ? NULL : implementation(sort->funcid);
	ArrayExpr  *legs;

	if (has_call((Node *) parse->jointree, &support) || has_call(parse->havingQual, &support))
		return FUSION_IN_CONDITION;
	if (sorting != rrf && sorting != weighted_rrf && sorting != weighted_scores)
		return implementation(call->funcid) == leg_rank ? FUSION_NO_FUSION : FUSION_NOT_FIRST;
	if (!descending)
		return FUSION_ASCENDING;
	Assert(parse->commandType == CMD_SELECT && parse->setOperations == NULL);
	if (parse->hasAggs || parse->groupClause != NIL || parse->groupingSets != NIL || parse->havingQual != NULL ||
		parse->distinctClause != NIL)
		return FUSION_OF_GROUPS;
	if (parse->hasWindowFuncs)
		return FUSION_BESIDE_WINDOWS;
	if (parse->rowMarks != NIL)
		return FUSION_LOCKS;
	legs = llast(sort->args);
	if (!IsA(legs, ArrayExpr) || legs->elements == NIL || legs->multidims)
		return FUSION_HIDDEN_LEGS;
	memset(fusion, 0, sizeof(LokiFusion));
	fusion->by_rank = sorting != weighted_scores;
	fusion->legs = legs->elements;
	if (list_length(sort->args) > 1)
	{
		char	   *schema = get_namespace_name(get_func_namespace(sort->funcid));
		Oid			types[] = {FLOAT8ARRAYOID, INT4OID, INT4OID};

		fusion->weights = linitial(sort->args);
		/* search_path may not have it */
		fusion->weight_function = LookupFuncName(list_make2(makeString(schema), makeString("fusion_weight")),
												 lengthof(types), types, false);
	}
	Assert((fusion->weights == NULL) == (sorting == rrf));
	fault = find_fused_table(parse, (Node *) parse->jointree, &fusion->table);
	if (fault != FUSION_POSSIBLE)
		return fault;
	if (fusion->table == 0)
		return FUSION_NO_TABLE;
	/* the fusion has no column for a call below the one that sorts, or among the functions of FROM */
	if (has_call((Node *) sort->args, &support))
		return FUSION_NESTED;
	foreach_node(RangeTblEntry, rte, parse->rtable)
		if (has_call((Node *) rte->functions, &support))
		return FUSION_NESTED;
	return FUSION_POSSIBLE;
}

/* ----------------------------------------------------------------
 * Conditions of legs
 * ----------------------------------------------------------------
 */

/* The table of a fusion, for tells_of_row() */
typedef struct FusedTable
{
	Oid			relid;
	int			varno;
} FusedTable;

/* Whether an index has an expression for every row of the table */
static bool
is_indexed(const FusedTable *fused, Node *expr)
{
	Relation	table = table_open(fused->relid, AccessShareLock);
	bool		found = false;

	foreach_oid(indexid, RelationGetIndexList(table))
	{
		Relation	index = try_relation_open(indexid, AccessShareLock);
		IndexOptInfo *columns;

		if (index == NULL)		/* dropped just now */
			continue;
		columns = loki_index_columns(index, fused->varno);
		for (int i = 0; i < columns->nkeycolumns && RelationGetIndexPredicate(index) == NIL; i++)
			found |= match_index_to_operand(expr, i, columns);
		relation_close(index, NoLock);
	}
	table_close(table, NoLock);
	return found;
}

/* Whether operators have a class of an index: their functions are those of trusted extensions. */
static bool
is_in_class(Oid opno)
{
	CatCList   *members = SearchSysCacheList1(AMOPOPID, ObjectIdGetDatum(opno));
	bool		found = members->n_members > 0;

	ReleaseSysCacheList(members);
	return found;
}

/*
 * expression_tree_walker callback: whether a condition calls a function that may tell of a row of the table,
 * or fail for it.  What an index could answer does not: an operator of its class, or an expression that it
 * has computed of every row.
 */
static bool
tells_of_row(Node *node, void *fused)
{
	if (node == NULL || (!IsA(node, List) && !rangeTableEntry_used(node, ((FusedTable *) fused)->varno, 0)))
		return false;
	if (IsA(node, List) || IsA(node, BoolExpr) ||
		(IsA(node, OpExpr) && is_in_class(((OpExpr *) node)->opno)) ||
		(IsA(node, ScalarArrayOpExpr) && is_in_class(((ScalarArrayOpExpr *) node)->opno)))
		return expression_tree_walker(node, tells_of_row, fused);
	return contain_leaked_vars(node) && !is_indexed(fused, node);
}

/*
 * Whether a condition of a leg's value may be one of the query's, which the planner puts in any order (P6):
 * there is no other, or nothing depends on that order.  What is left in CASE is computed for rows that the
 * query has.
 */
bool
loki_may_come_first(const Query *query, const LokiFusion *fusion, Node *condition)
{
	FusedTable	fused = {.relid = rt_fetch(fusion->table, query->rtable)->relid, .varno = fusion->table};
	bool		alone = query->jointree->quals == NULL;

	foreach_ptr(Node, member, query->jointree->fromlist)
		alone &= IsA(member, RangeTblRef);
	condition = eval_const_expressions(NULL, loki_without_columns(copyObject(condition), query));
	return alone || !tells_of_row(loki_words_as_by_index(condition, NULL), &fused);
}

/* ----------------------------------------------------------------
 * The query with the fusion
 * ----------------------------------------------------------------
 */

/*
 * The place in the range table of a fusion that was added, or 0.  Of all subqueries it alone
 * has the name of a CTE.  (A view's has the view's name, which may be any.)
 */
static Index
added_fusion(const Query *parse)
{
	foreach_node(RangeTblEntry, rte, parse->rtable)
	{
		if (rte->rtekind == RTE_SUBQUERY && rte->ctename != NULL)
			return foreach_current_index(rte) + 1;
	}
	return 0;
}

/*
 * A system column of the table equals a column of the fusion.  An equality of ctid is what core makes a
 * TID scan of; of partitions, and children, tableoid says which one the TID is of.
 */
static Node *
equality(Oid type, Index table, AttrNumber system_column, Index added, AttrNumber column)
{
	Oid			operator = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;

	Assert(OidIsValid(operator) && system_column < 0 && column > 0);
	return (Node *) loki_make_operator(operator,
									   makeVar(table, system_column, type, -1, InvalidOid, 0),
									   makeVar(added, column, type, -1, InvalidOid, 0), InvalidOid);
}

/*
 * Join a query with its fusion, (SELECT ...) AS fusion.  Its own join tree stays: conditions hold for the rows
 * that are returned whatever the legs did.  Gap P34: a support function changes the Query; no version has a hook
 * between the parser's copy and planning that the first statement of a session passes; sql/fusion.
 */
static Index
add_fusion(Query *parse, const LokiFusion *fusion)
{
	Query	   *query = loki_fusion_query(parse, fusion);
	ParseState *pstate = make_parsestate(NULL);
	RangeTblEntry *rte = addRangeTableEntryForSubquery(pstate, query, makeAlias(FUSION_NAME, NIL),
													   false, true)->p_rte;
	RangeTblRef *place = makeNode(RangeTblRef);
	Node	  **quals = &parse->jointree->quals;

	Assert(list_length(query->targetList) >= LOKI_FUSION_RANK);
	rte->ctename = pstrdup(FUSION_NAME);	/* added_fusion() knows it by that */
	free_parsestate(pstate);

	Assert(rt_fetch(fusion->table, parse->rtable)->rtekind == RTE_RELATION);
	Assert(parse->setOperations == NULL && added_fusion(parse) == 0);
	parse->rtable = lappend(parse->rtable, rte);
	place->rtindex = list_length(parse->rtable);
	parse->jointree->fromlist = lappend(parse->jointree->fromlist, place);
	*quals = make_and_qual(*quals, equality(TIDOID, fusion->table,
											SelfItemPointerAttributeNumber,
											place->rtindex, LOKI_FUSION_TID));
	if (rt_fetch(fusion->table, parse->rtable)->inh)
		*quals = make_and_qual(*quals, equality(OIDOID, fusion->table,
												TableOidAttributeNumber,
												place->rtindex, LOKI_FUSION_TABLE));
	Assert(added_fusion(parse) == place->rtindex);
	return place->rtindex;
}

/*
 * The rank in the leg that leg_rank() asks for, of `legs` columns of the fusion: a constant,
 * or a parameter, which is no constant in a plan for all its values.
 */
static Node *
rank_of_call(const FuncExpr *call, Index added, int legs)
{
	Node	   *leg = linitial(call->args);
	ArrayExpr  *ranks = makeNode(ArrayExpr);
	SubscriptingRef *rank = makeNode(SubscriptingRef);

	Assert(added > 0 && legs > 0);
	for (int n = 0; n < legs; n++)
		ranks->elements = lappend(ranks->elements,
								  makeVar(added, LOKI_FUSION_RANK + n, INT8OID, -1,
										  InvalidOid, 0));
	if (IsA(leg, Const) && !((Const *) leg)->constisnull)
	{
		int			n = DatumGetInt32(((Const *) leg)->constvalue);

		if (n < 1 || n > legs)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("leg %d does not exist", n),
					 errdetail_plural("The fusion has %d leg.", "The fusion has %d legs.",
									  legs, legs)));
		return list_nth(ranks->elements, n - 1);
	}
	ranks->array_typeid = INT8ARRAYOID;
	ranks->element_typeid = INT8OID;
	ranks->location = -1;
	rank->refcontainertype = INT8ARRAYOID;
	rank->refelemtype = rank->refrestype = INT8OID;
	rank->reftypmod = -1;
	rank->refupperindexpr = list_make1(leg);
	rank->refexpr = (Expr *) ranks;
	return (Node *) rank;
}

/*
 * Called by the planner for each call of a function of fusions.  A planner hook would miss the
 * statement that loads the library.  Core does not foresee that a support function changes the
 * query.  It may, because
 *
 * - the target list is the first of a query's expressions that subquery_planner() simplifies;
 * what comes before looks for sublinks, joins, LATERAL and results, and the fusion is none of
 * these, nor can it be pulled up, since it groups; what is computed from the range table and
 * the join tree comes later;
 *
 * - the query's own join tree stays, and its conditions are evaluated again for the few rows
 * of the fusion, so row security and permissions hold for what is returned;
 *
 * - core plans a copy of the query, and a cached plan depends on the same tables;
 *
 * - semi-joins that core has made of EXISTS and IN become EXISTS again in a leg;
 *
 * - functions of FROM are simplified before; a query with such a call among them has no fusion.
 */
Datum
lokivector_fusion_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	LokiFusion	fusion;
	FuncExpr   *call;
	FuncExpr   *sort;
	bool		descending;
	Query	   *parse;
	Index		added;
	RangeTblEntry *rte;

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	parse = request->root->parse;
	call = request->fcall;
	added = added_fusion(parse);
	if (added == 0)
	{
		FusionFault fault = find_fusion(parse, call, &fusion);

		if (fault != FUSION_POSSIBLE)
			refuse(get_func_name(call->funcid), fault);
		/* nothing has been computed of the range table (P34) */
		Assert(request->root->simple_rel_array == NULL && request->root->processed_tlist == NIL);
		added = add_fusion(parse, &fusion);
	}
	rte = rt_fetch(added, parse->rtable);
	Assert(rte->rtekind == RTE_SUBQUERY);
	if (implementation(call->funcid) == leg_rank)
		PG_RETURN_POINTER(rank_of_call(call, added,
									   list_length(rte->eref->colnames) - LOKI_FUSION_RANK + 1));

	/*
	 * SELECT rrf(v <=> $1, age) beside ORDER BY rrf(...) with the same legs is
	 * the same score; with others it would need a fusion of its own.  The
	 * call's arguments are simplified already, and have no columns of joins,
	 * as of FROM (items CROSS JOIN f()) AS j; those of the call in the target
	 * list are as they were written.
	 */
	sort = sorting_call(parse, &descending);
	if (sort == NULL || !descending || sort->funcid != call->funcid ||
		!equal(eval_const_expressions(request->root,
									  loki_without_columns(copyObject((Node *) sort->args), parse)), call->args))
		refuse(get_func_name(call->funcid), FUSION_ANOTHER);
	PG_RETURN_POINTER(makeVar(added, LOKI_FUSION_SCORE, exprType((Node *) call), -1, InvalidOid, 0));
}

/* ----------------------------------------------------------------
 * The functions
 * ----------------------------------------------------------------
 */

/* A function that is executed only where no query is planned, as in CHECK: core calls no support function there */
#define PLANNED_AWAY(name) \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		refuse(#name, FUSION_POSSIBLE); \
		PG_RETURN_NULL(); \
	}

PLANNED_AWAY(rrf)
PLANNED_AWAY(weighted_rrf)
PLANNED_AWAY(weighted_scores)
PLANNED_AWAY(leg_rank)

/* The weight of a leg (from 1) in an array with one for each of `legs`, which are positive */
Datum
fusion_weight(PG_FUNCTION_ARGS)
{
	ArrayType  *weights;
	int			leg = PG_GETARG_INT32(1);
	int			legs = PG_GETARG_INT32(2);
	float8		weight;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", PG_ARGISNULL(0) ? "weights" : PG_ARGISNULL(1) ? "leg" : "legs")));
	weights = PG_GETARG_ARRAYTYPE_P(0);
	if (leg < 1 || leg > legs)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("leg %d of %d does not exist", leg, legs)));
	if (ARR_NDIM(weights) != 1 || ARR_DIMS(weights)[0] != legs)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a fusion of %d legs needs an array of %d weights", legs, legs),
				 errdetail("It has %d.", ArrayGetNItems(ARR_NDIM(weights), ARR_DIMS(weights)))));
	if (array_contains_nulls(weights))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("weights must not contain nulls")));
	weight = ((const float8 *) ARR_DATA_PTR(weights))[leg - 1];
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weights must not be negative, infinite or NaN")));
	PG_RETURN_FLOAT8(weight);
}
