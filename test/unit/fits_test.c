/*-------------------------------------------------------------------------
 *
 * fits_test.c
 *	  Slots that one kind of kernels has made fit their vectors by the sums of
 *	  any other kind, and damaged ones fit by none.  Likewise those that were
 *	  made of other slots, once or more.
 *
 * Sources: src/distance src/quantize
 *
 * IDENTIFICATION
 *	  test/unit/fits_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "quantize/codes.h"
#include "quantize/rotated.h"

#define ROWS	4
#define MOST_DIM	2048

static const char *const metric_names[] = {NULL, "L2", "IP", "cosine", "L1"};

/* What vectors are like */
typedef enum Shape
{
	NORMAL,						/* normal numbers */
	POSITIVE,					/* uniform numbers above zero */
	SHARED,						/* a direction that all share, and little else */
	NEARLY_SAME,				/* ... so little that rounding shows */
	PARALLEL,					/* of one direction */
	SPIKES,						/* one element is nearly all */
	LONG,						/* up to 1e19 */
	SHORT,						/* down to 1e-22 */
	SHAPES
} Shape;

static const char *const shape_names[] = {"normal", "positive", "shared", "nearly the same",
"parallel", "spikes", "long", "short"};

static void
fill(Shape shape, int dim, float *x)
{
	double		share = shape == SHARED ? pow(10, -3 * unit_uniform()) :
		pow(10, -3 - 5 * unit_uniform());
	double		scale = shape == LONG ? pow(10, 16 + 3 * unit_uniform()) :
		shape == SHORT ? pow(10, -13 - 9 * unit_uniform()) :
		shape == PARALLEL ? 1 + unit_random() % 1000 : 1;

	for (int i = 0; i < dim; i++)
	{
		double		direction = sin(i * 1.7) + 1.5;

		if (shape == POSITIVE)
			x[i] = (float) unit_uniform();
		else if (shape == SHARED || shape == NEARLY_SAME)
			x[i] = (float) (direction + share * (unit_uniform() - 0.5));
		else if (shape == PARALLEL)
			x[i] = (float) (direction * scale);
		else
			x[i] = (float) (unit_normal() * scale * (shape == SPIKES ? 1e-4 : 1));
	}
	if (shape == SPIKES)
		x[unit_random() % dim] = 3;
}

/* Kernels of a kind; false if this machine has none */
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

typedef struct Slots
{
	LokiQuantizer *quantizer;
	char	   *code;
	char	   *refine;			/* NULL: none */
} Slots;

/* A quantizer with the kernels in use, on a centroid */
static Slots
open_slots(const LokiCodeSpec *spec, const float *constants)
{
	Slots		slots;

	slots.quantizer = unit_allocate(loki_quantizer_size(spec));
	loki_quantizer_init(slots.quantizer, spec, constants);
	slots.code = unit_allocate(slots.quantizer->code_size);
	slots.refine = slots.quantizer->refine_size > 0 ?
		unit_allocate(slots.quantizer->refine_size) : NULL;
	return slots;
}

static void
close_slots(Slots *slots)
{
	free(slots->quantizer);
	free(slots->code);
	free(slots->refine);
}

/* The mean of vectors, of unit length under cosine, and behind it a basis if there is one */
static float *
make_constants(const LokiCodeSpec *spec, const float *rows)
{
	int			dim = spec->dim;
	float	   *constants = calloc(loki_code_constants(spec), sizeof(float));

	for (int i = 0; i < ROWS && spec->seed % 4 != 0; i++)
	{
		double		square = 0;

		for (int j = 0; j < dim; j++)
			square += (double) rows[i * dim + j] * rows[i * dim + j];
		for (int j = 0; j < dim; j++)
			constants[j] += rows[i * dim + j] / ROWS /
				(spec->metric == LOKI_METRIC_COSINE ? sqrt(square) : 1);
	}
	if (spec->projection == LOKI_PROJECT_BASIS)
	{
		loki_subspace_start(dim, spec->code_dims, 1, constants + dim);
		loki_subspace_finish(dim, spec->code_dims, constants + dim);
	}
	return constants;
}

