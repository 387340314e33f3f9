/*-------------------------------------------------------------------------
 *
 * quantize.c
 *	  Which code suits a vector, and the way from a code's specification to
 *	  its functions.
 *
 * IDENTIFICATION
 *	  src/quantize/quantize.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

/*
 * The choice where the user makes none; README has the measurements.
 */
#define EXACT_MAX_DIM		32	/* above, a rotation's statistics hold */
#define DEFAULT_REFINE_BITS 6

const LokiCodeKernels *loki_codes = &loki_codes_scalar;

/*
 * The kernels of a level, NULL if they cannot run here.
 */
const LokiCodeKernels *
loki_code_kernels(LokiSimd simd)
{
	if (loki_distance_kernels(simd) == NULL)
		return NULL;

	switch (simd)
	{
		case LOKI_SIMD_SCALAR:
			return &loki_codes_scalar;
#if defined(__x86_64__)
		case LOKI_SIMD_AVX2:
			return &loki_codes_avx2;
		case LOKI_SIMD_AVX512:
			return loki_cpu_features() & LOKI_CPU_AVX512VNNI ?
				&loki_codes_avx512 : NULL;
#endif
#if defined(__aarch64__)
		case LOKI_SIMD_NEON:
			return &loki_codes_neon;
#endif
		default:
			return NULL;
	}
}

void
loki_quantize_init(void)
{
	const LokiCodeKernels *kernels = loki_code_kernels(loki_cpu_simd());

	/* the only level whose kernels may lack what they need */
	if (kernels == NULL)
		kernels = loki_code_kernels(LOKI_SIMD_AVX2);
	if (kernels != NULL)
		loki_codes = kernels;
}

const char *
loki_quantize_simd(void)
{
	return loki_codes->name;
}


/*
 * Bits of a rotated code that fit, starting from those wanted (0: choose).
 */
static void
choose_bits(LokiCodeSpec *spec, int bits, int refine_bits, bool refine_given,
			uint32 max_slot)
{
	if (bits == 0)
		bits = spec->dim <= LOKI_FOUR_BITS_MAX_DIM ? 4 :
			spec->dim <= LOKI_TWO_BITS_MAX_DIM ? 2 : 1;
	spec->bits = bits;
	while (spec->bits > 1 && loki_rotated_code_size(spec) > max_slot)
		spec->bits /= 2;

	if (!refine_given)
		refine_bits = DEFAULT_REFINE_BITS;
	spec->refine_bits = refine_bits > spec->bits ? refine_bits : 0;
	while (spec->refine_bits > 0 && loki_rotated_refine_size(spec) > max_slot)
	{
		spec->refine_bits -= 2;
		if (spec->refine_bits <= spec->bits)
			spec->refine_bits = 0;
	}
}

LokiCodeSpec
loki_code_default(LokiMetric metric, uint32 dim, int bits, int refine_bits,
				  bool refine_given, uint32 max_slot, uint64 seed)
{
	LokiCodeSpec spec;

	memset(&spec, 0, sizeof(spec));
	spec.metric = metric;
	spec.dim = dim;
	spec.seed = seed;

	if (loki_metric_of_bits(metric))
	{
		spec.kind = LOKI_CODE_BITS;
		spec.bits = 32;
	}
	else if (dim <= EXACT_MAX_DIM)
	{
		spec.kind = LOKI_CODE_EXACT;
		spec.bits = 32;
	}
	else if (metric == LOKI_METRIC_L1)
	{
		spec.kind = LOKI_CODE_SCALAR;
		spec.bits = 8;
		if (loki_scalar8_code_size(&spec) > max_slot)
			spec.bits = 4;
	}
	else
	{
		spec.kind = LOKI_CODE_ROTATED;
		choose_bits(&spec, bits, refine_bits, refine_given, max_slot);
	}
	return spec;
}

uint32
loki_code_brief(const LokiCodeSpec *code, LokiCodeSpec *brief)
{
	if (code->kind != LOKI_CODE_ROTATED || code->projection != LOKI_PROJECT_NONE)
		return 0;
	*brief = *code;
	brief->bits = 1;
	brief->refine_bits = 0;
	if (LOKI_PADDED(code->dim) > LOKI_BRIEF_DIMS)
	{
		brief->projection = LOKI_PROJECT_RANDOM;
		brief->code_dims = LOKI_BRIEF_DIMS;
	}
	return loki_rotated_code_size(brief);
}

static bool
projection_valid(const LokiCodeSpec *spec)
{
	if (spec->projection == LOKI_PROJECT_NONE)
		return true;
	return spec->projection <= LOKI_PROJECT_BASIS &&
		spec->code_dims > 0 && spec->code_dims < spec->dim &&
		spec->code_dims % LOKI_GROUP == 0 &&
		spec->outside >= 0 && spec->outside <= 1;
}

bool
loki_code_valid(const LokiCodeSpec *spec)
{
	int			bits = spec->bits;
	int			refine_bits = spec->refine_bits;

	if (spec->dim < 1 || spec->dim > LOKI_MAX_DIM ||
		spec->metric < LOKI_METRIC_L2 || spec->metric > LOKI_METRIC_JACCARD ||
		loki_metric_of_bits(spec->metric) != (spec->kind == LOKI_CODE_BITS))
		return false;

	switch (spec->kind)
	{
		case LOKI_CODE_ROTATED:
			if (spec->metric == LOKI_METRIC_L1 ||
				(bits != 1 && bits != 2 && bits != 4 && bits != 8) ||
				!projection_valid(spec))
				return false;
			return refine_bits == 0 ||
				(refine_bits > bits && refine_bits <= 8 && refine_bits % 2 == 0);
		case LOKI_CODE_BITS:
			return bits == 32 && refine_bits == 0 && spec->dim <= LOKI_MAX_WORDS;
		case LOKI_CODE_EXACT:
			return bits == 32 && refine_bits == 0;
		case LOKI_CODE_SCALAR:
			return spec->metric == LOKI_METRIC_L1 &&
				(bits == 8 || bits == 4) && refine_bits == 0;
		default:
			return false;
	}
}

Size
loki_encode_scratch(const LokiCodeSpec *spec)
{
	return (Size) LOKI_ENCODE_ROWS * (LOKI_PADDED(spec->dim) + loki_code_dims(spec));
}

Size
loki_quantizer_size(const LokiCodeSpec *spec)
{
	if (spec->kind == LOKI_CODE_ROTATED)
		return loki_rotated_size(spec);
	return sizeof(LokiQuantizer);
}

void
loki_quantizer_init(LokiQuantizer *quantizer, const LokiCodeSpec *spec,
					const float *centroid)
{
	memset(quantizer, 0, sizeof(LokiQuantizer));
	quantizer->spec = *spec;
	quantizer->centroid = centroid;

	switch (spec->kind)
	{
		case LOKI_CODE_ROTATED:
			for (uint32 i = 0; i < spec->dim; i++)
				quantizer->centroid_norm2 += centroid[i] * centroid[i];
			loki_rotated_init(quantizer);
			break;
		case LOKI_CODE_EXACT:
			loki_exact_init(quantizer);
			break;
		case LOKI_CODE_BITS:
			loki_bits_code_init(quantizer);
			break;
		default:
			loki_scalar8_init(quantizer);
			break;
	}
}
