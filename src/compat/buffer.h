/*-------------------------------------------------------------------------
 *
 * buffer.h
 *	  Differences between the supported server versions in buffers, their locks, and the reading of tables.
 *
 * IDENTIFICATION
 *	  src/compat/buffer.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BUFFER_H
#define LOKI_BUFFER_H

#include "access/heapam.h"
#include "access/tableam.h"
#include "compat/pgcompat.h"
#include "miscadmin.h"
#include "storage/buf_internals.h"
#include "utils/guc.h"

/* The state of a buffer: its flags, and since 19 its content lock */
#if PG_VERSION_NUM >= 190000
typedef uint64 LokiBufferState;
#define LokiReadBufferState(desc)		pg_atomic_read_u64(&(desc)->state)
#define LokiExchangeBufferState(desc, old, new) \
	pg_atomic_compare_exchange_u64(&(desc)->state, old, new)
#define LokiUnlockBufferCleared(desc, locked, cleared)	UnlockBufHdrExt(desc, locked, 0, cleared, 0)
#else
typedef uint32 LokiBufferState;
#define LokiReadBufferState(desc)		pg_atomic_read_u32(&(desc)->state)
#define LokiExchangeBufferState(desc, old, new) \
	pg_atomic_compare_exchange_u32(&(desc)->state, old, new)
#define LokiUnlockBufferCleared(desc, locked, cleared)	UnlockBufHdr(desc, (locked) & ~(cleared))
#endif

/* Whether a buffer's tag, which may be changing, is that of a block: compared by two words and the block */
static inline bool
loki_tag_is(const volatile BufferTag *tag, const LokiMainFork *fork, BlockNumber block)
{
	const volatile uint64 *words = (const volatile uint64 *) tag;
	const uint64 *own = (const uint64 *) fork;

	StaticAssertStmt(sizeof(LokiMainFork) == 2 * sizeof(uint64) && offsetof(BufferTag, blockNum) == sizeof(LokiMainFork),
					 "a tag is a fork and a block");
	Assert((uintptr_t) tag % sizeof(uint64) == 0 && (uintptr_t) fork % sizeof(uint64) == 0);
	return tag->blockNum == block && words[0] == own[0] && words[1] == own[1];
}

/* pgstat_count_buffer_read() and pgstat_count_buffer_hit() of n blocks */
#if PG_VERSION_NUM >= 160000
#define LokiCountHits(relation, n) \
	((relation)->pgstat_info->counts.blocks_fetched += (n), (relation)->pgstat_info->counts.blocks_hit += (n))
#else
#define LokiCountHits(relation, n) \
	((relation)->pgstat_info->t_counts.t_blocks_fetched += (n), (relation)->pgstat_info->t_counts.t_blocks_hit += (n))
#endif

/*
 * Content locks that this backend holds of shared buffers, for assertions.  Until 18 they are LWLocks, which the
 * server lists, in the array of buffer descriptors.  Since 19 they are bits of buffers' states, and the server
 * answers for each buffer.  Who holds one does not take interrupts, so that mostly no buffer has to be looked at.
 * A server with assertions of its own answers for pinned buffers alone; it is not asked for all.
 */
#ifdef USE_ASSERT_CHECKING
typedef void (*LokiLockVisitor) (Buffer buffer, void *arg);

#if PG_VERSION_NUM >= 190000
static inline bool
loki_buffer_locked(Buffer buffer)
{
	bool		locked = BufferIsLockedByMe(buffer);

	Assert(!locked || InterruptHoldoffCount > 0);
	return locked;
}

#define LokiBufferLocked(buffer)		loki_buffer_locked(buffer)
#define LokiBufferLockedExclusively(buffer) \
	(loki_buffer_locked(buffer) && BufferIsLockedByMeInMode(buffer, BUFFER_LOCK_EXCLUSIVE))

static inline void
loki_visit_locked_buffers(LokiLockVisitor visit, void *arg)
{
	if (InterruptHoldoffCount == 0 ||
		strcmp(GetConfigOption("debug_assertions", false, false), "on") == 0)
		return;
	for (Buffer buffer = 1; buffer <= NBuffers; buffer++)
		if ((LokiReadBufferState(GetBufferDescriptor(buffer - 1)) & BM_LOCK_MASK) != 0 &&
			BufferIsLockedByMe(buffer))
			visit(buffer, arg);
}
#else
#define LokiContentLock(buffer) \
	BufferDescriptorGetContentLock(GetBufferDescriptor((buffer) - 1))
#define LokiBufferLocked(buffer)		LWLockHeldByMe(LokiContentLock(buffer))
#define LokiBufferLockedExclusively(buffer) \
	LWLockHeldByMeInMode(LokiContentLock(buffer), LW_EXCLUSIVE)

typedef struct LokiLockVisit
{
	LokiLockVisitor visit;
	void	   *arg;
} LokiLockVisit;

static inline void
loki_visit_lwlock(LWLock *lock, LWLockMode mode, void *arg)
{
	const LokiLockVisit *visit = arg;
	const char *first = (const char *) LokiContentLock(1);
	const char *at = (const char *) lock;

	if (at >= first && at <= (const char *) LokiContentLock(NBuffers))
		visit->visit((Buffer) ((at - first) / sizeof(BufferDescPadded)) + 1, visit->arg);
}

static inline void
loki_visit_locked_buffers(LokiLockVisitor visit, void *arg)
{
	LokiLockVisit state = {visit, arg};

	ForEachLWLockHeldByMe(loki_visit_lwlock, &state);
}
#endif
#endif							/* USE_ASSERT_CHECKING */

/* A tranche of LWLocks, whose name each backend says for itself until 18 */
#if PG_VERSION_NUM >= 190000
#define LokiNewTranche(name)			LWLockNewTrancheId(name)
#define LokiNameTranche(tranche, name)	((void) (tranche))
#else
#define LokiNewTranche(name)			LWLockNewTrancheId()
#define LokiNameTranche(tranche, name)	LWLockRegisterTranche(tranche, name)
#endif

/* Scans of tables, and reads of their rows, take hints since 19 */
#if PG_VERSION_NUM >= 190000
#define loki_table_beginscan(table, snapshot)			table_beginscan(table, snapshot, 0, NULL, SO_NONE)
#define loki_table_beginscan_parallel(table, shared)	table_beginscan_parallel(table, shared, SO_NONE)
#define loki_table_index_fetch_begin(table)				table_index_fetch_begin(table, SO_NONE)
#else
#define loki_table_beginscan(table, snapshot)			table_beginscan(table, snapshot, 0, NULL)
#define loki_table_beginscan_parallel(table, shared)	table_beginscan_parallel(table, shared)
#define loki_table_index_fetch_begin(table)				table_index_fetch_begin(table)
#endif

/*
 * Have heapam's fetch go on at a page that is pinned, and prune that if the row is read for the first time.
 * Since 19 it knows the page by its block, and keeps the page of the visibility map that pruning has pinned.
 */
#if PG_VERSION_NUM >= 190000
#define LokiFetchFromPage(fetch, page, block) \
	((fetch)->xs_cbuf = (page), (void) ((fetch)->xs_blk = (block)))
#define LokiPruneFetchedPage(fetch, table) \
	heap_page_prune_opt(table, (fetch)->xs_cbuf, &(fetch)->xs_vmbuffer, false)
#else
#define LokiFetchFromPage(fetch, page, block)	((void) ((fetch)->xs_cbuf = (page)))
#define LokiPruneFetchedPage(fetch, table)		heap_page_prune_opt(table, (fetch)->xs_cbuf)
#endif

#endif							/* LOKI_BUFFER_H */