/* Change a slot in a way that rounding does not */
static const char *
damage(const Slots *slots, const LokiCodeSpec *spec, int way)
{
	CodeSlot   *code = (CodeSlot *) slots->code;
	RefineSlot *refine = (RefineSlot *) slots->refine;

	switch (way)
	{
		case 0:
			code->add *= unit_random() % 2 == 0 ? 1.01f : 0.99f;
			return code->add == 0 ? NULL : "add";
		case 1:
			code->mul *= unit_random() % 2 == 0 ? 1.01f : 0.99f;
			return "mul";
		case 2:
			for (int i = 0; i < 8; i++)
				((char *) (code + 1))[unit_random() % (slots->quantizer->code_size - sizeof(*code))] ^=
					(char) (1 + unit_random() % 255);
			return "levels";
		case 3:
			if (refine == NULL)
				return NULL;
			refine->mul *= unit_random() % 2 == 0 ? 1.01f : 0.99f;
			return "refined mul";
		case 4:
			/* that of the finest codes is lost in rounding */
			if (refine == NULL || spec->refine_bits > 6)
				return NULL;
			refine->error *= unit_random() % 2 == 0 ? 1.3f : 0.7f;
			return "error";
		default:
			if (refine == NULL)
				return NULL;
			for (int i = 0; i < 16; i++)
				((char *) (refine + 1))[unit_random() % (slots->quantizer->refine_size - sizeof(*refine))] ^=
					(char) (1 + unit_random() % 255);
			return "refined levels";
	}
}

#define WAYS	6

typedef struct Found
{
	int			tested;
	int			unlike;
	int			damaged;
	int			missed;
} Found;

/* No processor makes another bit of a code that is the vector, or is made of sums in double */
static void
test_bits(Slots *slots, const LokiCodeSpec *spec, const float *x, Found *found)
{
	uint32		size = slots->quantizer->code_size;

	for (int i = 0; i < 20; i++)
	{
		uint32		at = unit_random() % size;
		char		bit = (char) (1 << unit_random() % 8);

		slots->code[at] ^= bit;
		found->damaged++;
		if (slots->quantizer->fits(slots->quantizer, x, slots->code, NULL) == LOKI_FITS &&
			found->missed++ < 3)
			diag("%s, %d dimensions, %d bits: another bit of byte %u fits",
				 metric_names[spec->metric], spec->dim, spec->bits, at);
		slots->code[at] ^= bit;
	}
}

static void
test_row(Slots *slots, const LokiCodeSpec *spec, Shape shape, const float *x, LokiSimd from, LokiSimd to,
		 Found *found)
{
	LokiQuantizer *quantizer = slots->quantizer;
	LokiFit		fit;

	use_kernels(from);
	loki_quantizer_init(quantizer, spec, quantizer->centroid);
	quantizer->encode(quantizer, x, slots->code, slots->refine);
	use_kernels(to);
	loki_quantizer_init(quantizer, spec, quantizer->centroid);
	fit = quantizer->fits(quantizer, x, slots->code, slots->refine);
	found->tested++;
	if (fit != LOKI_FITS && found->unlike++ < 3)
		diag("%s, %d dimensions, %d and %d bits, %s: %s", metric_names[spec->metric], spec->dim,
			 spec->bits, spec->refine_bits, shape_names[shape],
			 fit == LOKI_CODE_UNLIKE ? "CODE" : "REFINE");

	if (spec->kind != LOKI_CODE_ROTATED)
		test_bits(slots, spec, x, found);

	/*
	 * a basis at random leaves little of a vector, so that rounding is much
	 * of it
	 */
	if (shape > POSITIVE || spec->kind != LOKI_CODE_ROTATED || spec->projection == LOKI_PROJECT_BASIS)
		return;
	for (int way = 0; way < WAYS; way++)
	{
		const char *what;

		quantizer->encode(quantizer, x, slots->code, slots->refine);
		what = damage(slots, spec, way);
		if (what == NULL)
			continue;
		found->damaged++;
		if (quantizer->fits(quantizer, x, slots->code, slots->refine) == LOKI_FITS &&
			found->missed++ < 3)
			diag("%s, %d dimensions, %d and %d bits, %s: damaged %s fits",
				 metric_names[spec->metric], spec->dim, spec->bits, spec->refine_bits,
				 shape_names[shape], what);
	}
}

