/*-------------------------------------------------------------------------
 *
 * centers_sets.h
 *	  The sets of centers.c: generated ones, and files.
 *
 * IDENTIFICATION
 *	  bench/centers_sets.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BENCH_CENTERS_SETS_H
#define LOKI_BENCH_CENTERS_SETS_H

#include "c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "distance/distance.h"

#undef printf
#undef fprintf
#undef snprintf
#undef qsort

#define ROWS		50000
#define QUERIES		150

static uint64 state = 1;

typedef struct Set
{
	int			n;
	int			dim;
	int			late;			/* the first rows, of which few are known when centers are made */
	float	   *rows;
	int			query_count;
	float	   *queries;
} Set;

static void *
allocate(Size size)
{
	void	   *result = aligned_alloc(64, TYPEALIGN(64, Max(size, 1)));

	if (result == NULL)
		abort();
	return result;
}

static double
uniform(void)
{
	state = state * UINT64CONST(6364136223846793005) + 1442695040888963407;
	return ((state >> 11) + 0.5) / ((uint64) 1 << 53);
}

static float
normal(void)
{
	return (float) (sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform()));
}

static void
to_unit(int dim, float *x)
{
	float		scale = 1 / sqrtf(loki_distance.dot_f32(dim, x, x));

	for (int i = 0; i < dim; i++)
		x[i] *= scale;
}

/* A generated set is drawn from this: clusters in a space of few dimensions (datasets.py) */
typedef struct Mixture
{
	int			latent;
	int			clusters;
	float	   *spectrum;
	float	   *centers;
	float	   *mapping;
	double	   *weights;		/* running sums */
} Mixture;

static Mixture
make_mixture(int n, int dim)
{
	Mixture		mixture;
	int			latent = dim <= 128 ? 48 : dim <= 768 ? 96 : 128;

	mixture.latent = latent;
	mixture.clusters = Max(n / 400, 1);
	mixture.spectrum = allocate(sizeof(float) * latent);
	mixture.centers = allocate(sizeof(float) * latent * mixture.clusters);
	mixture.mapping = allocate(sizeof(float) * latent * dim);
	mixture.weights = allocate(sizeof(double) * mixture.clusters);
	for (int i = 0; i < latent; i++)
		mixture.spectrum[i] = 1 / sqrtf(i + 1);
	for (int i = 0; i < latent * mixture.clusters; i++)
		mixture.centers[i] = normal() * mixture.spectrum[i % latent];
	for (int i = 0; i < latent * dim; i++)
		mixture.mapping[i] = normal() / sqrtf(latent);
	for (int i = 0; i < mixture.clusters; i++)
		mixture.weights[i] = pow(uniform(), -1 / 1.5) + (i > 0 ? mixture.weights[i - 1] : 0);
	return mixture;
}

static void
draw_mixture(const Mixture *mixture, int dim, float *x)
{
	double		at = uniform() * mixture->weights[mixture->clusters - 1];
	int			cluster = 0;

	while (mixture->weights[cluster] < at)
		cluster++;
	for (int i = 0; i < dim; i++)
		x[i] = 0.08f * normal();
	for (int j = 0; j < mixture->latent; j++)
	{
		float		z = mixture->centers[cluster * mixture->latent + j] +
			0.6f * mixture->spectrum[j] * normal();

		for (int i = 0; i < dim; i++)
			x[i] += z * mixture->mapping[j * dim + i];
	}
	to_unit(dim, x);
}

static Set
new_set(int n, int dim)
{
	Set			set = {n, dim};

	set.query_count = QUERIES;
	set.rows = allocate(sizeof(float) * n * dim);
	set.queries = allocate(sizeof(float) * QUERIES * dim);
	return set;
}

