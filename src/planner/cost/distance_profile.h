/*-------------------------------------------------------------------------
 *
 * distance_profile.h
 *	  What ANALYZE keeps of a column of vectors: a distance profile.
 *
 * IDENTIFICATION
 *	  src/planner/cost/distance_profile.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_COST_DISTANCE_PROFILE_H
#define LOKI_PLANNER_COST_DISTANCE_PROFILE_H

#include "c.h"

/*
 * A kind of statistics, from the range that pg_statistic.h leaves to private use.
 * No tool knows it, so dumps of statistics leave it out.  stanumbers has a
 * LokiDistanceProfile for each of LOKI_DISTANCE_OPERATORS operators; one has no targets if the
 * type lacks the operator.  stavalues has some of the vectors that distances were
 * measured from.  One slot holds all, since the server's own statistics may take
 * three of the five.
 */
#define LOKI_STATISTIC_DISTANCES		21073
#define LOKI_DISTANCE_OPERATORS		4

/* Vectors that distances are measured from, at most */
#define LOKI_DISTANCE_REFERENCES		64

/* Shares of rows of which the profile keeps the quantiles */
#define LOKI_DISTANCE_SHARES \
	{0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, \
	 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 1}
#define LOKI_DISTANCE_QUANTILES	23
#define LOKI_DISTANCE_MEDIAN		13

/* The distances of the rows from a typical one, by one operator */
typedef struct LokiDistanceProfile
{
	float4		targets;		/* distances measured from each reference */
	float4		external;		/* share of values that are out of line */
	float4		bytes;			/* of a value, in line */
	float4		quantiles[LOKI_DISTANCE_QUANTILES];	/* ascending; means of the references' own */
} LokiDistanceProfile;

#define LOKI_DISTANCE_NUMBERS	((int) (sizeof(LokiDistanceProfile) / sizeof(float4)))
StaticAssertDecl(LOKI_DISTANCE_NUMBERS == 3 + LOKI_DISTANCE_QUANTILES,
				 "a profile is an array of float4, without padding");

/*
 * functions in cost/analyze.c: the operator of a type whose profile is at this place,
 * or InvalidOid
 */
extern Oid	loki_distance_operator(Oid type, int place);

#endif							/* LOKI_PLANNER_COST_DISTANCE_PROFILE_H */
