/*-------------------------------------------------------------------------
 *
 * path.c
 *	  Paths for scans of an hnsw index within a bitmap or a distance.
 *
 * A plain index scan knows a LIMIT and the index's own columns.  It does not know the
 * rows that another index finds for a clause, nor how far away a row may be.  If a query
 * has either, we offer a path that does.
 *
 *		WHERE words @@ $2 ORDER BY v <-> $1 LIMIT 10
 *				within the bitmap of a GIN index on words
 *		WHERE v <-> $1 < 0.3 AND kind = 3
 *				within the distance; the kind is an index condition
 *		FROM q JOIN items i ON i.v <-> q.v < 0.3
 *				within a distance from another relation, for each of its rows
 *		SELECT count(*) FROM items WHERE v <-> $1 < 0.3
 *				out of the index alone, in no order
 *
 * The bitmaps are those that the server itself would choose.  It is asked to make index
 * paths once more, for a relation of our own (query/matches.c).
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/path.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "catalog/pg_amop.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "hnsw/hnsw.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "planner/hybrid/hybrid.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/matches.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

bool		loki_enable_hybrid_scan = true;

/* A distance that a scan could order by */
typedef struct HybridTarget
{
	IndexOptInfo *index;
	List	   *clauses;		/* IndexClauses of the index's columns */
	OpExpr	   *distance;		/* its key on the left */
	List	   *pathkeys;		/* of the distance, if the query asks for them */
	Relids		outer;			/* relations that the distance needs */
} HybridTarget;

/* ----------------------------------------------------------------
 * Distances
 * ----------------------------------------------------------------
 */

/* A value that is there before the scan, without a call */
static bool
is_value(const void *expr)
{
	return IsA(expr, Const) || IsA(expr, Param);
}

/*
 * Distances from a column are our own functions, of which the index knows that they raise no error, so
 * a bound shows nothing of hidden rows if no other function is called to compare a row with it.  None is if the distance
 * is from a value to a column, or by words, of no row, that the planner has weighed for a policy's tenant.
 */
bool
loki_hybrid_is_early(const RelOptInfo *rel, const RestrictInfo *clause)
{
	LokiDistanceBound bound;
	const Node *left;
	const Node *right;
	const List *weighed;

	if (clause->security_level <= rel->baserestrict_min_security || clause->leakproof)
		return true;
	if (!loki_distance_bound((Node *) clause->clause, &bound) || !bound.exact || !is_value(bound.bound))
		return false;
	left = linitial(bound.distance->args);
	right = lsecond(bound.distance->args);
	weighed = loki_planned_words(bound.distance);
	if (weighed == NIL)
		return (IsA(left, Var) && is_value(right)) || (is_value(left) && IsA(right, Var));
	/* the words see no row, whatever they call, as core asks of what index conditions compare with */
	if (!IsA(left, Var) || contain_var_clause(lsecond(weighed)) || !loki_is_repeatable(lsecond(weighed)))
		return false;
	if (list_length(weighed) == 2 || is_value(lthird(weighed)))
		return true;
	/* a condition that comes before all others, as a policy does, has the tenant as one side */
	foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
		if (rinfo->security_level <= rel->baserestrict_min_security && IsA(rinfo->clause, OpExpr) &&
			list_member(((OpExpr *) rinfo->clause)->args, lthird(weighed)))
			return true;
	return false;
}

/*
 * The distance of an index that a clause bounds from above, by a value that is known before the scan; NULL if it bounds
 * none.  A bound is evaluated before all other clauses, so the clause must not have to wait for a security barrier.
 */
static OpExpr *
bounded_distance(PlannerInfo *root, IndexOptInfo *index, RestrictInfo *clause, LokiDistanceBound *bound)
{
	return loki_distance_bound((Node *) clause->clause, bound) && bound->upper &&
		loki_hybrid_is_early(index->rel, clause) &&
		!bms_is_member(index->rel->relid, pull_varnos(root, (Node *) bound->bound)) &&
		!contain_volatile_functions((Node *) bound->bound) ? loki_match_distance(root, index, bound->distance) : NULL;
}

