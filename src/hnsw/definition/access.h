/*-------------------------------------------------------------------------
 *
 * access.h
 *	  Whether a relation is an index of ours, and who may do what with it.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/access.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DEFINITION_ACCESS_H
#define LOKI_DEFINITION_ACCESS_H

#include "storage/lockdefs.h"
#include "utils/rel.h"

/*
 * The right that the caller of an SQL function needs: to read the index, as its owner and
 * pg_monitor may; to change it, as its owner may; to read all rows of its table; or to read
 * its table, whatever rows that shows.
 */
typedef enum LokiRight
{
	LOKI_RIGHT_READ,
	LOKI_RIGHT_CHANGE,
	LOKI_RIGHT_ROWS,
	LOKI_RIGHT_TABLE
} LokiRight;

/* Whether the user has one of the first two rights */
extern bool loki_has_right(Oid relid, LokiRight right);

/* Whether the user may read an index that is not gone */
extern bool loki_may_read(Oid indexid);

/* ERROR unless the user has a right to a table or an index, or that is gone; takes no lock */
extern void loki_require_right(Oid relid, LokiRight right);

/* For ereport: what to do with an index that is not valid */
extern int	loki_errhint_not_valid(Relation index);

/* ERROR "cannot ... index" unless it is valid */
extern void loki_require_valid(Relation index, const char *action);

/*
 * Open an index of ours, and its table before it unless heap is NULL, with locks of one mode that the
 * caller releases, or keeps until the end of the transaction.  ERROR without the right.
 */
extern Relation loki_open_allowed(Oid indexid, LOCKMODE lock, LokiRight right,
								  Relation *heap);

#endif							/* LOKI_DEFINITION_ACCESS_H */
