/*-------------------------------------------------------------------------
 *
 * pgcompat.h
 *	  Differences between the supported server versions, PostgreSQL 15 to 18.
 *
 * The only file that may test PG_VERSION_NUM.
 *
 * IDENTIFICATION
 *	  src/compat/pgcompat.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PGCOMPAT_H
#define LOKI_PGCOMPAT_H

#if PG_VERSION_NUM < 150000
#error "lokivector needs PostgreSQL 15 or newer"
#endif

#endif							/* LOKI_PGCOMPAT_H */
