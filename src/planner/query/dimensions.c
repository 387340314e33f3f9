/*-------------------------------------------------------------------------
 *
 * dimensions.c
 *	  Columns with vectors of several sizes.
 *
 *		CREATE INDEX ON items USING hnsw ((v::vector(384)) vector_cosine_ops) WHERE vector_dims(v) = 384
 *		SELECT id FROM items WHERE vector_dims(v) = 384 ORDER BY v <=> $1 LIMIT 10
 *		SELECT id FROM items WHERE vector_dims(v) = vector_dims($1) AND v <=> $1 < 0.3
 *
 * A cast of vector to vector(384) returns the same vector, or raises an error, which it has not done for any row
 * that is in the index.  So over rows of the index v is v::vector(384), and what the query says of the one holds
 * for the other.  Core proves which rows are in the index: it uses a partial one only where the conditions imply
 * its predicate, for which a parameter has to be known, as in custom plans.  An empty list of values, as tenant =
 * ANY ('{}'), implies all predicates: no row is found, but a search for a vector of another size would be an error.
 *
 * A cast to another type, as to halfvec(384), or of bits, changes values, and is not left out.
 *
 * IDENTIFICATION
 *	  src/planner/query/dimensions.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/transam.h"
#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parse_coerce.h"
#include "planner/query/dimensions.h"
#include "utils/array.h"

/*
 * The cast is the length coercion of a type of ours, the only types beside the server's own that indexes of ours
 * can have, and bit, which pads, is the server's.
 */
Node *
loki_without_dimensions(Node *vector)
{
	Oid			coercion;
	Node	   *cast;

	while (IsA(vector, FuncExpr) && list_length(((FuncExpr *) vector)->args) == 3)
	{
		cast = linitial(((FuncExpr *) vector)->args);
		if (exprType(vector) < FirstNormalObjectId || exprType(cast) != exprType(vector) ||
			find_typmod_coercion_function(exprType(vector), &coercion) != COERCION_PATH_FUNC ||
			coercion != ((FuncExpr *) vector)->funcid)
			break;
		vector = cast;
	}
	return vector;
}

/* Whether a condition of a relation is = ANY of no values */
static bool
has_empty_list(const RelOptInfo *rel)
{
	foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
	{
		const ScalarArrayOpExpr *any = (const ScalarArrayOpExpr *) rinfo->clause;
		const Const *list = IsA(any, ScalarArrayOpExpr) && any->useOr ? lsecond(any->args) : NULL;

		if (list == NULL || !IsA(list, Const) || list->constisnull)
			continue;
		if (ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(list->constvalue)),
						   ARR_DIMS(DatumGetArrayTypeP(list->constvalue))) == 0)
			return true;
	}
	return false;
}

Node *
loki_indexed_vector(IndexOptInfo *info, Node *vector)
{
	Node	   *column;

	if (match_index_to_operand(vector, 0, info))
		return vector;
	if (info->indexkeys[0] != 0)
		return NULL;
	column = linitial(info->indexprs);
	return column != loki_without_dimensions(column) && equal(loki_without_dimensions(column), vector) &&
		!has_empty_list(info->rel) ? column : NULL;
}
