/*-------------------------------------------------------------------------
 *
 * anycolumn.c
 *	  Index clauses for x = ANY (column), where the column is an array.
 *
 * Core matches a column on the left of = ANY alone.  Where the operator is the
 * one by which arrays compare elements, the clause is true of just the rows
 * for which column @> ARRAY[x] is: if x is NULL of none, and whatever NULLs
 * the column's arrays have.
 *
 * IDENTIFICATION
 *	  src/planner/anycolumn.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "planner/planner.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

/* Whether a coercion of arrays leaves their elements as they are */
static bool
is_relabel_of_elements(Node *node)
{
	Expr	   *element;

	if (!IsA(node, ArrayCoerceExpr))
		return false;
	element = ((ArrayCoerceExpr *) node)->elemexpr;
	return IsA(element, RelabelType) &&
		IsA(((RelabelType *) element)->arg, CaseTestExpr);
}

/* The column below what makes it look like another type */
static Node *
strip_relabel(Node *node)
{
	for (;;)
	{
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (is_relabel_of_elements(node))
			node = (Node *) ((ArrayCoerceExpr *) node)->arg;
		else
			return node;
	}
}

/*
 * ARRAY[x], of the type that the column's values have; NULL where elements are
 * not compared by the clause's operator.
 */
static Node *
array_of(PlannerInfo *root, const ScalarArrayOpExpr *saop, Oid array_type)
{
	Oid			element = get_element_type(array_type);
	ArrayExpr  *array;
	Node	   *x = linitial(saop->args);

	if (!OidIsValid(element) || getBaseType(element) != element ||
		lookup_type_cache(element, TYPECACHE_EQ_OPR)->eq_opr != saop->opno)
		return NULL;
	if (exprType(x) != element)
		x = (Node *) makeRelabelType((Expr *) x, element, -1, exprCollation(x),
									 COERCE_IMPLICIT_CAST);
	array = makeNode(ArrayExpr);
	array->array_typeid = array_type;
	array->array_collid = saop->inputcollid;
	array->element_typeid = element;
	array->elements = list_make1(x);
	array->multidims = false;
	array->location = -1;
	return eval_const_expressions(root, (Node *) array);
}

/* The clause column @> ARRAY[x] */
static RestrictInfo *
contains_clause(PlannerInfo *root, const ScalarArrayOpExpr *saop)
{
	Node	   *column = strip_relabel(lsecond(saop->args));
	Oid			array_type = getBaseType(exprType(column));
	Node	   *array = array_of(root, saop, array_type);
	Expr	   *expr;

	if (array == NULL)
		return NULL;
	expr = make_opclause(OID_ARRAY_CONTAINS_OP, BOOLOID, false, (Expr *) column,
						 (Expr *) array, InvalidOid, saop->inputcollid);
	set_opfuncid((OpExpr *) expr);
	return make_simple_restrictinfo(root, expr);
}

/*
 * The index clause for a condition, or NULL.  It is evaluated before all others,
 * so none that must wait for a security barrier.
 */
IndexClause *
loki_any_column_clause(PlannerInfo *root, IndexOptInfo *info, RestrictInfo *rinfo)
{
	ScalarArrayOpExpr *saop = (ScalarArrayOpExpr *) rinfo->clause;
	Node	   *x;

	if (!IsA(saop, ScalarArrayOpExpr) || !saop->useOr || rinfo->pseudoconstant ||
		rinfo->security_level > info->rel->baserestrict_min_security)
		return NULL;
	x = linitial(saop->args);
	if (bms_is_member(info->rel->relid, pull_varnos(root, x)) ||
		contain_volatile_functions(x))
		return NULL;
	for (int col = 1; col < info->nkeycolumns; col++)
	{
		IndexClause *clause;
		RestrictInfo *contains;

		if (!match_index_to_operand(strip_relabel(lsecond(saop->args)), col, info) ||
			(OidIsValid(info->indexcollations[col]) &&
			 info->indexcollations[col] != saop->inputcollid) ||
			!op_in_opfamily(OID_ARRAY_CONTAINS_OP, info->opfamily[col]))
			continue;
		contains = contains_clause(root, saop);
		if (contains == NULL)
			return NULL;
		clause = makeNode(IndexClause);
		clause->rinfo = rinfo;
		clause->indexquals = list_make1(contains);
		clause->lossy = false;
		clause->indexcol = col;
		clause->indexcols = NIL;
		return clause;
	}
	return NULL;
}
