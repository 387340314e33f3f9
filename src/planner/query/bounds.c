/*-------------------------------------------------------------------------
 *
 * bounds.c
 *	  The values that a column can have in rows that a snapshot sees.
 *
 * The node of scores stops where no row to come can be better (forms/scores.c), so its bounds must hold for each row
 * that its snapshot sees.  Statistics do not: they are of a sample, and of when ANALYZE ran.  A plan has in
 * place of values the indexes that are asked for them, when the first row has come:
 *
 *		a btree index that begins with the column: its ends
 *		else an hnsw index that has it as an attribute: the extremes of the slots (hnsw.h)
 *		else, or within that, what the column's type, its constraints, and conditions of the query allow
 *
 * Why that holds.  A row is in all indexes of its table before it is committed, and before its own transaction sees
 * it.  So an index that is read after the snapshot was taken has each row that this sees, if it is of all rows, and is
 * valid for the snapshot (ask_index()).  VACUUM, and whoever else removes an entry, or marks it as dead, does so
 * when nobody can see the row any more, the snapshot included.  The snapshot is the executor's, which all scans of its
 * plan use, and keeps for rescans.
 *
 * Other entries widen a range, and one is enough to make a bound useless: of a row that was deleted, updated or rolled
 * back, which VACUUM may leave in indexes for long.  So an end is the first entry whose row the snapshot sees, as
 * any index scan finds it, and marks those before that are dead to everyone.  A range that some rows have and others do
 * not is no less sound: the entries that are passed over are of rows that the scan below cannot return.  After
 * LOKI_EXTREME_ROWS of them the next entry is the end.
 *
 * An MVCC snapshot would take predicate locks for a serializable transaction, which the scans below the node have.  That
 * transaction, and the planner if it has no snapshot, ask with SnapshotNonVacuumable, as get_actual_variable_range() of
 * core does: it passes over rows that are dead to everyone, and so to each snapshot that this backend has.
 *
 * Bounds tell how far a scan goes, and EXPLAIN ANALYZE and the time that it takes tell how far it went.  So indexes are
 * asked only for users who see all rows (P11).
 *
 * If no index can be asked, since it was dropped or is being rebuilt, the column can be anything that is left, and the
 * node reads all rows.  Locks of indexes are taken only if nobody waits for them, as the table is locked already.  A
 * plan that names a dropped index is made again, since that invalidates what is known of its table.
 *
 * IDENTIFICATION
 *	  src/planner/query/bounds.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/relation.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "planner/query/bounds.h"
#include "planner/query/column_test.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

/* Descents of a btree index to know its ends, and pages of each */
#define BTREE_PAGES		9

/* ----------------------------------------------------------------
 * What always holds
 * ----------------------------------------------------------------
 */

/* A column that conditions narrow */
typedef struct Narrowed
{
	RelOptInfo	table;			/* its number in the conditions alone */
	IndexOptInfo column;		/* as an index would have it */
	Oid			type;
	bool		null_holds;		/* of constraints: x IN (1, NULL) allows any x */
	LokiRange  *range;
} Narrowed;

/* A value as a number in the unit of the column's type: times of two types compare by rules of their own. */
static bool
value_for(const Narrowed *narrowed, Datum value, Oid type, double *number)
{
	bool		time = type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;

	return (type == narrowed->type || !time) && loki_range_number(value, type, number) &&
		!isnan(*number);
}

/* expression_tree_walker callback: whether something is not a constant */
static bool
not_constant(Node *node, void *context)
{
	return node != NULL && !IsA(node, Const) &&
		(!IsA(node, List) || expression_tree_walker(node, not_constant, context));
}

/*
 * Narrow a range by a condition that rows meet: column < x and so on, or IN, with constants.
 *
 * Conditions of the query are simplified; in constraints a cast of the server's own is computed here, and a list of
 * constants.  Any other function might be anybody's, and an error.
 */
