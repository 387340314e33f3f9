/*-------------------------------------------------------------------------
 *
 * profile.h
 *	  What ANALYZE keeps of a column of vectors: a distance profile.
 *
 * IDENTIFICATION
 *	  src/planner/profile.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PROFILE_H
#define LOKI_PROFILE_H

#include "c.h"

/*
 * Kinds of statistics, of the range that pg_statistic.h leaves to private use.
 * No tool knows them, so that dumps of statistics leave them out.
 *
 * LOKI_STATISTIC_DISTANCES, one for each operator (staop) that the type has:
 * stanumbers are a LokiProfile.  LOKI_STATISTIC_REFERENCES: stavalues are some of
 * the vectors that distances were measured from.
 */
#define LOKI_STATISTIC_DISTANCES	21071
#define LOKI_STATISTIC_REFERENCES	21072

/* Shares of pairs of which the profile keeps the quantiles */
#define LOKI_PROFILE_SHARES \
	{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, \
	 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1}
#define LOKI_PROFILE_QUANTILES	23
#define LOKI_PROFILE_MEDIAN		13

typedef struct LokiProfile
{
	float4		pairs;			/* distances measured */
	float4		external;		/* share of values that are out of line */
	float4		bytes;			/* of a value, in line */
	float4		quantiles[LOKI_PROFILE_QUANTILES];
} LokiProfile;

#define LOKI_PROFILE_NUMBERS	((int) (sizeof(LokiProfile) / sizeof(float4)))

#endif							/* LOKI_PROFILE_H */
