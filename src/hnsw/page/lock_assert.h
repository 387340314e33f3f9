/*-------------------------------------------------------------------------
 *
 * lock_assert.h
 *	  What this backend holds: predicates for Assert().
 *
 * They exist in builds with assertions alone.  Content locks of temporary tables
 * are not taken by the server, so that any page of one counts as locked.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/lock_assert.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PAGE_LOCK_ASSERT_H
#define LOKI_PAGE_LOCK_ASSERT_H

#include "hnsw/page/index.h"

#ifdef USE_ASSERT_CHECKING

/* Whether this backend holds a buffer's content lock exclusively */
extern bool loki_buffer_locked_exclusively(Buffer buffer);

/* Whether this backend holds no content lock of any shared buffer */
extern bool loki_no_buffer_locked(void);

/* Whether a page may be locked now: it follows all locked ones in the order of locks */
extern bool loki_may_lock(int array, uint32 ordinal);

/* Whether a page may be read: it is a copy, or its content lock is held */
extern bool loki_page_readable(Page page);

/* Whether a page may be changed: it is a copy, or is locked exclusively */
extern bool loki_page_writable(Page page);

/* Heavyweight locks: for growing the index, as an insert, and against all inserts */
extern bool loki_extension_lock_held(Relation index);
extern bool loki_insert_lock_held(Relation index);
extern bool loki_inserts_blocked(Relation index);

#endif							/* USE_ASSERT_CHECKING */
#endif							/* LOKI_PAGE_LOCK_ASSERT_H */
