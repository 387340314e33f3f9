/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  Scans of an hnsw index for the join keys of another relation.
 *
 *		SELECT ... FROM items JOIN kinds ON kinds.id = items.kind
 *		WHERE kinds.region = 3 ORDER BY items.v <-> $1 LIMIT 10
 *		SELECT ... FROM items WHERE kind IN (SELECT id FROM kinds WHERE region = 3)
 *		ORDER BY v <-> $1 LIMIT 10
 *
 * kind = ANY (ARRAY(SELECT ...)) has become the latter (forms/arms.c).  Core scans items in order
 * and looks up each row in kinds.  If few rows pass, it takes many rows out of the index for nothing.
 * But we can read kinds first, and make its keys a condition of the scan, items.kind = ANY (keys):
 *
 *		Nested Loop
 *		  ->  Custom Scan (LokivectorJoinKeys)		one row, an array
 *				->  Seq Scan on kinds
 *		  ->  Index Scan using items_v_kind_idx on items
 *				Index Cond: (kind = ANY (kinds.id))
 *				Order By: (v <-> $1)
 *
 * That is the semi-join.  If columns of kinds are wanted, or if there are further
 * join clauses, the join is done once more above it, over few rows.
 *
 * An equality of an inner or semi-join becomes such a condition if the filter can hash the keys (below) or
 * an index of the scanned table has a column for its operator and collation, and if row security allows it
 * that early (P6).  Where the join stands above it once more, kinds is read twice (P10): it consists of
 * WITH, VALUES, functions and tables, not samples or foreign tables, without volatile functions and sub-plans.
 *
 * The array is a nested loop's parameter with the number of kinds.id and the type of the array.
 * To make the paths, the condition is added to those of items, all paths are made once more,
 * those with an order are taken, and the condition is removed.  If no index answers it, the
 * filter looks each row up, by a hash table if the keys stay the same while an executor runs
 * (not in a correlated subquery, a recursion, or where EvalPlanQual() may come).  A path is
 * offered if the expected keys fit into the memory of a hash table, and leave out rows.  If it is the
 * whole join, and nothing is known of the keys, as in a table that was not analyzed, it takes the place of
 * loops.
 *
 * IDENTIFICATION
 *	  src/planner/forms/keys.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/forms/forms.h"
#include "planner/forms/keys.h"
#include "planner/order/order.h"
#include "planner/query/column_test.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

static bool enable_join_keys = true;

/* A join clause, as a condition on the scanned relation alone */
typedef struct JoinKeys
{
	Expr	   *operand;		/* the key, of the relation that is read first */
	Oid			order;			/* < by which equal keys are found */
	Var		   *array;			/* the keys, as a nested loop's parameter */
	RestrictInfo *clause;		/* column = ANY (array) */
	double		rows;			/* of scans with this condition */
	bool		unknown;		/* nothing is known of the keys' number */
} JoinKeys;

/* ----------------------------------------------------------------
 * The condition
 * ----------------------------------------------------------------
 */

/*
 * The join clause with the scanned relation on the left.  NULL if it is no equality
 * of an expression of that and one of the other relation.
 */
static OpExpr *
join_equality(RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	OpExpr	   *op = (OpExpr *) rinfo->clause;

	if (!IsA(op, OpExpr) || list_length(op->args) != 2 || rinfo->pseudoconstant ||
		rinfo->mergeopfamilies == NIL || contain_volatile_functions((Node *) op) ||
		!restriction_is_securely_promotable(rinfo, outer))
		return NULL;
	if (bms_equal(rinfo->right_relids, outer->relids) &&
		bms_is_subset(rinfo->left_relids, inner->relids))
		return loki_commuted(op);
	return bms_equal(rinfo->left_relids, outer->relids) &&
		bms_is_subset(rinfo->right_relids, inner->relids) ? copyObject(op) : NULL;
}

/*
 * The < operator, for the right side of the join's operator, that takes the same keys
 * for equal.  The default order of the type may separate more keys.
 */
static Oid
order_of_keys(RestrictInfo *rinfo, OpExpr *op)
{
	Oid			left;
	Oid			right;

	op_input_types(op->opno, &left, &right);
	foreach_oid(family, rinfo->mergeopfamilies)
	{
		Oid			order = get_opfamily_member(family, right, right,
												BTLessStrategyNumber);

		if (OidIsValid(order))
			return order;
	}
	return InvalidOid;
}

