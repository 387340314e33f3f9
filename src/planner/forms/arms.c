/*-------------------------------------------------------------------------
 *
 * arms.c
 *	  Give the arms of a UNION ALL, or a security barrier, the order and LIMIT of the query; and take orders out of
 *	  subqueries.
 *
 *		SELECT id, v <=> $1 AS d FROM books WHERE tenant = 3
 *		UNION ALL SELECT id, v <=> $1 FROM films WHERE tenant = 3
 *		ORDER BY d LIMIT 10
 *				each arm becomes (SELECT ... WHERE tenant = 3 ORDER BY v <=> $1 LIMIT 10)
 *
 * This happens to the Query, before core plans it (planner.c has the hook): core plans each arm with its own
 * ORDER BY and LIMIT then, and what else is in this folder finds nothing special.  The Query is the planner's
 * to change: whoever plans one twice gives it a copy.
 *
 * Core pulls an arm up if it is a table without conditions whose columns have the types of the result,
 * and plans others without the order.  The rows that LIMIT takes are among the first ones of each arm, so an arm with
 * conditions gets ORDER BY and LIMIT of its own.  The UNION ALL may be the query, or a subquery that
 * is all it selects from; conditions above become conditions of each arm, since LIMIT counts the rows
 * that meet them.
 *
 * A view with security_barrier, which core never pulls up, is a single arm if it is all of a query
 * whose conditions are all leakproof.  Its sort keys are computed in the view's own query, for rows
 * that pass its conditions, so a key must be a column of the view or the score of one (P6).
 *
 * A subquery's ORDER BY decides nothing where the query sorts by the same, and is left out; Django writes it so below a
 * condition on row_number().  Core would sort by it, and pull up no subquery that has it.
 *
 * Ranks are of the rows before, so a query that sorts as they do, or by them, takes the first rows of the
 * order that they have.
 *
 * Subqueries of a sort key, as in ORDER BY v <=> (SELECT v FROM books WHERE id = 7), are evaluated by each
 * arm and by the query, so they must have the same value each time (P10).
 *
 * IDENTIFICATION
 *	  src/planner/forms/arms.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_inherits.h"
#include "compat/pgcompat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parsetree.h"
#include "planner/forms/forms.h"
#include "planner/order/order.h"
#include "planner/query/column_test.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/promise.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

static bool has_other_parts(Node *node, void *subqueries);
static void order_all_arms(Query *query);

/* What all arms of a UNION ALL get, and how far that has come */
typedef struct UnionOrder
{
	Query	   *sorted;			/* has ORDER BY and LIMIT */
	List	   *sort;			/* that order, or the one of its ranks */
	Node	   *conditions;		/* ... and these for the arms' rows, or NULL */
	Query	   *arm;			/* the one that gets them now */
	bool		barrier;		/* it is a security barrier */
	bool		casts;			/* core casts columns of arms, and pulls up
								 * none */
	bool		all;			/* arms have got them */
} UnionOrder;

/* expression_tree_mutator callback: columns of a UNION ALL as expressions of an arm, cast as core will cast them */
static Node *
in_arm(Node *node, void *query)
{
	Var		   *var = (Var *) node;

	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Assert(var->varlevelsup == 0 && var->varattno > 0); /* has_other_parts() */
		node = (Node *) copyObject(get_tle_by_resno(((Query *) query)->targetList,
													var->varattno)->expr);
		return exprType(node) == var->vartype ? node :
			coerce_to_common_type(NULL, node, var->vartype, "UNION");
	}
	if (IsA(node, SubLink))		/* has nothing of this query; each arm is
								 * planned by itself */
		return copyObject(node);
	return expression_tree_mutator(node, in_arm, query);
}

/*
 * Whether an expression has the type and collation in an arm that it has in the UNION ALL.  Under
 * another collation the arm's order is another, and so are its first rows.  Volatile functions of the
 * arm's column are called once there, and would be twice.
 */
