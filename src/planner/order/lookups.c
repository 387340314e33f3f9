/*-------------------------------------------------------------------------
 *
 * lookups.c
 *	  Subqueries that look for the nearest row of each row of the query.
 *
 *		SELECT d.id, (SELECT min(c.v <=> $1) FROM chunks c WHERE c.doc = d.id) AS x
 *		FROM documents d ORDER BY x LIMIT 10
 *		SELECT d.id, c.id FROM documents d, LATERAL (SELECT id, v <=> $1 AS x FROM chunks
 *		  WHERE doc = d.id ORDER BY x LIMIT 1) c ORDER BY c.x LIMIT 10
 *
 * Core runs the subquery for every document.  The nearest chunk of each document is the nearest
 * row of a group, and groups come in order (order/groups.c):
 *
 *		SELECT d.id, s.x FROM documents d,
 *		  (SELECT DISTINCT ON (doc) v <=> $1 AS x, doc FROM chunks ORDER BY doc, x) s
 *		WHERE s.doc = d.id AND s.x IS NOT NULL ORDER BY x LIMIT 10
 *
 * Documents without a distance come last.  They are the query's own rows WHERE x IS NULL, and
 * a second arm of a UNION ALL: loki_arms_in_turn() makes of it an Append that begins with these
 * only if LIMIT takes more rows than the first arm has.  Documents may be so few that core's plan
 * is the better one, so order/resjunk.c has both planned.
 *
 * IDENTIFICATION
 *	  src/planner/order/lookups.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "parser/parse_clause.h"
#include "parser/parse_oper.h"
#include "parser/parsetree.h"
#include "planner/order/order.h"
#include "planner/query/groups.h"
#include "planner/query/make_expr.h"
#include "planner/query/promise.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

/*
 * expression_tree_walker callback: whether there is a distance.  It need not be what the rows are sorted by,
 * which may be a column of a view; but statements without distances are left alone.
 */
static bool
has_distance(Node *node, void *context)
{
	bool		falling;

	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, has_distance, context, 0);
	return loki_base_distance(node, &falling) != NULL ||
		expression_tree_walker(node, has_distance, context);
}

/* Whether a subquery returns its least or greatest value of a column, or the one row that has it */
static bool
is_nearest(const Query *query, AttrNumber column)
{
	const TargetEntry *entry = get_tle_by_resno(query->targetList, column);
	Const	   *count = (Const *) eval_const_expressions(NULL, query->limitCount);
	Query		plain = *query;
	bool		max;

	plain.hasAggs = false;
	if (entry == NULL || entry->resjunk || loki_changes_rows(&plain) ||
		query->setOperations != NULL || query->cteList != NIL || query->limitOffset != NULL)
		return false;
	if (query->hasAggs)
		return query->limitCount == NULL && query->sortClause == NIL &&
			list_length(query->targetList) == 1 && IsA(entry->expr, Aggref) &&
			loki_is_extreme((Aggref *) entry->expr, &max);
	return list_length(query->sortClause) == 1 && query->limitOption == LIMIT_OPTION_COUNT &&
		count != NULL && IsA(count, Const) && !count->constisnull && DatumGetInt64(count->constvalue) == 1 &&
		get_sortgroupclause_tle(linitial(query->sortClause), query->targetList) == entry;
}

/* The row of a relation, from within subqueries as well */
typedef struct WholeRow
{
	int			relation;
	int			level;			/* how deep; the query itself is 1 */
} WholeRow;

/* expression_tree_walker callback: whether there is such a row, which would get further columns */
static bool
has_whole_row(Node *node, WholeRow *row)
{
	const Var  *var = (const Var *) node;
	bool		result;

	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return var->varno == row->relation && var->varattno == InvalidAttrNumber &&
			var->varlevelsup + 1 == row->level;
	if (!IsA(node, Query))
		return expression_tree_walker(node, has_whole_row, row);
	row->level++;
	result = query_tree_walker((Query *) node, has_whole_row, row, 0);
	row->level--;
	return result;
}

/*
 * The subquery of the column that a query sorts by first, if it looks for the nearest row of each
 * of the query's rows; NULL if there is none.  Rows without a distance must come last.  Under
 * pgvector's limits a row might be without one in the second arm alone, and come twice.
 */
