/*-------------------------------------------------------------------------
 *
 * distance_test.c
 *	  The distance kernels of every instruction set that runs here, against
 *	  sums in long double, within the bounds of src/distance/README.
 *
 * Sources: src/distance
 *
 * Arrays end at a page that cannot be read, so that a kernel that reads past
 * the end of an array crashes.
 *
 * IDENTIFICATION
 *	  test/unit/distance_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "distance/distance.h"

#define MAX_DIM 16000
#define MAX_OFFSET 16

typedef enum Kernel
{
	L2SQ,
	DOT,
	L1,
	COSINE
} Kernel;

static const char *const kernel_names[] = {"l2sq", "dot", "l1", "cosine"};

/* What the arrays hold */
typedef void (*Filler) (int dim, float *a, float *b);

/* Results of a kernel: one, or the three of cosine */
typedef struct Sums
{
	int			n;
	double		got[3];
	long double exact[3];		/* infinite past the range of float */
	long double bound[3];
} Sums;

/* Independent partial sums of a kernel (README, "Error bounds") */
static int
partial_sums(LokiSimd simd, Kernel kernel)
{
	static const int lanes[] = {4, 32, 64, 16};
	int			n = lanes[simd];

	return kernel == COSINE && simd != LOKI_SIMD_SCALAR ? n / 2 : n;
}

static void
bound_sum(Sums *sums, double got, long double exact, long double absolute,
		  int dim, int lanes)
{
	const long double u = ldexpl(1, -24);
	long double steps = (long double) dim / lanes + log2l(lanes) + 6;

	sums->got[sums->n] = got;
	sums->exact[sums->n] = fabsl(exact) > FLT_MAX ? copysignl(INFINITY, exact) : exact;
	sums->bound[sums->n] = 1.01L * steps * u * absolute + ldexpl(dim, -149);
	sums->n++;
}

/* Run a kernel, and the same in long double. */
static Sums
run_kernel(const LokiDistanceKernels *kernels, Kernel kernel,
		   int dim, const float *a, const float *b)
{
	int			lanes = partial_sums(kernels->simd, kernel);
	long double l2 = 0,
				l1 = 0,
				ab = 0,
				ab_absolute = 0,
				aa = 0,
				bb = 0;
	Sums		sums = {0};
	float		dot,
				norma,
				normb;

	for (int i = 0; i < dim; i++)
	{
		long double x = a[i],
					y = b[i];

		l2 += (x - y) * (x - y);
		l1 += fabsl(x - y);
		ab += x * y;
		ab_absolute += fabsl(x * y);
		aa += x * x;
		bb += y * y;
	}

	switch (kernel)
	{
		case L2SQ:
			bound_sum(&sums, kernels->l2sq_f32(dim, a, b), l2, l2, dim, lanes);
			break;
		case DOT:
			bound_sum(&sums, kernels->dot_f32(dim, a, b), ab, ab_absolute, dim, lanes);
			break;
		case L1:
			bound_sum(&sums, kernels->l1_f32(dim, a, b), l1, l1, dim, lanes);
			break;
		case COSINE:
			kernels->cosine_f32(dim, a, b, &dot, &norma, &normb);
			bound_sum(&sums, dot, ab, ab_absolute, dim, lanes);
			bound_sum(&sums, norma, aa, aa, dim, lanes);
			bound_sum(&sums, normb, bb, bb, dim, lanes);
			break;
	}
	return sums;
}

static bool
within_bounds(const Sums *sums, int dim, const char *where)
{
	for (int i = 0; i < sums->n; i++)
	{
		if (isinf(sums->exact[i]) || isnan(sums->exact[i])
			? (double) sums->exact[i] == sums->got[i] ||
			(isnan(sums->exact[i]) && isnan(sums->got[i]))
			: fabsl(sums->got[i] - sums->exact[i]) <= sums->bound[i])
			continue;
		diag("%s, dim %d, sum %d: got %a, exact %La, bound %La", where, dim, i,
			 sums->got[i], sums->exact[i], sums->bound[i]);
		return false;
	}
	return true;
}

/* Every dimension from 1 to 130, then some larger ones */
static int
next_dim(int dim)
{
	static const int large[] = {
		191, 256, 383, 512, 767, 768, 769, 1024, 1535, 1536, 2000, 4095, 16000
	};

	if (dim < 130)
		return dim + 1;
	for (int i = 0; i < lengthof(large); i++)
		if (large[i] > dim)
			return large[i];
	return 0;
}

static float *end_a;
static float *end_b;

