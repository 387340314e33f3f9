/*-------------------------------------------------------------------------
 *
 * halfvec_check.c
 *	  Making halfvecs, and checking their elements.
 *
 * IDENTIFICATION
 *	  src/types/halfvec_check.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "compat/pgcompat.h"
#include "types/halfvecint.h"

HalfVector *
loki_halfvec_make(int dim)
{
	Size		size = LOKI_HALFVEC_SIZE(dim);
	HalfVector *v = (HalfVector *) palloc0(size);

	SET_VARSIZE(v, size);
	v->dim = dim;
	return v;
}

/*
 * What is finite as a float must be so as a half; what was not is for the
 * caller to find.
 */
void
loki_halfvec_check_range(float x)
{
	if (unlikely(loki_half_is_infinite(loki_float_to_half(x))) && !isinf(x))
	{
		char		number[FLOAT_SHORTEST_DECIMAL_LEN];
		int			length = float_to_shortest_decimal_bufn(x, number);

		loki_range_error(NULL, "halfvec", number, length);
	}
}

/*
 * Set all elements, rounded to the nearest half.
 */
void
loki_halfvec_set(HalfVector *v, const float *x)
{
	loki_distance.f32_to_f16(v->dim, x, v->x);
	for (int i = 0; i < v->dim; i++)
		if (unlikely(loki_half_is_infinite(v->x[i])))
			loki_halfvec_check_range(x[i]);
}

float *
loki_halfvec_floats(const HalfVector *v)
{
	float	   *x = palloc_array(float, v->dim);

	loki_distance.f16_to_f32(v->dim, v->x, x);
	return x;
}

/* Elements are finite. */
void
loki_halfvec_check_element(LokiHalf h)
{
	if (unlikely(loki_half_is_nan(h)))
		loki_nan_error(NULL, "halfvec");
	if (unlikely(loki_half_is_infinite(h)))
		loki_infinite_error(NULL, "halfvec");
}

/*
 * Of several elements that are not finite, the first is reported.
 */
void
loki_halfvec_check_elements(const HalfVector *v)
{
	for (int i = 0; i < v->dim; i++)
		loki_halfvec_check_element(v->x[i]);
}
