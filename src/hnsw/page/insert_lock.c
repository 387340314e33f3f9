/*-------------------------------------------------------------------------
 *
 * insert_lock.c
 *	  The heavyweight locks by which inserts are waited for.
 *
 * An insert holds one of these locks in share mode from before its search until its last
 * link.  A process that has to know that all inserts begun earlier are over takes all of
 * them exclusively.  There are several, because with one alone all inserts would compete for
 * its partition of the lock table.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/insert_lock.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/definition/layout.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "miscadmin.h"
#include "storage/lmgr.h"

/*
 * The locks are tuple locks, of tuples that no index has.  Page locks would not do: a process
 * that has one may take no other heavyweight lock but that of a relation's extension, and
 * the deadlock detector leaves them out (servers up to 16).  Processes of one parallel query do
 * not exclude each other, but they neither insert nor vacuum one index at once.
 *
 * With one lock, all inserts would go through one partition of the lock table; with one for each
 * backend, vacuum would have as many to take.
 */
#define FIRST_BLOCK		LOKI_META_BLKNO

/* One more, of the insert that measures how distances grow */
#define GROWTH_LOCK		LOKI_INSERT_LOCKS

/* The lock that this process takes when it inserts */
#define OWN_LOCK		(MyProcPid % LOKI_INSERT_LOCKS)

/* The tuple that one of them is of, until the next call */
static ItemPointer
lock_tuple(int number)
{
	static ItemPointerData tuple;

	ItemPointerSet(&tuple, FIRST_BLOCK + number, FirstOffsetNumber);
	return &tuple;
}

#ifdef USE_ASSERT_CHECKING

/* Whether this process holds one of the insert locks in this mode */
static bool
lock_held(Relation index, int number, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_TUPLE(tag, index->rd_lockInfo.lockRelId.dbId,
					  index->rd_lockInfo.lockRelId.relId, FIRST_BLOCK + number,
					  FirstOffsetNumber);
	return LokiLockHeld(&tag, mode);
}

bool
loki_insert_lock_held(Relation index)
{
	return lock_held(index, OWN_LOCK, ShareLock);
}

bool
loki_inserts_blocked(Relation index)
{
	for (int i = 0; i < LOKI_INSERT_LOCKS; i++)
		if (!lock_held(index, i, ExclusiveLock))
			return false;
	return true;
}

#endif							/* USE_ASSERT_CHECKING */

/*
 * Take a lock as an insert, of which a process has one at a time.  No content lock
 * may be held.
 */
void
loki_insert_lock(Relation index)
{
	Assert(loki_no_buffer_locked());	/* I4 */
	Assert(!loki_insert_lock_held(index));
	LockTuple(index, lock_tuple(OWN_LOCK), ShareLock);
}

/* Release the insert lock that this process took for an insert. */
void
loki_insert_unlock(Relation index)
{
	Assert(loki_insert_lock_held(index));
	UnlockTuple(index, lock_tuple(OWN_LOCK), ShareLock);
}

/*
 * Take the lock of the insert that measures how distances grow; false if another process has it.  Nobody
 * waits for it, and under it no other heavyweight lock is acquired.
 */
bool
loki_growth_lock(Relation index)
{
	Assert(loki_no_buffer_locked());	/* I4 */
	Assert(!loki_insert_lock_held(index));
	return LokiConditionalLockTuple(index, lock_tuple(GROWTH_LOCK), ExclusiveLock);
}

void
loki_growth_unlock(Relation index)
{
	UnlockTuple(index, lock_tuple(GROWTH_LOCK), ExclusiveLock);
}

/*
 * Wait for all inserts, and keep others from beginning.  The caller holds no
 * content lock and no lock of an insert: it would wait for itself.
 */
void
loki_inserts_block(Relation index)
{
	Assert(loki_no_buffer_locked());	/* I4 */
	Assert(!loki_insert_lock_held(index));
	for (int i = 0; i < LOKI_INSERT_LOCKS; i++)
		LockTuple(index, lock_tuple(i), ExclusiveLock);
	Assert(loki_inserts_blocked(index));
}

/* Let inserts begin again.  The caller holds all insert locks, and keeps none. */
void
loki_inserts_unblock(Relation index)
{
	Assert(loki_inserts_blocked(index));
	for (int i = LOKI_INSERT_LOCKS - 1; i >= 0; i--)
		UnlockTuple(index, lock_tuple(i), ExclusiveLock);
}

/*
 * Wait for the inserts that have begun; others may begin meanwhile.  The caller
 * holds no content lock and no lock of an insert.
 */
void
loki_inserts_wait(Relation index)
{
	Assert(loki_no_buffer_locked());	/* I4 */
	Assert(!loki_insert_lock_held(index));
	for (int i = 0; i < LOKI_INSERT_LOCKS; i++)
	{
		LockTuple(index, lock_tuple(i), ExclusiveLock);
		UnlockTuple(index, lock_tuple(i), ExclusiveLock);
	}
}
