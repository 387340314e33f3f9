/*-------------------------------------------------------------------------
 *
 * equal_test.c
 *	  Codes are the same bytes by the kernels of each instruction set, and on
 *	  each architecture that this program runs on.
 *
 * Numbers come from integers, since logarithms and cosines of the C libraries
 * differ in their last bits.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/equal_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <float.h>
#include <math.h>

#include "quantize/codes.h"

#define MOST_DIM	4096
#define ROWS		3

/* What all codes below add up to, whichever machine makes them.  Another sum is another format. */
#define ALL_CODES	UINT64CONST(4458543086928048565)

/* What vectors are like */
typedef enum Shape
{
	ROUGH,						/* about normal numbers */
	POSITIVE,
	SHARED,						/* a direction that all share, and little else */
	SPIKE,						/* one element is nearly all */
	TERNARY,					/* -1, 0, -0 and 1 */
	MIXED,						/* of all magnitudes */
	LONGEST,						/* near the greatest float */
	TINY,						/* near the least normal float */
	DENORMAL,
	ZERO,
	SHAPES
} Shape;

static const char *const shape_names[] = {"rough", "positive", "shared direction", "spike",
	"ternary", "mixed magnitudes", "huge", "tiny", "denormal", "zero"};

/* A multiple of 2^-24 in [-1, 1) */
static float
even(void)
{
	return (float) ((int64) (unit_random() >> 39) - (1 << 24)) / (1 << 24);
}

static float
element(Shape shape, int i, int spike)
{
	float		x = even();
	float		y = even();
	int			exponent = unit_random() % 120;

	/* compilers order calls within an expression as they like */
	switch (shape)
	{
		case ROUGH:
			return x + y;
		case POSITIVE:
			return fabsf(x);
		case SHARED:
			return (float) (i * 7 % 11) + x / 1024;
		case SPIKE:
			return i == spike ? 3 : x / 8192;
		case TERNARY:
			return y > 0.5f ? -0.0f : (float) (exponent % 3 - 1);
		case MIXED:
			return ldexpf(x, exponent - 60);
		case LONGEST:
			return x * FLT_MAX;
		case TINY:
			return x * 4 * FLT_MIN;
		case DENORMAL:
			return x * FLT_MIN / 1024;
		default:
			return 0;
	}
}

/* A vector that is not aligned to more than its elements */
static void
fill(Shape shape, int dim, float *x)
{
	int			spike = unit_random() % dim;

	for (int i = 0; i < dim; i++)
		x[i] = element(shape, i, spike);
	/* zero vectors have no direction */
	if (shape != ZERO)
		x[spike] = x[spike] == 0 ? FLT_MIN : x[spike];
}

static bool
use_kernels(LokiSimd simd)
{
	const LokiDistanceKernels *distance = loki_distance_kernels(simd);
	const LokiCodeKernels *codes = loki_code_kernels(simd);

	if (distance == NULL || codes == NULL)
		return false;
	loki_distance = *distance;
	loki_codes = codes;
	return true;
}

/* ----------------------------------------------------------------
 * Codes
 * ----------------------------------------------------------------
 */

static uint64 all_codes;
static int	rows_encoded;

/* Add a number to what all codes add up to. */
static void
add_number(uint32 number)
{
	all_codes = (all_codes ^ number) * UINT64CONST(0x100000001b3);
}

/* Add a slot: some floats, then bytes. */
static void
add_slot(const char *slot, uint32 size, int floats)
{
	for (int i = 0; i < floats; i++)
	{
		uint32		number;

		memcpy(&number, slot + i * sizeof(number), sizeof(number));
		add_number(number);
	}
	for (uint32 i = floats * sizeof(uint32); i < size; i++)
		add_number((uint8) slot[i]);
}

/* The slots of a vector: CODE, REFINE and the 1-bit sketch */
typedef struct Slots
{
	char		code[4 * MOST_DIM];
	char		refine[4 * MOST_DIM];
	char		sketch[LOKI_SKETCH_SIZE];
} Slots;

