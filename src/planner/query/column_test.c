/*-------------------------------------------------------------------------
 *
 * column_test.c
 *	  Conditions on one column of an index: which, by what operator, with what constant, and what NULL makes.
 *
 *		kind = 3, 3 = kind, kind IN (3, 4)			column and operator as they are
 *		kind <> 3, kind <> ALL (...)				not kind = 3
 *		kind IS [NOT] DISTINCT FROM 3				the same, where NULL is a value
 *		archived, NOT archived, archived IS TRUE	archived = true
 *		'red' = ANY (tags)							tags @> ARRAY['red']
 *		owner = current_user						owner = current_user::text
 *		kind IS NULL
 *
 * This is asked by the planner, for index conditions that core does not match (matches.c), for join keys, for
 * what bounds a column and for tenants (words_tenant.c); and by the executor, for what slots decide of a scan's filter
 * (condition.c).  filter/key.c of src/hnsw compiles both.
 *
 * x = ANY (column) is true for the same rows as column @> ARRAY[x], if the operator is the one by which arrays compare
 * elements.  That holds if x is NULL, which no row matches, and if arrays of the column contain NULLs.
 *
 * IDENTIFICATION
 *	  src/planner/query/column_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/skey.h"
#include "access/stratnum.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "planner/query/column_test.h"
#include "planner/query/make_expr.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

/* A volatile function would have another value in the filter, and a sub-plan is in a plan only once. */
bool
loki_is_constant(Node *expr, Index relid)
{
	return !rangeTableEntry_used(expr, (int) relid, 0) && loki_is_repeatable(expr);
}

bool
loki_column_collates(const IndexOptInfo *info, const LokiColumnTest *test)
{
	Oid			collation = info->indexcollations[test->column];

	return !OidIsValid(collation) || collation == test->collation;
}

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
 * operand op x, or op ANY (x) by `flags`, if the operator is one of the column's family; or, with `negated`, the negator
 * of an equality that is one.  Negators of <, as >=, are in the family themselves.
 * An equality of a text and a name is one of texts, with the cast that the parser would put there.
 */
static bool
compares(const IndexOptInfo *info, Oid opno, Oid collation, Node *operand, Node *x, int flags, bool negated,
		 LokiColumnTest *test)
{
	bool		text = exprType(operand) == TEXTOID && exprType(x) == NAMEOID &&
		get_op_opfamily_strategy(opno, TEXT_BTREE_FAM_OID) == BTEqualStrategyNumber;

	*test = (LokiColumnTest) {.operand = operand, .constant = x, .flags = flags, .collation = collation, .negated = negated};
	if (text)
	{
		opno = TextEqualOperator;
		test->constant = (Node *) makeFuncExpr(F_TEXT_NAME, TEXTOID, list_make1(x), DEFAULT_COLLATION_OID,
											   C_COLLATION_OID, COERCE_IMPLICIT_CAST);
	}
	for (; test->column < info->nkeycolumns; test->column++)
	{
		Oid			family = info->opfamily[test->column];
		Oid			left;

		if (!match_index_to_operand(operand, test->column, unconstify(IndexOptInfo *, info)))
			continue;
		test->opno = negated ? get_negator(opno) : opno;
		if (!OidIsValid(test->opno) || !op_in_opfamily(test->opno, family))
			continue;
		get_op_opfamily_properties(test->opno, family, false, &test->strategy, &left, &test->subtype);
		if (!negated || test->strategy == BTEqualStrategyNumber)
			return true;
	}
	return false;
}

/* An operator with the column on either side; `distinct`: IS DISTINCT FROM, whose operator is equality */
static bool
test_of_operator(const IndexOptInfo *info, const OpExpr *op, bool distinct, LokiColumnTest *test)
{
	bool		found = false;

	for (int i = 0; i < 2 && !found && list_length(op->args) == 2; i++)
	{
		Oid			opno = i == 0 ? op->opno : get_commutator(op->opno);

		for (int negated = 0; negated <= !distinct && OidIsValid(opno) && !found; negated++)
			found = compares(info, opno, op->inputcollid, list_nth(op->args, i), list_nth(op->args, 1 - i), 0,
							 negated, test);
	}
	if (found && distinct)
		test->negated = test->nulls = true;
	return found && (!distinct || test->strategy == BTEqualStrategyNumber);
}

/*
 * column op ANY (array), column <> ALL (array), x = ANY (column)
 *
 * The last is column @> ARRAY[x], of the type that the column's values have.  @> compares elements by the default
 * equality of their type (arraycontains()), so the clause's operator must be that one.  Elements of a domain have a type
 * of their own, which the array would not have.
 */
