/*-------------------------------------------------------------------------
 *
 * stubs.h
 *	  As much of a server as functions need that are run without one.
 *
 * Memory lasts until the end of an input; an error jumps out of LOKI_STUB_TRY.
 *
 * IDENTIFICATION
 *	  test/fuzz/stubs.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_STUBS_H
#define LOKI_STUBS_H

#include <setjmp.h>

extern sigjmp_buf loki_stub_error;

/* False where an error ends the program, too */
extern bool loki_stub_errors_allowed;

extern void *loki_stub_alloc(Size size);
extern void loki_stub_free_all(void);

/* Ends the program where a condition does not hold */
extern void loki_stub_must(const char *what, bool holds);

/* What follows ends at an error; allocations stay until all are freed */
#define LOKI_STUB_TRY \
	loki_stub_errors_allowed = true; \
	if (sigsetjmp(loki_stub_error, 0) == 0)

#endif							/* LOKI_STUBS_H */