static HybridTarget *
make_target(IndexOptInfo *index, List *clauses, OpExpr *distance, List *pathkeys, Relids outer)
{
	HybridTarget *target = palloc_object(HybridTarget);

	*target = (HybridTarget) {index, clauses, distance, pathkeys, outer};
	return target;
}

/* The conditions that scans of an index have in any case */
static List *
own_clauses(PlannerInfo *root, IndexOptInfo *index)
{
	return ((LokiMatch *) linitial(loki_matches(root, index)))->clauses;
}

/*
 * Whether scans of an index return all rows within a bound.  Under pgvector's limits they
 * do not, but a query without ORDER BY asks for all.  An index of another format cannot
 * be read.  The planner holds a lock on the index; it is closed again.
 */
static bool
is_complete(IndexOptInfo *info)
{
	Relation	index = loki_open_planned(info);
	LokiScanSettings settings;
	bool		incompatible = loki_hnsw_is_incompatible(index);

	loki_scan_settings(index, &settings);
	index_close(index, NoLock);
	return settings.complete && !incompatible;
}

/* Add the distances that a clause bounds, one for each index. */
static List *
bounded_targets(PlannerInfo *root, RelOptInfo *rel, RestrictInfo *clause, List *targets)
{
	foreach_ptr(IndexOptInfo, index, loki_usable_indexes(rel))
	{
		LokiDistanceBound bound;
		OpExpr	   *distance = bounded_distance(root, index, clause, &bound);
		bool		known = false;

		/* ORDER BY and bound of one distance are one target */
		foreach_ptr(HybridTarget, other, targets)
			known |= distance != NULL && other->index == index &&
			loki_same_distance(other->distance, distance);
		if (distance != NULL && !known && is_complete(index))
			targets = lappend(targets, make_target(index, own_clauses(root, index), copyObject(distance), NIL,
												   bms_del_member(bms_union(rel->lateral_relids,
																			clause->clause_relids), rel->relid)));
	}
	return targets;
}

/*
 * Whether some of these clauses bound a target's distance.  Lowers the selectivity to the share of rows
 * that the strictest of them lets pass.  Bounds of one distance are not independent: a product of their
 * shares would be too small.
 */
static bool
find_bounds(PlannerInfo *root, RelOptInfo *rel, HybridTarget *target,
			List *clauses, Selectivity *selectivity)
{
	bool		found = false;

	foreach_node(RestrictInfo, clause, clauses)
	{
		LokiDistanceBound bound;
		Selectivity share;

		if (bounded_distance(root, target->index, clause, &bound) == NULL ||
			!loki_bounds_order(&bound, target->distance))
			continue;
		share = loki_distance_selectivity(root, rel, (Node *) clause->clause);
		if (share < 0)
			share = clause_selectivity(root, (Node *) clause, 0, JOIN_INNER, NULL);
		*selectivity = Min(*selectivity, share);
		found = true;
	}
	return found;
}

/* ----------------------------------------------------------------
 * Rows out of the index alone
 * ----------------------------------------------------------------
 */

/*
 * The attribute of an index, from 0 on, whose slots show a column's values; -1 if there is none.  Slots
 * show short texts alone.  If most texts of the column are longer, rows are fetched after all, and such
 * a scan gains nothing.
 */
static int
returned_attribute(const IndexOptInfo *index, Oid table, AttrNumber column)
{
	/* 0 is the whole row here, and an expression among the keys */
	for (int i = 1; i < index->nkeycolumns && column != InvalidAttrNumber; i++)
	{
		int32		most;
		int32		width;

		if (index->indexkeys[i] != column || !loki_hnsw_returns(index->opfamily[i], index->opcintype[i], &most))
			continue;
		if (most == PG_INT32_MAX)
			return i - 1;
		/* texts have a header of a byte */
		width = get_attavgwidth(table, column);
		if (width > 0 && width <= most + 1)
			return i - 1;
	}
	return -1;
}