/* The share of the relation's rows that have a partner: what core estimates of a semi-join by that clause */
static Selectivity
share_joined(PlannerInfo *root, RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	SpecialJoinInfo sjinfo = {.type = T_SpecialJoinInfo, .jointype = JOIN_SEMI};
	Selectivity share;

	sjinfo.min_lefthand = sjinfo.syn_lefthand = outer->relids;
	sjinfo.min_righthand = sjinfo.syn_righthand = inner->relids;

	/* the clause must not remember it, since the join may be of another kind */
	share = clause_selectivity(root, (Node *) rinfo->clause, 0, JOIN_SEMI, &sjinfo);
	return Max(Min(share, 1), 1e-9);
}

/*
 * Whether the keys are the same as long as an executor runs.  They may change with a
 * parameter of an outer query, with each step of a recursion, and in EvalPlanQual().
 */
static bool
keys_stay(const PlannerInfo *root)
{
	if (root->rowMarks != NIL || !loki_query_level(root)->selects)
		return false;
	for (const PlannerInfo *level = root; level != NULL; level = level->parent_root)
		if (level->wt_param_id >= 0 || (level != root && level->plan_params != NIL))
			return false;
	return true;
}

/*
 * The condition column = ANY (array).  The planner takes it for a condition on the
 * scanned relation alone, so core matches it to indexes like any other.  The executor
 * hashes an array once, and core asks for that if the array is a constant.  Ours is as good
 * as one if the keys stay.  Gap P30: a Var of another type than its column's, in a condition that claims to be of
 * one relation; no version has a parameter of a relation that is none; sql/join_keys.
 */
static RestrictInfo *
any_clause(PlannerInfo *root, RestrictInfo *rinfo, OpExpr *op, Var *array,
		   RelOptInfo *outer, Selectivity share)
{
	ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);
	RestrictInfo *result;
	RegProcedure left;
	RegProcedure right;

	any->opno = op->opno;
	any->useOr = true;
	any->inputcollid = op->inputcollid;
	any->args = list_make2(linitial(op->args), array);
	any->location = -1;
	set_sa_opfuncid(any);
	if (keys_stay(root) && get_op_hash_functions(op->opno, &left, &right) && left == right)
		any->hashfuncid = left;
	result = make_simple_restrictinfo(root, (Expr *) any);
	result->security_level = rinfo->security_level;
	result->leakproof = rinfo->leakproof;
	result->clause_relids = bms_copy(outer->relids);
	result->required_relids = bms_copy(outer->relids);
	LokiSetNumBaseRels(result, 1);
	result->norm_selec = share;
	result->outer_selec = share;
	return result;
}

/*
 * The column under whose number the array is passed: the first one of the key, which is mostly that column itself; NULL if
 * there is none
 */
static Var *
column_of_key(Expr *operand)
{
	List	   *columns = pull_var_clause((Node *) operand, PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS |
										  PVC_INCLUDE_PLACEHOLDERS);

	foreach_ptr(Node, column, columns)
		if (!IsA(column, Var) || ((Var *) column)->varlevelsup > 0)
		return NULL;
	return columns != NIL ? linitial(columns) : NULL;
}

/* The join keys that a join clause asks the other relation for; NULL if it is no use */
static JoinKeys *
join_keys(PlannerInfo *root, RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	JoinKeys   *keys;
	OpExpr	   *op = join_equality(rinfo, outer, inner);
	Expr	   *operand;
	Var		   *column;
	Oid			array_type;
	Oid			order;
	LokiColumnTest test;
	Selectivity share;
	bool		usable;

	if (op == NULL)
		return NULL;
	Assert(bms_equal(pull_varnos(root, linitial(op->args)), outer->relids) &&
		   bms_is_subset(pull_varnos(root, lsecond(op->args)), inner->relids));
	operand = lsecond(op->args);

	column = column_of_key(operand);
	array_type = get_array_type(exprType((Node *) operand));
	order = order_of_keys(rinfo, op);
	if (column == NULL || !OidIsValid(array_type) || !OidIsValid(order) ||
		getBaseType(exprType((Node *) operand)) != exprType((Node *) operand))
		return NULL;

	keys = palloc0_object(JoinKeys);
	keys->operand = operand;
	keys->order = order;
	keys->array = makeVar(column->varno, column->varattno, array_type, -1,
						  op->inputcollid, 0);
	share = share_joined(root, rinfo, outer, inner);
	keys->clause = any_clause(root, rinfo, op, keys->array, outer, share);

	/* it can be hashed, or an index has a column for it */
	usable = OidIsValid(castNode(ScalarArrayOpExpr, keys->clause->clause)->hashfuncid);
	foreach_node(IndexOptInfo, info, outer->indexlist)
		usable |= loki_column_test(info, (Node *) keys->clause->clause, &test) && loki_column_collates(info, &test);
	if (!usable)
		return NULL;
	keys->rows = clamp_row_est(outer->rows * share);
	Assert(share > 0);
	return keys;
}

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