static bool
all_dims_hold(const LokiDistanceKernels *kernels, Kernel kernel, Filler fill)
{
	for (int dim = 1; dim > 0; dim = next_dim(dim))
	{
		float	   *a = end_a - dim;
		float	   *b = end_b - dim;
		Sums		sums;

		fill(dim, a, b);
		sums = run_kernel(kernels, kernel, dim, a, b);
		if (!within_bounds(&sums, dim, kernel_names[kernel]))
			return false;
	}
	return true;
}

static void
fill_normal(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = unit_normal();
		b[i] = unit_normal();
	}
}

static void
fill_close(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = 1 + unit_normal() / 16;
		b[i] = a[i] * (float) (1 + unit_normal() * 1e-6);
	}
}

static void
fill_scales(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = ldexp(unit_normal(), (int) (unit_random() % 80) - 40);
		b[i] = ldexp(unit_normal(), (int) (unit_random() % 80) - 40);
	}
}

/* Denormals, whose products all but vanish */
static void
fill_denormal(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = ldexp(unit_uniform() - 0.5, -130);
		b[i] = unit_random() % 2 ? ldexp(unit_uniform() - 0.5, -130) : unit_normal();
	}
}

/* Products at the lower end of the range */
static void
fill_tiny(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = ldexp(unit_normal(), -65);
		b[i] = ldexp(unit_normal(), -65);
	}
}

/* Large values whose sums stay finite at every dimension */
static void
fill_huge(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = ldexp(unit_uniform() - 0.5, 56);
		b[i] = ldexp(unit_uniform() - 0.5, 56);
	}
}

/*
 * Parts of the sum are out of range, though the sum itself may be in it: terms
 * are multiples of 2^123 or, every one of them too large, of 2^223.
 */
static void
fill_overflow(int dim, float *a, float *b)
{
	int			scale = unit_random() % 2 * 100;

	for (int i = 0; i < dim; i++)
	{
		a[i] = ldexp((int) (unit_random() % 33) - 16, 123);
		b[i] = ldexp(unit_random() % 2 ? 1 : -1, scale);
	}
}

/* The second half takes back what the first half added, but for 2^100. */
static void
fill_cancelled(int dim, float *a, float *b)
{
	for (int i = 0; i < dim; i++)
	{
		a[i] = ldexp(1, 127);
		b[i] = i < dim / 2 ? 1 : -1;
	}
	if (dim % 2 != 0)
		a[dim / 2] = ldexp(-1, 100);
}

/* Small integers: every sum is exact, so a lost or doubled element shows */
static bool
integers_are_exact(const LokiDistanceKernels *kernels, Kernel kernel)
{
	for (int dim = 1; dim > 0; dim = next_dim(dim))
	{
		float	   *a = end_a - dim;
		float	   *b = end_b - dim;
		Sums		sums;

		for (int i = 0; i < dim; i++)
		{
			a[i] = (int) (unit_random() % 17) - 8;
			b[i] = (int) (unit_random() % 17) - 8;
		}
		sums = run_kernel(kernels, kernel, dim, a, b);
		for (int i = 0; i < sums.n; i++)
			sums.bound[i] = 0;
		if (!within_bounds(&sums, dim, kernel_names[kernel]))
			return false;
	}
	return true;
}

/* Each pair of offsets of the two arrays from a multiple of 64 bytes */
static bool
offsets_hold(const LokiDistanceKernels *kernels, Kernel kernel)
{
	for (int dim = 1; dim <= 130; dim += 1 + dim / 8)
		for (int offset = 0; offset < MAX_OFFSET * MAX_OFFSET; offset++)
		{
			float	   *a = end_a - 256 + offset % MAX_OFFSET;
			float	   *b = end_b - 256 + offset / MAX_OFFSET;
			Sums		sums;

			fill_normal(dim, a, b);
			/* neighbours that would spoil any sum they got into */
			a[-1] = a[dim] = b[-1] = b[dim] = NAN;
			sums = run_kernel(kernels, kernel, dim, a, b);
			if (!within_bounds(&sums, dim, "offset"))
				return false;
		}
	return true;
}

/* A single element makes the sum infinite, or a NaN, wherever it stands. */
static bool
special_values_show(const LokiDistanceKernels *kernels, Kernel kernel,
					float value, double wanted)
{
	for (int dim = 1; dim <= 130; dim++)
		for (int at = 0; at < dim; at++)
		{
			float	   *a = end_a - dim;
			float	   *b = end_b - dim;
			Sums		sums;

			for (int i = 0; i < dim; i++)
				a[i] = b[i] = 1;
			a[at] = value;
			if (kernel == DOT || kernel == COSINE)
				b[at] = fabsf(value);
			sums = run_kernel(kernels, kernel, dim, a, b);
			if (sums.got[0] != wanted && !(isnan(wanted) && isnan(sums.got[0])))
			{
				diag("dim %d, element %d: got %a", dim, at, sums.got[0]);
				return false;
			}
		}
	return true;
}

