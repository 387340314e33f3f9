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
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/hash.h"
#include "distance/products.h"
#include "quantize/codes.h"

/* Rows of the covariance, and vectors of the basis, that are worked on at a time */
#define BLOCK_ROWS	32
#define BLOCK_VECTORS 8

/* Below this part of its length a vector is made of rounding errors */
#define TINY_REST	1e-4f

/* a -= factor * b, in runs of a length that compilers vectorise where it is not inlined */
static pg_noinline void
subtract(int dim, float *restrict a, float factor, const float *restrict b)
{
	for (; dim >= LOKI_GROUP; dim -= LOKI_GROUP)
	{
		for (int i = 0; i < LOKI_GROUP; i++)
			a[i] -= factor * b[i];
		a += LOKI_GROUP;
		b += LOKI_GROUP;
	}
	for (int i = 0; i < dim; i++)
		a[i] -= factor * b[i];
}

/*
 * Add the products of some dimensions of n transposed rows, from `first` on,
 * with those before and among them.
 */
static void
add_covariance(int dim, int n, const float *transposed, int first, float *covariance)
{
	float		products[BLOCK_ROWS * BLOCK_ROWS];
	LokiVectors block = {transposed + (Size) first * n, n, Min(BLOCK_ROWS, dim - first)};

	Assert(first % BLOCK_ROWS == 0 && first < dim && n <= LOKI_COVARIANCE_ROWS);
	for (int other = 0; other <= first; other += BLOCK_ROWS)
	{
		LokiVectors others = {transposed + (Size) other * n, n, Min(BLOCK_ROWS, dim - other)};

		loki_dot_products(n, block, others, products, BLOCK_ROWS);
		for (int i = 0; i < block.count; i++)
			for (int j = 0; j < others.count; j++)
				covariance[(Size) (first + i) * dim + other + j] +=
					products[i * BLOCK_ROWS + j];
	}
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
			add_covariance(dim, count, scratch, first, covariance);
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
	Assert(!(trace < 0));
	scale = trace > 0 ? (float) (dim / trace) : 0;
	for (int i = 0; i < dim; i++)
		for (int j = 0; j <= i; j++)
		{
			float		value = covariance[(Size) i * dim + j] * scale;

			covariance[(Size) i * dim + j] = covariance[(Size) j * dim + i] = value;
		}
}

/* Set x to random numbers, uniform in -1 .. 1. */
static void
randomize(int dim, uint64 *seed, float *x)
{
	for (int i = 0; i < dim; i++)
		x[i] = (float) ((double) (loki_next_random(seed) >> 11) /
						(double) (UINT64CONST(1) << 52) - 1);
}

/* Give x unit length; false if it has none. */
static bool
scale_to_unit(int dim, float *x)
{
	float		norm = sqrtf(loki_distance.dot_f32(dim, x, x));

	if (!(norm > 0) || !isfinite(norm))
		return false;
	for (int i = 0; i < dim; i++)
		x[i] /= norm;
	return true;
}

/*
 * Take from x, which had unit length, what lies along the vectors first .. n - 1
 * of the basis.
 */
static void
subtract_basis(int dim, int first, int n, const float *basis, float *x)
{
	for (int i = first; i < n; i++)
	{
		const float *vector = basis + (Size) i * dim;

		subtract(dim, x, loki_distance.dot_f32(dim, x, vector), vector);
	}
}

/* Make vector n of the basis a random one that is orthogonal to those before. */
static void
replace_vector(int dim, int n, uint64 *seed, float *basis)
{
	float	   *x = basis + (Size) n * dim;

	Assert(n < dim);			/* there is such a vector */
	do
	{
		randomize(dim, seed, x);
		scale_to_unit(dim, x);
		subtract_basis(dim, 0, n, basis, x);
	} while (!(loki_distance.dot_f32(dim, x, x) > TINY_REST * TINY_REST));
	scale_to_unit(dim, x);
}

/*
 * Make the vectors of a basis orthogonal to those before, and of unit length: in each step, and once more to take
 * away what rounding left.  Each vector that is done is subtracted from a block of those that follow, which
 * stay in cache.
 *
 * Rows that span fewer dimensions than n leave vectors of no length: random
 * ones take their place.
 */
void
loki_subspace_finish(int dim, int n, float *basis)
{
	uint64		seed = n;

	Assert(n > 0 && n < dim);
	for (int first = 0; first < n; first += BLOCK_VECTORS)
	{
		int			end = Min(first + BLOCK_VECTORS, n);
		bool		some[BLOCK_VECTORS];

		for (int i = first; i < end; i++)
			some[i - first] = scale_to_unit(dim, basis + (Size) i * dim);
		for (int done = 0; done < first; done++)
			for (int i = first; i < end; i++)
				subtract_basis(dim, done, done + 1, basis, basis + (Size) i * dim);
		for (int i = first; i < end; i++)
		{
			float	   *x = basis + (Size) i * dim;

			subtract_basis(dim, first, i, basis, x);
			if (!some[i - first] || !(loki_distance.dot_f32(dim, x, x) > TINY_REST * TINY_REST))
				replace_vector(dim, i, &seed, basis);
			else
				scale_to_unit(dim, x);
		}
	}
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
	LokiVectors vectors = {basis, dim, n};
	LokiVectors rows = {covariance, dim, dim};

	Assert(scratch != basis);
	loki_dot_products(dim, vectors, rows, scratch, dim);
	memcpy(basis, scratch, (Size) n * dim * sizeof(float));
	loki_subspace_finish(dim, n, basis);
}
