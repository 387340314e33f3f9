/*-------------------------------------------------------------------------
 *
 * handler.h
 *	  What the files that are the access method's face share.
 *
 * IDENTIFICATION
 *	  src/hnsw/handler.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HANDLER_H
#define LOKI_HANDLER_H

#include "access/amapi.h"

/* functions in handler.c: set the properties and entry points to those of hnsw */
extern void loki_hnsw_routine(IndexAmRoutine *amroutine);

/* functions in validate.c */
extern bool loki_hnsw_validate(Oid opclassoid);

#endif							/* LOKI_HANDLER_H */