static bool
is_same_in_arm(Expr *expr, Query *arm)
{
	Expr	   *here = (Expr *) in_arm((Node *) expr, arm);

	return exprType((Node *) here) == exprType((Node *) expr) &&
		exprCollation((Node *) here) == exprCollation((Node *) expr) &&
		!contain_volatile_functions((Node *) here);
}

/*
 * Whether a query that reads nothing of those around it has the same rows each time (P10).  With a LIMIT
 * it might have others: which rows come first among equal ones is up to the plan.
 */
static bool
has_same_rows(Query *query)
{
	check_stack_depth();
	if (loki_changes_rows(query) || query->setOperations != NULL || query->hasSubLinks || query->cteList != NIL ||
		query->limitCount != NULL || query->limitOffset != NULL || contain_volatile_functions((Node *) query))
		return false;
	foreach_ptr(const RangeTblEntry, rte, query->rtable)
		if (rte->rtekind == RTE_SUBQUERY ? !has_same_rows(rte->subquery) :
			(rte->rtekind != RTE_RELATION || rte->tablesample != NULL ||
	/* no snapshot of this server keeps their rows */
			 loki_reads_foreign(rte, false)))
		return false;
	return !query_tree_walker(query, has_other_parts, NULL, 0);
}

/*
 * expression_tree_walker callback: whether an expression has more than columns of this level.  With a
 * context, subqueries that have the same value each time may be there, too.
 */
static bool
has_other_parts(Node *node, void *subqueries)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varlevelsup > 0 || ((Var *) node)->varattno <= 0;
	if (IsA(node, SubLink))
		return subqueries == NULL || ((SubLink *) node)->subLinkType != EXPR_SUBLINK ||
			!has_same_rows(castNode(Query, ((SubLink *) node)->subselect));
	return expression_tree_walker(node, has_other_parts, subqueries);
}

/*
 * Whether a sort key may be computed below a security barrier: it is a column of the view,
 * or the score of one.  Functions of the query see only what the view returns (P6).
 */
static bool
passes_barrier(Expr *key)
{
	LokiDistanceExpr distance;

	if (IsA(key, Var))
		return true;
	if (!loki_unplanned_distance(key, &distance))
		return false;
	foreach_ptr(Node, arg, distance.distance->args)
		if (!IsA(arg, Var) && contain_var_clause(arg))
		return false;
	return true;
}

/*
 * Whether core would not scan an arm in order, and its first rows are those of the query.
 *
 * An arm that is a plain table is pulled up, and becomes a child of an append relation, for which
 * order/order.c makes paths.  With a LIMIT of its own it would be a subquery, and gain nothing.  Other
 * orders than that of a score are left to core.
 */
static bool
wants_order(const UnionOrder *order)
{
	const Query *arm = order->arm;
	const SortGroupClause *first = linitial(order->sort);

	if (loki_changes_rows(arm) || arm->setOperations != NULL || arm->sortClause != NIL ||
		arm->limitCount != NULL || arm->limitOffset != NULL ||
		(!order->barrier && !order->casts && arm->jointree->quals == NULL && loki_only_source(arm) != NULL) ||
		contain_volatile_functions((Node *) arm->targetList) ||
		contain_volatile_functions((Node *) arm->jointree))
		return false;
	foreach_node(SortGroupClause, clause, order->sort)
	{
		Expr	   *key = get_sortgroupclause_tle(clause, order->sorted->targetList)->expr;
		LokiDistanceExpr distance;

		if (!is_same_in_arm(key, order->arm) || (order->barrier && !passes_barrier(key)) ||
			(clause == first && !loki_unplanned_distance((Expr *) in_arm((Node *) key, order->arm), &distance)))
			return false;
	}
	foreach_ptr(Expr, column, order->conditions != NULL ? pull_var_clause(order->conditions, 0) : NIL)
		if (!is_same_in_arm(column, order->arm))
		return false;
	return true;
}

/*
 * Give an arm the conditions, the order, and LIMIT + OFFSET, unless it is better without.  The OFFSET of
 * the query may all lie in one arm, so each must return the rows that are skipped, too.  A sort key that is
 * an expression, or cast, is a further column of the arm.  That is resjunk: the arm must return the columns
 * of the others.
 */
