/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  Scans of an hnsw index for the values of a joined relation.
 *
 *		SELECT ... FROM items JOIN kinds ON kinds.id = items.kind
 *		WHERE kinds.region = 3 ORDER BY items.v <-> $1 LIMIT 10
 *		SELECT ... FROM items WHERE kind IN (SELECT id FROM kinds WHERE region = 3)
 *		ORDER BY v <-> $1 LIMIT 10
 *
 * Core scans items in order and looks up each row in kinds: few pass, and many
 * rows are taken out of the index in vain.  But kinds can be read first, and its
 * values be a condition of the scan, items.kind = ANY (those values):
 *
 *		Nested Loop
 *		  ->  Custom Scan (LokivectorJoinKeys)		one row, an array
 *				->  Seq Scan on kinds
 *		  ->  Index Scan using items_v_kind_idx on items
 *				Index Cond: (kind = ANY (kinds.id))
 *				Order By: (v <-> $1)
 *
 * That is the semi-join.  Where columns of kinds are wanted, or there are further
 * join clauses, the join is done above it once more, over few rows.
 *
 * IDENTIFICATION
 *	  src/planner/join/keys.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/stratnum.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "planner/hybrid/hybrid.h"
#include "planner/join/keys.h"
#include "planner/order/order.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

bool		loki_enable_join_keys = true;

/* A join clause, as a condition on the scanned relation alone */
typedef struct JoinValues
{
	Expr	   *operand;		/* of the relation that is read first */
	Oid			order;			/* < by which equal values are found */
	Var		   *array;			/* its values, as a nested loop's parameter */
	RestrictInfo *clause;		/* column = ANY (array) */
	ParamPathInfo *param_info;	/* of scans with this condition */
} JoinValues;

static Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
					   List *clauses, List *children);

static const CustomPathMethods path_methods = {
	.CustomName = LOKI_JOIN_KEYS_NAME,
	.PlanCustomPath = plan_path,
};

static const CustomScanMethods plan_methods = {
	.CustomName = LOKI_JOIN_KEYS_NAME,
	.CreateCustomScanState = loki_join_keys_create_state,
};

/* ----------------------------------------------------------------
 * The condition
 * ----------------------------------------------------------------
 */

/* Whether an index of the relation has a column for the condition */
static bool
has_index_for(RelOptInfo *rel, Node *operand, Oid opno, Oid collation)
{
	ListCell   *cell;

	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *info = lfirst_node(IndexOptInfo, cell);

		for (int col = 0; col < info->nkeycolumns; col++)
			if (match_index_to_operand(operand, col, info) &&
				(!OidIsValid(info->indexcollations[col]) ||
				 info->indexcollations[col] == collation) &&
				op_in_opfamily(opno, info->opfamily[col]))
				return true;
	}
	return false;
}

/*
 * The clause with the scanned relation on the left; NULL if it is no equality
 * of a column of that and something of the other one.
 */
static OpExpr *
join_equality(RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	OpExpr	   *op = (OpExpr *) rinfo->clause;
	OpExpr	   *result;

	if (!IsA(op, OpExpr) || list_length(op->args) != 2 || rinfo->pseudoconstant ||
		rinfo->mergeopfamilies == NIL || contain_volatile_functions((Node *) op) ||
		!restriction_is_securely_promotable(rinfo, outer))
		return NULL;
	result = copyObject(op);
	if (bms_equal(rinfo->right_relids, outer->relids) &&
		bms_is_subset(rinfo->left_relids, inner->relids))
	{
		result->opno = get_commutator(op->opno);
		result->opfuncid = InvalidOid;
		result->args = list_make2(lsecond(result->args), linitial(result->args));
	}
	else if (!bms_equal(rinfo->left_relids, outer->relids) ||
			 !bms_is_subset(rinfo->right_relids, inner->relids))
		return NULL;
	return OidIsValid(result->opno) ? result : NULL;
}

/*
 * The column below a cast that changes nothing; NULL if it is no column.  The
 * array is passed under the column's name and number.
 */
static Var *
column_of(Expr *operand)
{
	while (IsA(operand, RelabelType))
		operand = ((RelabelType *) operand)->arg;
	return IsA(operand, Var) ? (Var *) operand : NULL;
}

/*
 * The order by which values are equal where the join's operator says so, on its
 * right side: the type's own may know less than that does.
 */
static Oid
order_of_values(RestrictInfo *rinfo, OpExpr *op)
{
	Oid			left;
	Oid			right;
	ListCell   *cell;

	op_input_types(op->opno, &left, &right);
	foreach(cell, rinfo->mergeopfamilies)
	{
		Oid			order = get_opfamily_member(lfirst_oid(cell), right, right,
												BTLessStrategyNumber);

		if (OidIsValid(order))
			return order;
	}
	return InvalidOid;
}

