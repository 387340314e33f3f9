/*-------------------------------------------------------------------------
 *
 * true_distance.h
 *	  Distances by sums in double, in the unit of estimates.
 *
 * IDENTIFICATION
 *	  test/unit/true_distance.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_UNIT_TRUE_DISTANCE_H
#define LOKI_UNIT_TRUE_DISTANCE_H

#include "quantize/quantize.h"
#include "unit.h"

static double
true_distance(int metric, int dim, const float *x, const float *q)
{
	double		l2 = 0;
	double		l1 = 0;
	double		dot = 0;
	double		xx = 0;
	double		qq = 0;

	for (int i = 0; i < dim; i++)
	{
		double		d = (double) x[i] - q[i];

		l2 += d * d;
		l1 += fabs(d);
		dot += (double) x[i] * q[i];
		xx += (double) x[i] * x[i];
		qq += (double) q[i] * q[i];
	}
	switch (metric)
	{
		case LOKI_METRIC_L2:
			return l2;
		case LOKI_METRIC_IP:
			return -dot;
		case LOKI_METRIC_COSINE:
			return 1 - dot / sqrt(xx * qq);
		default:
			return l1;
	}
}

#endif							/* LOKI_UNIT_TRUE_DISTANCE_H */