/*
 * Whether a bitmap has exactly the rows that meet a clause, except for lossy pages and indexes, so that the
 * filter lacks the clause.  Core leaves one there that an index answers in another form, as it does
 * tag LIKE 'a%' and boolean columns.  Rows of an OR are those of either side, so it answers no clause by
 * itself here.
 */
static bool
is_answered(Path *bitmap, const RestrictInfo *clause)
{
	if (IsA(bitmap, BitmapAndPath))
	{
		foreach_ptr(Path, part, ((BitmapAndPath *) bitmap)->bitmapquals)
			if (is_answered(part, clause))
			return true;
	}
	else if (IsA(bitmap, IndexPath))
	{
		foreach_node(IndexClause, answered, ((IndexPath *) bitmap)->indexclauses)
			if (answered->rinfo == clause &&
				linitial(answered->indexquals) == clause)
			return true;
	}
	return false;
}

/* The attributes of an index that show these columns of its table, as a list of numbers; false if not all do */
static bool
returned_attributes(PlannerInfo *root, const IndexOptInfo *index, const Bitmapset *columns,
					List **attributes)
{
	Oid			table = planner_rt_fetch(index->rel->relid, root)->relid;
	int			column = -1;

	*attributes = NIL;
	while ((column = bms_next_member(columns, column)) >= 0)
	{
		int			attribute = returned_attribute(index, table,
												   column + FirstLowInvalidHeapAttributeNumber);

		if (attribute < 0)
			return false;
		*attributes = lappend_int(*attributes, attribute);
	}
	return true;
}

/*
 * The attributes that have all that the query wants of a relation's rows which a target's bounds and a
 * bitmap find; false if it wants more.  That is what is returned (reltarget), and the columns of
 * conditions that neither bitmap nor bounds answer: the filter is evaluated on the row that slots make.
 */
static bool
find_returned(PlannerInfo *root, RelOptInfo *rel, HybridTarget *target, BitmapHeapPath *bitmap,
			  List **attributes)
{
	Bitmapset  *columns = NULL;

	/* a row that matches for certain is not fetched to check its keys */
	foreach_ptr(const IndexClause, clause, target->clauses)
	{
		/* slots do not show whether a vector is NULL */
		if (clause->lossy || clause->indexcol == 0 ||
			!loki_hnsw_decides(target->index->opfamily[clause->indexcol],
							   target->index->opcintype[clause->indexcol]))
			return false;
	}
	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &columns);
	foreach_node(RestrictInfo, clause, rel->baserestrictinfo)
	{
		LokiDistanceBound bound;
		OpExpr	   *distance = bounded_distance(root, target->index, clause, &bound);

		if ((bitmap == NULL || !is_answered(bitmap->bitmapqual, clause)) &&
			(distance == NULL || !loki_same_distance(target->distance, distance)))
			pull_varattnos((Node *) clause->clause, rel->relid, &columns);
	}
	return returned_attributes(root, target->index, columns, attributes);
}

/*
 * The distance from NULL, which an index may be scanned by where none is asked for; NULL if it has none.
 * Plans of the node have an order-by operator in any case, which has their label (P1).
 */
static OpExpr *
null_distance(IndexOptInfo *index)
{
	CatCList   *operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(index->opfamily[0]));
	OpExpr	   *result = NULL;

	for (int i = 0; i < operators->n_members && result == NULL; i++)
	{
		Form_pg_amop form = (Form_pg_amop) GETSTRUCT(&operators->members[i]->tuple);

		if (form->amoppurpose != AMOP_ORDER || form->amoplefttype != index->opcintype[0])
			continue;
		result = loki_make_operator(form->amopopr,
									linitial_node(TargetEntry, index->indextlist)->expr,
									makeNullConst(form->amoprighttype, -1, InvalidOid), InvalidOid);
	}
	ReleaseSysCacheList(operators);
	return result;
}

