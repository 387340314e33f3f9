/*-------------------------------------------------------------------------
 *
 * quantize.c
 *	  Which code suits a vector, the levels of codes, and the way from a code's
 *	  specification to its functions.
 *
 * A LokiCodeSpec is what an index keeps of its code; loki_quantizer_init() makes of it, in memory of
 * the caller's, a LokiQuantizer: methods, sizes of slots, and what they need.  All but the kernels
 * depends on the spec alone, so that each backend makes its own.
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

/* ----------------------------------------------------------------
 * Kernels
 * ----------------------------------------------------------------
 */

const LokiCodeKernels *loki_codes = &loki_codes_scalar;

/* A level of distance kernels that has none here: AVX-512 without VNNI */
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
	Assert(loki_codes->simd <= loki_cpu_simd());
}

const char *
loki_quantize_simd(void)
{
	return loki_codes->name;
}

/* ----------------------------------------------------------------
 * Which code suits a vector
 * ----------------------------------------------------------------
 */

/*
 * The choice where the user makes none; README has the measurements.
 */
#define EXACT_MAX_DIM		32	/* above, a rotation's statistics hold */
#define DEFAULT_REFINE_BITS 6

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

		/*
		 * The more dimensions there are, the more errors of single ones cancel out, and the more bytes a bit
		 * for each of them takes: so bits become fewer, and a search reads about as many bytes for a node.
		 */
		spec.bits = bits != 0 ? bits : dim <= LOKI_FOUR_BITS_MAX_DIM ? 4 : dim <= LOKI_TWO_BITS_MAX_DIM ? 2 : 1;
		/* a slot must fit a page; halves, since fields have 1, 2 or 4 bits */
		while (spec.bits > 1 && loki_rotated_code_size(&spec) > max_slot)
			spec.bits /= 2;

		if (!refine_given)
			refine_bits = DEFAULT_REFINE_BITS;
		spec.refine_bits = refine_bits > spec.bits ? refine_bits : 0;
		/* REFINE has slots of its own, so its size counts by itself */
		while (spec.refine_bits > 0 && loki_rotated_refine_size(&spec) > max_slot)
		{
			spec.refine_bits -= 2;
			if (spec.refine_bits <= spec.bits)
				spec.refine_bits = 0;
		}
		Assert(loki_rotated_refine_size(&spec) <= max_slot);
	}
	Assert(loki_code_valid(&spec));
	return spec;
}

/*
 * The seed and so the rotation are those of the code, since a sketch is made out of it.  A sketch of more
 * than LOKI_SKETCH_DIMS dimensions takes the leading ones after the rotation, which are as good as any.
 */
uint32
loki_sketch_spec(const LokiCodeSpec *code, LokiCodeSpec *sketch)
{
	if (code->kind != LOKI_CODE_ROTATED || code->projection != LOKI_PROJECT_NONE)
		return 0;
	*sketch = *code;
	sketch->bits = 1;
	sketch->refine_bits = 0;
	sketch->centers = 0;
	if (LOKI_PADDED(code->dim) > LOKI_SKETCH_DIMS)
	{
		sketch->projection = LOKI_PROJECT_RANDOM;
		sketch->code_dims = LOKI_SKETCH_DIMS;
	}
	Assert(loki_code_valid(sketch) && loki_rotated_code_size(sketch) <= LOKI_SKETCH_SIZE);
	return loki_rotated_code_size(sketch);
}

/* ----------------------------------------------------------------
 * Codes of compact indexes: a fixed number of bits in all, as a few bits of all dimensions or
 * more bits of the principal ones
 * ----------------------------------------------------------------
 */

/*
 * Bits of a code: with factors, links and row pointer 195 bytes a row.  Above
 * twice as many dimensions half a bit for each.
 */
#define COMPACT_CODE_BITS	768

/*
 * Elements of a basis, which every backend keeps and every query is multiplied
 * with, and dimensions whose covariance may be taken.
 */
#define MAX_BASIS_ELEMENTS	(2 * 1024 * 1024)
#define MAX_BASIS_DIM		4096

#define WholeGroups(n)	((n) / LOKI_GROUP * LOKI_GROUP)

/* Bits of the code of a vector in a compact index */
static uint32
code_bits(uint32 dim)
{
	return Max(COMPACT_CODE_BITS, dim / 2);
}

/*
 * The code that needs no sample of rows: fewer bits for each dimension, and if one bit is too many, random
 * dimensions.  A build tries the alternatives below besides.
 */
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
	Assert(loki_code_valid(&spec));
	return spec;
}

/*
 * Principal dimensions: as many as fit with 1, 2 and 4 bits each.  None are offered where they would be all,
 * which the code above already has.
 */
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
		Assert(n < LOKI_COMPACT_ALTERNATIVES);
		alternatives[n] = *compact;
		alternatives[n].bits = b;
		alternatives[n].refine_bits = compact->refine_bits > b ? compact->refine_bits : 0;
		alternatives[n].projection = LOKI_PROJECT_BASIS;
		alternatives[n].code_dims = dims;
		Assert(loki_code_valid(&alternatives[n]));
		n++;
	}
	return n;
}

/* ----------------------------------------------------------------
 * Levels of rotated codes (README)
 * ----------------------------------------------------------------
 */