static void
order_arm(UnionOrder *order)
{
	Query	   *arm = order->arm;

	Assert(order->sort != NIL && order->sorted->limitCount != NULL);
	if (!wants_order(order))
	{
		order->all = false;
		return;
	}
	if (order->conditions != NULL)
		arm->jointree->quals = make_and_qual(arm->jointree->quals,
											 in_arm(order->conditions, arm));
	foreach_node(SortGroupClause, like, order->sort)
	{
		SortGroupClause *clause = copyObject(like);
		Expr	   *key = get_sortgroupclause_tle(clause, order->sorted->targetList)->expr;
		TargetEntry *entry = IsA(key, Var) ? get_tle_by_resno(arm->targetList, ((Var *) key)->varattno) : NULL;

		if (entry == NULL || exprType((Node *) entry->expr) != exprType((Node *) key))
		{
			entry = makeTargetEntry((Expr *) in_arm((Node *) key, arm),
									list_length(arm->targetList) + 1, NULL, true);
			if (order->barrier)
				(void) loki_words_from_above_barrier((Node *) entry->expr, NULL);
			arm->hasSubLinks |= checkExprHasSubLink((Node *) entry->expr);
			arm->targetList = lappend(arm->targetList, entry);
		}
		clause->tleSortGroupRef = assignSortGroupRef(entry, arm->targetList);
		arm->sortClause = lappend(arm->sortClause, clause);
	}
	arm->limitCount = loki_rows_taken(copyObject(order->sorted->limitCount),
									  copyObject(order->sorted->limitOffset));
	arm->limitOption = LIMIT_OPTION_COUNT;
	Assert(list_length(arm->sortClause) == list_length(order->sort));
}

/* An arm of set operations, or NULL for further operations */
static Query *
arm_of(const Query *query, Node *node)
{
	return IsA(node, RangeTblRef) ?
		rt_fetch(((RangeTblRef *) node)->rtindex, query->rtable)->subquery : NULL;
}

/* Whether some arm has a column of another type than the result: then core pulls up none (is_simple_union_all()) */
static bool
has_casts(const Query *query, Node *node, List *types)
{
	SetOperationStmt *operation = (SetOperationStmt *) node;
	const Query *arm = arm_of(query, node);

	return arm != NULL ? !tlist_same_datatypes(arm->targetList, types, true) :
		has_casts(query, operation->larg, types) || has_casts(query, operation->rarg, types);
}

/*
 * Order the arms of a UNION ALL; other operations are left alone, and one whose columns are cast again:
 * arms would have to cast them as often.
 */
static void
order_arms(UnionOrder *order, const Query *query, Node *node)
{
	SetOperationStmt *operation = (SetOperationStmt *) node;
	List	   *types = castNode(SetOperationStmt, query->setOperations)->colTypes;

	if (node == query->setOperations)
		order->casts = has_casts(query, node, types);
	order->arm = arm_of(query, node);
	if (order->arm != NULL)
		order_arm(order);
	else if (operation->op == SETOP_UNION && operation->all && equal(operation->colTypes, types))
	{
		order_arms(order, query, operation->larg);
		order_arms(order, query, operation->rarg);
	}
	else
		order->all = false;
}

/*
 * Order the arms that a query has, or its subquery, or that subquery if it is a barrier.  LIMIT
 * counts rows that meet the conditions, so these must be known to the arms.  As in core, a
 * barrier lets those pass that reveal nothing of a row.
 *
 *		SELECT * FROM (SELECT ... UNION ALL SELECT ...) a WHERE lang = 'en' ORDER BY d LIMIT 10
 *				lang = 'en' goes into each arm, and is taken out above if all have got it
 *
 * Where an arm did not get it, the condition stays above as well: evaluated twice, it drops no other rows.
 */
