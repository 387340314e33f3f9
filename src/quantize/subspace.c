/*-------------------------------------------------------------------------
 *
 * subspace.c
 *	  The principal dimensions of rows: their covariance, and orthogonal
 *	  iteration.
 *
 * A step multiplies the basis with the covariance, which stretches each
 * direction by its variance, and makes it orthonormal again.  What is wanted
 * is a subspace that holds nearly as much of the rows as the best, so that four
 * steps from random vectors are enough: directions that are still mixed by
 * then have nearly equal variances.
 *
 * Everything is done with inner products of rows, for which there are kernels.
 *
 * IDENTIFICATION
 *	  src/quantize/subspace.c
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

/* Rows of the covariance that are multiplied at a time: they stay in cache */
#define BLOCK_ROWS	32

/* Below this part of its length a vector is made of rounding errors */
#define TINY_REST	1e-4f

static inline float
dot(int dim, const float *a, const float *b)
{
	return loki_distance.dot_f32(dim, a, b);
}

/* a -= factor * b, in runs of a length that compilers vectorise */
static void
subtract(int dim, float *restrict a, float factor, const float *restrict b)
{
	int			i = 0;

	for (; i + LOKI_GROUP <= dim; i += LOKI_GROUP)
	{
		for (int j = 0; j < LOKI_GROUP; j++)
			a[i + j] -= factor * b[i + j];
	}
	for (; i < dim; i++)
		a[i] -= factor * b[i];
}

/*
 * Add the products of all pairs of dimensions over n rows to the lower
 * triangle.  Blocks of rows are transposed, so that each is an inner product.
 */
void
loki_covariance_add(int dim, const float *rows, int n, const float *mean,
					float *scratch, float *covariance)
{
	while (n > 0)
	{
		int			count = Min(n, LOKI_COVARIANCE_ROWS);

		for (int r = 0; r < count; r++)
			for (int i = 0; i < dim; i++)
				scratch[(Size) i * count + r] = rows[(Size) r * dim + i] - mean[i];
		for (int first = 0; first < dim; first += BLOCK_ROWS)
			for (int i = first; i < dim; i++)
				for (int j = first; j < Min(first + BLOCK_ROWS, i + 1); j++)
					covariance[(Size) i * dim + j] +=
						dot(count, scratch + (Size) i * count, scratch + (Size) j * count);
		rows += (Size) count * dim;
		n -= count;
	}
}

/*
 * Make it symmetric, and scale it to a mean variance of 1.
 */
void
loki_covariance_finish(int dim, float *covariance)
{
	double		trace = 0;
	float		scale;

	for (int i = 0; i < dim; i++)
		trace += covariance[(Size) i * dim + i];
	scale = trace > 0 ? (float) (dim / trace) : 0;
	for (int i = 0; i < dim; i++)
		for (int j = 0; j <= i; j++)
		{
			float		value = covariance[(Size) i * dim + j] * scale;

			covariance[(Size) i * dim + j] = covariance[(Size) j * dim + i] = value;
		}
}

/* The generator splitmix64, as in rotate.c; uniform in -1 .. 1 */
static float
next_random(uint64 *seed)
{
	uint64		z = (*seed += UINT64CONST(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
	z ^= z >> 31;
	return (float) ((double) (z >> 11) / (double) (UINT64CONST(1) << 52) - 1);
}

static void
randomize(int dim, uint64 *seed, float *x)
{
	for (int i = 0; i < dim; i++)
		x[i] = next_random(seed);
}

/*
 * Make vector n orthogonal to those before it, and of unit length.  False if
 * nothing is left of it.
 */
static bool
orthonormalize(int dim, int n, float *basis)
{
	float	   *x = basis + (Size) n * dim;
	float		norm = sqrtf(dot(dim, x, x));
	float		rest;

	if (!(norm > 0) || !isfinite(norm))
		return false;
	for (int i = 0; i < dim; i++)
		x[i] /= norm;
	for (int i = 0; i < n; i++)
		subtract(dim, x, dot(dim, x, basis + (Size) i * dim), basis + (Size) i * dim);
	rest = sqrtf(dot(dim, x, x));
	if (!(rest > TINY_REST))
		return false;
	for (int i = 0; i < dim; i++)
		x[i] /= rest;
	return true;
}

/*
 * Rows that span fewer dimensions than n leave vectors of no length: random
 * ones take their place.
 */
static void
orthonormalize_all(int dim, int n, float *basis)
{
	uint64		seed = n;

	for (int i = 0; i < n; i++)
		while (!orthonormalize(dim, i, basis))
			randomize(dim, &seed, basis + (Size) i * dim);
}

void
loki_subspace_start(int dim, int n, uint64 seed, float *basis)
{
	Assert(n < dim);
	for (int i = 0; i < n; i++)
		randomize(dim, &seed, basis + (Size) i * dim);
}

void
loki_subspace_step(int dim, int n, const float *covariance, float *scratch, float *basis)
{
	for (int first = 0; first < dim; first += BLOCK_ROWS)
		for (int i = 0; i < n; i++)
			for (int j = first; j < Min(first + BLOCK_ROWS, dim); j++)
				scratch[(Size) i * dim + j] =
					dot(dim, basis + (Size) i * dim, covariance + (Size) j * dim);
	memcpy(basis, scratch, (Size) n * dim * sizeof(float));
	orthonormalize_all(dim, n, basis);
}

/*
 * Once more, to take away what rounding left.
 */
void
loki_subspace_finish(int dim, int n, float *basis)
{
	orthonormalize_all(dim, n, basis);
}
