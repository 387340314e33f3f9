/*-------------------------------------------------------------------------
 *
 * lock_assert.c
 *	  What this backend holds: predicates for Assert().
 *
 * The server keeps the LWLocks that a backend holds in an array, and answers for each lock whether it
 * is among them.  Content locks lie in the array of buffer descriptors, so that an address shows
 * whether a lock is one, and of which buffer.  Local buffers have no locks: nobody else sees them.
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

#include "compat/pgcompat.h"
#include "hnsw/page/change.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"

/* The content lock of a shared buffer; those of all buffers are an array, as their descriptors are */
static LWLock *
content_lock(Buffer buffer)
{
	return BufferDescriptorGetContentLock(GetBufferDescriptor(buffer - 1));
}

bool
loki_buffer_locked_exclusively(Buffer buffer)
{
	return BufferIsLocal(buffer) || LWLockHeldByMeInMode(content_lock(buffer), LW_EXCLUSIVE);
}

/* The descriptors are one array, each padded to the same size, so one call looks at all of them. */
bool
loki_no_buffer_locked(void)
{
	return !LWLockAnyHeldByMe(content_lock(1), NBuffers, sizeof(BufferDescPadded));
}

/* The page to be locked next, and whether it comes after all that were looked at */
typedef struct NextLock
{
	int			array;
	uint32		ordinal;
	bool		in_order;
} NextLock;

/* Whether a lock that is held, if it is a content lock, may be held before another */
static void
check_order(LWLock *lock, LWLockMode mode, void *arg)
{
	NextLock   *next = arg;
	const char *first = (const char *) content_lock(1);
	const char *at = (const char *) lock;
	Buffer		buffer;
	LokiPageOpaque opaque;

	/* locks of other kinds have no place in this order */
	if (at < first || at > (const char *) content_lock(NBuffers))
		return;
	buffer = (Buffer) ((at - first) / sizeof(BufferDescPadded)) + 1;
	/* a page of another relation, such as a heap page, must not be locked at all meanwhile */
	opaque = LokiPageOpaqueAtEnd(BufferGetPage(buffer));
	if (opaque->page_id != LOKI_PAGE_ID ||
		!loki_lock_in_order(opaque->array, opaque->ordinal, next->array, next->ordinal))
		next->in_order = false;
}

/* Whether a page comes, in the order of README, after all pages that are locked (I4) */
bool
loki_may_lock(int array, uint32 ordinal)
{
	NextLock	next = {array, ordinal, true};

	ForEachLWLockHeldByMe(check_order, &next);
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

	return buffer == InvalidBuffer || LWLockHeldByMe(content_lock(buffer));
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

bool
loki_numbers_ascend(const uint32 *numbers, int n)
{
	for (int i = 1; i < n; i++)
		if (numbers[i - 1] >= numbers[i])
			return false;
	return true;
}

#endif							/* USE_ASSERT_CHECKING */
