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

/* functions in page/insert_lock.c */
extern void loki_insert_lock(Relation index);
extern void loki_insert_unlock(Relation index);
extern void loki_inserts_block(Relation index);
extern void loki_inserts_unblock(Relation index);
extern void loki_inserts_wait(Relation index);

#endif							/* LOKI_PAGE_INSERT_LOCK_H */
