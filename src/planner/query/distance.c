/*-------------------------------------------------------------------------
 *
 * distance.c
 *	  Distances: operators, and functions that are called in their place.
 *
 *		ORDER BY v <-> $1					the operator itself
 *		ORDER BY l2_distance(v, $1)			v <-> $1
 *		ORDER BY inner_product(v, $1) DESC	- (v <#> $1) DESC
 *
 * A distance is an operator that an operator class of hnsw has FOR ORDER BY.  Core matches such an
 * operator to an index, but no function, so a function's call is taken for the operator whose
 * function it is.  Sort keys are in btree's float_ops, as the classes say.
 *
 * Names are looked up in the schema of the function or type, never along search_path.  So a plan does not
 * depend on who made it, and nobody's operator of the same name is called.
 *
 * IDENTIFICATION
 *	  src/planner/query/distance.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parse_coerce.h"
#include "parser/parse_oper.h"
#include "planner/query/distance_expr.h"
#include "planner/query/make_expr.h"
#include "utils/array.h"
#include "utils/catcache.h"
#include "utils/float.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/*
 * Functions that are called in place of an operator.  One that is not falling must be the operator's own
 * function (pg_operator.oprcode); one that is falling has the operator's value with the other sign, which
 * no catalog says.
 */
static const struct
{
	const char *function;
	const char *operator;
	bool		falling;
}			distance_functions[] =
{
	{"l2_distance", "<->", false},
	{"cosine_distance", "<=>", false},
	{"l1_distance", "<+>", false},
	{"inner_product", "<#>", true},
	{"max_sim", "@#", true},
	{"negative_max_sim", "@#", false},
	{"vector_negative_inner_product", "<#>", false},
	{"halfvec_negative_inner_product", "<#>", false},
	{"bytevec_negative_inner_product", "<#>", false},
	{"sparsevec_negative_inner_product", "<#>", false},
	{"hamming_distance", "<~>", false},
	{"jaccard_distance", "<%>", false},
};

/* The operator that was asked for last, until operators change */
static Oid	last_operator = InvalidOid;
static bool is_last_distance;
static uint64 operator_changes = 0;

/* SyscacheCallbackFunction */
static void
forget_operator(Datum arg, int cache, uint32 hash)
{
	last_operator = InvalidOid;
	operator_changes++;
}

/*
 * pg_amop says so, by the operator's OID.  A query asks of one operator, mostly, several times.  Both access methods are
 * ours, and may be missing: the library is loaded before CREATE EXTENSION as well, and then no operator is a distance.
 * Most operators have no order, so that the methods need not be looked up.
 */
bool
loki_is_distance_operator(Oid opno)
{
	static bool registered = false;
	uint64		changes = operator_changes;
	CatCList   *members;
	bool		found = false;

	if (opno == last_operator && OidIsValid(opno))
		return is_last_distance;
	if (!registered)
		CacheRegisterSyscacheCallback(AMOPOPID, forget_operator, 0);
	registered = true;
	members = SearchSysCacheList1(AMOPOPID, ObjectIdGetDatum(opno));
	for (int i = 0; i < members->n_members && !found; i++)
	{
		Form_pg_amop amop = (Form_pg_amop) GETSTRUCT(&members->members[i]->tuple);

		found = amop->amoppurpose == AMOP_ORDER &&
			(amop->amopmethod == get_am_oid("hnsw", true) ||
			 amop->amopmethod == get_am_oid("ivfflat", true));
	}
	ReleaseSysCacheList(members);
	/* catalogs that were read may have brought a change */
	if (changes == operator_changes)
	{
		last_operator = opno;
		is_last_distance = found;
	}
	return found;
}

/*
 * Set-returning calls and float4 results are none: no operator class has them.
 *
 * A user may have a function l2_distance() of his own.  It has an operator only if its schema has one
 * that is in an operator class of hnsw.  For that the function must be the operator's own, unless it is
 * falling.
 */
OpExpr *
loki_base_distance(Node *expr, bool *falling)
{
	FuncExpr   *call = (FuncExpr *) expr;
	OpExpr	   *op = (OpExpr *) expr;
	char	   *name;
	char	   *schema;

	*falling = false;
	if (expr != NULL && IsA(expr, OpExpr))
		return op->opresulttype == FLOAT8OID && list_length(op->args) == 2 && !op->opretset &&
			loki_is_distance_operator(op->opno) ? op : NULL;
	if (expr == NULL || !IsA(expr, FuncExpr) || call->funcresulttype != FLOAT8OID ||
		list_length(call->args) != 2 || call->funcretset)
		return NULL;
	name = get_func_name(call->funcid);
	schema = get_namespace_name(get_func_namespace(call->funcid));
	for (int i = 0; name && schema && i < lengthof(distance_functions); i++)
	{
		Oid			type = exprType(linitial(call->args));
		Oid			opno;

		if (strcmp(name, distance_functions[i].function) != 0)
			continue;
		opno = OpernameGetOprid(list_make2(makeString(schema),
										   makeString(pstrdup(distance_functions[i].operator))),
								type, type);
		if (!OidIsValid(opno) || !loki_is_distance_operator(opno))
			continue;
		if (!distance_functions[i].falling && get_opcode(opno) != call->funcid)
			continue;
		Assert(get_op_rettype(opno) == FLOAT8OID);
		*falling = distance_functions[i].falling;
		return loki_make_operator(opno, copyObject(linitial(call->args)),
								  copyObject(lsecond(call->args)), InvalidOid);
	}
	return NULL;
}

