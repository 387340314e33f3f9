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
 * join clauses, the join is done once more above it, over few rows.  An inner join of which DISTINCT takes
 * each row of items once is as good as a semi-join.
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
 * The node reads its child to the end and returns one row: an array of the keys that are
 * not NULL, which no row equals.  If there is none, it returns no row, so that the scan on the inner side of the
 * nested loop does not run at all.  Keys are sorted, so that each is there
 * once.  If what takes the array hashes it, they are not, unless they outgrow the memory:
 * sorting costs more than hashing a key twice.  The node keeps the array over rescans as long
 * as nothing that the child depends on changes.
 *
 * A scan may have no row whatever the keys are: WHERE items.tenant = $2 AND kinds.region = 3, and no item of
 * the tenant.  So where the child costs more than testing the slots of all nodes, the node first tests these by the
 * scan's conditions that are no keys, up to the first that pass.
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
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "executor/executor.h"
#include "executor/nodeIndexscan.h"
#include "hnsw/hnsw.h"
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
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "planner/query/column_test.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/sortsupport.h"

static bool enable_join_keys = true;

/* What a plan carries in custom_private: a list of OIDs */
typedef enum JoinKeysPrivate
{
	KEYS_TYPE,					/* of the keys */
	KEYS_ORDER,					/* < by which they are compared ... */
	KEYS_COLLATION,				/* ... and its collation */
	KEYS_HASH,					/* function by which what takes them hashes
								 * them, or none */
	KEYS_COST					/* 1: more to read than slots of all nodes */
} JoinKeysPrivate;

static const LokiNodeKind join_keys_kind;

