/*-------------------------------------------------------------------------
 *
 * index_clause.c
 *	  Index clauses for conditions that core does not match to an index.
 *
 * Core matches no column on the right side of ANY, no text that is compared with a name, or under another collation
 * than the index's, and up to PostgreSQL 15 booleans only for its own operator families.  What these are as tests of a
 * column is in column_test.c.  Under deterministic collations, equal texts have the same bytes.
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

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "planner/query/column_test.h"
#include "planner/query/index_clause.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"

/* Whether values that are equal under a collation have the same bytes; without a collation they have */
static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * The index clause of a condition; NULL if it is none.  It is what match_clause_to_index() makes, and not lossy, as it
 * holds for the same rows.  Whether rows are rechecked is up to the access method, which says so for each row.  @> is
 * not leakproof, even if the operator of the condition is.
 */
static IndexClause *
other_clause(PlannerInfo *root, const IndexOptInfo *info, RestrictInfo *rinfo)
{
	LokiColumnTest test;
	IndexClause *clause;
	bool		array;

	if (rinfo->pseudoconstant || !restriction_is_securely_promotable(rinfo, info->rel) ||
		!loki_column_test(info, (Node *) rinfo->clause, &test) ||
		test.column == 0 || test.flags != 0 || test.negated || test.equals_null)
		return NULL;
	array = test.opno == OID_ARRAY_CONTAINS_OP;
	if (array && rinfo->security_level > info->rel->baserestrict_min_security)
		return NULL;
	if (!loki_column_collates(info, &test))
	{
		if (array || !is_deterministic(test.collation) || !is_deterministic(info->indexcollations[test.column]))
			return NULL;
		test.collation = info->indexcollations[test.column];
	}
	/* an array is made now, so that the scan need not */
	if (array)
		test.constant = eval_const_expressions(root, test.constant);
	clause = makeNode(IndexClause);
	clause->rinfo = rinfo;
	clause->indexquals = list_make1(make_simple_restrictinfo(root, (Expr *)
															 loki_make_operator(test.opno, test.operand, test.constant,
																				test.collation)));
	clause->indexcol = test.column;
	return clause;
}

List *
loki_other_index_clauses(PlannerInfo *root, const IndexOptInfo *info, List *matched)
{
	List	   *clauses = NIL;

	if (!info->amsearcharray)
		return NIL;
	foreach_node(RestrictInfo, rinfo, info->indrestrictinfo)
	{
		IndexClause *clause = is_redundant_with_indexclauses(rinfo, matched) ? NULL : other_clause(root, info, rinfo);

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
	bool		time = left == DATEOID || left == TIMESTAMPOID || left == TIMESTAMPTZOID;

	if (clause->indexcol == 0)
		return true;
	if (!loki_hnsw_decides(info->opfamily[clause->indexcol], left))
		return false;
	foreach_node(RestrictInfo, rinfo, clause->indexquals)
	{
		LokiColumnTest test;

		/*
		 * comparing timestamptz with timestamp or date depends on the time
		 * zone
		 */
		if (IsA(rinfo->clause, RowCompareExpr) ||
			(time && (!loki_column_test(info, (Node *) rinfo->clause, &test) ||
					  (OidIsValid(test.opno) && test.subtype != left &&
					   (left == TIMESTAMPTZOID || test.subtype == TIMESTAMPTZOID)))))
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
