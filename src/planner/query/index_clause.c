/*-------------------------------------------------------------------------
 *
 * index_clause.c
 *	  Index clauses for conditions that core does not match to an index.
 *
 * x = ANY (column), where the column is an array.  Core matches only a column on
 * the left side.  If the operator is the one by which arrays compare elements, the
 * condition is true for the same rows as column @> ARRAY[x].  That holds if x is
 * NULL, which no row matches, and if arrays of the column contain NULLs.
 *
 * A text column that is equal to a name, such as that of the current user, or is
 * compared under another collation than the index's.  Under deterministic
 * collations, equal texts have the same bytes.
 *
 * A boolean column, alone or below NOT, IS TRUE or IS FALSE.  Up to PostgreSQL 15
 * core matches these only for its own operator families.
 *
 *		'red' = ANY (tags)			tags @> ARRAY['red']
 *		owner = current_user		owner = current_user::text COLLATE of the index's column
 *		NOT archived				archived = false
 *
 * The clause of the query is kept beside (IndexClause.rinfo), so that core does not evaluate it once more
 * where the index decides.
 *
 * IDENTIFICATION
 *	  src/planner/query/index_clause.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "planner/query/index_clause.h"
#include "planner/query/make_expr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

Node *
loki_strip_relabel(Node *node)
{
	for (;;)
	{
		ArrayCoerceExpr *array = (ArrayCoerceExpr *) node;

		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;

		/*
		 * a coercion of arrays that leaves their elements as they are:
		 * varchar[] as text[]
		 */
		else if (IsA(node, ArrayCoerceExpr) && IsA(array->elemexpr, RelabelType) &&
				 IsA(((RelabelType *) array->elemexpr)->arg, CaseTestExpr))
			node = (Node *) array->arg;
		else
			return node;
	}
}

/*
 * @> compares elements by the default equality of their type (arraycontains()), so the clause's
 * operator must be that one.  Elements of a domain have a type of their own, which the array that is
 * made would not have.
 */
Node *
loki_array_of_element(const ScalarArrayOpExpr *saop, Oid array_type)
{
	Oid			element = get_element_type(array_type);
	ArrayExpr  *array;
	Node	   *x = linitial(saop->args);

	Assert(list_length(saop->args) == 2);
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
	array->location = -1;
	return (Node *) array;
}

/* The clause column @> ARRAY[x].  A constant array is made now, so that the scan need not. */
static RestrictInfo *
contains_clause(PlannerInfo *root, const ScalarArrayOpExpr *saop)
{
	Node	   *column = loki_strip_relabel(lsecond(saop->args));
	Oid			array_type = getBaseType(exprType(column));
	Node	   *array = loki_array_of_element(saop, array_type);

	Assert(saop->useOr);
	if (array == NULL)
		return NULL;
	return make_simple_restrictinfo(root, (Expr *)
									loki_make_operator(OID_ARRAY_CONTAINS_OP, column,
													   eval_const_expressions(root, array),
													   saop->inputcollid));
}

/*
 * The index clause by which column `col` (from 0) answers a condition, as `indexqual` has it: what
 * match_clause_to_index() makes.  Not lossy: it holds for the same rows.  Whether rows are
 * rechecked is up to the access method, which says so for each row.
 */
static IndexClause *
index_clause(RestrictInfo *rinfo, RestrictInfo *indexqual, int col)
{
	IndexClause *clause = makeNode(IndexClause);

	Assert(col >= 0);
	/* the first column is the vector, which is NULL or not */
	Assert(col > 0 || IsA(indexqual->clause, NullTest));
	Assert(!rinfo->pseudoconstant &&
		   indexqual->security_level <= rinfo->security_level);
	clause->rinfo = rinfo;
	clause->indexquals = list_make1(indexqual);
	clause->indexcol = col;
	return clause;
}

int
loki_operand_column(IndexOptInfo *info, int from, Node *operand, Oid opno, Oid collation)
{
	Assert(from >= 0 && OidIsValid(opno));
	for (int col = from; col < info->nkeycolumns; col++)
		if (match_index_to_operand(operand, col, info) &&
			(!OidIsValid(info->indexcollations[col]) ||
			 info->indexcollations[col] == collation) &&
			op_in_opfamily(opno, info->opfamily[col]))
			return col;
	return -1;
}

