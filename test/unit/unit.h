/*-------------------------------------------------------------------------
 *
 * unit.h
 *	  Checks for programs that test the pure folders without a server.
 *
 * A program calls ok() once for each named check and ends with
 *		return unit_done();
 * Its output is TAP.  It starts with a line
 *		Sources: FILE OR FOLDER ...
 * in its first comment, from which test/unit/run.sh knows what to link.
 *
 * IDENTIFICATION
 *	  test/unit/unit.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_UNIT_H
#define LOKI_UNIT_H

#include "c.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* port.h replaces these by functions of libpgport, which is not linked */
#undef printf
#undef vprintf
#undef fprintf
#undef sprintf
#undef snprintf

static int	unit_checks = 0;
static int	unit_failures = 0;

static inline bool ok(bool passed, const char *fmt,...) __attribute__((format(printf, 2, 3)));
static inline void diag(const char *fmt,...) __attribute__((format(printf, 1, 2)));

/* Report one check, with a name in the manner of printf. */
static inline bool
ok(bool passed, const char *fmt,...)
{
	va_list		args;

	unit_checks++;
	if (!passed)
		unit_failures++;
	printf("%sok %d - ", passed ? "" : "not ", unit_checks);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return passed;
}

/* Print a line that explains the check before or after it. */
static inline void
diag(const char *fmt,...)
{
	va_list		args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
}

/* The plan, and the exit status of the program. */
static inline int
unit_done(void)
{
	printf("1..%d\n", unit_checks);
	return unit_failures == 0 ? 0 : 1;
}

/*
 * A small generator with a fixed seed, so that a failure can be repeated
 * (splitmix64).
 */
static uint64 unit_seed = 1;

static inline uint64
unit_random(void)
{
	uint64		z = (unit_seed += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform in [0, 1): 53 random bits */
static inline double
unit_uniform(void)
{
	return (unit_random() >> 11) / 9007199254740992.0;
}

/* A normal number */
static inline double
unit_normal(void)
{
	double		u = 1 - unit_uniform();

	return sqrt(-2 * log(u)) * cos(2 * M_PI * unit_uniform());
}

/* Memory for free(), aligned to a cache line */
static inline void *
unit_allocate(Size size)
{
	return aligned_alloc(64, TYPEALIGN(64, Max(size, 1)));
}

/* The end of as much memory, before a closed page */
static inline void *
unit_guarded_end(size_t size)
{
	size_t		page = sysconf(_SC_PAGESIZE);
	char	   *p;

	size = (size + page - 1) / page * page;
	p = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mprotect(p + size, page, PROT_NONE) != 0)
		abort();
	return p + size;
}

#endif							/* LOKI_UNIT_H */
