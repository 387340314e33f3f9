/*-------------------------------------------------------------------------
 *
 * lock_assert.c
 *	  What this backend holds: predicates for Assert().
 *
 * Local buffers have no locks: nobody else sees them.
 *
 * All of it is compiled for assertions alone, and called by Assert() alone.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/lock_assert.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/page/lock_assert.h"

#ifdef USE_ASSERT_CHECKING

#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "hnsw/page/change.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"

bool
loki_buffer_locked_exclusively(Buffer buffer)
{
	return BufferIsLocal(buffer) || LokiBufferLockedExclusively(buffer);
}

static void
count_lock(Buffer buffer, void *arg)
{
	(*(int *) arg)++;
}

bool
loki_no_buffer_locked(void)
{
	int			locked = 0;

	loki_visit_locked_buffers(count_lock, &locked);
	return locked == 0;
}

/* The page to be locked next, and whether it comes after all that were looked at */
typedef struct NextLock
{
	int			array;
	uint32		ordinal;
	bool		in_order;
} NextLock;

/* Whether a page that is locked may be so before another */
static void
check_order(Buffer buffer, void *arg)
{
	NextLock   *next = arg;
	LokiPageOpaque opaque = LokiPageOpaqueAtEnd(BufferGetPage(buffer));
	uint32		set;

	/* a page of another relation, such as a heap page, must not be locked at all meanwhile */
	if (opaque->page_id != LOKI_PAGE_ID ||
		!loki_lock_in_order(loki_array_of_stored(opaque->array, &set), opaque->ordinal, next->array, next->ordinal))
		next->in_order = false;
}

/* Whether a page comes, in the order of README, after all pages that are locked (I4) */
bool
loki_may_lock(int array, uint32 ordinal)
{
	NextLock	next = {array, ordinal, true};

	loki_visit_locked_buffers(check_order, &next);
	return next.in_order;
}

/* The shared buffer that a page lies in; InvalidBuffer if it lies in none */
static Buffer
page_buffer(Page page)
{
	const char *start = (const char *) page;

	if (start < BufferBlocks || start >= BufferBlocks + (Size) NBuffers * BLCKSZ)
		return InvalidBuffer;
	return (Buffer) ((start - BufferBlocks) / BLCKSZ) + 1;
}

/* A copy of a page lies in no buffer, and is its owner's. */
bool
loki_page_readable(Page page)
{
	Buffer		buffer = page_buffer(page);

	return buffer == InvalidBuffer || LokiBufferLocked(buffer);
}

bool
loki_page_writable(Page page)
{
	Buffer		buffer = page_buffer(page);

	return buffer == InvalidBuffer || loki_buffer_locked_exclusively(buffer);
}

bool
loki_extension_lock_held(Relation index)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION_EXTEND(tag, index->rd_lockInfo.lockRelId.dbId,
								index->rd_lockInfo.lockRelId.relId);
	return LokiLockHeld(&tag, ExclusiveLock);
}

#endif							/* USE_ASSERT_CHECKING */
