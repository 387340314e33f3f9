/*-------------------------------------------------------------------------
 *
 * pgcompat.h
 *	  Differences between the supported server versions, PostgreSQL 15 to 19.
 *
 * The only file that may test PG_VERSION_NUM.
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
#include "utils/rel.h"

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

/* Included by other headers until 18 */
#if PG_VERSION_NUM >= 190000
#include "access/tableam.h"
#include "nodes/miscnodes.h"
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
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
#define LokiLocatorEquals(a, b)			RelFileLocatorEquals(a, b)
#define LokiLocatorNumber(locator)		((locator).relNumber)
#else
#include "storage/relfilenode.h"
typedef RelFileNode LokiRelFileLocator;
#define LokiRelationLocator(rel)		((rel)->rd_node)
#define LokiLocatorEquals(a, b)			RelFileNodeEquals(a, b)
#define LokiLocatorNumber(locator)		((locator).relNode)
#endif

/* Whether a buffer tag, which may be volatile, is that of a block of a relation's
 * main fork */
#if PG_VERSION_NUM >= 160000
#define LokiTagIs(tag, locator, block) \
	((tag)->blockNum == (block) && (tag)->forkNum == MAIN_FORKNUM && \
	 (tag)->relNumber == (locator).relNumber && (tag)->dbOid == (locator).dbOid && \
	 (tag)->spcOid == (locator).spcOid)
#else
#define LokiTagIs(tag, locator, block) \
	((tag)->blockNum == (block) && (tag)->forkNum == MAIN_FORKNUM && \
	 RelFileNodeEquals((tag)->rnode, locator))
#endif

/* A buffer's state, which has 64 bits since 19; the macros need storage/buf_internals.h */
#if PG_VERSION_NUM >= 190000
typedef uint64 LokiBufferState;
#define LokiReadBufferState				pg_atomic_read_u64
#define LokiExchangeBufferState			pg_atomic_compare_exchange_u64
#define LokiUnlockBufferHeader(desc, state, cleared) \
	UnlockBufHdrExt(desc, state, 0, cleared, 0)
#else
typedef uint32 LokiBufferState;
#define LokiReadBufferState				pg_atomic_read_u32
#define LokiExchangeBufferState			pg_atomic_compare_exchange_u32
#define LokiUnlockBufferHeader(desc, state, cleared) \
	UnlockBufHdr(desc, (state) & ~(cleared))
#endif

/*
 * Content locks of shared buffers, which are no LWLocks since 19: then nobody says which are
 * held, and one that is not waited for is exclusive.  Needs storage/buf_internals.h.
 */
#if PG_VERSION_NUM >= 190000
#define LokiBufferLocked(buffer)		BufferIsLockedByMe(buffer)
#define LokiBufferLockedExclusively(buffer) \
	BufferIsLockedByMeInMode(buffer, BUFFER_LOCK_EXCLUSIVE)
#define LokiTryLockBuffer(buffer)		ConditionalLockBuffer(buffer)
#define LokiAnyBufferLocked()			false
#define LokiForEachLock(visit, arg)		((void) (visit), (void) (arg))
#define LokiBufferOfLock(lock)			((void) (lock), InvalidBuffer)
#else
#define LokiContentLock(buffer) \
	BufferDescriptorGetContentLock(GetBufferDescriptor((buffer) - 1))
#define LokiBufferLocked(buffer)		LWLockHeldByMe(LokiContentLock(buffer))
#define LokiBufferLockedExclusively(buffer) \
	LWLockHeldByMeInMode(LokiContentLock(buffer), LW_EXCLUSIVE)
#define LokiTryLockBuffer(buffer) \
	LWLockConditionalAcquire(LokiContentLock(buffer), LW_SHARED)
#define LokiAnyBufferLocked() \
	LWLockAnyHeldByMe(LokiContentLock(1), NBuffers, sizeof(BufferDescPadded))
#define LokiForEachLock(visit, arg)		ForEachLWLockHeldByMe(visit, arg)
/* InvalidBuffer for an LWLock of another kind */
#define LokiBufferOfLock(lock) \
	((char *) (lock) >= (char *) LokiContentLock(1) && \
	 (char *) (lock) <= (char *) LokiContentLock(NBuffers) ? \
	 (Buffer) (((char *) (lock) - (char *) LokiContentLock(1)) / sizeof(BufferDescPadded)) + 1 : \
	 InvalidBuffer)
#endif

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

/* A tranche of LWLocks is named where it is made since 19, and in each process before */
#if PG_VERSION_NUM >= 190000
#define LokiNewTranche(name)			LWLockNewTrancheId(name)
#define LokiNameTranche(tranche, name)	((void) 0)
#else
#define LokiNewTranche(name)			LWLockNewTrancheId()
#define LokiNameTranche(tranche, name)	LWLockRegisterTranche(tranche, name)
#endif