/* Printed by doc/design/levels.py */
static const LokiCodeConstants code_constants[] = {
	{1, false, 0.7555f, 0.79788f},
	{2, false, 0.3673f, 1.78089f},
	{2, true, 0.3649f, 903.805f},
	{4, false, 0.0994f, 42.4711f},
	{4, true, 0.0991f, 1013.978f},
	{6, true, 0.0286f, 1026.085f},
	{8, true, 0.0076f, 1024.242f}
};
static const float levels2[2] = {1, 3};
static const float levels2_wide[2] = {465, 1549};
static const float levels4[8] = {5, 15, 25, 37, 49, 65, 85, 113};
static const float levels4_wide[8] = {
	119, 358, 605, 867, 1172, 1553, 2027, 2716
};

/* A combination that is missing from the table is none of a valid spec. */
const LokiCodeConstants *
loki_code_constants_of(int bits, bool wide)
{
	int			i = 0;

	while (code_constants[i].bits != bits || code_constants[i].wide != wide)
	{
		i++;
		Assert(i < lengthof(code_constants));
	}
	return &code_constants[i];
}

/* README, "Rotated codes": tan(theta) / sqrt(P - 1) */
float
loki_code_error(const LokiCodeSpec *spec)
{
	Assert(spec->kind == LOKI_CODE_ROTATED);
	return loki_code_constants_of(spec->bits, false)->tangent /
		sqrtf(TYPEALIGN(LOKI_GROUP, loki_code_dims(spec)) - 1);
}

/*
 * Levels of up to 4 bits ignore the low part of a code, which such a code does not keep: the mask is 0.
 * With 6 bits its upper two of four bits count.
 *
 * In the table leading and low parts of a code below the middle count from the other end: codes are in the order
 * of the numbers, so that leading bits are a coarser code (C5).
 */
void
loki_fill_levels(int bits, bool wide, LokiLevels *levels, LokiLevelTable *table)
{
	Assert(bits == 1 || bits == 2 || bits == 4 || bits == 6 || bits == 8);
	memset(levels, 0, sizeof(LokiLevels));
	levels->mask = bits == 8 ? 15 : bits == 6 ? 12 : 0;
	for (int i = 0; i < 8; i++)
	{
		if (bits > 4)
		{
			/* the middle of 16 or 4 equal parts of the magnitude's range */
			float		width = rintf(16 / loki_inverse_widths[i]);

			levels->step[i] = width;
			levels->base[i] = 16 * loki_thresholds[i] +
				(bits == 8 ? floorf((width + 1) / 2) : 2 * width);
		}
		else if (bits == 4)
			levels->base[i] = wide ? levels4_wide[i] : levels4[i];
		else if (bits == 2)
			levels->base[i] = wide ? levels2_wide[i / 4] : levels2[i / 4];
		else
			levels->base[i] = 1;
		table->base[8 + i] = levels->base[i];
		table->base[7 - i] = -levels->base[i] - levels->mask * levels->step[i];
		table->step[8 + i] = table->step[7 - i] = levels->step[i];
	}
	for (int i = 0; i < 16; i++)
		table->small[i] = levels->mask == 0 ? table->base[i] : 0;
}

/* ----------------------------------------------------------------
 * Validation and construction
 * ----------------------------------------------------------------
 */

/*
 * Of a spec that was read from a page, too: what is valid here cannot make any function of this folder
 * write beyond its arrays or divide by zero.
 */
bool
loki_code_valid(const LokiCodeSpec *spec)
{
	int			bits = spec->bits;
	int			refine_bits = spec->refine_bits;

	if ((spec->centers > 0 && spec->kind != LOKI_CODE_ROTATED) || spec->dim < 1 || spec->dim > LOKI_MAX_DIM ||
		spec->metric < LOKI_METRIC_L2 || spec->metric > LOKI_METRIC_JACCARD ||
		loki_metric_of_bits(spec->metric) != (spec->kind == LOKI_CODE_BITS))
		return false;

	switch (spec->kind)
	{
		case LOKI_CODE_ROTATED:
			if (spec->metric == LOKI_METRIC_L1 ||
				(bits != 1 && bits != 2 && bits != 4 && bits != 8) ||
				(spec->centers > 0 && !loki_code_may_have_centers(spec)))
				return false;
			/* a part of the dimensions is whole groups, and fewer than all */
			if (spec->projection != LOKI_PROJECT_NONE &&
				!(spec->projection <= LOKI_PROJECT_BASIS && spec->code_dims > 0 && spec->code_dims < spec->dim &&
				  spec->code_dims % LOKI_GROUP == 0 && spec->outside >= 0 && spec->outside <= 1))
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

/* The signs of the rotation lie behind the quantizer, so that the caller allocates both at once. */
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
	Assert(loki_code_valid(spec) && (uintptr_t) quantizer % 64 == 0);
	memset(quantizer, 0, sizeof(LokiQuantizer));
	quantizer->spec = *spec;
	quantizer->centroid = centroid;

	switch (spec->kind)
	{
		case LOKI_CODE_ROTATED:
			/* for limits() alone: it decides no code, so its order is free (C2) */
			for (uint32 i = 0; i < spec->dim; i++)
				quantizer->centroid_norm2 += centroid[i] * centroid[i];
			loki_rotated_init(quantizer);
			break;
		case LOKI_CODE_EXACT:
		case LOKI_CODE_BITS:
			loki_exact_init(quantizer);
			break;
		default:
			loki_scalar8_init(quantizer);
			break;
	}
	Assert(quantizer->code_size % 4 == 0 && quantizer->refine_size % 4 == 0);
}