/*
 * Indexes that a query with conditions, which asks no order of its rows, may take these from alone: they have
 * all that is wanted of a relation, and no path of it costs less than reading the attributes of the whole index
 */
static List *
returning_indexes(PlannerInfo *root, RelOptInfo *rel)
{
	List	   *indexes = NIL;
	Bitmapset  *columns = NULL;

	if (rel->baserestrictinfo == NIL || loki_query_level(root)->locks ||
		!bms_is_empty(rel->lateral_relids))
		return NIL;
	pull_varattnos((Node *) rel->reltarget->exprs, rel->relid, &columns);
	foreach_ptr(IndexOptInfo, info, loki_usable_indexes(rel))
	{
		List	   *attributes;
		bool		pays = info->nkeycolumns > 1;

		foreach_ptr(Path, path, rel->pathlist)
			pays &= path->total_cost > loki_hybrid_columns_least(info);
		if (pays && returned_attributes(root, info, columns, &attributes) && is_complete(info))
			indexes = lappend(indexes, info);
	}
	return indexes;
}

/* ----------------------------------------------------------------
 * Paths of ours
 * ----------------------------------------------------------------
 */

/* A sort key of any distance.  Plans of index scans look for the operators of its family (create_indexscan_plan()). */
static PathKey *
any_key(void)
{
	PathKey    *key = makeNode(PathKey);

	key->pk_opfamily = LOKI_FLOAT_OPFAMILY;
	LokiPathKeySetAscending(key);
	return key;
}

/*
 * Offer a scan by a target's distance, within a bitmap unless that is NULL, and parameterized by the
 * relations `outer`; or, `alone`, of rows out of the index alone, in no order.
 *
 * Without a bound or a bitmap this would be the plain index scan.  The index path is a child of the
 * CustomPath: core makes its plan with index conditions and parameters in place, which hybrid/hybrid_plan.c
 * takes apart.
 */
static void
offer_hybrid_path(PlannerInfo *root, RelOptInfo *rel, HybridTarget *target, Relids outer, Path *bitmap,
				  bool alone)
{
	CustomPath *path = makeNode(CustomPath);
	ParamPathInfo *param_info = get_baserel_parampathinfo(root, rel, outer);
	List	   *clauses = rel->baserestrictinfo;
	OpExpr	   *distance = target->distance;
	Selectivity selectivity = 1;
	bool		bounded;

	Assert(!bms_is_member(rel->relid, outer));
	Assert(bitmap == NULL || bms_is_subset(PATH_REQ_OUTER(bitmap), outer));
	if (param_info != NULL)
		clauses = list_concat_copy(clauses, param_info->ppi_clauses);
	bounded = find_bounds(root, rel, target, clauses, &selectivity);
	if (alone)
	{
		if ((!bounded && bitmap == NULL && target->clauses == NIL) ||
			!find_returned(root, rel, target, (BitmapHeapPath *) bitmap, &path->custom_private))
			return;
	}
	/* nobody needs the order of the rows for one row of another relation */
	else if (!bounded && (bitmap == NULL || param_info != NULL))
		return;
	if (bitmap != NULL && !bms_equal(PATH_REQ_OUTER(bitmap), outer) &&
		(bitmap = reparameterize_path(root, bitmap, outer, 1.0)) == NULL)
		return;

	/*
	 * A distance from another relation's vectors is kept apart.  When core
	 * translates an index path to children of a relation, it does not
	 * translate the distance.
	 */
	if (!bms_is_subset(pull_varnos(root, (Node *) distance), rel->relids))
	{
		Node	   *query = lsecond(distance->args);

		path->custom_private = list_make1(distance);
		distance = copyObject(distance);
		lsecond(distance->args) = makeNullConst(exprType(query), -1, exprCollation(query));
	}
	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = rel->reltarget;
	path->path.param_info = param_info;
	path->path.parallel_safe = rel->consider_parallel &&
		is_parallel_safe(root, (Node *) target->distance);
	path->path.rows = param_info ? param_info->ppi_rows : rel->rows;
	path->path.pathkeys = target->pathkeys;
	path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	path->custom_paths = list_make1(create_index_path(root, target->index, target->clauses,
													  list_make1(distance), list_make1_int(0),
													  target->pathkeys != NIL ? target->pathkeys :
													  list_make1(any_key()), ForwardScanDirection,
													  false, outer, 1.0, false));
	if (bitmap != NULL)
		path->custom_paths = lappend(path->custom_paths, bitmap);
	path->methods = alone ? &loki_hybrid_columns_methods : &loki_hybrid_path_methods;
	if (loki_hybrid_cost(root, path, selectivity, bounded))
		add_path(rel, &path->path);
}