static void
test_spec(LokiCodeSpec spec, LokiSimd from, LokiSimd to, Found *found)
{
	static float rows[ROWS * MOST_DIM];

	for (int shape = 0; shape < SHAPES; shape++)
	{
		float	   *constants;
		Slots		slots;

		spec.seed = unit_random() % 1000;
		for (int i = 0; i < ROWS; i++)
			fill((Shape) shape, spec.dim, rows + (Size) i * spec.dim);
		constants = make_constants(&spec, rows);
		slots = open_slots(&spec, constants);
		for (int i = 0; i < ROWS; i++)
			test_row(&slots, &spec, (Shape) shape, rows + (Size) i * spec.dim, from, to, found);
		close_slots(&slots);
		free(constants);
	}
}

static void
test_kinds(LokiSimd from, LokiSimd to)
{
	static const int dims[] = {33, 64, 65, 100, 128, 200, 384, 768, 1000, 1536, MOST_DIM};
	static const int bits[][2] = {{1, 2}, {1, 6}, {1, 8}, {2, 6}, {4, 6}, {4, 8}, {1, 0},
	{2, 0}, {4, 0}, {8, 0}};
	Found		found = {0};

	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
		for (int i = 0; i < (int) lengthof(bits); i++)
			for (int d = unit_random() % 4; d < (int) lengthof(dims); d += 4)
			{
				LokiCodeSpec spec = {LOKI_CODE_ROTATED, metric, bits[i][0], bits[i][1], dims[d], 0};

				test_spec(spec, from, to, &found);
				spec.code_dims = LOKI_GROUP;
				spec.outside = 0.1f;
				spec.projection = i % 2 == 0 ? LOKI_PROJECT_BASIS : LOKI_PROJECT_RANDOM;
				if (dims[d] > 100)
					test_spec(spec, from, to, &found);
			}
	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_L1; metric++)
	{
		LokiCodeSpec exact = {LOKI_CODE_EXACT, metric, 32, 0, 16, 0};

		test_spec(exact, from, to, &found);
	}
	for (int b = 4; b <= 8; b += 4)
	{
		LokiCodeSpec scalar = {LOKI_CODE_SCALAR, LOKI_METRIC_L1, b, 0, 200, 0};

		test_spec(scalar, from, to, &found);
	}
	use_kernels(from);
	diag("%d rows", found.tested);
	ok(found.unlike == 0, "slots by %s kernels fit", loki_codes->name);
	use_kernels(to);
	ok(found.missed == 0, "%s kernels find each of %d damaged slots", loki_codes->name,
	   found.damaged);
}

/* ----------------------------------------------------------------
 * Norms at the limit from which on they say nothing
 * ----------------------------------------------------------------
 */
static void
test_limit(void)
{
	enum
	{
		DIM = 200
	};
	static const float centroid[DIM];
	LokiCodeSpec spec = {LOKI_CODE_ROTATED, LOKI_METRIC_L2, 4, 6, DIM, 7};
	Slots		slots = open_slots(&spec, centroid);
	RefineSlot *refine = (RefineSlot *) slots.refine;
	int			unlike = 0;
	int			missed = 0;

	for (int i = 0; i < 200; i++)
	{
		double		norm = (0.97 + 0.08 * unit_uniform()) * HUGE_NORM;
		double		square = 0;
		float		x[DIM];
		float		error;

		for (int j = 0; j < DIM; j++)
		{
			x[j] = (float) unit_normal();
			square += (double) x[j] * x[j];
		}
		for (int j = 0; j < DIM; j++)
			x[j] *= (float) (norm / sqrt(square));
		slots.quantizer->encode(slots.quantizer, x, slots.code, slots.refine);
		unlike += slots.quantizer->fits(slots.quantizer, x, slots.code, slots.refine) != LOKI_FITS;
		error = refine->error;
		for (int way = 0; way < 3; way++)
		{
			refine->error = way == 0 ? 0 : way == 1 ? 1 : 1e30f;
			missed += slots.quantizer->fits(slots.quantizer, x, slots.code, slots.refine) == LOKI_FITS;
		}
		refine->error = error;
	}
	ok(unlike == 0, "slots of norms at the limit fit");
	ok(missed == 0, "any error does not fit them: %d of 600", missed);
	close_slots(&slots);
}

