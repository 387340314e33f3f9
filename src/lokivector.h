/*-------------------------------------------------------------------------
 *
 * lokivector.h
 *	  What every folder that knows PostgreSQL shares.
 *
 * IDENTIFICATION
 *	  src/lokivector.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKIVECTOR_H
#define LOKIVECTOR_H

#include "fmgr.h"

/*
 * Declare and describe a function that SQL can call.  The module is built
 * with hidden visibility, so only what goes through here is exported.
 */
#define LOKI_FUNCTION(name) \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
	PG_FUNCTION_INFO_V1(name)

/* Define such a function that returns a float8: `value`, an expression over fcinfo. */
#define LOKI_FLOAT8_FUNCTION(name, value) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		PG_RETURN_FLOAT8(value); \
	}

#endif							/* LOKIVECTOR_H */