/* Parameters of a hash table in dynamic shared memory, with keys of bytes; keys are copied by
 * a function of their own since 17 */
#if PG_VERSION_NUM >= 170000
#define LOKI_DSHASH_PARAMETERS(key, entry, tranche) \
	{key, entry, dshash_memcmp, dshash_memhash, dshash_memcpy, tranche}
#else
#define LOKI_DSHASH_PARAMETERS(key, entry, tranche) \
	{key, entry, dshash_memcmp, dshash_memhash, tranche}
#endif

/* The server keeps what a handler of an access method returns since 19, and frees it before */
#if PG_VERSION_NUM >= 190000
#define LokiHandlerResult(routine)		(routine)
#else
#define LokiHandlerResult(routine) \
	memcpy(palloc(sizeof(IndexAmRoutine)), routine, sizeof(IndexAmRoutine))
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

/* Takes a flag since 18 */
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

/* Functions of an index expression see a safe search_path since 17 */
#if PG_VERSION_NUM >= 170000
#define LokiRestrictSearchPath()		RestrictSearchPath()
#else
#define LokiRestrictSearchPath()		((void) 0)
#endif

/* Says since 16 whether the value is to be copied; only for passing by value */
#if PG_VERSION_NUM >= 160000
#define LokiTuplesortGetDatum(state, value, isnull) \
	tuplesort_getdatum(state, true, false, value, isnull, NULL)
#else
#define LokiTuplesortGetDatum(state, value, isnull) \
	tuplesort_getdatum(state, true, value, isnull, NULL)
#endif

/*
 * Conversions of dates and times; *overflow is set to -1 or 1 if the result is below or above
 * all that there are.  Since 19 that is a soft error, whose result is -infinity or infinity.
 */
#if PG_VERSION_NUM >= 190000
#define LOKI_CONVERT_TIME(name) \
static inline Timestamp \
loki_##name(int64 value, int *overflow) \
{ \
	ErrorSaveContext error = {T_ErrorSaveContext}; \
	Timestamp	result = name##_safe(value, (Node *) &error); \
\
	*overflow = !error.error_occurred ? 0 : TIMESTAMP_IS_NOBEGIN(result) ? -1 : 1; \
	return result; \
}
LOKI_CONVERT_TIME(date2timestamp)
LOKI_CONVERT_TIME(date2timestamptz)
LOKI_CONVERT_TIME(timestamp2timestamptz)
#else
#define loki_date2timestamp(value, overflow)	date2timestamp_opt_overflow(value, overflow)
#define loki_date2timestamptz(value, overflow)	date2timestamptz_opt_overflow(value, overflow)
#define loki_timestamp2timestamptz(value, overflow) \
	timestamp2timestamptz_opt_overflow(value, overflow)
#endif

/* The snapshot under which TOAST tables are read; kept by the caller until 17 */
#if PG_VERSION_NUM >= 180000
#define LokiToastSnapshot(data)			((void) (data), get_toast_snapshot())
#else
#define LokiToastSnapshot(data)			(init_toast_snapshot(data), (Snapshot) (data))
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

	for (int i = 0; i < n; i++)
		smgrextend(smgr, MAIN_FORKNUM, block + i, zero.data, false);
}
#endif

/*
 * Blocks of a relation's main fork, read ahead in an order that a function names, which
 * returns InvalidBlockNumber at the end; a part of the server since 17
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
	bool		ended;
	uint64		announced;		/* blocks so far, of which ... */
	uint64		read;			/* these have been returned */
	uint64		distance;		/* between the two, at most */
	BlockNumber blocks[FLEXIBLE_ARRAY_MEMBER];	/* block i at i % distance */
};

static inline LokiReadStream *
loki_read_stream_begin(Relation relation, LokiReadStreamCallback next, void *state)
{
	int			distance = Max(1, maintenance_io_concurrency);
	LokiReadStream *stream = (LokiReadStream *)
		palloc0(offsetof(LokiReadStream, blocks) + sizeof(BlockNumber) * distance);

	stream->relation = relation;
	stream->next = next;
	stream->state = state;
	stream->distance = distance;
	return stream;
}