static Query *
lookup_of(const Query *query, TargetEntry **key)
{
	SubLink    *link;
	Var		   *column;
	Query	   *lookup = NULL;
	AttrNumber	number = 1;

	if (query->sortClause == NIL || !loki_searches_are_complete() || !loki_has_limit(query) || loki_changes_rows(query) ||
		query->setOperations != NULL || query->cteList != NIL ||
		!loki_may_repeat(query->limitCount, query->limitOffset) ||
		linitial_node(SortGroupClause, query->sortClause)->nulls_first)
		return NULL;
	*key = get_sortgroupclause_tle(linitial(query->sortClause), query->targetList);
	link = (SubLink *) (*key)->expr;
	column = (Var *) link;
	if (IsA(link, SubLink) && link->subLinkType == EXPR_SUBLINK)
		lookup = castNode(Query, link->subselect);
	else if (IsA(column, Var) && column->varlevelsup == 0 && column->varattno > 0 &&
			 rt_fetch(column->varno, query->rtable)->lateral)
	{
		lookup = rt_fetch(column->varno, query->rtable)->subquery;
		number = column->varattno;
	}
	return lookup != NULL && is_nearest(lookup, number) && has_distance((Node *) lookup, NULL) &&
		contain_vars_of_level((Node *) lookup, 1) &&
		!has_whole_row((Node *) query, &(WholeRow) {.relation = IsA(column, Var) ? column->varno : 0}) &&
		!contain_volatile_functions((Node *) query) ? lookup : NULL;
}

/*
 * The side of a condition that is a column of the subquery, if it is equal to one of the query
 * around it as groups are; NULL for other conditions
 */
static Node **
key_of(OpExpr *op, SortGroupClause *clause)
{
	Node	  **key;
	int			column;

	if (!IsA(op, OpExpr) || list_length(op->args) != 2 || checkExprHasSubLink((Node *) op))
		return NULL;
	column = contain_vars_of_level(linitial(op->args), 1) ? 1 : 0;
	key = (Node **) &lfirst(list_nth_cell(op->args, column));
	if (contain_vars_of_level(list_nth(op->args, 1 - column), 0) ||
		contain_vars_of_level(*key, 1) || !contain_vars_of_level(*key, 0))
		return NULL;
	get_sort_group_operators(exprType(*key), false, false, false, &clause->sortop, &clause->eqop,
							 NULL, &clause->hashable);
	return OidIsValid(clause->sortop) && OidIsValid(clause->eqop) &&
		op_mergejoinable(op->opno, exprType(linitial(op->args))) &&
		equality_ops_are_compatible(op->opno, clause->eqop) &&
		op->inputcollid == exprCollation(*key) ? key : NULL;
}

/*
 * Have a subquery return a row with the least or greatest value, not min() or max() of it: core makes a HAVING
 * of a condition on these, and has two parameters then for a subquery that is the query vector.
 */
static void
sort_instead(Query *lookup)
{
	TargetEntry *entry = linitial(lookup->targetList);
	Aggref	   *aggregate = (Aggref *) entry->expr;
	SortGroupClause *clause;
	bool		max;

	(void) loki_is_extreme(aggregate, &max);
	clause = loki_sort_clause(aggregate->aggtype, max, false);
	entry->expr = linitial_node(TargetEntry, aggregate->args)->expr;
	clause->tleSortGroupRef = assignSortGroupRef(entry, lookup->targetList);
	lookup->sortClause = list_make1(clause);
	lookup->hasAggs = false;
}

/*
 * Have a subquery return the nearest row of each group, with further columns that are the group's
 * key.  Returns the conditions that select the group of a row of the query, of which `column` is
 * the distance; NIL if the subquery depends on the query in another way.
 */
