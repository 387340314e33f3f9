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

extern bool loki_has_right(Oid relid, LokiRight right);
extern bool loki_may_read(Oid indexid);
extern void loki_require_right(Oid relid, LokiRight right);
extern int	loki_errhint_not_valid(Relation index);
extern void loki_require_valid(Relation index, const char *action);
extern Relation loki_open_allowed(Oid indexid, LOCKMODE lock, LokiRight right,
								  Relation *heap);

#endif							/* LOKI_DEFINITION_ACCESS_H */