/*
 * Whether the expected keys take no more memory than a hash table may.  They are sorted, and then an array; without
 * statistics all may be distinct.
 */
static bool
keys_fit(PlannerInfo *root, RelOptInfo *rel, JoinKeys *keys)
{
	Node	   *operand = (Node *) keys->operand;
	double		n = rel->cheapest_total_path->rows;
	int32		width = get_typavgwidth(exprType(operand), exprTypmod(operand));
	VariableStatData known;

	examine_variable(root, operand, 0, &known);
	keys->unknown = !HeapTupleIsValid(known.statsTuple) && !known.isunique;
	ReleaseVariableStats(known);
	if (!keys->unknown)
		n = estimate_num_groups(root, list_make1(operand), n, NULL, NULL);
	return n * (sizeof(Datum) + 2.0 * width) <= get_hash_memory_limit();
}

/*
 * Whether the keys leave out next to no row of the scan, while an index finds the partner of each: the
 * plain join reads no more rows then, and no keys.  In a star, core would join one more path in order with
 * every other table.
 */
static bool
keys_leave_out_none(const RelOptInfo *outer, const RelOptInfo *inner, const JoinKeys *keys)
{
	if (keys->unknown || keys->rows < 0.99 * outer->rows)
		return false;
	foreach_ptr(Path, path, inner->cheapest_parameterized_paths)
	{
		const Relids needed = PATH_REQ_OUTER(path);

		if (needed != NULL && bms_is_subset(needed, outer->relids))
			return true;
	}
	return false;
}

/* The path of the node that collects the keys */
static Path *
keys_path(PlannerInfo *root, RelOptInfo *rel, const JoinKeys *keys)
{
	CustomPath *path;
	PathTarget *operand = create_empty_pathtarget();
	PathTarget *array = create_empty_pathtarget();
	Path	   *child = rel->cheapest_total_path;
	const ScalarArrayOpExpr *any = castNode(ScalarArrayOpExpr, keys->clause->clause);

	Assert(PATH_REQ_OUTER(child) == NULL);
	Assert(bms_is_member(keys->array->varno, rel->relids));
	add_column_to_pathtarget(operand, keys->operand, 0);
	add_column_to_pathtarget(array, (Expr *) keys->array, 0);
	child = (Path *) create_projection_path(root, rel, child,
											set_pathtarget_cost_width(root, operand));

	/* one child with one column, one row with one array */
	path = loki_node_path(&loki_join_keys_kind, rel, set_pathtarget_cost_width(root, array),
						  child, array->exprs, NIL, NIL,
						  list_make4_oid(exprType((Node *) keys->operand), keys->order,
										 keys->array->varcollid, any->hashfuncid));
	path->path.rows = 1;

	/*
	 * what takes the array hashes them; or they are sorted, and searched by
	 * it
	 */
	path->path.startup_cost = child->total_cost + child->rows * cpu_operator_cost *
		(2 + (OidIsValid(any->hashfuncid) ? 0 : log2(child->rows + 1)));
	path->path.total_cost = path->path.startup_cost + cpu_tuple_cost;
	return &path->path;
}

/* A nested loop of the row of keys and a scan; it has as many rows as the scan */
static Path *
scan_path(PlannerInfo *root, RelOptInfo *parent, Path *row, Path *scan,
		  const JoinPathExtraData *extra)
{
	JoinPathExtraData mine = *extra;
	Path	   *path;

	/* the array is all that the scan waits for */
	Assert(row->rows == 1 && bms_is_subset(PATH_REQ_OUTER(scan), row->parent->relids));
	mine.inner_unique = false;
	mine.restrictlist = NIL;
	path = (Path *) loki_create_nestloop_path(root, parent, JOIN_INNER, &mine, row, scan, NIL, scan->pathkeys);
	path->rows = scan->rows;
	return path;
}

/*
 * Add the join above such a scan, of its rows with all rows of the other relation: by an index of that
 * for each row, or from memory.
 */