static void
encode(const LokiCodeSpec *spec, const float *constants, const float *x, Slots *slots)
{
	LokiQuantizer *quantizer = unit_allocate(loki_quantizer_size(spec));
	LokiCodeSpec sketch_spec;

	memset(slots, 0, sizeof(Slots));
	loki_quantizer_init(quantizer, spec, constants);
	quantizer->encode(quantizer, x, slots->code,
					  quantizer->refine_size > 0 ? slots->refine : NULL);
	if (loki_sketch_spec(spec, &sketch_spec) > 0)
	{
		LokiQuantizer *sketch = unit_allocate(loki_quantizer_size(&sketch_spec));

		loki_quantizer_init(sketch, &sketch_spec, constants);
		sketch->shorten(sketch, quantizer, slots->code, slots->sketch);
		free(sketch);
	}
	free(quantizer);
}

/* Encode a vector by plain C, and by all other kernels. */
static void
compare(const LokiCodeSpec *spec, const float *constants, Shape shape, const float *x,
		bool *equal)
{
	static Slots wanted;
	static Slots found;
	bool		rotated = spec->kind == LOKI_CODE_ROTATED;
	int			floats = rotated ? 2 : spec->kind == LOKI_CODE_SCALAR ? 3 : (int) spec->dim;

	use_kernels(LOKI_SIMD_SCALAR);
	encode(spec, constants, x, &wanted);
	add_slot(wanted.code, rotated ? loki_rotated_code_size(spec) :
			 spec->kind == LOKI_CODE_SCALAR ? loki_scalar8_code_size(spec) : 4 * spec->dim, floats);
	if (rotated)
	{
		add_slot(wanted.refine, loki_rotated_refine_size(spec), spec->refine_bits > 0 ? 2 : 0);
		add_slot(wanted.sketch, LOKI_SKETCH_SIZE, 2);
	}
	rows_encoded++;
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
	{
		if (!use_kernels(simd))
			continue;
		encode(spec, constants, x, &found);
		if (memcmp(&wanted, &found, sizeof(Slots)) != 0)
		{
			if (equal[simd])
				diag("%s differs: kind %d, metric %d, %d dimensions, %d and %d bits, "
					 "projection %d, %s", loki_codes->name, spec->kind, spec->metric, spec->dim,
					 spec->bits, spec->refine_bits, spec->projection, shape_names[shape]);
			equal[simd] = false;
		}
	}
}

/* A centroid among the rows or far from them, and a basis that need not be orthonormal */
static void
make_constants(const LokiCodeSpec *spec, const float *first, float *constants)
{
	int			dim = spec->dim;
	bool		far = unit_random() % 2 == 0;

	for (int i = 0; i < dim; i++)
		constants[i] = far || fabsf(first[i]) > 1e6f ? even() : first[i] / 2;
	if (spec->projection == LOKI_PROJECT_BASIS)
	{
		int16	   *basis = loki_code_basis(spec, constants);

		for (int i = 0; i < spec->code_dims * dim; i++)
			basis[i] = (int16) (even() * LOKI_BASIS_UNIT / sqrtf(dim));
	}
}

static void
test_spec(LokiCodeSpec spec, bool *equal)
{
	static float rows[ROWS][MOST_DIM + 1];
	static float constants[(1 + LOKI_GROUP / 2) * MOST_DIM];

	if (!loki_code_valid(&spec))
		return;
	for (int shape = 0; shape < SHAPES; shape++)
	{
		if (shape == ZERO && spec.metric == LOKI_METRIC_COSINE)
			continue;
		for (int i = 0; i < ROWS; i++)
			fill((Shape) shape, spec.dim, rows[i] + 1);
		make_constants(&spec, rows[0] + 1, constants);
		for (int i = 0; i < ROWS; i++)
			compare(&spec, constants, (Shape) shape, rows[i] + 1, equal);
	}
}

/* Codes of all kinds for vectors of some dimensions */
static void
test_dim(int dim, bool *equal)
{
	static const int bits[][2] = {{1, 0}, {1, 2}, {1, 6}, {2, 4}, {2, 6}, {4, 6}, {4, 8}, {8, 0}};

	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
	{
		test_spec((LokiCodeSpec)
				  {
					  .kind = LOKI_CODE_EXACT, .metric = metric, .bits = 32, .dim = dim
				  }, equal);
		for (int i = 0; i < (int) lengthof(bits); i++)
		{
			LokiCodeSpec spec = {LOKI_CODE_ROTATED, metric, bits[i][0], bits[i][1], dim, dim};

			test_spec(spec, equal);
			spec.code_dims = LOKI_GROUP;
			spec.projection = i % 2 == 0 ? LOKI_PROJECT_BASIS : LOKI_PROJECT_RANDOM;
			if (i < 4)
				test_spec(spec, equal);
		}
	}
	for (int b = 4; b <= 8; b += 4)
		test_spec((LokiCodeSpec)
				  {
					  .kind = LOKI_CODE_SCALAR, .metric = LOKI_METRIC_L1, .bits = b, .dim = dim
				  }, equal);
}