static bool
test_of_array(const IndexOptInfo *info, const ScalarArrayOpExpr *saop, LokiColumnTest *test)
{
	Node	   *x = linitial(saop->args);
	Node	   *column;
	ArrayExpr  *array;
	Oid			type;
	Oid			element;

	if (compares(info, saop->opno, saop->inputcollid, x, lsecond(saop->args), SK_SEARCHARRAY, !saop->useOr, test))
		return true;
	if (!saop->useOr)
		return false;
	column = loki_strip_relabel(lsecond(saop->args));
	type = getBaseType(exprType(column));
	element = get_element_type(type);
	if (!OidIsValid(element) || getBaseType(element) != element ||
		lookup_type_cache(element, TYPECACHE_EQ_OPR)->eq_opr != saop->opno)
		return false;
	if (exprType(x) != element)
		x = (Node *) makeRelabelType((Expr *) x, element, -1, exprCollation(x), COERCE_IMPLICIT_CAST);
	array = makeNode(ArrayExpr);
	array->array_typeid = type;
	array->array_collid = saop->inputcollid;
	array->element_typeid = element;
	array->elements = list_make1(x);
	array->location = -1;
	return compares(info, OID_ARRAY_CONTAINS_OP, saop->inputcollid, column, (Node *) array, 0, false, test);
}

/* A boolean column that is a value, or is anything else */
static bool
test_of_boolean(const IndexOptInfo *info, Node *column, bool value, bool other, LokiColumnTest *test)
{
	bool		found = compares(info, BooleanEqualOperator, InvalidOid, column, makeBoolConst(value, false), 0, false,
								 test);

	test->negated = test->nulls = other;
	return found;
}

static bool
test_of_null(const IndexOptInfo *info, Node *column, bool isnull, LokiColumnTest *test)
{
	*test = (LokiColumnTest) {.operand = column, .flags = SK_ISNULL | (isnull ? SK_SEARCHNULL : SK_SEARCHNOTNULL)};
	while (test->column < info->nkeycolumns &&
		   !match_index_to_operand(column, test->column, unconstify(IndexOptInfo *, info)))
		test->column++;
	return test->column < info->nkeycolumns;
}

/*
 * column IS NOT DISTINCT FROM x is written as NOT (column IS DISTINCT FROM x) by the parser.  Core has moved other NOTs
 * below AND and OR.  Whatever else a boolean is, it may be an expression that the index has.
 */
bool
loki_column_condition(const IndexOptInfo *info, Node *clause, LokiColumnTest *test)
{
	Node	   *arg;
	BoolTestType type;

	if (IsA(clause, OpExpr) && test_of_operator(info, (OpExpr *) clause, false, test))
		return true;
	switch (nodeTag(clause))
	{
		case T_DistinctExpr:
			return test_of_operator(info, (OpExpr *) clause, true, test);
		case T_ScalarArrayOpExpr:
			return test_of_array(info, (ScalarArrayOpExpr *) clause, test);
		case T_NullTest:
			return test_of_null(info, (Node *) ((NullTest *) clause)->arg,
								((NullTest *) clause)->nulltesttype == IS_NULL, test);
		case T_BooleanTest:
			arg = (Node *) ((BooleanTest *) clause)->arg;
			type = ((BooleanTest *) clause)->booltesttype;
			return type == IS_UNKNOWN || type == IS_NOT_UNKNOWN ? test_of_null(info, arg, type == IS_UNKNOWN, test) :
				test_of_boolean(info, arg, type == IS_TRUE || type == IS_NOT_TRUE,
								type == IS_NOT_TRUE || type == IS_NOT_FALSE, test);
		case T_BoolExpr:
			if (!is_notclause(clause))
				return false;
			arg = (Node *) get_notclausearg(clause);
			if (!IsA(arg, DistinctExpr))
				return test_of_boolean(info, arg, false, false, test);
			if (!test_of_operator(info, (OpExpr *) arg, true, test))
				return false;
			test->negated = test->nulls = false;
			test->equals_null = true;
			return true;
		default:
			return test_of_boolean(info, clause, true, false, test);
	}
}

bool
loki_column_test(const IndexOptInfo *info, Node *clause, LokiColumnTest *test)
{
	return loki_column_condition(info, clause, test) && loki_is_constant(test->constant, info->rel->relid);
}

/* Expressions of an index have varno 1 in the relation cache. */
IndexOptInfo *
loki_index_columns(Relation index, Index relid)
{
	IndexOptInfo *info = makeNode(IndexOptInfo);

	info->rel = makeNode(RelOptInfo);
	info->rel->relid = relid;
	info->ncolumns = info->nkeycolumns = IndexRelationGetNumberOfKeyAttributes(index);
	info->indexkeys = palloc_array(int, info->ncolumns);
	for (int i = 0; i < info->ncolumns; i++)
		info->indexkeys[i] = index->rd_index->indkey.values[i];
	info->indexprs = RelationGetIndexExpressions(index);
	info->opfamily = index->rd_opfamily;
	info->indexcollations = index->rd_indcollation;
	if (relid != 1)
		ChangeVarNodes((Node *) info->indexprs, 1, (int) relid, 0);
	return info;
}