static void
narrow_by(const Narrowed *narrowed, Node *condition)
{
	LokiRange  *range = narrowed->range;
	LokiColumnTest test;
	Node	   *operand;
	const FuncExpr *cast;
	const Const *constant;
	double		low = INFINITY;
	double		high = -INFINITY;

	if (is_andclause(condition))
	{
		foreach_ptr(Node, part, ((BoolExpr *) condition)->args)
			narrow_by(narrowed, part);
		return;
	}
	if (!loki_column_test(&narrowed->column, condition, &test) || !OidIsValid(test.opno) || test.negated)
		return;
	operand = test.constant;
	cast = (const FuncExpr *) operand;
	if ((IsA(cast, FuncExpr) && cast->funcid < FirstUnpinnedObjectId &&
		 cast->funcformat != COERCE_EXPLICIT_CALL && !not_constant((Node *) cast->args, NULL)) ||
		(IsA(operand, ArrayExpr) && !not_constant((Node *) ((ArrayExpr *) operand)->elements, NULL)))
		operand = eval_const_expressions(NULL, operand);
	constant = (const Const *) loki_strip_relabel(operand);
	if (!IsA(constant, Const) || constant->constisnull)
		return;
	if ((test.flags & SK_SEARCHARRAY) == 0)
	{
		if (!value_for(narrowed, constant->constvalue, constant->consttype, &low))
			return;
		high = low;
	}
	else if (test.strategy == BTEqualStrategyNumber)
	{
		ArrayType  *array = DatumGetArrayTypeP(constant->constvalue);
		ArrayIterator iterator = array_create_iterator(array, 0, NULL);
		Datum		value;
		bool		isnull;

		while (array_iterate(iterator, &value, &isnull))
		{
			double		number;

			if (isnull && !narrowed->null_holds)
				continue;
			if (isnull || !value_for(narrowed, value, ARR_ELEMTYPE(array), &number))
				return;
			low = Min(low, number);
			high = Max(high, number);
		}
	}
	if (low > high)				/* no value, or < ANY and the like */
		return;
	/* NaN is above all numbers */
	if (test.strategy <= BTEqualStrategyNumber)
	{
		range->high = Min(range->high, high);
		range->nans = false;
	}
	if (test.strategy >= BTEqualStrategyNumber)
		range->low = Max(range->low, low);
}

/* The transaction that made a table: that of a column which no ALTER TABLE changes */
static TransactionId
made_by(Oid table)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(table), Int16GetDatum(TableOidAttributeNumber));
	TransactionId xid = InvalidTransactionId;

	if (HeapTupleIsValid(tuple))
	{
		xid = HeapTupleHeaderGetXmin(tuple->t_data);
		ReleaseSysCache(tuple);
	}
	return xid;
}

/* Whether a row of a catalog says something of a table's rows: other indexes and foreign keys come at any time */
static bool
says_of_rows(Oid catalogid, HeapTuple tuple)
{
	if (catalogid == ConstraintRelationId)
		return ((Form_pg_constraint) GETSTRUCT(tuple))->contype != CONSTRAINT_FOREIGN;
	return catalogid != IndexRelationId || ((Form_pg_index) GETSTRUCT(tuple))->indisunique;
}

/*
 * Whether all that a catalog says of a table now, or what it says of a column, 0 for all, holds for the rows of each
 * snapshot that a plan made now may be executed by.  The plan is made again if it may be kept for too long.
 */
