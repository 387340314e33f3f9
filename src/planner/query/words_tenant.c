/*-------------------------------------------------------------------------
 *
 * words_tenant.c
 *	  Policies that show the rows of one tenant, whose words are counted alone, and those that hide rows unseen.
 *
 * IDENTIFICATION
 *	  src/planner/query/words_tenant.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "planner/query/column_test.h"
#include "planner/query/words_tenant.h"
#include "utils/rel.h"
#include "utils/rls.h"

/* expression_tree_walker callback: whether an expression cannot be computed in another place of the query */
static bool
is_bound_to_place(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, Var) || IsA(node, SubPlan) || IsA(node, AlternativeSubPlan) ||
		(IsA(node, Param) && ((Param *) node)->paramkind == PARAM_EXEC) ||
		expression_tree_walker(node, is_bound_to_place, context);
}

/* A condition; the same of several by OR that say the same, as of two policies that are permissive */
static Node *
said_once(Node *clause)
{
	if (!is_orclause(clause))
		return clause;
	foreach_ptr(Node, other, ((BoolExpr *) clause)->args)
		if (!equal(other, linitial(((BoolExpr *) clause)->args)))
		return clause;
	return linitial(((BoolExpr *) clause)->args);
}

/*
 * Whether a policy shows the rows of one tenant, all of them and no others: its only condition is an equality
 * of an attribute of the index with what is the same for all rows.  Then it sets the column, the operator and
 * the tenant's value.  A condition of several parts, also by OR, may hide other rows of the tenant or show those
 * of others, of which scores would tell.
 *
 *		tenant = current_setting('app.tenant')::int, account_id = (SELECT my_account())
 *		published, NOT published		published = true, as core simplifies it, and = false
 *
 * A policy for reading and one for writing may both be there, and be the same.
 */
bool
loki_shows_tenant(const IndexOptInfo *columns, List *policy, Bm25Tenant *tenant, Node **value)
{
	Node	   *clause = said_once(linitial(policy));
	LokiColumnTest test;

	foreach_ptr(Node, other, policy)
		if (!equal(said_once(other), clause))
		return false;
	if (!loki_column_condition(columns, clause, &test) || test.column == 0 || test.flags != 0 || test.negated ||
		test.equals_null || test.strategy != BTEqualStrategyNumber || contain_vars_of_level(test.constant, 0) ||
		contain_volatile_functions(test.constant) || is_bound_to_place(test.constant, NULL))
		return false;
	*tenant = (Bm25Tenant) {.column = test.column + 1, .operator = test.opno, .collation = test.collation};
	*value = test.constant;
	return true;
}

/* See words_tenant.h.  Rows of several values, which OR or ANY ask for, have no statistics in common. */
bool
loki_states_tenant(const IndexOptInfo *columns, int column, List *conditions, Bm25Tenant *tenant, Node **value)
{
	foreach_ptr(Node, condition, conditions)
	{
		foreach_ptr(Node, clause, make_ands_implicit((Expr *) condition))
			if (loki_shows_tenant(columns, list_make1(clause), tenant, value) && tenant->column == column)
			return true;
	}
	return false;
}

/* See words_tenant.h.  A subquery has no PlannerInfo yet, and no partitions. */
bool
loki_hides_without_conditions(const PlannerInfo *root, const Query *query, Index varno)
{
	RangeTblEntry *rte = rt_fetch(varno, query->rtable);
	Index		parent = varno;
	Oid			user;

	if (root != NULL && root->append_rel_array != NULL)
		while ((int) parent < root->simple_rel_array_size && root->append_rel_array[parent] != NULL &&
			   OidIsValid(root->append_rel_array[parent]->parent_reloid))
			parent = root->append_rel_array[parent]->parent_relid;
	if (parent != varno)
		return rt_fetch(parent, query->rtable)->securityQuals != NIL;
	if (query->commandType == CMD_INSERT &&
		(varno == query->resultRelation || (query->onConflict != NULL && varno == query->onConflict->exclRelIndex)))
	{
		/* EXCLUDED has no user; a view that is written through stays in the range table */
		rte = rt_fetch(query->resultRelation, query->rtable);
		foreach_node(RangeTblEntry, other, query->rtable)
			if (other->rtekind == RTE_RELATION && other->relkind == RELKIND_VIEW)
			{
				Relation	view = table_open(other->relid, AccessShareLock);
				bool		barrier = RelationIsSecurityView(view);

				table_close(view, NoLock);
				if (barrier)
					return true;
			}
	}
	user = LokiCheckAsUser(query, rte);
	return rte->securityQuals == NIL && check_enable_rls(rte->relid, user, true) == RLS_ENABLED;
}