static void
test_codes(void)
{
	static const int dims[] = {1, 2, 3, 7, 31, 33, 63, 64, 65, 100, 127, 128, 129, 200, 255, 256,
	257, 300, 384, 511, 768, 1000, 1023, 1024, 1536, 2047, 3072, MOST_DIM};
	bool		equal[LOKI_SIMD_NEON + 1] = {true, true, true, true};

	for (int i = 0; i < (int) lengthof(dims); i++)
		test_dim(dims[i], equal);
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
		if (use_kernels(simd))
			ok(equal[simd], "%s: codes of %d vectors are equal to the last bit", loki_codes->name,
			   rows_encoded);
	ok(all_codes == ALL_CODES, "and to those of all machines: " UINT64_FORMAT, all_codes);
}

/* ----------------------------------------------------------------
 * The kernels that are not those of codes alone
 * ----------------------------------------------------------------
 */
static void
test_sums(LokiSimd simd, int dim)
{
	static float a[MOST_DIM + 1];
	static float b[MOST_DIM + 1];
	static int16 vector[MOST_DIM + 1];
	static int16 wanted_vector[MOST_DIM + 1];
	static int16 rows[8 * MOST_DIM + 1];
	int32		wanted[8];
	int32		found[8];
	bool		equal = true;

	for (int shape = 0; shape < SHAPES; shape++)
	{
		float		x;
		float		y;

		fill((Shape) shape, dim, a + 1);
		fill((Shape) (unit_random() % LONGEST), dim, b + 1);
		x = loki_distance_kernels(LOKI_SIMD_SCALAR)->dot_ordered(dim, a + 1, b + 1);
		y = loki_distance_kernels(simd)->dot_ordered(dim, a + 1, b + 1);
		/* NaN has many forms, and is summed again in double */
		equal &= isnan(x) ? isnan(y) : memcmp(&x, &y, sizeof(x)) == 0;
	}
	ok(equal, "%s %d: dot_ordered", loki_distance_kernels(simd)->name, dim);

	fill(ROUGH, dim, a + 1);
	memset(vector, 0x55, sizeof(vector));
	memset(wanted_vector, 0x55, sizeof(wanted_vector));
	loki_distance_kernels(LOKI_SIMD_SCALAR)->f32_to_i16(dim, a + 1, 10922, wanted_vector);
	loki_distance_kernels(simd)->f32_to_i16(dim, a + 1, 10922, vector);
	ok(memcmp(vector, wanted_vector, sizeof(vector)) == 0, "%s %d: f32_to_i16",
	   loki_distance_kernels(simd)->name, dim);

	/* the last row of eight is the worst case, with the vector and by itself */
	for (int i = 0; i < 8 * dim; i++)
		rows[1 + i] = (int16) (i < 7 * dim ? unit_random() : PG_INT16_MIN);
	for (int round = 0; round < 2; round++)
	{
		if (round == 1)
			memcpy(vector + 1, rows + 1 + 7 * dim, dim * sizeof(int16));
		loki_distance_kernels(LOKI_SIMD_SCALAR)->dot_i16(dim, vector + 1, rows + 1, 8, wanted);
		loki_distance_kernels(simd)->dot_i16(dim, vector + 1, rows + 1, 8, found);
		ok(memcmp(wanted, found, sizeof(wanted)) == 0, "%s %d: dot_i16",
		   loki_distance_kernels(simd)->name, dim);
	}
}

int
main(void)
{
	loki_distance_init();
	test_codes();
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
		for (int dim = 1; loki_distance_kernels(simd) != NULL && dim <= 200; dim++)
			test_sums(simd, dim < 180 ? dim : dim * 20 + dim % 7);
	return unit_done();
}