/* The share of the relation's rows that have a partner */
static Selectivity
share_joined(PlannerInfo *root, RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	SpecialJoinInfo sjinfo = {.type = T_SpecialJoinInfo};
	Selectivity share;

	sjinfo.min_lefthand = sjinfo.syn_lefthand = outer->relids;
	sjinfo.min_righthand = sjinfo.syn_righthand = inner->relids;
	sjinfo.jointype = JOIN_SEMI;

	/* not remembered in the clause, which is of another kind of join perhaps */
	share = clause_selectivity(root, (Node *) rinfo->clause, 0, JOIN_SEMI, &sjinfo);
	return Max(Min(share, 1), 1e-9);
}

/*
 * The condition column = ANY (array).  To the planner it is one on the scanned
 * relation alone, so that core matches it to indexes as any other.
 */
static RestrictInfo *
any_clause(PlannerInfo *root, RestrictInfo *rinfo, OpExpr *op, Var *array,
		   RelOptInfo *outer, Selectivity share)
{
	ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);
	RestrictInfo *result;

	any->opno = op->opno;
	any->useOr = true;
	any->inputcollid = op->inputcollid;
	any->args = list_make2(linitial(op->args), array);
	any->location = -1;
	set_sa_opfuncid(any);
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

/* What a join clause makes of the other relation; NULL if it is of no use */
static JoinValues *
join_keys(PlannerInfo *root, RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	JoinValues *values;
	OpExpr	   *op = join_equality(rinfo, outer, inner);
	Expr	   *operand;
	Var		   *column;
	Oid			array_type;
	Oid			order;
	Selectivity share;

	if (op == NULL ||
		!has_index_for(outer, linitial(op->args), op->opno, op->inputcollid))
		return NULL;
	operand = lsecond(op->args);
	column = column_of(operand);
	array_type = get_array_type(exprType((Node *) operand));
	order = order_of_values(rinfo, op);
	if (column == NULL || column->varlevelsup > 0 || !OidIsValid(array_type) ||
		!OidIsValid(order) ||
		getBaseType(exprType((Node *) operand)) != exprType((Node *) operand))
		return NULL;

	values = palloc0_object(JoinValues);
	values->operand = operand;
	values->order = order;
	values->array = makeVar(column->varno, column->varattno, array_type, -1,
							op->inputcollid, 0);
	share = share_joined(root, rinfo, outer, inner);
	values->clause = any_clause(root, rinfo, op, values->array, outer, share);
	values->param_info = makeNode(ParamPathInfo);
	values->param_info->ppi_req_outer = bms_copy(inner->relids);
	values->param_info->ppi_rows = clamp_row_est(outer->rows * share);
	values->param_info->ppi_clauses = list_make1(values->clause);
	return values;
}

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

/* Say that a path depends on the values. */
static void
parameterize(Path *path, const JoinValues *values)
{
	path->param_info = values->param_info;
	path->rows = values->param_info->ppi_rows;
	if (IsA(path, CustomPath))
	{
		ListCell   *cell;

		foreach(cell, ((CustomPath *) path)->custom_paths)
			parameterize(lfirst(cell), values);
	}
}

/*
 * The paths of a relation in the order of a distance, if the condition were one
 * of its own: all is made as it was for the relation itself.  What is made here
 * may be in memory that the genetic optimizer frees, so nothing of it may stay.
 */
static List *
ordered_paths(PlannerInfo *root, RelOptInfo *rel, const JoinValues *values)
{
	RelOptInfo	saved = *rel;
	List	   *saved_clauses = NIL;
	List	   *result = NIL;
	ListCell   *cell;
	ListCell   *clauses;

	rel->pathlist = rel->partial_pathlist = NIL;
	rel->ppilist = list_copy(rel->ppilist);
	rel->rows = values->param_info->ppi_rows;
	rel->baserestrictinfo = lappend(list_copy(rel->baserestrictinfo), values->clause);
	rel->joininfo = NIL;
	rel->has_eclass_joins = false;
	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *info = lfirst_node(IndexOptInfo, cell);

		saved_clauses = lappend(saved_clauses, info->indrestrictinfo);
		info->indrestrictinfo = lappend(list_copy(info->indrestrictinfo), values->clause);
	}
	create_index_paths(root, rel);
	loki_order_paths(root, rel);
	loki_hybrid_paths(root, rel, planner_rt_fetch(rel->relid, root));
	foreach(cell, rel->pathlist)
	{
		Path	   *path = lfirst(cell);

		if (path->pathkeys == NIL || path->param_info != NULL ||
			(!IsA(path, IndexPath) && !IsA(path, CustomPath)))
			continue;
		parameterize(path, values);
		result = lappend(result, path);
	}
	forboth(cell, rel->indexlist, clauses, saved_clauses)
	{
		IndexOptInfo *info = lfirst_node(IndexOptInfo, cell);

		info->indrestrictinfo = lfirst(clauses);
	}
	*rel = saved;
	return result;
}