/* Add paths for rows of these indexes alone, within bounds of targets, and within bitmaps or NULL. */
static void
columns_paths(PlannerInfo *root, RelOptInfo *rel, List *indexes, List *targets, List *bitmaps)
{
	targets = list_copy(targets);
	foreach_ptr(IndexOptInfo, info, indexes)
	{
		OpExpr	   *distance = null_distance(info);

		if (distance != NULL)
			targets = lappend(targets, make_target(info, own_clauses(root, info), distance, NIL, NULL));
	}
	foreach_ptr(HybridTarget, target, targets)
	{
		if (target->pathkeys == NIL && bms_is_empty(target->outer) && list_member_ptr(indexes, target->index))
			foreach_ptr(Path, bitmap, bitmaps)
				if (bitmap == NULL || PATH_REQ_OUTER(bitmap) == NULL)
				offer_hybrid_path(root, rel, target, NULL, bitmap, true);
	}
}

/*
 * Add paths for each distance that a table could be scanned by: one with the bounds of
 * the distance, and one within each bitmap.
 */
void
loki_hybrid_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	List	   *targets = NIL;
	List	   *returning;
	List	   *others = NIL;
	List	   *bitmaps;

	if (!loki_enable_hybrid_scan || rte->inh)
		return;

	/*
	 * The distances that the query sorts by are those of its index paths, so
	 * that whatever core or order/order.c has matched to an index counts,
	 * with its label and its index conditions.  Then come those that
	 * conditions on the relation bound.  A join clause is a bound if the path
	 * may be parameterized by the other relations of it.
	 */
	foreach_ptr(IndexPath, path, rel->pathlist)
		if (IsA(path, IndexPath) && loki_may_scan(path->indexinfo) && list_length(path->indexorderbys) == 1 &&
			IsA(linitial(path->indexorderbys), OpExpr) && path->path.param_info == NULL)
		targets = lappend(targets, make_target(path->indexinfo, path->indexclauses, linitial(path->indexorderbys),
											   path->path.pathkeys, rel->lateral_relids));
	foreach_ptr(RestrictInfo, clause, rel->baserestrictinfo)
		targets = bounded_targets(root, rel, clause, targets);
	foreach_ptr(RestrictInfo, clause, rel->joininfo)
		if (join_clause_is_movable_to(clause, rel))
		targets = bounded_targets(root, rel, clause, targets);
	returning = returning_indexes(root, rel);
	if (targets == NIL && returning == NIL)
		return;

	/* bitmap heap scans by the relation's other indexes */
	if (LokiBitmapScansEnabled(rel) &&
		(rel->baserestrictinfo != NIL || rel->joininfo != NIL || rel->has_eclass_joins))
		foreach_node(IndexOptInfo, info, rel->indexlist)
			if (!loki_may_scan(info))
			others = lappend(others, info);
	bitmaps = lcons(NULL, others == NIL ? NIL : loki_bitmaps_of_indexes(root, rel, others));
	columns_paths(root, rel, returning, targets, bitmaps);
	foreach_ptr(HybridTarget, target, targets)
	{
		foreach_ptr(Path, bitmap, bitmaps)
			offer_hybrid_path(root, rel, target,
							  bitmap == NULL ? target->outer :
							  bms_union(target->outer, PATH_REQ_OUTER(bitmap)),
							  bitmap, false);
	}
}
