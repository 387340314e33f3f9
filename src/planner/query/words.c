/*-------------------------------------------------------------------------
 *
 * words.c
 *	  Searches for words: words <@> tsquery becomes words <@@> bm25_weighed(index, tsquery).
 *
 * A score depends on how many rows have a word, which an index tells.  The planner looks for an index
 * of what stands left of the operator, and puts its name into the expression.  So scores are the same
 * in each plan, whether it scans that index or not.
 *
 * The weighed_tsquery that names the index also says that the query may have its statistics: the server
 * checks that the user, or the owner of a view, may read the column.  Where row security or a
 * security barrier hides rows, that is not enough, and the index's owner must have allowed it.
 *
 * IDENTIFICATION
 *	  src/planner/query/words.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "hnsw/hnsw.h"
#include "lokivector.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "types/bm25.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* The only variable of an expression, of whatever query; NULL if there is none or are several */
static Var *
only_variable(Node *expr)
{
	List	   *vars = pull_vars_of_level(expr, 0);
	Var		   *var = NULL;
	ListCell   *cell;

	foreach(cell, vars)
	{
		if (var != NULL && ((Var *) lfirst(cell))->varno != var->varno)
			return NULL;
		var = lfirst(cell);
	}
	return var;
}

/*
 * The table that an expression is computed from, and the expression as that of a query of the table,
 * with its number in *varno; through subqueries that have not been pulled up if it is a column.  NULL
 * if there is none.  *hidden is set if rows of the table are hidden from the user.
 */
static RangeTblEntry *
find_table(PlannerInfo *root, Node **expr, int *varno, bool *hidden)
{
	Query	   *query = root->parse;

	for (;;)
	{
		RangeTblEntry *rte;
		TargetEntry *entry;
		Var		   *var;

		while (IsA(*expr, PlaceHolderVar))
			*expr = (Node *) ((PlaceHolderVar *) *expr)->phexpr;
		var = IsA(*expr, Var) ? (Var *) *expr : only_variable(*expr);
		if (var == NULL)
			return NULL;
		for (Index level = var->varlevelsup; level > 0; level--)
		{
			if (query != root->parse || root->parent_root == NULL)
				return NULL;
			root = root->parent_root;
			query = root->parse;
		}
		if (IS_SPECIAL_VARNO(var->varno))
			return NULL;
		rte = rt_fetch(var->varno, query->rtable);
		*hidden |= rte->securityQuals != NIL || rte->security_barrier;
		if (rte->rtekind == RTE_RELATION)
		{
			*varno = var->varno;
			return rte;
		}
		if (rte->rtekind != RTE_SUBQUERY || rte->subquery == NULL || rte->subquery->setOperations != NULL ||
			*expr != (Node *) var)
			return NULL;
		query = rte->subquery;
		entry = get_tle_by_resno(query->targetList, var->varattno);
		if (entry == NULL)
			return NULL;
		*expr = (Node *) entry->expr;
	}
}

/* Whether the first column of an index is an expression over the table's columns, as varno 1 has them */
static bool
indexes_expression(Relation index, Node *expr)
{
	AttrNumber	column = index->rd_index->indkey.values[0];

	if (column != 0)
		return IsA(expr, Var) && ((Var *) expr)->varattno == column;
	return equal(linitial(RelationGetIndexExpressions(index)), expr);
}

/* An index of the words of a table; InvalidOid if there is none.  One of all rows is preferred. */
static Oid
find_index(Oid relid, Node *expr, bool hidden)
{
	Relation	table = table_open(relid, AccessShareLock);
	Oid			found = InvalidOid;
	bool		refused = false;
	ListCell   *cell;

	foreach(cell, RelationGetIndexList(table))
	{
		Relation	index = try_relation_open(lfirst_oid(cell), AccessShareLock);

		if (index == NULL)		/* dropped just now */
			continue;
		if (index->rd_index->indisvalid && loki_is_words_index(index) && indexes_expression(index, expr))
		{
			bool		whole = RelationGetIndexPredicate(index) == NIL;

			if (hidden && !loki_shares_statistics(index))
				refused = true;
			else if (!OidIsValid(found) || whole)
				found = RelationGetRelid(index);
		}
		relation_close(index, NoLock);
	}
	table_close(table, NoLock);
	if (!OidIsValid(found) && refused)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("scores would tell of rows of table \"%s\" that are hidden", get_rel_name(relid)),
				 errdetail("They depend on how many rows have a word."),
				 errhint("If readers may know that, set the index's storage parameter shared_statistics.")));
	return found;
}

/* The operator over a query that the index makes of a search */
static Node *
make_operation(FuncExpr *call, Oid indexid)
{
	Oid			schema = get_func_namespace(call->funcid);
	char	   *name = get_namespace_name(schema);
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("weighed_tsquery"),
									   ObjectIdGetDatum(schema));
	Oid			types[] = {type, TSQUERYOID};
	Oid			make = LookupFuncName(list_make2(makeString(name), makeString("bm25_weighed")), 2, types, false);
	Oid			operator = OpernameGetOprid(list_make2(makeString(name), makeString("<@@>")), TSVECTOROID, type);
	Bm25Query  *query = palloc0(offsetof(Bm25Query, words));
	Node	   *words;

	SET_VARSIZE(query, offsetof(Bm25Query, words));
	query->index = indexid;
	query->n = -1;
	words = (Node *) makeFuncExpr(make, type,
								  list_make2(makeConst(type, -1, InvalidOid, -1,
													   PointerGetDatum(query), false, false),
											 lsecond(call->args)),
								  InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
	return (Node *) make_opclause(operator, FLOAT8OID, false, linitial(call->args), (Expr *) words,
								  InvalidOid, InvalidOid);
}

/* Called by the planner for an operator <@> (tsvector, tsquery), or its function */
LOKI_FUNCTION(lokivector_words_support);
Datum
lokivector_words_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	Node	   *expr;
	RangeTblEntry *rte;
	int			varno;
	bool		hidden = false;
	Oid			index;

	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	expr = linitial(request->fcall->args);
	rte = find_table(request->root, &expr, &varno, &hidden);
	if (rte == NULL)
		PG_RETURN_POINTER(NULL);
	expr = copyObject(expr);
	ChangeVarNodes(expr, varno, 1, 0);
	index = find_index(rte->relid, expr, hidden);
	PG_RETURN_POINTER(OidIsValid(index) ? make_operation(request->fcall, index) : NULL);
}
