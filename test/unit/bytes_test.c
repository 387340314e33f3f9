/*-------------------------------------------------------------------------
 *
 * bytes_test.c
 *	  Codes of 8 bits: their floats.
 *
 * Sources: src/distance
 *
 * Every level must give the float that is nearest to offset + scale * code, for
 * scales of 16 significant bits.  Arrays end at a page that cannot be read.
 *
 * IDENTIFICATION
 *	  test/unit/bytes_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "distance/distance.h"

#define MAX_DIM 300

static float
random_scale(void)
{
	return ldexpf(unit_random() % 65536, (int) (unit_random() % 60) - 40);
}

static void
test_floats(const LokiDistanceKernels *kernels)
{
	uint8	   *codes = (uint8 *) unit_guarded_end(MAX_DIM * sizeof(uint8));
	float	   *floats = (float *) unit_guarded_end(MAX_DIM * sizeof(float));
	bool		same = true;

	for (int round = 0; round < 3000; round++)
	{
		int			n = round % MAX_DIM;
		float		scale = round % 10 == 0 ? ldexpf(unit_random() % 65536, -141) : random_scale();
		float		offset = (unit_uniform() - 0.5) * (round % 3 == 0 ? 1000 : 100 * scale);

		for (int i = -n; i < 0; i++)
			codes[i] = unit_random();
		kernels->u8_to_f32(n, codes - n, scale, offset, floats - n);

		for (int i = -n; i < 0; i++)
			same = same && floats[i] == fmaf(scale, codes[i], offset);
	}
	ok(same, "%s: codes to floats", kernels->name);
}

int
main(void)
{
	loki_distance_init();
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		const LokiDistanceKernels *kernels = loki_distance_kernels(simd);

		if (kernels != NULL)
			test_floats(kernels);
	}
	return unit_done();
}
