/*-------------------------------------------------------------------------
 *
 * fusion.c
 *	  Orders that are fused of several orders of one table.
 *
 *		SELECT id FROM items ORDER BY rrf(v <=> $1, age) DESC LIMIT 10
 *
 * A row's score depends on the places that it has in each order, the legs.  No function
 * can know these.  So the planner's support function of rrf() joins the table with a query
 * that computes the scores (query.c), and puts a column of that in the place of the call:
 *
 *		SELECT id FROM items, (... UNION ALL ... GROUP BY tid) AS fusion
 *		WHERE items.ctid = fusion.tid ORDER BY fusion.score DESC LIMIT 10
 *
 * The query's own join tree stays beside the legs, and is evaluated again for the few rows of the
 * fusion: row security and permissions hold for what is returned (P6).  A TID names a row for one
 * statement, so FOR UPDATE has no fusion; nor have groups, windows, set operations and joins.  When a
 * call finds none, planning ends with what is in its way (refusal.c).
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
static LokiFusionFault
find_fused_table(const Query *parse, Node *node, Index *table)
{
	LokiFusionFault fault = LOKI_FUSION_POSSIBLE;

	if (IsA(node, FromExpr))
	{
		foreach_ptr(Node, member, ((FromExpr *) node)->fromlist)
			if (fault == LOKI_FUSION_POSSIBLE)
			fault = find_fused_table(parse, member, table);
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		if (join->jointype != JOIN_SEMI && join->jointype != JOIN_ANTI)
			fault = join->jointype != JOIN_INNER ? LOKI_FUSION_SEVERAL_TABLES :
				find_fused_table(parse, join->rarg, table);
		if (fault == LOKI_FUSION_POSSIBLE)
			fault = find_fused_table(parse, join->larg, table);
	}
	else
	{
		Index		rti = castNode(RangeTblRef, node)->rtindex;
		RangeTblEntry *rte = rt_fetch(rti, parse->rtable);

		if (rte->rtekind == RTE_RESULT ||
			(rte->rtekind == RTE_FUNCTION && !expression_returns_set((Node *) rte->functions)))
			return LOKI_FUSION_POSSIBLE;
		if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL ||
			(rte->relkind != RELKIND_RELATION && rte->relkind != RELKIND_MATVIEW &&
			 rte->relkind != RELKIND_PARTITIONED_TABLE) ||
		/* TIDs tell the rows of such children apart that postgres_fdw reads */
			loki_reads_foreign(rte, true))
			return LOKI_FUSION_NOT_OF_TABLE;
		if (*table != 0)
			return LOKI_FUSION_SEVERAL_TABLES;
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

/* fusion_weight() in the schema of another of our functions, as search_path may not have it */
static Oid
weight_function(Oid sibling)
{
	char	   *schema = get_namespace_name(get_func_namespace(sibling));
	Oid			types[] = {FLOAT8ARRAYOID, INT4OID, INT4OID};

	return LookupFuncName(list_make2(makeString(schema), makeString("fusion_weight")),
						  lengthof(types), types, false);
}

/*
 * Whether a call below the one that sorts, or among the functions of FROM, has no fusion yet
 * that it could be a column of
 */
static bool
has_other_call(const Query *parse, const FuncExpr *call)
{
	Oid			support = get_func_support(call->funcid);

	if (has_call((Node *) call->args, &support))
		return true;
	foreach_node(RangeTblEntry, rte, parse->rtable)
		if (has_call((Node *) rte->functions, &support))
		return true;
	return false;
}

/*
 * Find the fusion of legs that a query sorts by, in which there is a call.  A query that groups its
 * rows, or locks them, has none.
 */
