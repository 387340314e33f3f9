/*-------------------------------------------------------------------------
 *
 * compact.c
 *	  Which code suits a compact index: one of so many bits in all, as a few
 *	  bits of all dimensions or more bits of the principal ones.
 *
 * IDENTIFICATION
 *	  src/quantize/compact.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

/*
 * Bits of a code: with factors, links and row pointer 195 bytes a row.  Above
 * twice as many dimensions half a bit for each.
 */
#define COMPACT_CODE_BITS	768

/*
 * Elements of a basis, which every backend keeps as floats and every query is
 * multiplied with, and dimensions whose covariance may be taken.
 */
#define MAX_BASIS_ELEMENTS	(2 * 1024 * 1024)
#define MAX_BASIS_DIM		4096

#define WholeGroups(n)	((n) / LOKI_GROUP * LOKI_GROUP)

static uint32
code_bits(uint32 dim)
{
	return Max(COMPACT_CODE_BITS, dim / 2);
}

LokiCodeSpec
loki_code_compact(LokiMetric metric, uint32 dim, int bits, int refine_bits,
				  uint32 max_slot, uint64 seed)
{
	LokiCodeSpec spec = loki_code_default(metric, dim, bits == 0 ? 4 : bits,
										  refine_bits, true, max_slot, seed);

	if (spec.kind != LOKI_CODE_ROTATED)
		return spec;
	if (bits == 0)
		while (spec.bits > 1 && LOKI_PADDED(dim) * spec.bits > code_bits(dim))
			spec.bits /= 2;
	if (LOKI_PADDED(dim) * spec.bits > code_bits(dim))
	{
		spec.projection = LOKI_PROJECT_RANDOM;
		spec.code_dims = Max(WholeGroups(code_bits(dim) / spec.bits), LOKI_GROUP);
	}
	spec.refine_bits = refine_bits > spec.bits ? refine_bits : 0;
	return spec;
}

int
loki_code_alternatives(const LokiCodeSpec *compact, int bits,
					   LokiCodeSpec *alternatives)
{
	uint32		dim = compact->dim;
	int			n = 0;

	if (compact->kind != LOKI_CODE_ROTATED || dim > MAX_BASIS_DIM)
		return 0;
	for (int b = 1; b <= (bits == 0 ? 4 : bits); b *= 2)
	{
		uint32		dims = Min(code_bits(dim) / b, MAX_BASIS_ELEMENTS / dim);

		dims = Max(WholeGroups(dims), LOKI_GROUP);
		if (dims >= dim || (bits != 0 && b != bits))
			continue;
		alternatives[n] = *compact;
		alternatives[n].bits = b;
		alternatives[n].refine_bits = compact->refine_bits > b ? compact->refine_bits : 0;
		alternatives[n].projection = LOKI_PROJECT_BASIS;
		alternatives[n].code_dims = dims;
		n++;
	}
	return n;
}