/* A join clause, as a condition on the scanned relation alone */
typedef struct JoinKeys
{
	Expr	   *operand;		/* the key, of the relation that is read first */
	Oid			order;			/* < by which equal keys are found */
	Var		   *array;			/* the keys, as a nested loop's parameter */
	RestrictInfo *clause;		/* column = ANY (array) */
	double		rows;			/* of scans with this condition */
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
 * The condition column = ANY (array).  The planner takes it for a condition on the
 * scanned relation alone, so core matches it to indexes like any other.  It lets pass the share of rows that have a
 * partner, as core estimates it of a semi-join.  The executor hashes an array once, and core asks for that if the array
 * is a constant.  Ours is as good as one if the keys stay the same as long as an executor runs.  They may change with
 * a parameter of an outer query, with each step of a recursion, and in EvalPlanQual().  Gap P30: a Var of another type
 * than its column's, in a condition that claims to be of one relation; no version has a parameter of a relation that is
 * none; sql/join_keys.
 */
static RestrictInfo *
any_clause(PlannerInfo *root, RestrictInfo *rinfo, OpExpr *op, Var *array,
		   RelOptInfo *outer, RelOptInfo *inner)
{
	ScalarArrayOpExpr *any = makeNode(ScalarArrayOpExpr);
	SpecialJoinInfo sjinfo = {.type = T_SpecialJoinInfo, .jointype = JOIN_SEMI};
	RestrictInfo *result;
	RegProcedure left;
	RegProcedure right;
	bool		stay = root->rowMarks == NIL && loki_query_level(root)->selects;

	for (const PlannerInfo *level = root; level != NULL; level = level->parent_root)
		stay &= level->wt_param_id < 0 && (level == root || level->plan_params == NIL);
	any->opno = op->opno;
	any->useOr = true;
	any->inputcollid = op->inputcollid;
	any->args = list_make2(linitial(op->args), array);
	any->location = -1;
	set_sa_opfuncid(any);
	if (stay && get_op_hash_functions(op->opno, &left, &right) && left == right)
		any->hashfuncid = left;
	result = make_simple_restrictinfo(root, (Expr *) any);
	result->security_level = rinfo->security_level;
	result->leakproof = rinfo->leakproof;
	result->clause_relids = bms_copy(outer->relids);
	result->required_relids = bms_copy(outer->relids);
	LokiSetNumBaseRels(result, 1);
	sjinfo.min_lefthand = sjinfo.syn_lefthand = outer->relids;
	sjinfo.min_righthand = sjinfo.syn_righthand = inner->relids;

	/* the join clause must not remember it, since the join may be of another kind */
	result->norm_selec = clause_selectivity(root, (Node *) rinfo->clause, 0, JOIN_SEMI, &sjinfo);
	result->norm_selec = result->outer_selec = Max(Min(result->norm_selec, 1), 1e-9);
	return result;
}

/*
 * The join keys that a join clause asks the other relation for; NULL if it is no use.
 *
 * The array is passed under the number of the key's first column, which is mostly that column itself.  Its order is by
 * the < operator, for the right side of the join's operator, that takes the same keys for equal.  The default order of
 * the type may separate more keys.
 */
static JoinKeys *
join_keys(PlannerInfo *root, RestrictInfo *rinfo, RelOptInfo *outer, RelOptInfo *inner)
{
	JoinKeys   *keys;
	OpExpr	   *op = join_equality(rinfo, outer, inner);
	List	   *columns;
	Oid			type;
	Oid			array_type;
	Oid			left;
	Oid			right;
	LokiColumnTest test;
	bool		usable;

	if (op == NULL)
		return NULL;
	Assert(bms_equal(pull_varnos(root, linitial(op->args)), outer->relids) &&
		   bms_is_subset(pull_varnos(root, lsecond(op->args)), inner->relids));
	keys = palloc0_object(JoinKeys);
	keys->operand = lsecond(op->args);
	op_input_types(op->opno, &left, &right);
	foreach_oid(family, rinfo->mergeopfamilies)
		if (!OidIsValid(keys->order))
		keys->order = get_opfamily_member(family, right, right, BTLessStrategyNumber);
	columns = pull_var_clause((Node *) keys->operand, PVC_INCLUDE_AGGREGATES | PVC_INCLUDE_WINDOWFUNCS |
							  PVC_INCLUDE_PLACEHOLDERS);
	foreach_ptr(Var, column, columns)
		if (!IsA(column, Var) || column->varlevelsup > 0)
		return NULL;
	type = exprType((Node *) keys->operand);
	array_type = get_array_type(type);
	if (columns == NIL || !OidIsValid(array_type) || !OidIsValid(keys->order) || getBaseType(type) != type)
		return NULL;
	keys->array = makeVar(linitial_node(Var, columns)->varno, linitial_node(Var, columns)->varattno, array_type, -1,
						  op->inputcollid, 0);
	keys->clause = any_clause(root, rinfo, op, keys->array, outer, inner);

	/* it can be hashed, or an index has a column for it */
	usable = OidIsValid(castNode(ScalarArrayOpExpr, keys->clause->clause)->hashfuncid);
	foreach_node(IndexOptInfo, info, outer->indexlist)
		usable |= loki_column_test(info, (Node *) keys->clause->clause, &test) && loki_column_collates(info, &test);
	if (!usable)
		return NULL;
	Assert(keys->clause->norm_selec > 0);
	keys->rows = clamp_row_est(outer->rows * keys->clause->norm_selec);
	return keys;
}

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

/* The path of the node that collects the keys for a scan of another relation */
static Path *
keys_path(PlannerInfo *root, RelOptInfo *rel, const RelOptInfo *scanned, const JoinKeys *keys)
{
	CustomPath *path;
	PathTarget *operand = create_empty_pathtarget();
	PathTarget *array = create_empty_pathtarget();
	Path	   *child = rel->cheapest_total_path;
	Cost		slots = (loki_scan_cost + loki_flat_node_cost * scanned->tuples) * cpu_operator_cost;
	const ScalarArrayOpExpr *any = castNode(ScalarArrayOpExpr, keys->clause->clause);

	Assert(PATH_REQ_OUTER(child) == NULL);
	Assert(bms_is_member(keys->array->varno, rel->relids));
	add_column_to_pathtarget(operand, keys->operand, 0);
	add_column_to_pathtarget(array, (Expr *) keys->array, 0);
	child = (Path *) create_projection_path(root, rel, child,
											set_pathtarget_cost_width(root, operand));

	/* one child with one column, one row with one array */
	path = loki_node_path(&join_keys_kind, rel, set_pathtarget_cost_width(root, array),
						  child, array->exprs, NIL, NIL,
						  list_make5_oid(exprType((Node *) keys->operand), keys->order,
										 keys->array->varcollid, any->hashfuncid, child->total_cost > slots));
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

/*
 * Add paths for a join clause; false if it is no use.
 *
 * It is none if the expected keys take more memory than a hash table may.  They are sorted, and then an array; without
 * statistics all may be distinct.  Nor is it any if the keys leave out next to no row of the scan, while an index finds
 * the partner of each: the plain join reads no more rows then, and no keys.  In a star, core would join one more path in
 * order with every other table.
 *
 * The join above a scan is of its rows with all rows of the other relation: by an index of that for each row, or from
 * memory.
 */
static bool
add_keys_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra,
			   RestrictInfo *rinfo, bool alone)
{
	JoinKeys   *keys = join_keys(root, rinfo, outer, inner);
	VariableStatData statistics;
	bool		known;
	double		n = inner->cheapest_total_path->rows;
	Node	   *operand;
	Path	   *row;

	if (keys == NULL)
		return false;
	operand = (Node *) keys->operand;
	examine_variable(root, operand, 0, &statistics);
	known = HeapTupleIsValid(statistics.statsTuple) || statistics.isunique;
	ReleaseVariableStats(statistics);
	if (known)
		n = estimate_num_groups(root, list_make1(operand), n, NULL, NULL);
	if (n * (sizeof(Datum) + 2.0 * get_typavgwidth(exprType(operand), exprTypmod(operand))) > get_hash_memory_limit())
		return false;
	foreach_ptr(Path, path, inner->cheapest_parameterized_paths)
		if (known && keys->rows >= 0.99 * outer->rows && PATH_REQ_OUTER(path) != NULL &&
			bms_is_subset(PATH_REQ_OUTER(path), outer->relids))
		return false;
	row = keys_path(root, inner, outer, keys);
	foreach_ptr(Path, scan, loki_paths_with(root, outer, list_make1(keys->clause), NULL, inner->relids,
											keys->rows, NULL, NULL))
	{
		if (scan->pathkeys == NIL || (!IsA(scan, IndexPath) && !IsA(scan, CustomPath)))
			continue;
		if (alone)
		{
			if (!known)
				drop_loops(joinrel, outer);
			add_path(joinrel, scan_path(root, joinrel, row, scan, extra));
			continue;
		}
		scan = scan_path(root, outer, row, scan, extra);
		foreach_ptr(Path, path, inner->cheapest_parameterized_paths)
		{
			if (!bms_is_subset(PATH_REQ_OUTER(path), outer->relids))
				continue;
			if (PATH_REQ_OUTER(path) == NULL)
				path = (Path *) loki_create_material_path(inner, path);
			add_path(joinrel, (Path *) loki_create_nestloop_path(root, joinrel, jointype, extra, scan, path,
																 extra->restrictlist, scan->pathkeys));
		}
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
		(jointype == JOIN_SEMI || extra->inner_unique ||
		 loki_query_level(root)->asked.once == outer->relid) &&
		bms_is_subset(pull_varnos(root, (Node *) joinrel->reltarget->exprs), outer->relids);
	if (!alone && !loki_may_read_twice(root, inner))
		return;
	foreach_node(RestrictInfo, rinfo, extra->restrictlist)
		if (add_keys_paths(root, joinrel, outer, inner, jointype, extra,
						   rinfo, alone))
		break;
}

/* ----------------------------------------------------------------
 * Execution
 * ----------------------------------------------------------------
 */

/* Room for keys at first, in the array that grows */
#define FIRST_KEYS	1024

typedef struct JoinKeysState
{
	LokiNode	node;

	/* the keys' type */
	Oid			type;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	SortSupportData order;
	bool		hashed;			/* by what takes the array */

	PlanState  *scan;			/* what takes it, if its slots are tested
								 * before keys are read; or NULL */

	/* what was collected, in the node's context */
	Datum	   *keys;			/* sorted, each once, if remove_equal() was last */
	int			nkeys;
	uint64		room;			/* for keys */
	Size		bytes;			/* of the keys in an array, without alignment */
	Datum		array;			/* once `collected` */
	bool		collected;
	bool		returned;		/* the row, since the last rescan */
} JoinKeysState;

/* A LokiNodeKind's method */
static void
begin_keys(LokiNode *node, CustomScan *scan)
{
	JoinKeysState *state = (JoinKeysState *) node;

	Assert(list_length(scan->custom_private) == KEYS_COST + 1);
	state->type = list_nth_oid(scan->custom_private, KEYS_TYPE);
	/* the column's number has come here with the type of the array (P30) */
	Assert(TupleDescAttr(node->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor, 0)->atttypid ==
		   get_array_type(state->type));
	get_typlenbyvalalign(state->type, &state->typlen, &state->typbyval, &state->typalign);
	state->order.ssup_cxt = node->css.ss.ps.state->es_query_cxt;
	state->order.ssup_collation = list_nth_oid(scan->custom_private, KEYS_COLLATION);
	PrepareSortSupportFromOrderingOp(list_nth_oid(scan->custom_private, KEYS_ORDER),
									 &state->order);
	state->hashed = OidIsValid(list_nth_oid(scan->custom_private, KEYS_HASH));
}

/* A LokiNodeKind's method */
static void
note_scan(LokiNode *node, PlanState *inner)
{
	const CustomScan *scan = (const CustomScan *) node->css.ss.ps.plan;

	if (list_nth_oid(scan->custom_private, KEYS_COST) != 0)
		((JoinKeysState *) node)->scan = inner;
}

/*
 * Whether slots of some row meet those conditions of the scan that have no parameters of the plan, as the keys are one.
 * No order is asked for, so that nodes are tested as they come.  All rows that the snapshot sees are among them: if none
 * passes, the scan has no row.
 */
static bool
scan_may_have_rows(PlanState *ps)
{
	const IndexScanState *scan = (const IndexScanState *) ps;
	LokiHybridWalk walk = {.index = scan->iss_RelationDesc,.keys = scan->iss_ScanKeys,
		.nkeys = scan->iss_NumScanKeys,.orderbys = scan->iss_OrderByKeys,
		.runtime_keys = scan->iss_RuntimeKeys,.nruntime_keys = scan->iss_NumRuntimeKeys,
	.runtime = scan->iss_RuntimeContext};
	LokiIndexRow row = {.known = false};
	ScanKeyData order;
	ScanKey		keys;
	int			nkeys = 0;
	IndexScanDesc desc;
	bool		found;

	if (!IsA(ps, IndexScanState))
		walk = ((LokiHybridState *) ps)->walk;
	if (walk.runtime != NULL)
		ResetExprContext(walk.runtime);
	keys = palloc_array(ScanKeyData, walk.nkeys + 1);
	for (int i = 0; i < walk.nkeys; i++)
	{
		IndexRuntimeKeyInfo *value = walk.runtime_keys;
		int			left = walk.nruntime_keys;

		for (; left > 0 && value->scan_key != &walk.keys[i]; left--)
			value++;
		if (left > 0 && loki_has_plan_parameters((Node *) value->key_expr->expr, NULL))
			continue;
		if (left > 0)
			ExecIndexEvalRuntimeKeys(walk.runtime, value, 1);
		keys[nkeys++] = walk.keys[i];
	}
	if (nkeys == 0)
		return true;
	order = walk.orderbys[0];
	order.sk_flags |= SK_ISNULL;
	order.sk_argument = (Datum) 0;
	desc = LokiIndexBeginScanKeys(((ScanState *) ps)->ss_currentRelation, walk.index, ps->state->es_snapshot, NULL,
								  nkeys, 1);
	index_rescan(desc, keys, nkeys, &order, 1);
	loki_hnsw_return_columns(desc, &row);
	found = index_getnext_tid(desc, ForwardScanDirection) != NULL;
	index_endscan(desc);
	pfree(keys);
	return found;
}

/* A LokiNodeKind's method: the same parameters give the same keys, as a Material node has it. */
static bool
restart_keys(LokiNode *node)
{
	JoinKeysState *state = (JoinKeysState *) node;

	state->returned = false;
	if (node->child->chgParam == NULL && state->collected)
		return false;
	state->collected = false;
	return true;
}

/* qsort_arg callback.  A sort of millions of texts takes seconds, in which it must be possible to cancel it. */
static int
compare_keys(const void *a, const void *b, void *order)
{
	CHECK_FOR_INTERRUPTS();
	return ApplySortComparator(*(const Datum *) a, false, *(const Datum *) b, false,
							   (SortSupport) order);
}

/*
 * Sort the keys, and keep each once.  Equal is what the join's operator family compares as equal, so
 * that 1.0 and 1.00 are one key.
 */
static void
remove_equal(JoinKeysState *state)
{
	int			n = 0;

	if (state->nkeys == 0)
		return;
	qsort_arg(state->keys, state->nkeys, sizeof(Datum), compare_keys, &state->order);
	for (int i = 1; i < state->nkeys; i++)
	{
		if (compare_keys(&state->keys[n], &state->keys[i], &state->order) == 0)
		{
			state->bytes -= datumGetSize(state->keys[i], state->typbyval, state->typlen);
			if (!state->typbyval)
				pfree(DatumGetPointer(state->keys[i]));
		}
		else
			state->keys[++n] = state->keys[i];
	}
	Assert(n < state->nkeys);
	state->nkeys = n + 1;
}

/*
 * Add a key; ERROR if an array cannot have them all.
 *
 * When the room is full, equal keys go first.  Only if more than half are left is the room doubled, so
 * that at least half of what is sorted is new each time: the time stays that of a few sorts, and the
 * memory that of the keys.  Where nobody needs them sorted, this begins with half the memory of a hash
 * table.
 */
static void
add_key(JoinKeysState *state, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(state->node.context);

	if (state->nkeys == state->room)
	{
		if (!state->hashed ||
			state->bytes + state->room * sizeof(Datum) > get_hash_memory_limit() / 2)
			remove_equal(state);
		if (state->nkeys >= state->room / 2)
			state->keys = loki_grow(state->node.context, state->keys, &state->room, state->room + 1,
									FIRST_KEYS, sizeof(Datum));
	}
	if (state->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	else
		value = datumCopy(value, state->typbyval, state->typlen);
	Assert(state->nkeys < state->room);
	state->keys[state->nkeys++] = value;
	state->bytes += datumGetSize(value, state->typbyval, state->typlen);
	MemoryContextSwitchTo(old);

	/*
	 * The planner expected fewer, because its statistics are old, or because
	 * a subquery has none.  With alignment, the array may take twice as many
	 * bytes, and a value in memory has MaxAllocSize of them at most.
	 */
	if (state->bytes > MaxAllocSize / 2)
		remove_equal(state);
	if (state->bytes > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many join keys: %d", state->nkeys),
				 errhint("ANALYZE its tables, or turn lokivector.enable_join_keys off.")));
}

/*
 * A LokiNodeKind's method: the one row, again after each rescan, or none if there are no keys.  The child is read to its
 * end first.  The memory of the keys before is given back only then: the scan that has the array may be rescanned with it
 * until then.
 */
static TupleTableSlot *
next_of_keys(LokiNode *node)
{
	JoinKeysState *state = (JoinKeysState *) node;
	TupleTableSlot *slot;

	if (!state->collected)
	{
		MemoryContext old;

		/* the array that was returned before is freed here */
		Assert(!state->returned);
		MemoryContextReset(node->context);
		state->nkeys = 0;
		state->bytes = 0;
		state->room = 0;
		state->keys = NULL;
		if (state->scan != NULL && !scan_may_have_rows(state->scan))
			return NULL;
		while ((slot = loki_node_next_of_child(node)) != NULL)
		{
			bool		isnull;
			Datum		value = slot_getattr(slot, 1, &isnull);

			if (!isnull)
				add_key(state, value);
		}
		if (!state->hashed)
			remove_equal(state);
		old = MemoryContextSwitchTo(node->context);
		state->array = PointerGetDatum(construct_array(state->keys, state->nkeys,
													   state->type, state->typlen,
													   state->typbyval, state->typalign));
		MemoryContextSwitchTo(old);
		state->collected = true;
	}
	Assert(node->ended && state->nkeys <= state->room);
	if (state->returned || state->nkeys == 0)
		return NULL;
	state->returned = true;
	slot = node->css.ss.ss_ScanTupleSlot;
	ExecClearTuple(slot);
	slot->tts_values[0] = state->array;
	slot->tts_isnull[0] = false;
	return ExecStoreVirtualTuple(slot);
}

/* A LokiNodeKind's method */
static void
explain_keys(LokiNode *node, List *ancestors, ExplainState *es)
{
	JoinKeysState *state = (JoinKeysState *) node;

	if (es->analyze && state->collected)
		ExplainPropertyInteger("Keys", NULL, state->nkeys, es);
}

static const LokiNodeKind join_keys_kind = {
	.path = {.CustomName = "LokivectorJoinKeys",.PlanCustomPath = loki_node_plan},
	.plan = {.CustomName = "LokivectorJoinKeys",.CreateCustomScanState = loki_node_create_state},
	.size = sizeof(JoinKeysState),
	.begin = begin_keys,
	.restart = restart_keys,
	.beside = note_scan,
	.next = next_of_keys,
	.explain = explain_keys,
};

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
	.kind = &join_keys_kind,
	.init = define_setting,
};