static void
order_below(UnionOrder *order)
{
	Query	   *query = order->sorted;
	const RangeTblEntry *rte = loki_only_source(query);
	Node	   *quals = query->jointree->quals;

	if (query->setOperations != NULL)
	{
		order_arms(order, query, query->setOperations);
		return;
	}
	/* a lateral subquery depends on what is around the query */
	if (rte == NULL || rte->rtekind != RTE_SUBQUERY || rte->lateral ||
		(quals != NULL && (has_other_parts(quals, NULL) || contain_volatile_functions(quals) ||
						   (rte->security_barrier && contain_leaked_vars(quals)))))
		return;
	order->conditions = quals;
	order->arm = rte->subquery;
	order->barrier = rte->security_barrier;
	order->all = true;
	if (order->barrier)
		order_arm(order);
	else if (order->arm->setOperations != NULL && order->arm->sortClause == NIL && order->arm->limitCount == NULL &&
			 order->arm->limitOffset == NULL && order->arm->rowMarks == NIL)
		order_arms(order, order->arm, order->arm->setOperations);
	else
		order->all = false;
	if (order->all)
		query->jointree->quals = NULL;
}

/*
 * The order whose first rows a query takes, if its arms may have it as well; NIL if they may not.
 *
 * LIMIT is evaluated in each arm (P4), which is a subquery: so it may not be of an outer query's
 * columns, whose level would be another there.  The same holds for the sort keys.
 */
static List *
order_of_first_rows(const Query *query)
{
	Query		unranked = *query;
	List	   *sort = query->hasWindowFuncs ? loki_order_of_ranks(query) : query->sortClause;

	unranked.hasWindowFuncs = false;
	if (sort == NIL || query->limitCount == NULL ||
		query->limitOption != LIMIT_OPTION_COUNT || loki_changes_rows(&unranked) ||
		!loki_may_repeat(query->limitCount, query->limitOffset) ||
		has_other_parts(query->limitCount, NULL) || has_other_parts(query->limitOffset, NULL))
		return NIL;
	foreach_ptr(SortGroupClause, clause, sort)
		if (has_other_parts((Node *) get_sortgroupclause_expr(clause, query->targetList),
							(void *) query))
		return NIL;
	return sort;
}

/*
 * Whether a condition x IN (SELECT DISTINCT y ...) holds for the same rows without DISTINCT.
 *
 * DISTINCT leaves one of several rows that are equal.  If IN compares other columns than all of these,
 * or by another equality or collation, the row that is left may be one that x does not equal, and a row
 * that is dropped one that it does.
 */
static bool
compares_all_columns(const SubLink *link, const Query *query)
{
	List	   *tests = is_andclause(link->testexpr) ? ((BoolExpr *) link->testexpr)->args :
		list_make1(link->testexpr);
	ListCell   *test;
	ListCell   *cell;

	Assert(link->subLinkType == ANY_SUBLINK);
	if (list_length(tests) != list_length(query->distinctClause))
		return false;
	forboth(test, tests, cell, query->distinctClause)
	{
		const SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		const OpExpr *op = lfirst(test);
		Node	   *column = IsA(op, OpExpr) ? loki_strip_relabel(llast(op->args)) : NULL;
		TargetEntry *entry;

		if (column == NULL || !IsA(column, Param) || ((Param *) column)->paramkind != PARAM_SUBLINK)
			return false;
		entry = get_tle_by_resno(query->targetList, ((Param *) column)->paramid);
		if (entry->ressortgroupref != clause->tleSortGroupRef ||
			op->inputcollid != exprCollation((Node *) entry->expr) ||
			!equality_ops_are_compatible(op->opno, clause->eqop))
			return false;
	}
	return true;
}

/*
 * expression_tree_walker callback: whether a query or one below it locks rows: all that it reads.  As a
 * semi-join it would read fewer.
 */
static bool
locks_rows(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return ((Query *) node)->rowMarks != NIL || query_tree_walker((Query *) node, locks_rows, context, 0);
	return expression_tree_walker(node, locks_rows, context);
}