/*
 * Metrics by the name of the operator, which each type has for the same metric: <=> is 1 - cosine, <#>
 * and @# are negative products, and <@@> is a negative BM25 score.  The others are at least 0.
 */
void
loki_distance_range(Oid opno, double *low, double *high)
{
	char	   *name = get_opname(opno);
	bool		words = name != NULL && strcmp(name, "<@@>") == 0;

	Assert(loki_is_distance_operator(opno));
	*low = name == NULL || words || strcmp(name, "<#>") == 0 || strcmp(name, "@#") == 0 ? -get_float8_infinity() : 0;
	*high = words ? 0 : name != NULL && strcmp(name, "<=>") == 0 ? 2 : get_float8_infinity();
}

/* The other side may be an expression of parameters or of an outer level, but of no table of this one. */
Node *
loki_distance_column(PlannerInfo *root, const OpExpr *distance)
{
	Assert(!bms_is_empty(pull_varnos(root, (Node *) distance)));
	return bms_is_empty(pull_varnos(root, linitial(distance->args))) ?
		lsecond(distance->args) : linitial(distance->args);
}

bool
loki_same_distance(const OpExpr *a, const OpExpr *b)
{
	return a->opno == b->opno &&
		equal(loki_without_dimensions(linitial(a->args)), loki_without_dimensions(linitial(b->args))) &&
		equal(loki_without_dimensions(lsecond(a->args)), loki_without_dimensions(lsecond(b->args)));
}

SortGroupClause *
loki_sort_clause(Oid type, bool descending, bool nulls_first)
{
	SortGroupClause *clause = makeNode(SortGroupClause);
	Oid			less;
	Oid			greater;

	get_sort_group_operators(type, true, true, true, &less, &clause->eqop, &greater,
							 &clause->hashable);
	clause->sortop = descending ? greater : less;
	Assert(OidIsValid(clause->sortop) && OidIsValid(clause->eqop));
	LokiSortSetReverse(clause, descending);
	clause->nulls_first = nulls_first;
	return clause;
}

/*
 * Core makes the key of a target entry that exists only for this call.  If the query has a key of the
 * same expression, this returns that very PathKey: keys are canonical, and core compares their
 * addresses.  It adds to root->eq_classes otherwise, so the caller must not be in the memory of the
 * genetic optimizer.
 */
PathKey *
loki_sort_key(const PlannerInfo *root, Expr *expr, const SortGroupClause *like)
{
	SortGroupClause *clause = copyObject(unconstify(SortGroupClause *, like));
	TargetEntry *entry = makeTargetEntry(expr, 1, NULL, true);
	List	   *keys;

	clause->tleSortGroupRef = entry->ressortgroupref = 1;
	keys = make_pathkeys_for_sortclauses(unconstify(PlannerInfo *, root), list_make1(clause),
										 list_make1(entry));
	Assert(list_length(keys) <= 1);
	return keys == NIL ? NULL : linitial_node(PathKey, keys);
}

/* ----------------------------------------------------------------
 * Columns with vectors of several sizes
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
 * ----------------------------------------------------------------
 */

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

Node *
loki_indexed_vector(IndexOptInfo *info, Node *vector)
{
	Node	   *column;

	if (match_index_to_operand(vector, 0, info))
		return vector;
	if (info->indexkeys[0] != 0)
		return NULL;
	column = linitial(info->indexprs);
	if (column == loki_without_dimensions(column) || !equal(loki_without_dimensions(column), vector))
		return NULL;
	/* = ANY of no values */
	foreach_node(RestrictInfo, rinfo, info->rel->baserestrictinfo)
	{
		const ScalarArrayOpExpr *any = (const ScalarArrayOpExpr *) rinfo->clause;
		const Const *list = IsA(any, ScalarArrayOpExpr) && any->useOr ? lsecond(any->args) : NULL;

		if (list != NULL && IsA(list, Const) && !list->constisnull &&
			ArrayGetNItems(ARR_NDIM(DatumGetArrayTypeP(list->constvalue)),
						   ARR_DIMS(DatumGetArrayTypeP(list->constvalue))) == 0)
			return NULL;
	}
	return column;
}