/* Whether as many values as are expected take no more memory than a hash table may */
static bool
values_fit(PlannerInfo *root, RelOptInfo *rel, const JoinValues *values)
{
	Node	   *operand = (Node *) values->operand;
	double		rows = rel->cheapest_total_path->rows;
	EstimationInfo info;
	double		n = estimate_num_groups(root, list_make1(operand), rows, NULL, &info);
	int32		width = get_typavgwidth(exprType(operand), exprTypmod(operand));

	/* sorted, and as an array; of what has no statistics each may be another */
	if (info.flags & SELFLAG_USED_DEFAULT)
		n = rows;
	return n * (sizeof(Datum) + 2.0 * width) <= get_hash_memory_limit();
}

/* The node that collects the values */
static Path *
values_path(PlannerInfo *root, RelOptInfo *rel, const JoinValues *values)
{
	CustomPath *path = makeNode(CustomPath);
	PathTarget *operand = create_empty_pathtarget();
	PathTarget *array = create_empty_pathtarget();
	Path	   *child = rel->cheapest_total_path;

	add_column_to_pathtarget(operand, values->operand, 0);
	add_column_to_pathtarget(array, (Expr *) values->array, 0);
	child = (Path *) create_projection_path(root, rel, child,
											set_pathtarget_cost_width(root, operand));

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = set_pathtarget_cost_width(root, array);
	path->path.parallel_safe = rel->consider_parallel && child->parallel_safe;
	path->path.rows = 1;
	path->path.startup_cost = child->total_cost +
		child->rows * (1 + log2(child->rows + 1)) * cpu_operator_cost;
	path->path.total_cost = path->path.startup_cost + cpu_tuple_cost;
	LokiInheritDisabled(&path->path, child);
	path->custom_paths = list_make1(child);
	path->custom_private = list_make3_oid(exprType((Node *) values->operand), values->order,
										  values->array->varcollid);
	path->methods = &path_methods;
	return &path->path;
}

/* Whether a join leaves nothing of its inner relation to the nodes above */
static bool
wants_outer_alone(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer)
{
	return bms_is_subset(pull_varnos(root, (Node *) joinrel->reltarget->exprs),
						 outer->relids);
}

/* Whether clauses return the same for a row each time, with nothing below them */
static bool
is_stable(List *clauses)
{
	ListCell   *cell;

	foreach(cell, clauses)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, cell)->clause;

		if (contain_volatile_functions(clause) || contain_subplans(clause))
			return false;
	}
	return true;
}

/*
 * Whether a relation of the query has the same rows when it is read again: it is a
 * table, and what the query and its policies ask of it does not change.
 */
static bool
is_same_again(PlannerInfo *root, int relid)
{
	RangeTblEntry *rte = planner_rt_fetch(relid, root);
	RelOptInfo *rel = root->simple_rel_array[relid];

	if (rte->rtekind == RTE_JOIN)
		return true;
	return rte->rtekind == RTE_RELATION && rte->tablesample == NULL &&
		rte->relkind != RELKIND_FOREIGN_TABLE &&
		!contain_volatile_functions((Node *) rte->securityQuals) &&
		!contain_subplans((Node *) rte->securityQuals) &&
		(rel == NULL || (is_stable(rel->baserestrictinfo) && is_stable(rel->joininfo)));
}

/*
 * Whether a relation may be read twice in a plan, with the same rows both times.
 * EvalPlanQual returns its one row but once.
 */
static bool
may_read_twice(PlannerInfo *root, RelOptInfo *rel)
{
	Relids		relids = bms_copy(rel->relids);
	int			relid = -1;
	ListCell   *cell;

	if (root->parse->commandType != CMD_SELECT || root->rowMarks != NIL ||
		contain_volatile_functions((Node *) root->parse->jointree) ||
		contain_subplans((Node *) root->parse->jointree))
		return false;
	/* with its partitions; parents are before children */
	foreach(cell, root->append_rel_list)
	{
		AppendRelInfo *child = lfirst_node(AppendRelInfo, cell);

		if (bms_is_member(child->parent_relid, relids))
			relids = bms_add_member(relids, child->child_relid);
	}
	while ((relid = bms_next_member(relids, relid)) >= 0)
		if (!is_same_again(root, relid))
			return false;
	return true;
}