static List *
group_rows(Query *lookup, const Var *column)
{
	List	   *quals = make_ands_implicit((Expr *) lookup->jointree->quals);
	List	   *conditions = NIL;
	List	   *keys = NIL;
	ListCell   *cell;

	if (lookup->hasAggs)
		sort_instead(lookup);
	foreach(cell, lookup->targetList)
		lfirst_node(TargetEntry, cell)->resjunk = false;
	foreach(cell, quals)
	{
		SortGroupClause *clause = makeNode(SortGroupClause);
		OpExpr	   *op = lfirst(cell);
		TargetEntry *entry;
		Node	  **key;
		Var		   *var;

		if (!contain_vars_of_level((Node *) op, 1))
			continue;
		key = key_of(op, clause);
		if (key == NULL)
			return NIL;
		entry = makeTargetEntry((Expr *) *key, list_length(lookup->targetList) + 1,
								pstrdup("key"), false);
		lookup->targetList = lappend(lookup->targetList, entry);
		clause->tleSortGroupRef = assignSortGroupRef(entry, lookup->targetList);
		keys = lappend(keys, clause);

		/* outer joins may fill it where they do the distance */
		var = copyObject(unconstify(Var *, column));
		var->varattno = var->varattnosyn = entry->resno;
		var->vartype = exprType(*key);
		var->vartypmod = exprTypmod(*key);
		var->varcollid = exprCollation(*key);
		*key = (Node *) var;
		quals = foreach_delete_current(quals, cell);
		IncrementVarSublevelsUp((Node *) op, -1, 1);
		conditions = lappend(conditions, op);
	}
	lookup->jointree->quals = quals == NIL ? NULL : (Node *) make_ands_explicit(quals);
	if (contain_vars_of_level((Node *) lookup, 1))
		return NIL;
	lookup->distinctClause = keys;
	lookup->hasDistinctOn = true;
	lookup->sortClause = list_concat(copyObject(keys), lookup->sortClause);
	lookup->limitCount = NULL;
	return conditions;
}

/* A subquery of FROM, with the names of its columns */
static RangeTblEntry *
make_subquery(Query *query, const char *name)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
	ListCell   *cell;

	rte->rtekind = RTE_SUBQUERY;
	rte->subquery = query;
	rte->eref = makeAlias(name, NIL);
	rte->inFromCl = true;
	foreach(cell, query->targetList)
	{
		const char *column = lfirst_node(TargetEntry, cell)->resname;

		rte->eref->colnames = lappend(rte->eref->colnames,
									  makeString(pstrdup(column != NULL ? column : "?column?")));
	}
	return rte;
}

/* A part of FROM */
static RangeTblRef *
make_reference(int relation)
{
	RangeTblRef *ref = makeNode(RangeTblRef);

	ref->rtindex = relation;
	return ref;
}

/* Have a query take the nearest rows of groups; false if it cannot. */
static bool
take_groups(Query *query)
{
	TargetEntry *key;
	Query	   *lookup = lookup_of(query, &key);
	Var		   *column = (Var *) key->expr;
	RangeTblEntry *rte;
	List	   *conditions;

	if (!IsA(column, Var))
		column = makeVar(list_length(query->rtable) + 1, 1, exprType((Node *) column),
						 exprTypmod((Node *) column), exprCollation((Node *) column), 0);
	conditions = group_rows(lookup, column);
	if (conditions == NIL)
		return false;
	rte = make_subquery(lookup, "nearest");
	if (column->varno <= list_length(query->rtable))
	{
		rte->alias = rt_fetch(column->varno, query->rtable)->alias;
		rte->eref->aliasname = rt_fetch(column->varno, query->rtable)->eref->aliasname;
		lfirst(list_nth_cell(query->rtable, column->varno - 1)) = rte;
	}
	else
	{
		query->rtable = lappend(query->rtable, rte);
		query->jointree->fromlist = lappend(query->jointree->fromlist,
											make_reference(column->varno));
		key->expr = (Expr *) column;
	}
	conditions = lappend(conditions, loki_make_null_test(copyObject(column), IS_NOT_NULL));
	query->jointree->quals = make_and_qual(query->jointree->quals,
										   (Node *) make_ands_explicit(conditions));
	return true;
}

bool
loki_has_lookup(const Query *query)
{
	TargetEntry *key;

	return lookup_of(query, &key) != NULL;
}