/*
 * x = ANY (ARRAY(SELECT y ...)) as x IN (SELECT y ...), which is true for the same rows; others as they
 * are.  Partitions take the keys as an array.
 *
 * The array is an InitPlan's: evaluated once, so its query must not read this one's columns, and what is
 * volatile in it would be evaluated otherwise.  x is a column of this query, since that is what an index
 * has.  y that is an array itself makes an array of more dimensions, of which ANY compares the elements.
 */
static Node *
without_array(const Query *sorted, Node *clause)
{
	const ScalarArrayOpExpr *any = (const ScalarArrayOpExpr *) clause;
	SubLink    *link = IsA(any, ScalarArrayOpExpr) && any->useOr ? lsecond(any->args) : NULL;
	const RangeTblEntry *rte;
	Param	   *column;
	Node	   *value;

	if (link == NULL || !IsA(link, SubLink) || link->subLinkType != ARRAY_SUBLINK || !IsA(linitial(any->args), Var) ||
		linitial_node(Var, any->args)->varlevelsup > 0 ||
		contain_vars_of_level(link->subselect, 1) || contain_volatile_functions(link->subselect) ||
		locks_rows(link->subselect, NULL))
		return clause;
	rte = rt_fetch(linitial_node(Var, any->args)->varno, sorted->rtable);
	if (rte->rtekind != RTE_RELATION || (rte->inh && has_subclass(rte->relid)))
		return clause;
	value = (Node *) linitial_node(TargetEntry, castNode(Query, link->subselect)->targetList)->expr;
	if (get_array_type(exprType(value)) != exprType((Node *) link))
		return clause;
	column = makeNode(Param);
	column->paramkind = PARAM_SUBLINK;
	column->paramid = 1;
	column->paramtype = exprType(value);
	column->paramtypmod = exprTypmod(value);
	column->paramcollid = exprCollation(value);
	link->subLinkType = ANY_SUBLINK;
	link->testexpr = (Node *) loki_make_operator(any->opno, linitial(any->args), (Expr *) column, any->inputcollid);
	link->operName = list_make1(makeString(get_opname(any->opno)));
	return (Node *) link;
}

/*
 * Take arrays and DISTINCT out of x = ANY (ARRAY(SELECT ...)) and x IN (SELECT DISTINCT ...), which core
 * would not pull up for them: then no plan has the keys of the table (forms/keys.c).
 */
static Node *
let_pull_up(const Query *sorted, Node *quals)
{
	SubLink    *link;
	Query	   *query;
	ListCell   *cell;

	if (quals == NULL)
		return NULL;
	if (is_andclause(quals))
		foreach(cell, ((BoolExpr *) quals)->args)
			lfirst(cell) = let_pull_up(sorted, lfirst(cell));
	quals = without_array(sorted, quals);
	link = (SubLink *) quals;
	if (!IsA(link, SubLink) || link->subLinkType != ANY_SUBLINK)
		return quals;
	query = castNode(Query, link->subselect);
	if (query->distinctClause != NIL && !query->hasDistinctOn && query->sortClause == NIL &&
		!locks_rows((Node *) query, NULL) &&
		query->limitCount == NULL && query->limitOffset == NULL && compares_all_columns(link, query))
		query->distinctClause = NIL;
	return quals;
}

/* Whether a query's sort keys are the first of those of another, which are `keys` in its target list, as far as they go */
static bool
sorts_by_first(const Query *query, const List *keys, const Query *sorted)
{
	ListCell   *cell;
	ListCell   *key;
	ListCell   *like;

	if (list_length(query->sortClause) > list_length(keys))
		return false;
	forthree(cell, query->sortClause, key, keys, like, sorted->sortClause)
	{
		const SortGroupClause *clause = lfirst_node(SortGroupClause, cell);
		const SortGroupClause *above = lfirst_node(SortGroupClause, like);

		if (clause->tleSortGroupRef != lfirst_node(TargetEntry, key)->ressortgroupref ||
			clause->sortop != above->sortop || clause->nulls_first != above->nulls_first)
			return false;
	}
	return true;
}

