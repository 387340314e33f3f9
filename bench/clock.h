/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The clock of the programs that measure without a server.
 *
 * IDENTIFICATION
 *	  bench/clock.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BENCH_CLOCK_H
#define LOKI_BENCH_CLOCK_H

#include <time.h>

/* Nanoseconds since some moment */
static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

#endif							/* LOKI_BENCH_CLOCK_H */