/* ----------------------------------------------------------------
 * Slots that were made of other slots
 * ----------------------------------------------------------------
 */
#define MOST_TIMES	3

typedef struct Requantized
{
	int			tested;
	int			unlike;
	int			vague;
	int			damaged;
	int			missed;
} Requantized;

/* Change a slot by more than what it was made of may be off */
static void
overwrite(const Slots *slots, int way)
{
	CodeSlot   *code = (CodeSlot *) slots->code;
	RefineSlot *refine = (RefineSlot *) slots->refine;
	char	   *levels = (char *) (code + 1);
	uint32		size = slots->quantizer->code_size - sizeof(*code);
	uint32		n = Min(16, size);
	uint32		at = unit_random() % (size - n + 1);

	if (way == 0)
		for (uint32 i = at; i < at + n; i++)
			levels[i] = (char) ~levels[i];
	else if (way == 1)
		code->mul *= unit_random() % 2 == 0 ? 4 : 0.25f;
	else if (way == 2)
		code->add = (code->add == 0 ? 1 : code->add) * (unit_random() % 2 == 0 ? 1e6f : -1e6f);
	else if (refine == NULL)
		code->mul = -code->mul;
	else if (way == 3)
		refine->mul *= unit_random() % 2 == 0 ? 4 : 0.25f;
	else
		refine->error = 0;
}

static void
damage_requantized(Slots *slots, const float *x, double missed, Requantized *found)
{
	const LokiQuantizer *quantizer = slots->quantizer;

	/* the error of the finest codes is lost in rounding */
	int			ways = quantizer->spec.refine_bits > 6 ? 4 : 5;

	for (int way = 0; way < ways; way++)
	{
		char		code[LOKI_MAX_PADDED];
		char		refine[LOKI_MAX_PADDED];
		LokiFit		fit;

		memcpy(code, slots->code, quantizer->code_size);
		memcpy(refine, slots->refine != NULL ? slots->refine : code, quantizer->refine_size);
		overwrite(slots, way);
		found->damaged++;
		fit = quantizer->fits_requantized(quantizer, x, missed, 1, slots->code, slots->refine);
		if ((fit == LOKI_FITS || fit == LOKI_VAGUE) && found->missed++ < 5)
			diag("%s, %d dimensions, %d and %d bits: damage %d fits",
				 metric_names[quantizer->spec.metric], quantizer->spec.dim, quantizer->spec.bits,
				 quantizer->spec.refine_bits, way);
		memcpy(slots->code, code, quantizer->code_size);
		if (slots->refine != NULL)
			memcpy(slots->refine, refine, quantizer->refine_size);
	}
}

/*
 * Make slots of a vector, and of these others, so many times, as an index does whose centroid moves:
 * from none to one, and back.  They are in slots[times % 2].  Returns how far the vector may be from
 * the one that the last were made of.
 */
static double
make_requantized(Slots *slots, const float *x, int times)
{
	double		missed = 0;

	slots[0].quantizer->encode(slots[0].quantizer, x, slots[0].code, slots[0].refine);
	for (int k = 0; k < times; k++)
	{
		const Slots *before = &slots[k % 2];
		const Slots *after = &slots[(k + 1) % 2];

		missed += before->quantizer->missed(before->quantizer, before->code, before->refine);
		after->quantizer->requantize(after->quantizer, before->quantizer, before->code,
									 before->refine, after->code, after->refine);
	}
	return missed;
}

