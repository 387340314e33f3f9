/*-------------------------------------------------------------------------
 *
 * insert_lock.h
 *	  The heavyweight locks by which inserts are waited for.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/insert_lock.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PAGE_INSERT_LOCK_H
#define LOKI_PAGE_INSERT_LOCK_H

#include "utils/rel.h"

/*
 * Taken by an insert before it searches, and released after its last link (I11).  A process has one
 * at a time.  No content lock may be held.
 */
extern void loki_insert_lock(Relation index);
extern void loki_insert_unlock(Relation index);

/*
 * The lock of the insert that measures how distances grow, which an insert takes after it has released
 * its own.  False if another has it.
 */
extern bool loki_growth_lock(Relation index);
extern void loki_growth_unlock(Relation index);

/* Wait for all inserts that have begun, and keep others from beginning until they are let again */
extern void loki_inserts_block(Relation index);
extern void loki_inserts_unblock(Relation index);

/* Wait for all inserts that have begun; others may begin meanwhile */
extern void loki_inserts_wait(Relation index);

#endif							/* LOKI_PAGE_INSERT_LOCK_H */