/* A nested loop of the row of values and a scan; its rows are those of the scan */
static Path *
scan_path(PlannerInfo *root, RelOptInfo *parent, Path *row, Path *scan,
		  const JoinPathExtraData *extra)
{
	JoinPathExtraData mine = *extra;
	JoinCostWorkspace workspace;
	Path	   *path;

	mine.inner_unique = false;
	mine.restrictlist = NIL;
	initial_cost_nestloop(root, &workspace, JOIN_INNER, row, scan, &mine);
	path = (Path *) create_nestloop_path(root, parent, JOIN_INNER, &workspace, &mine,
										 row, scan, NIL, scan->pathkeys, NULL);
	path->rows = scan->rows;
	return path;
}

/* The join above such a scan, of its rows with all of the other relation's */
static void
add_join_above(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra, Path *scan)
{
	ListCell   *cell;

	foreach(cell, inner->cheapest_parameterized_paths)
	{
		Path	   *path = lfirst(cell);
		JoinCostWorkspace workspace;

		if (!bms_is_subset(PATH_REQ_OUTER(path), outer->relids))
			continue;
		if (PATH_REQ_OUTER(path) == NULL)
			path = (Path *) create_material_path(inner, path);
		initial_cost_nestloop(root, &workspace, jointype, scan, path, extra);
		add_path(joinrel, (Path *)
				 create_nestloop_path(root, joinrel, jointype, &workspace, extra, scan,
									  path, extra->restrictlist, scan->pathkeys, NULL));
	}
}

/* Add paths for a join clause; false if it is of no use. */
static bool
add_values_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
				 RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra,
				 RestrictInfo *rinfo, bool alone)
{
	JoinValues *values = join_keys(root, rinfo, outer, inner);
	Path	   *row;
	ListCell   *cell;

	if (values == NULL || !values_fit(root, inner, values))
		return false;
	row = values_path(root, inner, values);
	foreach(cell, ordered_paths(root, outer, values))
	{
		Path	   *scan = lfirst(cell);

		if (alone)
			add_path(joinrel, scan_path(root, joinrel, row, scan, extra));
		else
			add_join_above(root, joinrel, outer, inner, jointype, extra,
						   scan_path(root, outer, row, scan, extra));
	}
	return true;
}

/* Add paths to those of a join. */
void
loki_join_keys_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
					 RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra)
{
	RangeTblEntry *rte;
	PathKey    *key;
	bool		alone;
	ListCell   *cell;

	if (!loki_enable_join_keys || root->query_pathkeys == NIL ||
		(jointype != JOIN_INNER && jointype != JOIN_SEMI) ||
		outer->reloptkind != RELOPT_BASEREL || outer->rtekind != RTE_RELATION ||
		joinrel->lateral_relids != NULL || outer->lateral_relids != NULL ||
		inner->lateral_relids != NULL || inner->cheapest_total_path == NULL ||
		PATH_REQ_OUTER(inner->cheapest_total_path) != NULL ||
		loki_usable_indexes(outer) == NIL)
		return;
	rte = planner_rt_fetch(outer->relid, root);
	key = linitial_node(PathKey, root->query_pathkeys);
	if (rte->inh || rte->tablesample != NULL || key->pk_opfamily != LOKI_FLOAT_OPFAMILY ||
		key->pk_eclass->ec_has_volatile)
		return;

	alone = list_length(extra->restrictlist) == 1 &&
		(jointype == JOIN_SEMI || extra->inner_unique) &&
		wants_outer_alone(root, joinrel, outer);
	if (!alone && !may_read_twice(root, inner))
		return;
	foreach(cell, extra->restrictlist)
		if (add_values_paths(root, joinrel, outer, inner, jointype, extra,
							 lfirst_node(RestrictInfo, cell), alone))
		break;
}

/* ----------------------------------------------------------------
 * Plans
 * ----------------------------------------------------------------
 */

/* PlanCustomPath: the clauses of the relation are the child's. */
static Plan *
plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);

	scan->scan.plan.targetlist = tlist;
	scan->custom_scan_tlist = copyObject(tlist);
	scan->custom_plans = children;
	scan->custom_private = path->custom_private;
	scan->methods = &plan_methods;
	return &scan->scan.plan;
}

/* The setting, and what plans are known by when they are read back */
void
loki_join_keys_init(void)
{
	DefineCustomBoolVariable("lokivector.enable_join_keys",
							 "Enables scans of hnsw indexes for the values of a joined relation",
							 NULL, &loki_enable_join_keys, true, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
	RegisterCustomScanMethods(&plan_methods);
}