/*
 * x = ANY (column), as column @> ARRAY[x].  x may be of another relation, and makes a parameterized path
 * then; it must be the same during a scan, so it is of no column of this table and not volatile.
 */
static IndexClause *
any_column_clause(PlannerInfo *root, IndexOptInfo *info, RestrictInfo *rinfo)
{
	ScalarArrayOpExpr *saop = (ScalarArrayOpExpr *) rinfo->clause;
	Node	   *x = linitial(saop->args);
	Node	   *column = loki_strip_relabel(lsecond(saop->args));
	int			col = loki_operand_column(info, 1, column, OID_ARRAY_CONTAINS_OP,
										  saop->inputcollid);
	RestrictInfo *contains;

	if (col < 0 || !saop->useOr || bms_is_member(info->rel->relid, pull_varnos(root, x)) ||
		contain_volatile_functions(x))
		return NULL;
	contains = contains_clause(root, saop);
	return contains != NULL ? index_clause(rinfo, contains, col) : NULL;
}

/* Whether a condition is an equality of text, under whatever collation */
static bool
is_text_equality(Node *clause)
{
	OpExpr	   *op = (OpExpr *) clause;

	return IsA(op, OpExpr) && list_length(op->args) == 2 &&
		get_op_opfamily_strategy(op->opno, TEXT_BTREE_FAM_OID) == BTEqualStrategyNumber;
}

/* Whether values that are equal under a collation have the same bytes; without a collation they have */
static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * text = text, as an equality under the collation of the index's column.
 *
 * Core matches where the collations are the same; that case is left to it.  name = text compares with the
 * name's collation, which is "C", so no index of text under another collation would ever match.
 */
static IndexClause *
text_clause(PlannerInfo *root, IndexOptInfo *info, RestrictInfo *rinfo)
{
	OpExpr	   *op = (OpExpr *) rinfo->clause;

	Assert(is_text_equality((Node *) op));
	if (!is_deterministic(op->inputcollid) || contain_volatile_functions((Node *) op))
		return NULL;
	for (int col = 1; col < info->nkeycolumns; col++)
	{
		Oid			collation = info->indexcollations[col];
		bool		left = match_index_to_operand(linitial(op->args), col, info);
		Node	   *column = left ? linitial(op->args) : lsecond(op->args);
		Node	   *x = left ? lsecond(op->args) : linitial(op->args);
		OpExpr	   *equal;

		if ((!left && !match_index_to_operand(column, col, info)) ||
			bms_is_member(info->rel->relid, pull_varnos(root, x)) ||
			exprType(column) != TEXTOID || !is_deterministic(collation) ||
			(exprType(x) == TEXTOID && collation == op->inputcollid) ||
			!op_in_opfamily(TextEqualOperator, info->opfamily[col]))
			continue;
		/* the cast that the parser would put there */
		if (exprType(x) == NAMEOID)
			x = (Node *) makeFuncExpr(F_TEXT_NAME, TEXTOID, list_make1(x), collation,
									  C_COLLATION_OID, COERCE_IMPLICIT_CAST);
		equal = loki_make_operator(TextEqualOperator, column, x, collation);
		return index_clause(rinfo, make_simple_restrictinfo(root, (Expr *) equal), col);
	}
	return NULL;
}

/*
 * The boolean that a condition is about, and the value that it must have.  NOT b and b IS FALSE both
 * want false: the former is NULL where b is, which drops the row as well.  IS NOT TRUE would take NULL
 * too.
 */
static Node *
boolean_operand(Node *clause, bool *value)
{
	*value = true;
	if (is_notclause(clause))
	{
		*value = false;
		return (Node *) get_notclausearg(clause);
	}
	if (IsA(clause, BooleanTest))
	{
		BooleanTest *test = (BooleanTest *) clause;

		*value = test->booltesttype == IS_TRUE;
		return test->booltesttype == IS_TRUE || test->booltesttype == IS_FALSE ?
			(Node *) test->arg : NULL;
	}
	return clause;
}