static void
test_level(LokiSimd simd)
{
	static const struct
	{
		Filler		fill;
		const char *name;
	}			fills[] = {
		{fill_normal, "normal values"},
		{fill_close, "vectors close to each other"},
		{fill_scales, "values of all scales"},
		{fill_denormal, "denormal values"},
		{fill_tiny, "tiny values"},
		{fill_huge, "huge values"},
	};
	const LokiDistanceKernels *kernels = loki_distance_kernels(simd);

	if (kernels == NULL)
		return;
	for (Kernel k = L2SQ; k <= COSINE; k++)
	{
		const char *name = kernel_names[k];
		bool		product = (k == DOT || k == COSINE);

		for (int i = 0; i < lengthof(fills); i++)
			ok(all_dims_hold(kernels, k, fills[i].fill),
			   "%s %s: %s", kernels->name, name, fills[i].name);
		ok(integers_are_exact(kernels, k),
		   "%s %s: sums of integers are exact", kernels->name, name);
		ok(offsets_hold(kernels, k),
		   "%s %s: arrays at every offset", kernels->name, name);

		/* (FLT_MAX + FLT_MAX) does not fit, and 1e30 squared does not */
		if (k == L1)
			ok(special_values_show(kernels, k, INFINITY, INFINITY),
			   "%s %s: infinity", kernels->name, name);
		else
			ok(special_values_show(kernels, k, 1e30f, INFINITY),
			   "%s %s: overflow is infinity", kernels->name, name);
		if (product)
			ok(all_dims_hold(kernels, k, fill_overflow) &&
			   all_dims_hold(kernels, k, fill_cancelled),
			   "%s %s: sums of which parts overflow", kernels->name, name);
		if (product)
			ok(special_values_show(kernels, k, -1e30f, -INFINITY),
			   "%s %s: overflow is negative infinity", kernels->name, name);
		ok(special_values_show(kernels, k, NAN, NAN),
		   "%s %s: NaN", kernels->name, name);
	}
	ok(kernels->l2sq_f32(0, end_a, end_b) == 0 &&
	   kernels->dot_f32(0, end_a, end_b) == 0 &&
	   kernels->l1_f32(0, end_a, end_b) == 0,
	   "%s: no dimensions, no distance", kernels->name);
}

/* LOKIVECTOR_SIMD lowers the level and never raises it. */
static void
test_dispatch(void)
{
	static const LokiSimd levels[] = {
		LOKI_SIMD_SCALAR, LOKI_SIMD_AVX2, LOKI_SIMD_AVX512, LOKI_SIMD_NEON
	};
	static const char *const names[] = {"scalar", "avx2", "avx512", "neon"};
	LokiSimd	best;

	unsetenv("LOKIVECTOR_SIMD");
	loki_distance_init();
	best = loki_cpu_simd();
	diag("this processor: %s, features 0x%x", loki_distance.name, loki_cpu_features());
	ok(loki_distance_kernels(best) != NULL, "the level chosen runs here");

	for (int i = 0; i < lengthof(levels); i++)
	{
		bool		runs = loki_distance_kernels(levels[i]) != NULL;

		setenv("LOKIVECTOR_SIMD", names[i], 1);
		loki_distance_init();
		ok(loki_cpu_simd() == (runs ? levels[i] : best),
		   "LOKIVECTOR_SIMD=%s", names[i]);
		if (levels[i] == LOKI_SIMD_SCALAR)
			ok(loki_cpu_features() == 0, "scalar code uses no feature");
	}

	setenv("LOKIVECTOR_SIMD", "none of these", 1);
	loki_distance_init();
	ok(loki_cpu_simd() == best, "an unrecognized LOKIVECTOR_SIMD has no effect");
	unsetenv("LOKIVECTOR_SIMD");
	loki_distance_init();
}

int
main(void)
{
	end_a = unit_guarded_end(sizeof(float) * MAX_DIM);
	end_b = unit_guarded_end(sizeof(float) * MAX_DIM);

	test_dispatch();
	for (LokiSimd simd = LOKI_SIMD_SCALAR; simd <= LOKI_SIMD_NEON; simd++)
		test_level(simd);
	return unit_done();
}