static Set
generate_mixture(int n, int dim)
{
	Set			set = new_set(n, dim);
	Mixture		mixture = make_mixture(n, dim);

	for (int i = 0; i < n; i++)
		draw_mixture(&mixture, dim, set.rows + (Size) i * dim);
	for (int i = 0; i < QUERIES; i++)
		draw_mixture(&mixture, dim, set.queries + (Size) i * dim);
	return set;
}

static Set
generate_uniform(int n, int dim)
{
	Set			set = new_set(n, dim);

	for (Size i = 0; i < (Size) n * dim; i++)
		set.rows[i] = (float) uniform();
	for (int i = 0; i < QUERIES * dim; i++)
		set.queries[i] = (float) uniform();
	return set;
}

/* `crowd` rows are within 1e-3 in each dimension of one; so are the queries */
static void
make_crowd(Set *set, int crowd)
{
	float	   *middle = allocate(sizeof(float) * set->dim);

	memcpy(middle, set->rows, sizeof(float) * set->dim);
	for (Size i = 0; i < (Size) crowd * set->dim; i++)
		set->rows[i] = middle[i % set->dim] + 1e-3f * normal();
	for (int i = 0; i < QUERIES * set->dim; i++)
		set->queries[i] = middle[i % set->dim] + 1e-3f * normal();
	free(middle);
}

static Set
generate_crowd(int n, int dim, int crowd)
{
	Set			set = new_set(n, dim);

	for (Size i = 0; i < (Size) n * dim; i++)
		set.rows[i] = normal();
	for (int i = 0; i < n; i++)
		to_unit(dim, set.rows + (Size) i * dim);
	make_crowd(&set, crowd);
	return set;
}

static float
half_to_float(uint16 half)
{
	int			exponent = half >> 10 & 31;
	float		value = exponent > 0 ? ldexpf(1024 + (half & 1023), exponent - 25) :
		ldexpf(half & 1023, -24);

	return half >> 15 ? -value : value;
}

static float *
read_npy(const char *folder, const char *name, int most, int *n, int *dim)
{
	char		path[1024];
	char		header[65536] = "";
	uint16		size;
	FILE	   *file;
	bool		half;
	const char *shape;
	float	   *result;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL || fread(header, 1, 10, file) != 10)
		exit(fprintf(stderr, "%s: no such file\n", path));
	memcpy(&size, header + 8, 2);
	if (fread(header, 1, size, file) != size || (shape = strstr(header, "'shape': (")) == NULL ||
		sscanf(shape + 10, "%d, %d", n, dim) != 2)
		exit(fprintf(stderr, "%s: not read\n", path));
	half = strstr(header, "<f2") != NULL;
	*n = Min(*n, most);
	result = allocate(sizeof(float) * *n * *dim);
	for (Size i = 0; i < (Size) *n * *dim; i++)
	{
		uint16		bits;

		if (fread(half ? (void *) &bits : (void *) (result + i), half ? 2 : 4, 1, file) != 1)
			exit(fprintf(stderr, "%s: too short\n", path));
		if (half)
			result[i] = half_to_float(bits);
	}
	fclose(file);
	return result;
}

static Set
make_set(const char *name)
{
	const char *number = strchr(name, ':');
	Set			set = {0};

	if (strncmp(name, "generated:", 10) == 0)
		return generate_mixture(ROWS, atoi(number + 1));
	if (strncmp(name, "uniform:", 8) == 0)
		return generate_uniform(ROWS, atoi(number + 1));
	if (strcmp(name, "crowd") == 0)
		return generate_crowd(25000, 192, 5000);
	if (strcmp(name, "late") == 0)
	{
		set = generate_mixture(ROWS, 128);
		make_crowd(&set, ROWS / 2);
		set.late = ROWS / 2;
		return set;
	}
	set.rows = read_npy(name, "base.npy", 2 * ROWS, &set.n, &set.dim);
	set.queries = read_npy(name, "query.npy", QUERIES, &set.query_count, &set.dim);
	return set;
}

#endif							/* LOKI_BENCH_CENTERS_SETS_H */