/* A boolean column, as column = true or column = false */
static IndexClause *
boolean_clause(PlannerInfo *root, IndexOptInfo *info, RestrictInfo *rinfo)
{
	bool		value;
	Node	   *operand = boolean_operand((Node *) rinfo->clause, &value);
	int			col = operand == NULL ? -1 :
		loki_operand_column(info, 1, operand, BooleanEqualOperator, InvalidOid);
	OpExpr	   *equal;

	if (col < 0)
		return NULL;
	equal = loki_make_operator(BooleanEqualOperator, operand, makeBoolConst(value, false), InvalidOid);
	return index_clause(rinfo, make_simple_restrictinfo(root, (Expr *) equal), col);
}

/* @> is not leakproof, even if the operator of the condition is. */
static IndexClause *
other_clause(PlannerInfo *root, IndexOptInfo *info, RestrictInfo *rinfo)
{
	if (rinfo->pseudoconstant || !restriction_is_securely_promotable(rinfo, info->rel))
		return NULL;
	if (is_text_equality((Node *) rinfo->clause))
		return text_clause(root, info, rinfo);
	if (!IsA(rinfo->clause, ScalarArrayOpExpr))
		return boolean_clause(root, info, rinfo);
	return rinfo->security_level > info->rel->baserestrict_min_security ? NULL :
		any_column_clause(root, info, rinfo);
}

List *
loki_other_index_clauses(PlannerInfo *root, IndexOptInfo *info)
{
	List	   *clauses = NIL;

	if (!info->amsearcharray)
		return NIL;
	foreach_node(RestrictInfo, rinfo, info->indrestrictinfo)
	{
		IndexClause *clause = other_clause(root, info, rinfo);

		if (clause != NULL)
			clauses = lappend(clauses, clause);
	}
	return clauses;
}

List *
loki_add_index_clauses(const IndexOptInfo *info, List *clauses, List *others)
{
	List	   *added = NIL;
	List	   *result = NIL;

	foreach_node(IndexClause, clause, others)
		if (!is_redundant_with_indexclauses(clause->rinfo, clauses))
		added = lappend(added, clause);
	if (added == NIL)
		return clauses;
	added = list_concat_copy(clauses, added);
	for (int col = 0; col < info->nkeycolumns; col++)
		foreach_node(IndexClause, clause, added)
			if (clause->indexcol == col)
			result = lappend(result, clause);
	Assert(list_length(result) == list_length(added));
	return result;
}

/*
 * Whether slots of the index decide a condition, so that no recheck drops a row.
 * A slot has a sort key of a few bytes in the value's place.  Types decide if different values have
 * different sort keys; long texts, of which a slot has a hash, have not.
 */
static bool
is_decided(const IndexOptInfo *info, const IndexClause *clause)
{
	Oid			left = info->opcintype[clause->indexcol];

	if (clause->indexcol == 0)
		return true;
	if (!loki_hnsw_decides(left))
		return false;
	foreach_node(RestrictInfo, rinfo, clause->indexquals)
	{
		Node	   *qual = (Node *) rinfo->clause;
		Oid			right = left;	/* IS NULL compares with nothing */

		if (IsA(qual, OpExpr))
			right = exprType(lsecond(((OpExpr *) qual)->args));
		else if (IsA(qual, ScalarArrayOpExpr))
			right = get_base_element_type(exprType(lsecond(((ScalarArrayOpExpr *) qual)->args)));
		else if (!IsA(qual, NullTest))
			return false;

		/*
		 * comparing timestamptz with timestamp or date depends on the time
		 * zone
		 */
		if (right != left && (left == TIMESTAMPTZOID || right == TIMESTAMPTZOID))
			return false;
	}
	return true;
}

/* Whether the index answers all of these conditions, so that the filter has none */
static bool
leaves_none(const IndexPath *path, List *clauses)
{
	foreach_node(RestrictInfo, rinfo, clauses)
		if (!rinfo->pseudoconstant &&
			!is_redundant_with_indexclauses(rinfo, path->indexclauses))
		return false;
	return true;
}

bool
loki_decides_all(const IndexPath *path)
{
	if (!leaves_none(path, path->indexinfo->indrestrictinfo) ||
		(path->path.param_info != NULL &&
		 !leaves_none(path, path->path.param_info->ppi_clauses)))
		return false;
	foreach_node(IndexClause, clause, path->indexclauses)
		if (!is_decided(path->indexinfo, clause))
		return false;
	return true;
}