static void
add_join_above(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra, Path *scan)
{
	foreach_ptr(Path, path, inner->cheapest_parameterized_paths)
	{
		if (!bms_is_subset(PATH_REQ_OUTER(path), outer->relids))
			continue;
		if (PATH_REQ_OUTER(path) == NULL)
			path = (Path *) loki_create_material_path(inner, path);
		add_path(joinrel, (Path *)
				 loki_create_nestloop_path(root, joinrel, jointype, extra, scan, path, extra->restrictlist,
										   scan->pathkeys));
	}
}

/*
 * Drop nested loops that compare each row of the scan with all keys.  If there are many more keys
 * than expected, these take seconds; if there are few, the array costs little more.
 * Gap P27; no version drops a path but for another; sql/join_keys.
 */
static void
drop_loops(RelOptInfo *joinrel, const RelOptInfo *outer)
{
	ListCell   *cell;

	Assert(joinrel->cheapest_total_path == NULL);
	foreach(cell, joinrel->pathlist)
	{
		JoinPath   *join = lfirst(cell);

		if (IsA(join, NestPath) && join->path.pathkeys != NIL && join->outerjoinpath->parent == outer &&
			PATH_REQ_OUTER(join->innerjoinpath) == NULL)
			joinrel->pathlist = foreach_delete_current(joinrel->pathlist, cell);
	}
}

/* Add paths for a join clause; false if it is no use. */
static bool
add_keys_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra,
			   RestrictInfo *rinfo, bool alone)
{
	JoinKeys   *keys = join_keys(root, rinfo, outer, inner);
	Path	   *row;

	if (keys == NULL || !keys_fit(root, inner, keys) || keys_leave_out_none(outer, inner, keys))
		return false;
	row = keys_path(root, inner, keys);
	foreach_ptr(Path, scan, loki_paths_with(root, outer, list_make1(keys->clause), NULL, inner->relids,
											keys->rows, NULL, NULL))
	{
		if (scan->pathkeys == NIL || (!IsA(scan, IndexPath) && !IsA(scan, CustomPath)))
			continue;
		if (alone && keys->unknown)
			drop_loops(joinrel, outer);
		if (alone)
			add_path(joinrel, scan_path(root, joinrel, row, scan, extra));
		else
			add_join_above(root, joinrel, outer, inner, jointype, extra,
						   scan_path(root, outer, row, scan, extra));
	}
	return true;
}

/*
 * Here the outer relation is the one that is scanned, and the inner one has the keys, as core's own plan
 * would have them.  The semi-join alone will do if it leaves no clause to be checked, repeats no row,
 * and if no column of the inner relation is wanted.  The first clause that an index has a column for is
 * taken.
 */
static void
add_join_keys_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
					 RelOptInfo *inner, PathKey *key, JoinType jointype, JoinPathExtraData *extra)
{
	RangeTblEntry *rte;
	bool		alone;

	Assert(!bms_overlap(outer->relids, inner->relids));
	if (!enable_join_keys ||
		(jointype != JOIN_INNER && jointype != JOIN_SEMI) ||
		outer->reloptkind != RELOPT_BASEREL || outer->rtekind != RTE_RELATION ||
		joinrel->lateral_relids != NULL || outer->lateral_relids != NULL ||
		inner->lateral_relids != NULL || inner->cheapest_total_path == NULL ||
		PATH_REQ_OUTER(inner->cheapest_total_path) != NULL ||
		loki_usable_indexes(outer) == NIL)
		return;
	rte = planner_rt_fetch(outer->relid, root);
	if (rte->inh || rte->tablesample != NULL)
		return;

	alone = list_length(extra->restrictlist) == 1 &&
		(jointype == JOIN_SEMI || extra->inner_unique) &&
		bms_is_subset(pull_varnos(root, (Node *) joinrel->reltarget->exprs), outer->relids);
	if (!alone && !loki_may_read_twice(root, inner))
		return;
	foreach_node(RestrictInfo, rinfo, extra->restrictlist)
		if (add_keys_paths(root, joinrel, outer, inner, jointype, extra,
						   rinfo, alone))
		break;
}

static void
define_setting(void)
{
	DefineCustomBoolVariable("lokivector.enable_join_keys",
							 "Enables scans of hnsw indexes for the join keys of another relation",
							 NULL, &enable_join_keys, true, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
}

const LokiForm loki_join_keys_form = {
	.join = add_join_keys_paths,
	.kind = &loki_join_keys_kind,
	.init = define_setting,
};