/* The subquery that a member of a query's range table is, in FROM or WITH, if nothing else reads it; or else NULL */
static Query *
subquery_of(const Query *query, const RangeTblEntry *rte)
{
	if (rte->rtekind == RTE_SUBQUERY)
		return rte->subquery;
	if (rte->rtekind == RTE_CTE && rte->ctelevelsup == 0)
		foreach_node(CommonTableExpr, cte, query->cteList)
			if (strcmp(cte->ctename, rte->ctename) == 0 && cte->cterefcount == 1)
			return castNode(Query, cte->ctequery);
	return NULL;
}

/*
 * Take ORDER BY out of the subqueries of a query, whose rows `sorted` sorts by `keys`, entries of the query's target list,
 * if theirs begins that: rows that are equal above were equal there.  Not where it decides which rows there are, in which
 * order they are locked, or volatile functions called.
 */
static void
leave_out_orders(Query *query, const List *keys, Query *sorted)
{
	foreach_node(RangeTblEntry, rte, query->rtable)
	{
		Query	   *below = subquery_of(query, rte);
		List	   *columns = NIL;

		if (below == NULL || below->commandType != CMD_SELECT || below->setOperations != NULL || below->limitCount != NULL ||
			below->limitOffset != NULL || below->hasDistinctOn || below->rowMarks != NIL)
			continue;
		foreach_node(TargetEntry, key, keys)
		{
			Var		   *column = (Var *) key->expr;

			if (!IsA(column, Var) || column->varno != foreach_current_index(rte) + 1 || column->varlevelsup > 0 ||
				column->varattno <= 0)
				break;
			columns = lappend(columns, get_tle_by_resno(below->targetList, column->varattno));
		}
		if (columns == NIL)
			continue;
		/* core pulls up none with WITH, or a function that returns a set: its order is what ends early */
		if (below->sortClause != NIL && below->cteList == NIL && !below->hasTargetSRFs &&
			sorts_by_first(below, columns, sorted) &&
			loki_is_score_type(exprType((Node *) linitial_node(TargetEntry, columns)->expr)) &&
			!contain_volatile_functions((Node *) sorted))
			below->sortClause = NIL;
		if (below->sortClause == NIL && !loki_changes_rows(below))
			leave_out_orders(below, columns, sorted);
	}
}

/* query_tree_walker callback: order the arms of all queries below, in FROM, WITH and expressions. */
static bool
order_arms_below(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
	{
		order_all_arms((Query *) node);
		return false;
	}
	return expression_tree_walker(node, order_arms_below, context);
}

/*
 * From the top down, so that an arm that has got an order and a LIMIT hands them on to arms of its own.
 * Join alias expressions are copies of what the query has elsewhere, and are not walked.
 */
static void
order_all_arms(Query *query)
{
	UnionOrder	order = {.sorted = query, .sort = order_of_first_rows(query)};
	List	   *keys = NIL;

	foreach_node(SortGroupClause, clause, query->sortClause)
		keys = lappend(keys, get_sortgroupclause_tle(clause, query->targetList));
	if (keys != NIL && !loki_changes_rows(query) && query->setOperations == NULL)
		leave_out_orders(query, keys, query);
	if (order.sort != NIL)
		order_below(&order);

	/*
	 * a row that is locked is looked at again, with all of what its
	 * conditions read
	 */
	if (query->hasSubLinks && query->rowMarks == NIL && loki_sorts_by_score(query))
		query->jointree->quals = let_pull_up(query, query->jointree->quals);

	/* what has become ordered by that may have arms, too */
	if (query->hasSubLinks || query->cteList != NIL)
	{
		(void) query_tree_walker(query, order_arms_below, NULL, QTW_IGNORE_JOINALIASES);
		return;
	}
	foreach_node(RangeTblEntry, rte, query->rtable)
		if (rte->rtekind == RTE_SUBQUERY)
		order_all_arms(rte->subquery);
}

const LokiForm loki_arms_form = {.query = order_all_arms};