static bool
catalog_holds(PlannerInfo *root, Oid catalogid, Oid indexid, AttrNumber key, Oid table, AttrNumber column)
{
	Relation	catalog = table_open(catalogid, AccessShareLock);
	TransactionId made = made_by(table);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		holds = true;

	ScanKeyInit(&keys[0], key, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(table));
	ScanKeyInit(&keys[1], Anum_pg_attribute_attnum, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(column));
	scan = systable_beginscan(catalog, indexid, true, NULL, column != 0 ? 2 : 1, keys);
	while (holds && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		TransactionId xid = HeapTupleHeaderGetXmin(tuple->t_data);

		if (!says_of_rows(catalogid, tuple))
			continue;
		holds = table_tuple_satisfies_snapshot(catalog, scan->slot, GetActiveSnapshot());
		/* what came with the table holds for all of its rows that other transactions see */
		if (!TransactionIdIsNormal(xid) || TransactionIdEquals(xid, made))
			continue;
		holds = holds && TransactionIdPrecedes(xid, TransactionXmin);
		if (!GlobalVisCheckRemovableXid(catalog, xid))
			root->glob->transientPlan = true;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return holds;
}

/*
 * Constraints are checked by the newest versions of rows.  A snapshot that is older than a constraint may see rows that
 * do not meet it: that of a transaction that keeps it, even if that has made the constraint, one that was imported, or
 * that of a query whose STABLE functions have statements, which are planned later.
 *
 * A plan may be kept, and executed by a snapshot that is older than the one by which it was made.  So as long as there
 * may be a snapshot that does not see the constraint, the plan is transient, as by an index with indcheckxmin: it is
 * executed only by snapshots of the same TransactionXmin.  These see what is older than that.
 */
bool
loki_constraints_hold(PlannerInfo *root, Oid table, AttrNumber column)
{
	return !ActiveSnapshotSet() ||
		(catalog_holds(root, ConstraintRelationId, ConstraintRelidTypidNameIndexId, Anum_pg_constraint_conrelid,
					   table, 0) &&
		 (column == 0 ||
		  catalog_holds(root, AttributeRelationId, AttributeRelidNumIndexId, Anum_pg_attribute_attrelid,
						table, column)) &&
		 catalog_holds(root, IndexRelationId, IndexIndrelidIndexId, Anum_pg_index_indrelid, table, 0));
}

/* ----------------------------------------------------------------
 * Indexes that can be asked
 * ----------------------------------------------------------------
 */

/*
 * OIDs of indexes that can be asked for a column, btrees first: those of all rows that the query can return, which sort
 * by the type's own operators.  A predicate of an hnsw index is one that the query implies.
 *
 * None if the user does not see all rows that they have.  How many rows a search reads shows, and depends on its bounds,
 * so that a user of some rows could find out the extremes of the others (P11).
 */
static List *
indexes_that_tell(const RelOptInfo *rel, LokiBounds *bounds, Oid family)
{
	List	   *btrees = NIL;
	List	   *others = NIL;

	foreach_node(IndexOptInfo, info, rel->indexlist)
	{
		bool		tells = false;

		if (info->hypothetical || (info->indpred != NIL && !info->predOK))
			continue;
		if (info->relam == BTREE_AM_OID)
			tells = info->indpred == NIL && info->indexkeys[0] == bounds->column &&
				info->opcintype[0] == bounds->type && info->opfamily[0] == family;
		else if ((amcostestimate_function) info->amcostestimate == loki_hnsw_costestimate)
			for (int i = 1; i < info->nkeycolumns; i++)
				tells |= info->indexkeys[i] == bounds->column;
		if (!tells)
			continue;
		if (!loki_sees_all_rows(info->indexoid))
			return NIL;
		if (info->relam == BTREE_AM_OID)
			btrees = lappend_oid(btrees, info->indexoid);
		else
			others = lappend_oid(others, info->indexoid);
	}
	bounds->btree = btrees != NIL;
	return list_concat(btrees, others);
}

/*
 * The table that a column is of, and the level where that is; NULL if it is no single table's.  A subquery's rows
 * have values of its table, or NULL by a join; an inherited table's are in others.
 */
static RelOptInfo *
table_of_column(PlannerInfo **root, const Var **column, bool *filled)
{
	for (;;)
	{
		RangeTblEntry *rte = planner_rt_fetch((*column)->varno, *root);
		RelOptInfo *rel = (*root)->simple_rel_array[(*column)->varno];
		const TargetEntry *entry;

		/* by an outer join: right joins have become left ones, and some of these such as are for rows that meet none */
		foreach_node(SpecialJoinInfo, join, (*root)->join_info_list)
			*filled |= join->jointype == JOIN_FULL ||
			((join->jointype == JOIN_LEFT || join->jointype == JOIN_ANTI) &&
			 bms_is_member((*column)->varno, join->syn_righthand));
		if (rel == NULL || rte->inh || (*column)->varattno <= 0 || (*column)->varlevelsup > 0)
			return NULL;
		if (rte->rtekind == RTE_RELATION)
			return rte->relkind == RELKIND_RELATION || rte->relkind == RELKIND_MATVIEW ? rel : NULL;
		if (rte->rtekind != RTE_SUBQUERY || rel->subroot == NULL)
			return NULL;
		entry = get_tle_by_resno(rel->subroot->processed_tlist, (*column)->varattno);
		if (rte->subquery->setOperations != NULL || rte->subquery->groupingSets != NIL || entry == NULL ||
			!IsA(entry->expr, Var))
			return NULL;
		*root = rel->subroot;
		*column = (const Var *) entry->expr;
	}
}

void
loki_bounds_of(PlannerInfo *root, Var *column, LokiBounds *bounds)
{
	const Var  *in_table = column;
	RelOptInfo *rel;
	Relation	table;
	const TupleConstr *constraints;
	Narrowed	narrowed;
	Oid			family;
	int			column_number;

	memset(bounds, 0, sizeof(LokiBounds));
	bounds->type = getBaseType(column->vartype);
	bounds->always = loki_any_range;
	/* other types than integers can be infinite, or are no numbers */
	switch (bounds->type)
	{
		case BOOLOID:
			bounds->always = (LokiRange) {0, 1, true, false};
			break;
		case INT2OID:
			bounds->always = (LokiRange) {PG_INT16_MIN, PG_INT16_MAX, true, false};
			break;
		case INT4OID:
			bounds->always = (LokiRange) {PG_INT32_MIN, PG_INT32_MAX, true, false};
			break;
		case INT8OID:
			bounds->always = (LokiRange) {(double) PG_INT64_MIN, (double) PG_INT64_MAX, true, false};
			break;
	}
	rel = table_of_column(&root, &in_table, &bounds->filled);
	if (rel == NULL)
	{
		bounds->filled = true;
		return;
	}
	bounds->table = planner_rt_fetch(rel->relid, root)->relid;
	bounds->column = in_table->varattno;
	column_number = bounds->column;
	family = lookup_type_cache(bounds->type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	narrowed = (Narrowed) {.type = bounds->type, .range = &bounds->always,
		.column = {.rel = &narrowed.table, .indexkeys = &column_number, .nkeycolumns = 1, .opfamily = &family}
	};
	/* the planner has locked it; what is not valid, or not enforced, says nothing of some rows */
	table = table_open(bounds->table, NoLock);
	constraints = RelationGetDescr(table)->constr;
	if (constraints != NULL && loki_constraints_hold(root, bounds->table, column_number))
	{
		narrowed.table.relid = 1;
		narrowed.null_holds = true;
		for (int i = 0; i < constraints->num_check; i++)
			if (constraints->check[i].ccvalid)
				narrow_by(&narrowed, stringToNode(constraints->check[i].ccbin));
		if (LokiIsNeverNull(RelationGetDescr(table), column_number - 1))
			bounds->always.nulls = false;
	}
	table_close(table, NoLock);
	narrowed.table.relid = rel->relid;
	narrowed.null_holds = false;
	foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
		narrow_by(&narrowed, (Node *) rinfo->clause);
	if (loki_drops_nulls(rel, (Node *) in_table))
		bounds->always.nulls = false;

	/* what is infinite, or NaN, is no sum or product of numbers */
	if (isinf(bounds->always.low) || isinf(bounds->always.high))
		bounds->always.nans = true;
	else if (bounds->always.low > bounds->always.high)
		bounds->always.high = bounds->always.low;	/* no row passes */
	bounds->indexes = indexes_that_tell(rel, bounds, family);
}

/* ----------------------------------------------------------------
 * Asking them
 * ----------------------------------------------------------------
 */

/*
 * Take a value in; false if it is no number, or infinite: sums and products with that are not those of numbers, so
 * that the column can be anything.
 */
static bool
extend_range(LokiRange *range, Datum value, Oid type)
{
	double		number;

	if (!loki_range_number(value, type, &number) || isinf(number))
		return false;
	if (isnan(number))
		range->nans = true;
	else
	{
		range->low = Min(range->low, number);
		range->high = Max(range->high, number);
	}
	return true;
}

/*
 * Go to the next entry in a direction whose row is seen, or to the one after so many that are not; false if there is none
 */
static bool
next_seen(IndexScanDesc scan, ScanDirection direction, TupleTableSlot *row)
{
	for (int i = 0; index_getnext_tid(scan, direction) != NULL; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < LOKI_EXTREME_ROWS && !index_fetch_heap(scan, row))
			continue;
		ExecClearTuple(row);
		return true;
	}
	return false;
}

/*
 * Take in the first entry of a scan in each direction, of those that meet a scan key.  *any says whether there is
 * one.  Only values of index tuples are read.
 */
static bool
extend_by_ends(IndexScanDesc scan, ScanKey key, Oid type, TupleTableSlot *row, LokiRange *range, bool *any)
{
	const ScanDirection directions[] = {ForwardScanDirection, BackwardScanDirection};

	*any = false;
	for (int i = 0; i < lengthof(directions); i++)
	{
		bool		isnull;
		Datum		value;

		index_rescan(scan, key, 1, NULL, 0);
		if (!next_seen(scan, directions[i], row))
			return true;
		*any = true;
		Assert(scan->xs_itup != NULL);
		value = index_getattr(scan->xs_itup, 1, scan->xs_itupdesc, &isnull);
		if (!isnull && !extend_range(range, value, type))
			return false;
	}
	return true;
}

/* The ends of a btree index, whichever order it has; see above for the snapshot.  NaN is at one end. */
static LokiRange
ask_btree(const LokiBounds *bounds, Relation table, Relation index, Snapshot snapshot)
{
	IndexScanDesc scan = LokiIndexBeginScanKeys(table, index, snapshot, NULL, 1, 0);
	TupleTableSlot *row = table_slot_create(table, NULL);
	LokiRange	range = {INFINITY, -INFINITY, false, false};
	ScanKeyData key;
	bool		known;
	bool		any;

	scan->xs_want_itup = true;
	ScanKeyEntryInitialize(&key, SK_ISNULL | SK_SEARCHNOTNULL, 1, InvalidStrategy, InvalidOid,
						   InvalidOid, InvalidOid, (Datum) 0);
	known = extend_by_ends(scan, &key, bounds->type, row, &range, &any);
	if (known && range.nans)
	{
		/* values below NaN */
		Oid			type = bounds->type;
		Oid			less = get_opfamily_member(index->rd_opfamily[0], type, type, BTLessStrategyNumber);
		Datum		nan = type == FLOAT4OID ? Float4GetDatum(get_float4_nan()) : Float8GetDatum(get_float8_nan());

		if (type == NUMERICOID)
			nan = DirectFunctionCall1(float8_numeric, nan);
		ScanKeyEntryInitialize(&key, 0, 1, BTLessStrategyNumber, InvalidOid, InvalidOid, get_opcode(less), nan);
		known = extend_by_ends(scan, &key, bounds->type, row, &range, &any);
	}
	if (!known)
		range = loki_any_range;
	if (bounds->always.nulls)
	{
		ScanKeyEntryInitialize(&key, SK_ISNULL | SK_SEARCHNULL, 1, InvalidStrategy, InvalidOid,
							   InvalidOid, InvalidOid, (Datum) 0);
		index_rescan(scan, &key, 1, NULL, 0);
		range.nulls = next_seen(scan, ForwardScanDirection, row);
	}
	ExecDropSingleTupleTableSlot(row);
	index_endscan(scan);
	return range;
}

/* The extremes of an attribute; false if the index cannot be read, or has no such column */
static bool
ask_hnsw(const LokiBounds *bounds, Relation table, Relation index, Snapshot snapshot, LokiRange *range)
{
	LokiExtremes extremes;
	int			attribute = 0;

	for (int i = 1; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		if (index->rd_index->indkey.values[i] == bounds->column)
			attribute = i;
	if (attribute == 0 || !loki_hnsw_extremes(table, index, snapshot, attribute, &extremes))
		return false;
	*range = (LokiRange) {INFINITY, -INFINITY, extremes.nulls, extremes.nans};
	if (!loki_range_is_number(bounds->type) ||
		(OidIsValid(extremes.type) && (!extend_range(range, extremes.low, extremes.type) ||
									   !extend_range(range, extremes.high, extremes.type))))
	{
		*range = loki_any_range;
		range->nulls = extremes.nulls;
	}
	return true;
}

/*
 * Ask an index, unless somebody else changes it or waits to; false if it cannot be asked: it is not what the plan means
 * any more, or lacks rows that snapshots of this transaction see.  One with indcheckxmin lacks some that are older than
 * itself, as in get_relation_info() of core.
 */
static bool
ask_index(const LokiBounds *bounds, Relation table, Oid indexid, Snapshot snapshot, LokiRange *range)
{
	Relation	index;
	const FormData_pg_index *form;
	bool		asked;

	/* a cached plan may be executed by another user */
	if (!loki_sees_all_rows(indexid) || !ConditionalLockRelationOid(indexid, AccessShareLock))
		return false;
	index = try_relation_open(indexid, NoLock);
	if (index == NULL)
	{
		UnlockRelationOid(indexid, AccessShareLock);
		return false;
	}
	form = index->rd_index;
	asked = index->rd_rel->relkind == RELKIND_INDEX && form->indrelid == bounds->table &&
		form->indisvalid && form->indisready && form->indislive &&
		(!form->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin)) &&
		(index->rd_rel->relam != BTREE_AM_OID || form->indkey.values[0] == bounds->column);
	if (asked && index->rd_rel->relam == BTREE_AM_OID)
		*range = ask_btree(bounds, table, index, snapshot);
	else if (asked)
		asked = ask_hnsw(bounds, table, index, snapshot, range);
	relation_close(index, AccessShareLock);
	return asked;
}

/* The ends are within both: what indexes say of all rows, and what holds for rows of the query. */
LokiRange
loki_bounds_read(const LokiBounds *bounds, Snapshot snapshot)
{
	LokiRange	result = bounds->always;
	LokiRange	range;
	Relation	table = bounds->indexes == NIL ? NULL : table_open(bounds->table, NoLock);
	SnapshotData vacuumable;
	bool		asked = false;

	if (table != NULL && (snapshot == NULL || IsolationIsSerializable()))
	{
		InitNonVacuumableSnapshot(vacuumable, GlobalVisTestFor(table));
		snapshot = &vacuumable;
	}
	foreach_oid(index, bounds->indexes)
		if ((asked = ask_index(bounds, table, index, snapshot, &range)))
		break;
	if (asked)
	{
		/* no row has a number, then any will do */
		if (range.low > range.high)
			range.low = range.high = Max(Min(0, result.high), result.low);
		result.low = Max(result.low, range.low);
		result.high = Max(Min(result.high, range.high), result.low);
		result.nulls &= range.nulls;
		result.nans &= range.nans;
	}
	if (table != NULL)
		table_close(table, NoLock);
	result.nulls |= bounds->filled;
	return result;
}

/*
 * The first index is the one that is asked.  A btree's pages cost what they do in btcostestimate(); slots of
 * attributes are as many as rows, and of each some nanoseconds.
 */
Cost
loki_bounds_cost(const LokiBounds *bounds, double rows)
{
	return bounds->indexes == NIL ? 0 : cpu_operator_cost * (bounds->btree ? BTREE_PAGES * 50 : rows / 8);
}

/* ----------------------------------------------------------------
 * In a plan
 * ----------------------------------------------------------------
 */

/* As bytes of a constant, and a list, since custom_private must be copied and written out */
List *
loki_bounds_write(const LokiBounds *bounds)
{
	bytea	   *bytes = palloc0(VARHDRSZ + sizeof(LokiBounds));

	SET_VARSIZE(bytes, VARHDRSZ + sizeof(LokiBounds));
	memcpy(VARDATA(bytes), bounds, offsetof(LokiBounds, indexes));
	return list_make2(makeConst(BYTEAOID, -1, InvalidOid, -1, PointerGetDatum(bytes), false, false),
					  lcons_oid(InvalidOid, list_copy(bounds->indexes)));
}

LokiBounds
loki_bounds_parse(const List *list)
{
	LokiBounds	bounds;

	memcpy(&bounds, VARDATA(DatumGetPointer(linitial_node(Const, list)->constvalue)), sizeof(LokiBounds));
	bounds.indexes = list_copy_tail(lsecond(list), 1);
	return bounds;
}

/* ----------------------------------------------------------------
 * NULL
 * ----------------------------------------------------------------
 */

/*
 * A strict condition is NULL, and drops the row, if the column is.  Only conditions of the relation
 * itself count, which are evaluated below all joins.
 */
bool
loki_drops_nulls(const RelOptInfo *rel, Node *column)
{
	foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
	{
		Node	   *clause = (Node *) rinfo->clause;
		NullTest   *test = (NullTest *) clause;

		if (IsA(clause, NullTest) ? test->nulltesttype == IS_NOT_NULL && equal(test->arg, column) :
			!contain_nonstrict_functions(clause) &&
			list_member(pull_var_clause(clause, PVC_RECURSE_PLACEHOLDERS), column))
			return true;
	}
	return false;
}

/* The rows that loki_may_be_null() asks about */
typedef struct RowsOf
{
	PlannerInfo *root;
	const RelOptInfo *rel;
} RowsOf;

/*
 * LokiRangeOf: what is never NULL, and any value otherwise.  The planner holds a lock on the table of a column with NOT
 * NULL.  A plan is made again if the constraint is dropped, as that is an ALTER TABLE.
 */
static bool
is_never_null(Node *expr, void *context, LokiRange *range)
{
	const RowsOf *rows = context;
	const Var  *column = (const Var *) expr;
	Relation	table;
	bool		result;

	*range = loki_any_range;
	range->nulls = false;
	if (loki_drops_nulls(rows->rel, expr))
		return true;
	if (!IsA(expr, Var) || column->varno != (int) rows->rel->relid || column->varattno <= 0)
		return false;
	table = table_open(planner_rt_fetch(column->varno, rows->root)->relid, NoLock);
	result = LokiIsNeverNull(RelationGetDescr(table), column->varattno - 1) &&
		loki_constraints_hold(rows->root, RelationGetRelid(table), column->varattno);
	table_close(table, NoLock);
	return result;
}

/*
 * An order that other nodes rely on must be right for each row (P7), and is decided here, so that only constraints
 * and conditions count.
 */
bool
loki_may_be_null(PlannerInfo *root, const RelOptInfo *rel, Node *expr)
{
	RowsOf		rows = {.root = root, .rel = rel};
	LokiRange	range;

	loki_range_of_expr(expr, is_never_null, &rows, &range);
	return range.nulls;
}