static void
test_requantized_row(Slots *slots, Shape shape, const float *x, LokiSimd from, LokiSimd to,
					 Requantized *found)
{
	LokiCodeSpec spec = slots[0].quantizer->spec;
	int			times = 1 + unit_random() % MOST_TIMES;
	Slots	   *made = &slots[times % 2];
	double		missed;
	LokiFit		fit;

	use_kernels(from);
	for (int i = 0; i < 2; i++)
		loki_quantizer_init(slots[i].quantizer, &spec, slots[i].quantizer->centroid);
	missed = make_requantized(slots, x, times);
	use_kernels(to);
	loki_quantizer_init(made->quantizer, &spec, made->quantizer->centroid);
	fit = made->quantizer->fits_requantized(made->quantizer, x, missed, times, made->code,
											made->refine);
	found->tested++;
	found->vague += fit == LOKI_VAGUE;
	if (fit != LOKI_FITS && fit != LOKI_VAGUE && found->unlike++ < 3)
		diag("%s, %d dimensions, %d and %d bits, %s, %d times: %s", metric_names[spec.metric],
			 spec.dim, spec.bits, spec.refine_bits, shape_names[shape], times,
			 fit == LOKI_CODE_UNLIKE ? "CODE" : "REFINE");

	/* under IP little is known of what codes without REFINE miss */
	if (shape == NORMAL && times == 1 && (spec.metric != LOKI_METRIC_IP || made->refine != NULL))
		damage_requantized(made, x, missed, found);
}

static void
test_requantized_spec(LokiCodeSpec spec, Shape shape, LokiSimd from, LokiSimd to,
					  Requantized *found)
{
	static float rows[ROWS * MOST_DIM];
	static const float zeroes[MOST_DIM];
	float	   *centroid;
	Slots		slots[2];

	spec.seed = 1 + 2 * (unit_random() % 500);
	for (int i = 0; i < ROWS; i++)
		fill(shape, spec.dim, rows + (Size) i * spec.dim);
	centroid = make_constants(&spec, rows);
	slots[0] = open_slots(&spec, zeroes);
	slots[1] = open_slots(&spec, centroid);
	for (int i = 0; i < ROWS; i++)
		test_requantized_row(slots, shape, rows + (Size) i * spec.dim, from, to, found);
	close_slots(&slots[0]);
	close_slots(&slots[1]);
	free(centroid);
}

static void
test_requantized(LokiSimd from, LokiSimd to)
{
	static const int dims[] = {33, 64, 100, 200, 384, 768, 1536};
	static const int bits[][2] = {{1, 6}, {2, 6}, {2, 8}, {4, 6}, {4, 8}, {4, 0}, {8, 0}};
	Requantized found = {0};

	for (int metric = LOKI_METRIC_L2; metric <= LOKI_METRIC_COSINE; metric++)
		for (int i = 0; i < (int) lengthof(bits); i++)
			for (int d = 0; d < (int) lengthof(dims); d++)
				for (int shape = 0; shape < SHAPES; shape++)
				{
					LokiCodeSpec spec = {LOKI_CODE_ROTATED, metric, bits[i][0], bits[i][1], dims[d], 0};

					test_requantized_spec(spec, (Shape) shape, from, to, &found);
				}
	diag("%d rows, %d of them vague", found.tested, found.vague);
	use_kernels(from);
	ok(found.unlike == 0, "slots made of others by %s kernels fit: %d do not", loki_codes->name,
	   found.unlike);
	use_kernels(to);
	ok(found.missed == 0, "%s kernels find each of %d of these that were damaged: %d not",
	   loki_codes->name, found.damaged, found.missed);
}

int
main(void)
{
	loki_distance_init();
	test_limit();
	for (LokiSimd from = LOKI_SIMD_SCALAR; from <= LOKI_SIMD_NEON; from++)
		for (LokiSimd to = LOKI_SIMD_SCALAR; to <= LOKI_SIMD_NEON; to++)
			if (use_kernels(from) && use_kernels(to))
			{
				test_kinds(from, to);
				test_requantized(from, to);
			}
	return unit_done();
}
