/*-------------------------------------------------------------------------
 *
 * pgcompat.h
 *	  Differences between the supported server versions, PostgreSQL 15 to 19.
 *
 * Only files of this folder may test PG_VERSION_NUM.
 *
 * IDENTIFICATION
 *	  src/compat/pgcompat.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PGCOMPAT_H
#define LOKI_PGCOMPAT_H

#if PG_VERSION_NUM < 150000
#error "lokivector needs PostgreSQL 15 or newer"
#endif

#include "access/amapi.h"
#include "access/htup_details.h"
#include "access/xlog.h"
#include "commands/vacuum.h"
#include "nodes/execnodes.h"
#include "nodes/tidbitmap.h"
#include "storage/bufmgr.h"
#include "storage/proc.h"
#include "storage/smgr.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/timeout.h"

/* Split off from postgres.h in 16 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * Errors of input functions that a caller may ask to have saved, since 16 (nodes/miscnodes.h); they
 * are raised until then
 */
#if PG_VERSION_NUM < 160000
#define errsave(context, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)
#define ereturn(context, dummy, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy; \
	} while (0)
#endif

/* New in 17 */
#if PG_VERSION_NUM >= 170000
#include "storage/read_stream.h"
#endif

/* Loops over lists whose variable is the member, and not its cell; new in 17 */
#if PG_VERSION_NUM < 170000
#define foreach_internal(type, pointer, var, list, member) \
	for (type pointer var = 0, pointer var##__outer = (type pointer) 1; var##__outer; var##__outer = 0) \
		for (ForEachState var##__state = {(list), 0}; \
			 var##__state.i < list_length(var##__state.l) && (var = member, true); var##__state.i++)
#define LokiCell(var)					list_nth_cell(var##__state.l, var##__state.i)
#define foreach_ptr(type, var, list)	foreach_internal(type, *, var, list, lfirst(LokiCell(var)))
#define foreach_node(type, var, list) \
	foreach_internal(type, *, var, list, lfirst_node(type, LokiCell(var)))
#define foreach_oid(var, list)			foreach_internal(Oid, , var, list, lfirst_oid(LokiCell(var)))
#define foreach_int(var, list)			foreach_internal(int, , var, list, lfirst_int(LokiCell(var)))
#endif

/* Names the module and its version since 18 */
#if PG_VERSION_NUM >= 180000
#define LOKI_MODULE_MAGIC \
	PG_MODULE_MAGIC_EXT(.name = "lokivector", .version = LOKI_VERSION)
#else
#define LOKI_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* RelFileNode became RelFileLocator in 16 */
#if PG_VERSION_NUM >= 160000
#include "storage/relfilelocator.h"
typedef RelFileLocator LokiRelFileLocator;
#define LokiRelationLocator(rel)		((rel)->rd_locator)
#define LokiNewFileSubid(rel)			((rel)->rd_newRelfilelocatorSubid)
#define LokiLocatorEquals(a, b)			RelFileLocatorEquals(a, b)
#else
#include "storage/relfilenode.h"
typedef RelFileNode LokiRelFileLocator;
#define LokiRelationLocator(rel)		((rel)->rd_node)
#define LokiNewFileSubid(rel)			((rel)->rd_newRelfilenodeSubid)
#define LokiLocatorEquals(a, b)			RelFileNodeEquals(a, b)
#endif

/* The main fork of a relation, as tags of buffers have it before the block */
typedef struct LokiMainFork
{
				pg_attribute_aligned(8) LokiRelFileLocator locator;
	ForkNumber	number;			/* MAIN_FORKNUM */
} LokiMainFork;

/* Number of the running transaction, unique within the backend's life */
#if PG_VERSION_NUM >= 170000
#define LokiMyLocalTransactionId()		(MyProc->vxid.lxid)
#else
#define LokiMyLocalTransactionId()		(MyProc->lxid)
#endif

/* Whether this backend holds a heavyweight lock in this very mode */
#if PG_VERSION_NUM >= 170000
#define LokiLockHeld(tag, mode)			LockHeldByMe(tag, mode, false)
#else
#define LokiLockHeld(tag, mode)			LockHeldByMe(tag, mode)
#endif

/*
 * Parameters of a hash table in dynamic shared memory, with keys of bytes; keys are copied by
 * a function of their own since 17
 */
#if PG_VERSION_NUM >= 170000
#define LOKI_DSHASH_PARAMETERS(key, entry, tranche) \
	{key, entry, dshash_memcmp, dshash_memhash, dshash_memcpy, tranche}
#else
#define LOKI_DSHASH_PARAMETERS(key, entry, tranche) \
	{key, entry, dshash_memcmp, dshash_memhash, tranche}
#endif

/* Extra data of settings is freed by guc_free() since 16, by free() before */
#if PG_VERSION_NUM >= 160000
#define LokiGucAlloc(size)				guc_malloc(LOG, size)
#else
#define LokiGucAlloc(size)				malloc(size)
#endif

/* Since 18 an infinite cost alone does not keep a path from being chosen */
#if PG_VERSION_NUM >= 180000
#define LokiDisablePath(indexpath)		((indexpath)->path.disabled_nodes = 2)
#define LokiInheritDisabled(path, child) \
	((path)->disabled_nodes = (child)->disabled_nodes)
#else
#define LokiDisablePath(indexpath)		((void) (indexpath))
#define LokiInheritDisabled(path, child)	((void) 0)
#endif

/* The columns of a query's groups are in a range table entry of their own since 18 */
#if PG_VERSION_NUM >= 180000
#define LokiGroupExprs(rte)		((rte)->rtekind == RTE_GROUP ? (rte)->groupexprs : NIL)
#else
#define LokiGroupExprs(rte)		((void) (rte), NIL)
#endif

/* Whether the user owns a table or an index */
#if PG_VERSION_NUM >= 160000
#define LokiOwnsRelation(relid) \
	object_ownercheck(RelationRelationId, relid, GetUserId())
#else
#define LokiOwnsRelation(relid)			pg_class_ownercheck(relid, GetUserId())
#endif

/* Takes a place for soft errors since 16 */
#if PG_VERSION_NUM >= 160000
#define LokiQualifiedNameList(string)	stringToQualifiedNameList(string, NULL)
#else
#define LokiQualifiedNameList(string)	stringToQualifiedNameList(string)
#endif

/* These take a flag since 18; that a lock is not to be had is no message, whatever log_lock_failures says */
#if PG_VERSION_NUM >= 180000
#define LokiConditionalLockTuple(relation, tid, mode)	ConditionalLockTuple(relation, tid, mode, false)
#else
#define LokiConditionalLockTuple(relation, tid, mode)	ConditionalLockTuple(relation, tid, mode)
#endif

#if PG_VERSION_NUM >= 180000
#define LokiVacuumDelayPoint()			vacuum_delay_point(false)
#else
#define LokiVacuumDelayPoint()			vacuum_delay_point()
#endif

/* Let LokiVacuumDelayPoint() pause by vacuum_cost_delay, or no more */
#if PG_VERSION_NUM >= 160000
#define LokiVacuumCostBegin()			VacuumUpdateCosts()
#else
#define LokiVacuumCostBegin()			((void) (VacuumCostActive = VacuumCostDelay > 0))
#endif
#define LokiVacuumCostEnd()				((void) (VacuumCostActive = false))

/*
 * Functions of an index expression, which run as the table's owner, see a safe search_path: the server's own commands see to
 * that since 17.  The caller has a GUC nest level.
 */
#if PG_VERSION_NUM >= 170000
#define LokiRestrictSearchPath()		RestrictSearchPath()
#else
#define LokiRestrictSearchPath() \
	((void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false))
#endif

/* When a timeout ends the statement, 0: none does; transactions have one since 17 */
static inline TimestampTz
LokiTimeoutsEnd(void)
{
	TimestampTz end = get_timeout_active(STATEMENT_TIMEOUT) ? get_timeout_finish_time(STATEMENT_TIMEOUT) : 0;

#if PG_VERSION_NUM >= 170000
	if (get_timeout_active(TRANSACTION_TIMEOUT) && (end == 0 || get_timeout_finish_time(TRANSACTION_TIMEOUT) < end))
		end = get_timeout_finish_time(TRANSACTION_TIMEOUT);
#endif
	return end;
}

/* Says since 16 whether the value is to be copied; only for passing by value */
#if PG_VERSION_NUM >= 160000
#define LokiTuplesortGetDatum(state, value, isnull) \
	tuplesort_getdatum(state, true, false, value, isnull, NULL)
#else
#define LokiTuplesortGetDatum(state, value, isnull) \
	tuplesort_getdatum(state, true, value, isnull, NULL)
#endif

/* The snapshot under which TOAST tables are read; kept by the caller until 17 */
#if PG_VERSION_NUM >= 180000
#define LokiToastSnapshot(data)			((void) (data), get_toast_snapshot())
#else
#define LokiToastSnapshot(data)			(init_toast_snapshot(data), (Snapshot) (data))
#endif

/* No snapshot is too old since 17 */
#if PG_VERSION_NUM >= 170000
#define OldSnapshotThresholdActive()	false
#define TestForOldSnapshot(snapshot, relation, page)	((void) 0)
#define LokiSnapshotNeverOld(snapshot)	((void) 0)
#else
#define LokiSnapshotNeverOld(snapshot)	((snapshot)->lsn = InvalidXLogRecPtr)
#endif

/* Extend a main fork by zeroed blocks, several at once since 16 */
#if PG_VERSION_NUM >= 160000
#define loki_zero_extend(smgr, block, n) \
	smgrzeroextend(smgr, MAIN_FORKNUM, block, n, false)
#else
static inline void
loki_zero_extend(SMgrRelation smgr, BlockNumber block, int n)
{
	PGAlignedBlock zero = {{0}};

	Assert(n > 0);
	for (int i = 0; i < n; i++)
		smgrextend(smgr, MAIN_FORKNUM, block + i, zero.data, false);
}
#endif

/*
 * Blocks of a relation's main fork in an order that a function names, which returns
 * InvalidBlockNumber at the end; the server reads them ahead since 17, before the system alone does
 */
#if PG_VERSION_NUM >= 170000
typedef ReadStream LokiReadStream;
#define loki_read_stream_begin(relation, next, state) \
	read_stream_begin_relation(READ_STREAM_MAINTENANCE | READ_STREAM_FULL, NULL, relation, \
							   MAIN_FORKNUM, next, state, 0)
/* Pinned; InvalidBuffer at the end */
#define loki_read_stream_next(stream)	read_stream_next_buffer(stream, NULL)
#define loki_read_stream_end(stream)	read_stream_end(stream)
#else
typedef struct LokiReadStream LokiReadStream;
typedef BlockNumber (*LokiReadStreamCallback) (LokiReadStream *stream, void *state,
											   void *per_buffer);

struct LokiReadStream
{
	Relation	relation;
	LokiReadStreamCallback next;
	void	   *state;
};

static inline LokiReadStream *
loki_read_stream_begin(Relation relation, LokiReadStreamCallback next, void *state)
{
	LokiReadStream *stream = palloc_object(LokiReadStream);

	*stream = (LokiReadStream) {relation, next, state};
	return stream;
}

static inline Buffer
loki_read_stream_next(LokiReadStream *stream)
{
	BlockNumber block = stream->next(stream, stream->state, NULL);

	return block == InvalidBlockNumber ? InvalidBuffer : ReadBuffer(stream->relation, block);
}

#define loki_read_stream_end(stream)	pfree(stream)
#endif

/* EXPLAIN ANALYZE shows searches of indexes since 18 */
#if PG_VERSION_NUM >= 180000
#define LokiCountIndexSearch(scan) \
	((scan)->instrument ? (void) (scan)->instrument->nsearches++ : (void) 0)
#else
#define LokiCountIndexSearch(scan)		((void) (scan))
#endif

/* Split off from commands/explain.h in 18, which also asks about each node */
struct ExplainState;
typedef void (*LokiExplainNodeHook) (PlanState *ps, List *ancestors,
									 const char *relationship, const char *plan_name,
									 struct ExplainState *es);
#if PG_VERSION_NUM >= 180000
#include "commands/explain.h"
#include "commands/explain_format.h"
#include "commands/explain_state.h"

static inline LokiExplainNodeHook
LokiSetExplainNodeHook(LokiExplainNodeHook hook)
{
	LokiExplainNodeHook previous = explain_per_node_hook;

	explain_per_node_hook = hook;
	return previous;
}
#else
#define LokiSetExplainNodeHook(hook)	((void) (hook), (LokiExplainNodeHook) NULL)
#endif

/* Take a place for instrumentation since 18, and hints since 19 */
#if PG_VERSION_NUM >= 190000
#define LokiIndexBeginScanKeys(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys, 0)
#elif PG_VERSION_NUM >= 180000
#define LokiIndexBeginScanKeys(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys)
#else
#define LokiIndexBeginScanKeys(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

/* What an executor node's index scans are counted in, since 18; since 19 if anybody wants to know */
#if PG_VERSION_NUM >= 190000
#define LokiScanInstrument(node)		((node)->iss_Instrument)
#elif PG_VERSION_NUM >= 180000
#define LokiScanInstrument(node)		(&(node)->iss_Instrument)
#else
#define LokiScanInstrument(node)		NULL
#endif

/* A ring of 16 MB, or an eighth of the shared buffers; has a kind of its own up to 15 */
#if PG_VERSION_NUM >= 160000
#define LokiRowRing()					GetAccessStrategyWithSize(BAS_BULKREAD, 16 * 1024)
#else
#define LokiRowRing()					GetAccessStrategy(BAS_BULKWRITE)
#endif

/* A page of a bitmap of TIDs; lossy ones are marked otherwise since 18 */
typedef struct LokiTbmPage
{
	BlockNumber block;
	int			ntuples;		/* -1: lossy */
	bool		recheck;
	const OffsetNumber *offsets;	/* in order; valid until the next page */
} LokiTbmPage;

#if PG_VERSION_NUM >= 180000
typedef struct LokiTbmIterator
{
	TBMPrivateIterator *iterator;
	OffsetNumber offsets[MaxHeapTuplesPerPage];
} LokiTbmIterator;

static inline void
loki_tbm_begin(LokiTbmIterator *it, TIDBitmap *bitmap)
{
	it->iterator = tbm_begin_private_iterate(bitmap);
}

static inline bool
loki_tbm_next(LokiTbmIterator *it, LokiTbmPage *page)
{
	TBMIterateResult result;

	if (!tbm_private_iterate(it->iterator, &result))
		return false;
	page->block = result.blockno;
	page->recheck = result.recheck;
	page->offsets = it->offsets;
	page->ntuples = result.lossy ? -1 :
		tbm_extract_page_tuple(&result, it->offsets, MaxHeapTuplesPerPage);
	Assert(page->ntuples >= -1 && page->ntuples <= MaxHeapTuplesPerPage);
	return true;
}

#define loki_tbm_end(it)				tbm_end_private_iterate((it)->iterator)
#else
typedef struct LokiTbmIterator
{
	TBMIterator *iterator;
} LokiTbmIterator;

static inline void
loki_tbm_begin(LokiTbmIterator *it, TIDBitmap *bitmap)
{
	it->iterator = tbm_begin_iterate(bitmap);
}

static inline bool
loki_tbm_next(LokiTbmIterator *it, LokiTbmPage *page)
{
	TBMIterateResult *result = tbm_iterate(it->iterator);

	if (result == NULL)
		return false;
	page->block = result->blockno;
	page->ntuples = result->ntuples;
	page->recheck = result->recheck;
	page->offsets = result->offsets;
	Assert(page->ntuples >= -1 && page->ntuples <= MaxHeapTuplesPerPage);
	return true;
}

#define loki_tbm_end(it)				tbm_end_iterate((it)->iterator)
#endif

/* Whether a path falls with a sort key: btree strategy until 17 */
#if PG_VERSION_NUM >= 180000
#define LokiPathKeyIsDescending(key)	((key)->pk_cmptype == COMPARE_GT)
#define LokiPathKeySetAscending(key)	((key)->pk_cmptype = COMPARE_LT)
#else
#define LokiPathKeyIsDescending(key)	((key)->pk_strategy == BTGreaterStrategyNumber)
#define LokiPathKeySetAscending(key)	((key)->pk_strategy = BTLessStrategyNumber)
#endif

/* Whether no row has NULL in a column; since 18 a constraint may be declared that is not checked yet */
#if PG_VERSION_NUM >= 180000
#define LokiIsNeverNull(desc, i) \
	(TupleDescCompactAttr(desc, i)->attnullability == ATTNULLABLE_VALID)
#else
#define LokiIsNeverNull(desc, i)	(TupleDescAttr(desc, i)->attnotnull)
#endif

/* Says since 18, beside its operator, that a sort clause is descending */
#if PG_VERSION_NUM >= 180000
#define LokiSortSetReverse(sort, descending)	((sort)->reverse_sort = (descending))
#else
#define LokiSortSetReverse(sort, descending)	((void) 0)
#endif

/* The members of the range table that a join tree has, joins among them; with optimizer/prep.h */
#if PG_VERSION_NUM >= 160000
#define LokiJoinTreeRelids(node)	get_relids_in_jointree(node, true, true)
#else
#define LokiJoinTreeRelids(node)	get_relids_in_jointree(node, true)
#endif

/* An expression of a parent, as one of its child's */
#if PG_VERSION_NUM >= 160000
#define LokiAdjustToChild(root, expr, rel) \
	adjust_appendrel_attrs_multilevel(root, expr, rel, (rel)->top_parent)
#else
#define LokiAdjustToChild(root, expr, rel) \
	adjust_appendrel_attrs_multilevel(root, expr, (rel)->relids, (rel)->top_parent_relids)
#endif

/* What tables a query may read is kept apart from its range table since 16; with parser/parse_relation.h */
#if PG_VERSION_NUM >= 160000
#define LokiCopyPermissions(to, from) \
	((to)->rteperminfos = copyObject((from)->rteperminfos))
#define LokiCheckAsUser(query, rte) \
	((rte)->perminfoindex == 0 ? InvalidOid : \
	 getRTEPermissionInfo((query)->rteperminfos, rte)->checkAsUser)
#else
#define LokiCheckAsUser(query, rte)	((rte)->checkAsUser)
#define LokiCopyPermissions(to, from)	((void) 0)
#endif

/* Variables say since 16 which outer joins may make them NULL; with rewrite/rewriteManip.h */
#if PG_VERSION_NUM >= 160000
#define LokiRemoveNulling(expr, var)	remove_nulling_relids(expr, (var)->varnullingrels, NULL)
#define LokiMayBeNulled(root, var)		((void) (root), (var)->varnullingrels != NULL)
#else
#define LokiRemoveNulling(expr, var)	(expr)
#define LokiMayBeNulled(root, var)		bms_is_member((var)->varno, (root)->nullable_baserels)
#endif

/* The range table that EXPLAIN counts: without that of groups, since 18; with commands/explain.h */
#if PG_VERSION_NUM >= 180000
#define LokiExplainedTables(es)	((es)->rtable_size)
#else
#define LokiExplainedTables(es)	list_length((es)->rtable)
#endif

/* Conditions by which a window ends before its last row; kept with their function since 17. */
#if PG_VERSION_NUM >= 170000
#include "nodes/makefuncs.h"

#define loki_run_conditions(window, function) \
	loki_conditions_of_function(function)

static inline List *
loki_conditions_of_function(WindowFunc *function)
{
	List	   *result = NIL;
	ListCell   *cell;

	foreach(cell, function->runCondition)
	{
		WindowFuncRunCondition *condition = lfirst_node(WindowFuncRunCondition, cell);
		Expr	   *left = condition->wfunc_left ? (Expr *) function : condition->arg;
		Expr	   *right = condition->wfunc_left ? condition->arg : (Expr *) function;

		result = lappend(result, make_opclause(condition->opno, BOOLOID, false, left, right,
											   InvalidOid, condition->inputcollid));
	}
	return result;
}
#else
#define loki_run_conditions(window, function)	((window)->runCondition)
#endif

/*
 * A hash table of rows' keys that counts the rows of each; its entries have room of their own
 * since 18.  It needs executor/executor.h.
 */
#if PG_VERSION_NUM >= 180000
#define LokiBuildGroupTable(slot, nkeys, keys, equal, hash, collations, meta, cxt, temp) \
	BuildTupleHashTable(NULL, (slot)->tts_tupleDescriptor, (slot)->tts_ops, nkeys, keys, \
						equal, hash, collations, 64, sizeof(Size), meta, cxt, temp, false)
#define LokiGroupRows(table, entry)		((Size *) TupleHashEntryGetAdditional(table, entry))
#else
#define LokiBuildGroupTable(slot, nkeys, keys, equal, hash, collations, meta, cxt, temp) \
	BuildTupleHashTableExt(NULL, (slot)->tts_tupleDescriptor, nkeys, keys, equal, hash, \
						   collations, 64, 0, meta, cxt, temp, false)
#define LokiGroupRows(table, entry)		((Size *) &(entry)->additional)
#endif

/* A descriptor of rows that was filled in is finished since 19 */
#if PG_VERSION_NUM >= 190000
#define LokiFinishTupleDesc(desc)		TupleDescFinalize(desc)
#else
#define LokiFinishTupleDesc(desc)		((void) (desc))
#endif

/* Takes flags of the slot since 19; with executor/executor.h */
#if PG_VERSION_NUM >= 190000
#define LokiInitScanSlot(estate, scan, desc, kind)	ExecInitScanTupleSlot(estate, scan, desc, kind, 0)
#else
#define LokiInitScanSlot(estate, scan, desc, kind)	ExecInitScanTupleSlot(estate, scan, desc, kind)
#endif

/* What replace_rte_variables() calls back with */
#if PG_VERSION_NUM >= 190000
typedef const Var LokiGivenVar;
#else
typedef Var LokiGivenVar;
#endif

/* fmgr.h had a name of its own for Node until 18 */
#if PG_VERSION_NUM >= 190000
typedef struct Node *fmNodePtr;
#endif

/* Clauses count their relations since 16 */
#if PG_VERSION_NUM >= 160000
#define LokiSetNumBaseRels(rinfo, n)	((rinfo)->num_base_rels = (n))
#else
#define LokiSetNumBaseRels(rinfo, n)	((void) 0)
#endif

/*
 * What we keep with a query level: in a place of our own since 19, and before in an upper relation of relids
 * that nobody else asks for; with optimizer/pathnode.h, in planner_cxt
 */
#if PG_VERSION_NUM >= 190000
#include "optimizer/extendplan.h"
#define LokiGetLevelState(root, relids) \
	((void) (relids), GetPlannerInfoExtensionState(root, GetPlannerExtensionId("lokivector")))
#define LokiSetLevelState(root, relids, state) \
	SetPlannerInfoExtensionState(root, GetPlannerExtensionId("lokivector"), state)
#else
#define LokiGetLevelState(root, relids) \
	(fetch_upper_rel(root, UPPERREL_FINAL, relids)->fdw_private)
#define LokiSetLevelState(root, relids, state) \
	(fetch_upper_rel(root, UPPERREL_FINAL, relids)->fdw_private = (state))
#endif

#endif							/* LOKI_PGCOMPAT_H */