static LokiFusionFault
find_fusion(const Query *parse, const FuncExpr *call, LokiFusion *fusion)
{
	Oid			support = get_func_support(call->funcid);
	LokiFusionFault fault;
	bool		descending;
	FuncExpr   *sort = sorting_call(parse, &descending);
	PGFunction	sorting = sort == NULL ? NULL : implementation(sort->funcid);
	ArrayExpr  *legs;

	if (has_call((Node *) parse->jointree, &support) || has_call(parse->havingQual, &support))
		return LOKI_FUSION_IN_CONDITION;
	if (sorting != rrf && sorting != weighted_rrf && sorting != weighted_scores)
		return implementation(call->funcid) == leg_rank ? LOKI_FUSION_NO_FUSION : LOKI_FUSION_NOT_FIRST;
	if (!descending)
		return LOKI_FUSION_ASCENDING;
	Assert(parse->commandType == CMD_SELECT && parse->setOperations == NULL);
	if (parse->hasAggs || parse->groupClause != NIL || parse->groupingSets != NIL || parse->havingQual != NULL ||
		parse->distinctClause != NIL)
		return LOKI_FUSION_OF_GROUPS;
	if (parse->hasWindowFuncs)
		return LOKI_FUSION_BESIDE_WINDOWS;
	if (parse->rowMarks != NIL)
		return LOKI_FUSION_LOCKS;
	legs = llast(sort->args);
	if (!IsA(legs, ArrayExpr) || legs->elements == NIL || legs->multidims)
		return LOKI_FUSION_HIDDEN_LEGS;
	memset(fusion, 0, sizeof(LokiFusion));
	fusion->by_rank = sorting != weighted_scores;
	fusion->legs = legs->elements;
	if (list_length(sort->args) > 1)
	{
		fusion->weights = linitial(sort->args);
		fusion->weight_function = weight_function(sort->funcid);
	}
	Assert((fusion->weights == NULL) == (sorting == rrf));
	fault = find_fused_table(parse, (Node *) parse->jointree, &fusion->table);
	if (fault != LOKI_FUSION_POSSIBLE)
		return fault;
	if (fusion->table == 0)
		return LOKI_FUSION_NO_TABLE;
	return has_other_call(parse, sort) ? LOKI_FUSION_NESTED : LOKI_FUSION_POSSIBLE;
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

/* The subquery of the fusion, as a member of the range table: what the parser makes of (SELECT ...) AS fusion */
static RangeTblEntry *
fusion_rte(Query *query)
{
	ParseState *pstate = make_parsestate(NULL);
	RangeTblEntry *rte = addRangeTableEntryForSubquery(pstate, query, makeAlias(FUSION_NAME, NIL),
													   false, true)->p_rte;

	Assert(list_length(query->targetList) >= LOKI_FUSION_RANK);
	rte->ctename = pstrdup(FUSION_NAME);	/* added_fusion() knows it by that */
	free_parsestate(pstate);
	return rte;
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
 * Join a query with its fusion.  Its own join tree stays: conditions hold for the rows
 * that are returned whatever the legs did.  Gap P34: a support function changes the Query; no version has a hook
 * between the parser's copy and planning that the first statement of a session passes; sql/fusion.
 */
static Index
add_fusion(Query *parse, const LokiFusion *fusion)
{
	RangeTblEntry *rte = fusion_rte(loki_fusion_query(parse, fusion));
	RangeTblRef *place = makeNode(RangeTblRef);
	Node	  **quals = &parse->jointree->quals;

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
 * Whether a call is the one that the query sorts by.  The call's arguments are simplified already, and have
 * no columns of joins, as of FROM (items CROSS JOIN f()) AS j; those of the call in the target list are as
 * they were written.  SELECT rrf(v <=> $1, age) beside ORDER BY rrf(...) with the same legs is the same
 * score; with others it would need a fusion of its own.
 */
static bool
is_sorting_call(PlannerInfo *root, const FuncExpr *call)
{
	bool		descending;
	FuncExpr   *sort = sorting_call(root->parse, &descending);
	Node	   *args;

	if (sort == NULL || !descending || sort->funcid != call->funcid)
		return false;
	args = loki_without_columns(copyObject((Node *) sort->args), root->parse);
	return equal(eval_const_expressions(root, args), call->args);
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
		LokiFusionFault fault = find_fusion(parse, call, &fusion);

		if (fault != LOKI_FUSION_POSSIBLE)
			loki_fusion_refuse(get_func_name(call->funcid), fault);
		/* nothing has been computed of the range table (P34) */
		Assert(request->root->simple_rel_array == NULL && request->root->processed_tlist == NIL);
		added = add_fusion(parse, &fusion);
	}
	rte = rt_fetch(added, parse->rtable);
	Assert(rte->rtekind == RTE_SUBQUERY);
	if (implementation(call->funcid) == leg_rank)
		PG_RETURN_POINTER(rank_of_call(call, added,
									   list_length(rte->eref->colnames) - LOKI_FUSION_RANK + 1));
	if (!is_sorting_call(request->root, call))
		loki_fusion_refuse(get_func_name(call->funcid), LOKI_FUSION_ANOTHER);
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
		loki_fusion_refuse(#name, LOKI_FUSION_POSSIBLE); \
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