void
loki_group_lookup(Query *query)
{
	Query	   *arms[] = {copyObject(query), copyObject(query)};
	Query	   *both = makeNode(Query);
	SetOperationStmt *operation = makeNode(SetOperationStmt);
	TargetEntry *key;
	ListCell   *cell;

	if (!take_groups(arms[0]))
		return;
	(void) lookup_of(arms[1], &key);
	arms[1]->jointree->quals = make_and_qual(arms[1]->jointree->quals,
											 (Node *) loki_make_null_test(key->expr, IS_NULL));
	key->expr = (Expr *) makeNullConst(exprType((Node *) key->expr), exprTypmod((Node *) key->expr),
									   exprCollation((Node *) key->expr));
	arms[0]->limitCount = loki_rows_taken(arms[0]->limitCount, arms[0]->limitOffset);
	arms[0]->limitOffset = arms[1]->limitOffset = arms[1]->limitCount = NULL;
	arms[1]->sortClause = NIL;

	/* the query becomes one of their union, so they are two levels deeper */
	both->commandType = CMD_SELECT;
	both->canSetTag = true;
	both->jointree = makeFromExpr(NIL, NULL);
	both->setOperations = (Node *) operation;
	operation->op = SETOP_UNION;
	operation->all = true;
	operation->larg = (Node *) make_reference(1);
	operation->rarg = (Node *) make_reference(2);
	for (int i = 0; i < lengthof(arms); i++)
	{
		foreach(cell, arms[i]->targetList)
			lfirst_node(TargetEntry, cell)->resjunk = false;
		IncrementVarSublevelsUp((Node *) arms[i], 2, 1);
		both->rtable = lappend(both->rtable, make_subquery(arms[i], "*SELECT*"));
	}
	foreach(cell, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);
		Var		   *var = makeVar(1, entry->resno, exprType((Node *) entry->expr),
								  exprTypmod((Node *) entry->expr),
								  exprCollation((Node *) entry->expr), 0);

		operation->colTypes = lappend_oid(operation->colTypes, var->vartype);
		operation->colTypmods = lappend_int(operation->colTypmods, var->vartypmod);
		operation->colCollations = lappend_oid(operation->colCollations, var->varcollid);
		both->targetList = lappend(both->targetList,
								   makeTargetEntry((Expr *) var, entry->resno, entry->resname, false));
		entry->expr = (Expr *) copyObject(var);
	}
	query->rtable = list_make1(make_subquery(both, "lookups"));
	LokiClearPermissions(query);
	query->jointree = makeFromExpr(list_make1(make_reference(1)), NULL);
	query->hasSubLinks = false;
}

/* Whether a subquery has NULL in the place of a sort key of its parent */
static bool
has_null(const RelOptInfo *parent, const PathKey *key, const RelOptInfo *child)
{
	ListCell   *cell;

	foreach(cell, child->subroot == NULL ? NIL : key->pk_eclass->ec_members)
	{
		const Var  *column = (const Var *) lfirst_node(EquivalenceMember, cell)->em_expr;

		if (IsA(column, Var) && column->varno == parent->relid)
		{
			Const	   *value = (Const *) get_tle_by_resno(child->subroot->processed_tlist,
														   column->varattno)->expr;

			return IsA(value, Const) && value->constisnull;
		}
	}
	return false;
}

void
loki_arms_in_turn(PlannerInfo *root, RelOptInfo *rel)
{
	MergeAppendPath *merge = NULL;
	Path	   *first;
	Path	   *append;
	ListCell   *cell;

	foreach(cell, rel->pathlist)
		if (IsA(lfirst(cell), MergeAppendPath))
		merge = lfirst(cell);
	if (merge == NULL || root->query_pathkeys == NIL || list_length(merge->subpaths) != 2 ||
		!pathkeys_contained_in(root->query_pathkeys, ((Path *) linitial(merge->subpaths))->pathkeys) ||
		linitial_node(PathKey, root->query_pathkeys)->pk_nulls_first ||
		!has_null(rel, linitial(root->query_pathkeys), ((Path *) lsecond(merge->subpaths))->parent))
		return;
	first = linitial(merge->subpaths);
	append = (Path *) create_append_path(root, rel, merge->subpaths, NIL, root->query_pathkeys,
										 NULL, 0, false, -1);
	if (first->rows >= root->limit_tuples)
	{
		/* LIMIT is not expected to take a row of the second */
		append->rows = first->rows;
		append->startup_cost = first->startup_cost;
		append->total_cost = first->total_cost;
	}
	add_path(rel, append);
}
