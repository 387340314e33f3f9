/*-------------------------------------------------------------------------
 *
 * halfvec_check.c
 *	  Making halfvecs, and checking their elements.
 *
 * IDENTIFICATION
 *	  src/types/halfvec_check.c
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
 * Set all elements, rounded to the nearest half.  What is finite must stay so;
 * what was not is for the caller to find.
 */
void
loki_halfvec_set(HalfVector *v, const float *x)
{
	loki_distance.f32_to_f16(v->dim, x, v->x);
	for (int i = 0; i < v->dim; i++)
		if (unlikely(loki_half_is_infinite(v->x[i])) && !isinf(x[i]))
		{
			char		number[FLOAT_SHORTEST_DECIMAL_LEN];
			int			length = float_to_shortest_decimal_bufn(x[i], number);

			loki_range_error("halfvec", number, length);
		}
}

float *
loki_halfvec_floats(const HalfVector *v)
{
	float	   *x = palloc_array(float, v->dim);

	loki_distance.f16_to_f32(v->dim, v->x, x);
	return x;
}

/*
 * Elements are finite.  Of several that are not, the first is reported.
 */
void
loki_halfvec_check_elements(const HalfVector *v)
{
	for (int i = 0; i < v->dim; i++)
	{
		if (unlikely(loki_half_is_nan(v->x[i])))
			loki_nan_error("halfvec");
		if (unlikely(loki_half_is_infinite(v->x[i])))
			loki_infinite_error("halfvec");
	}
}
