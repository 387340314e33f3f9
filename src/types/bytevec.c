/*-------------------------------------------------------------------------
 *
 * bytevec.c
 *	  Quantizing floats to bytevecs, and checking their scale and offset.
 *
 * An element is offset + scale * code.  The scale has 16 significant bits at most, and a code
 * has 8, so that their product has 24, as many as a float's fraction: it is exact (T6).  So
 * it makes no difference whether a processor fuses the product with the sum.
 *
 * IDENTIFICATION
 *	  src/types/bytevec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>

#include "common/shortest_dec.h"
#include "compat/pgcompat.h"
#include "types/dense.h"

#define MAX_CODE PG_UINT8_MAX

/* The last bits of a scale's fraction are zero, so that 16 significant ones are left */
#define UNUSED_BITS 0xff

static uint32
bits_of_float(float x)
{
	uint32		bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static float
float_of_bits(uint32 bits)
{
	float		x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

/*
 * Rounded up or down to 16 bits, by adding half of what is cut off.  A carry goes into the exponent,
 * which is the next power of two, as it should be.  Denormals have fewer bits, and are rounded up, so that
 * no scale becomes 0 that was not.
 */
float
loki_bytevec_scale(float scale)
{
	uint32		added = scale < FLT_MIN ? UNUSED_BITS : (UNUSED_BITS + 1) / 2;

	if (!isfinite(scale) || signbit(scale))
		return scale;			/* for loki_bytevec_check_factors() */
	return float_of_bits((bits_of_float(scale) + added) & ~(uint32) UNUSED_BITS);
}

/* Whether the element with the largest code, and so any other, is finite */
static bool
is_in_range(float scale, float offset)
{
	return isfinite(scale * MAX_CODE) && isfinite(offset + scale * MAX_CODE);
}

bool
loki_bytevec_check_factors(fmNodePtr soft, float scale, float offset)
{
	if (!loki_check_finite(soft, "bytevec", scale) || !loki_check_finite(soft, "bytevec", offset))
		return false;
	if (signbit(scale))
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("scale of bytevec must not be negative")));
	if ((bits_of_float(scale) & UNUSED_BITS) != 0)
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("scale of bytevec must not have more than 16 significant bits")));
	if (!is_in_range(scale, offset))
		ereturn(soft, false,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("scale and offset are out of range for type bytevec")));
	return true;
}

/* The least and the greatest of dim floats, at least one */
static void
find_ends(int dim, const float *x, float *least, float *most)
{
	Assert(dim > 0);
	*least = *most = x[0];
	for (int i = 1; i < dim; i++)
	{
		*least = Min(*least, x[i]);
		*most = Max(*most, x[i]);
	}
}

/* The scale for floats from `least` to `most`: 1 for integers, which stay what they are */
static float
choose_scale(int dim, const float *x, float least, float most)
{
	double		range = (double) most - least;	/* of floats it may overflow in float */
	float		scale = loki_bytevec_scale((float) (range / MAX_CODE));

	Assert(range >= 0);
	if (range == 0)
		return 0;
	if (range <= MAX_CODE)
	{
		int			whole = 0;

		while (whole < dim && x[whole] == truncf(x[whole]))
			whole++;
		if (whole == dim)
			return 1;
	}
	return scale > 0 ? scale : float_of_bits(UNUSED_BITS + 1);
}

ByteVector *
loki_bytevec_quantize(int dim, const float *x)
{
	float		least;
	float		most;
	float		scale;
	ByteVector *v;

	find_ends(dim, x, &least, &most);
	Assert(isfinite(least) && isfinite(most));
	scale = choose_scale(dim, x, least, most);
	if (!is_in_range(scale, least))
		return NULL;
	v = (ByteVector *) loki_dense_make(&loki_bytevec_type, dim);
	v->scale = scale;
	v->offset = least == 0 ? 0 : least; /* no -0 */
	Assert((bits_of_float(scale) & UNUSED_BITS) == 0);	/* T6 */

	/*
	 * A quotient may be larger than MAX_CODE by what the scale was rounded:
	 * one part in 2^16 of 255 at most, which is far from 1 / 2.
	 */
	for (int i = 0; scale > 0 && i < dim; i++)
	{
		double		code = ((double) x[i] - least) / scale + 0.5;

		Assert(code >= 0 && code < MAX_CODE + 1);
		v->codes[i] = (uint8) code;
	}
	return v;
}

ByteVector *
loki_bytevec_of_floats(fmNodePtr soft, int dim, const float *x)
{
	char		first[FLOAT_SHORTEST_DECIMAL_LEN];
	char		last[FLOAT_SHORTEST_DECIMAL_LEN];
	float		least;
	float		most;
	ByteVector *v;

	for (int i = 0; i < dim; i++)
		if (!loki_check_finite(soft, "bytevec", x[i]))
			return NULL;
	v = loki_bytevec_quantize(dim, x);
	if (v != NULL)
		return v;
	find_ends(dim, x, &least, &most);
	float_to_shortest_decimal_buf(least, first);
	float_to_shortest_decimal_buf(most, last);
	ereturn(soft, NULL,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("elements from %s to %s are too far apart for type bytevec", first, last)));
}

void
loki_bytevec_elements(const ByteVector *v, float *x)
{
	Assert(is_in_range(v->scale, v->offset));	/* T6 */
	loki_distance.u8_to_f32(v->dim, v->codes, v->scale, v->offset, x);
}