static inline Buffer
loki_read_stream_next(LokiReadStream *stream)
{
	while (!stream->ended && stream->announced < stream->read + stream->distance)
	{
		BlockNumber block = stream->next(stream, stream->state, NULL);

		stream->ended = block == InvalidBlockNumber;
		if (stream->ended)
			break;
		if (stream->distance > 1)
			(void) PrefetchBuffer(stream->relation, MAIN_FORKNUM, block);
		stream->blocks[stream->announced++ % stream->distance] = block;
	}
	if (stream->read == stream->announced)
		return InvalidBuffer;
	return ReadBuffer(stream->relation, stream->blocks[stream->read++ % stream->distance]);
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

/* Take a place for instrumentation since 18, and flags since 19 */
#if PG_VERSION_NUM >= 190000
#define LokiIndexBeginScan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0, SO_NONE)
#define LokiIndexBeginOrderedScan(heap, index, snapshot, norderbys) \
	index_beginscan(heap, index, snapshot, NULL, 0, norderbys, SO_NONE)
#define LokiIndexBeginScanKeys(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys, SO_NONE)
#elif PG_VERSION_NUM >= 180000
#define LokiIndexBeginScan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#define LokiIndexBeginOrderedScan(heap, index, snapshot, norderbys) \
	index_beginscan(heap, index, snapshot, NULL, 0, norderbys)
#define LokiIndexBeginScanKeys(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, instrument, nkeys, norderbys)
#else
#define LokiIndexBeginScan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#define LokiIndexBeginOrderedScan(heap, index, snapshot, norderbys) \
	index_beginscan(heap, index, snapshot, 0, norderbys)
#define LokiIndexBeginScanKeys(heap, index, snapshot, instrument, nkeys, norderbys) \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

/* What an executor node's index scans are counted in: a part of the node in 18, and made with
 * EXPLAIN ANALYZE alone since 19 */
#if PG_VERSION_NUM >= 190000
#define LokiScanInstrument(node)		((node)->iss_Instrument)
#elif PG_VERSION_NUM >= 180000
#define LokiScanInstrument(node)		(&(node)->iss_Instrument)
#else
#define LokiScanInstrument(node)		NULL
#endif

/* Take flags since 19 */
#if PG_VERSION_NUM >= 190000
#define LokiTableBeginScan(table, snapshot)	table_beginscan(table, snapshot, 0, NULL, SO_NONE)
#define LokiTableBeginParallelScan(table, shared) \
	table_beginscan_parallel(table, shared, SO_NONE)
#define LokiTableFetchBegin(table)		table_index_fetch_begin(table, SO_NONE)
#define LokiInitScanSlot(estate, node, desc, callbacks) \
	ExecInitScanTupleSlot(estate, node, desc, callbacks, 0)
#else
#define LokiTableBeginScan(table, snapshot)	table_beginscan(table, snapshot, 0, NULL)
#define LokiTableBeginParallelScan(table, shared)	table_beginscan_parallel(table, shared)
#define LokiTableFetchBegin(table)		table_index_fetch_begin(table)
#define LokiInitScanSlot(estate, node, desc, callbacks) \
	ExecInitScanTupleSlot(estate, node, desc, callbacks)
#endif

/*
 * The page that heapam keeps pinned between two rows of an index, InvalidBuffer if there is none,
 * and pruning it.  Its block stands beside it since 19.  Needs access/heapam.h.
 */
#if PG_VERSION_NUM >= 190000
#define LokiHeapFetchPage(fetch) \
	((fetch)->xs_blk == InvalidBlockNumber ? InvalidBuffer : (fetch)->xs_cbuf)
#define LokiSetHeapFetchPage(fetch, buffer, block) \
	((fetch)->xs_cbuf = (buffer), (fetch)->xs_blk = (block))
#define LokiPruneHeapFetchPage(heap, fetch) \
	heap_page_prune_opt(heap, (fetch)->xs_cbuf, &(fetch)->xs_vmbuffer, false)
#else
#define LokiHeapFetchPage(fetch)		((fetch)->xs_cbuf)
#define LokiSetHeapFetchPage(fetch, buffer, block) \
	((void) (block), (fetch)->xs_cbuf = (buffer))
#define LokiPruneHeapFetchPage(heap, fetch)	heap_page_prune_opt(heap, (fetch)->xs_cbuf)
#endif

/* A ring of 16 MB, or an eighth of the shared buffers; has a kind of its own up to 15 */
#if PG_VERSION_NUM >= 160000
#define LokiRowRing()					GetAccessStrategyWithSize(BAS_BULKREAD, 16 * 1024)
#else
#define LokiRowRing()					GetAccessStrategy(BAS_BULKWRITE)
#endif

/* A page of a bitmap of TIDs; lossy ones are told otherwise since 18 */
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

/* An expression of a parent, as one of its child's */
#if PG_VERSION_NUM >= 160000
#define LokiAdjustToChild(root, expr, rel) \
	adjust_appendrel_attrs_multilevel(root, expr, rel, (rel)->top_parent)
#else
#define LokiAdjustToChild(root, expr, rel) \
	adjust_appendrel_attrs_multilevel(root, expr, (rel)->relids, (rel)->top_parent_relids)
#endif

/* What tables a query may read is told apart from its range table since 16 */
#if PG_VERSION_NUM >= 160000
#define LokiCopyPermissions(to, from) \
	((to)->rteperminfos = copyObject((from)->rteperminfos))
#else
#define LokiCopyPermissions(to, from)	((void) 0)
#endif

/* The planner, which is also told of EXPLAIN since 19 */
#if PG_VERSION_NUM >= 190000
#define LOKI_PLANNER_PARAMETERS \
	Query *query, const char *source, int options, ParamListInfo params, ExplainState *explain
#define LOKI_PLANNER_ARGUMENTS			query, source, options, params, explain
#else
#define LOKI_PLANNER_PARAMETERS \
	Query *query, const char *source, int options, ParamListInfo params
#define LOKI_PLANNER_ARGUMENTS			query, source, options, params
#endif

/* What enable_nestloop and its like say is told in an argument since 19 */
#if PG_VERSION_NUM >= 190000
#define LokiInitialCostNestloop(root, workspace, jointype, outer, inner, extra) \
	initial_cost_nestloop(root, workspace, jointype, PGS_NESTLOOP_PLAIN, outer, inner, extra)
#define LokiMaterialPath(rel, path)		create_material_path(rel, path, enable_material)
#else
#define LokiInitialCostNestloop(root, workspace, jointype, outer, inner, extra) \
	initial_cost_nestloop(root, workspace, jointype, outer, inner, extra)
#define LokiMaterialPath(rel, path)		create_material_path(rel, path)
#endif

/*
 * Which plain index scans the planner may use for a relation, as a number: read, disabled and
 * set again.  Up to 18 it goes by the settings, from 19 on by a mask of the relation.
 */
#if PG_VERSION_NUM >= 190000
#define LokiIndexScans(rel)				((rel)->pgs_mask)
#define LokiDisableIndexScans(rel) \
	((rel)->pgs_mask &= ~(uint64) (PGS_INDEXSCAN | PGS_INDEXONLYSCAN))
#define LokiSetIndexScans(rel, scans)	((rel)->pgs_mask = (scans))
#else
#define LokiIndexScans(rel)				((uint64) enable_indexscan | (uint64) enable_indexonlyscan << 1)
#define LokiDisableIndexScans(rel)		(enable_indexscan = enable_indexonlyscan = false)
#define LokiSetIndexScans(rel, scans) \
	(enable_indexscan = ((scans) & 1) != 0, enable_indexonlyscan = ((scans) & 2) != 0)
#endif

/* A path for the rows of several paths, in no order */
#if PG_VERSION_NUM >= 190000
#define LokiAppendPath(root, rel, paths) \
	create_append_path(root, rel, (AppendPathInput) {.subpaths = (paths)}, NIL, NULL, 0, \
					   false, -1)
#else
#define LokiAppendPath(root, rel, paths) \
	create_append_path(root, rel, paths, NIL, NIL, NULL, 0, false, -1)
#endif

/* A path for the rows of several paths, which are in an order */
#if PG_VERSION_NUM >= 190000
#define LokiMergeAppendPath(root, rel, paths, keys) \
	create_merge_append_path(root, rel, paths, NIL, keys, NULL)
#else
#define LokiMergeAppendPath(root, rel, paths, keys) \
	create_merge_append_path(root, rel, paths, keys, NULL)
#endif

/* Whether unique indexes leave a relation one row at most */
#if PG_VERSION_NUM >= 190000
#define LokiHasOneRow(root, rel)		relation_has_unique_index_for(root, rel, NIL, NULL)
#else
#define LokiHasOneRow(root, rel)		relation_has_unique_index_for(root, rel, NIL, NIL, NIL)
#endif

/* Clauses count their relations since 16 */
#if PG_VERSION_NUM >= 160000
#define LokiSetNumBaseRels(rinfo, n)	((rinfo)->num_base_rels = (n))
#else
#define LokiSetNumBaseRels(rinfo, n)	((void) 0)
#endif

/*
 * Whether core matches the first of several sort keys to an index, and keeps
 * the order of distances in the presence of IN over a later column.
 */
#if PG_VERSION_NUM >= 170000
#define LOKI_CORE_MATCHES_MORE			true
#else
#define LOKI_CORE_MATCHES_MORE			false
#endif

#endif							/* LOKI_PGCOMPAT_H */
