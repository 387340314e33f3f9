/*-------------------------------------------------------------------------
 *
 * sparse.c
 *	  Distance kernels over sparse vectors.
 *
 * Two of about the same length are merged.  Which of two indices is the
 * smaller is what a processor cannot predict, so the merge has no branch on
 * it: a step takes the element with the smaller index, of both vectors if they
 * agree, and what a vector does not have there is zero.  AVX-512 does sixteen
 * elements at a step (sparse_avx512.c).
 *
 * Where one vector is much longer, the elements of the short one are looked
 * for in it, by steps that double.
 *
 * IDENTIFICATION
 *	  src/distance/sparse.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/sparseint.h"

/*
 * From this ratio of lengths on searching is faster than merging.  A step of a merge takes one element,
 * or up to 16 with AVX-512; a search some steps that a processor predicts badly.
 */
#define GALLOP_RATIO		16
#define GALLOP_RATIO_SIMD	32

/*
 * The terms of elements where the other vector has zeros.  None for a dot product: it is all that
 * merge and search leave out.
 */
float
loki_sparse_alone(LokiSum term, int n, const float *values)
{
	float		sum = 0;

	Assert(n >= 0);
	if (term == LOKI_SUM_L2SQ)
		return loki_distance.dot_f32(n, values, values);
	if (term == LOKI_SUM_L1)
		for (int i = 0; i < n; i++)
			sum += fabsf(values[i]);
	return sum;
}

/* value, or 0 if it is not to be had; without a branch, by a mask of all bits or none */
static pg_attribute_always_inline float
value_if(bool has, const float *value)
{
	uint32		bits;
	float		result;

	memcpy(&bits, value, sizeof(bits));
	bits &= -(uint32) has;
	memcpy(&result, &bits, sizeof(result));
	return result;
}

/* A sum with the term of one index: x and y are 0 where a vector does not have it */
static inline float
add_term_of_index(LokiSum term, float sum, float x, float y)
{
	if (term == LOKI_SUM_DOT)
		return sum + x * y;
	return sum + (term == LOKI_SUM_L1 ? fabsf(x - y) : (x - y) * (x - y));
}

/*
 * Merge step by step; what is left of either vector in the end has zeros beside it.  Which of two indices is
 * less is as good as random, so both vectors step on by a comparison's result, without a branch.
 */
static pg_attribute_always_inline float
merge(LokiSum term, LokiSparse a, LokiSparse b)
{
	float		sum = 0;
	int			i = 0;
	int			j = 0;

	while (i < a.n && j < b.n)
	{
		int32		ai = a.indices[i];
		int32		bj = b.indices[j];
		float		x = value_if(ai <= bj, &a.values[i]);
		float		y = value_if(bj <= ai, &b.values[j]);

		sum = add_term_of_index(term, sum, x, y);
		i += ai <= bj;
		j += bj <= ai;
	}
	return sum + loki_sparse_alone(term, a.n - i, a.values + i) +
		loki_sparse_alone(term, b.n - j, b.values + j);
}

/*
 * The first place from `from` on whose index is not below `index`: by steps that double, then by halves.  So
 * a short list in a long one costs the logarithm of the gaps, and not of the whole list.
 */
static int
find_index(LokiSparse v, int from, int32 index)
{
	int			step = 1;
	int			low = from;
	int			high;

	Assert(from >= 0 && from <= v.n);
	while (step <= v.n - low && v.indices[low + step - 1] < index)
	{
		low += step;
		step *= 2;
	}
	high = low + Min(step - 1, v.n - low);
	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (v.indices[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(low == v.n || v.indices[low] >= index);
	Assert(low == from || v.indices[low - 1] < index);
	return low;
}

/*
 * Look for the elements of a in b.  What b has between two of them is added at once, by a kernel in
 * vector registers for l2sq.
 */
static float
gallop(LokiSum term, LokiSparse a, LokiSparse b)
{
	float		sum = 0;
	int			j = 0;

	for (int i = 0; i < a.n; i++)
	{
		int			next = find_index(b, j, a.indices[i]);
		float		y = 0;

		sum += loki_sparse_alone(term, next - j, b.values + j);
		j = next;
		if (j < b.n && b.indices[j] == a.indices[i])
			y = b.values[j++];
		sum = add_term_of_index(term, sum, a.values[i], y);
	}
	return sum + loki_sparse_alone(term, b.n - j, b.values + j);
}

/*
 * The sum of a term over all dimensions, in the way that is the fastest for these lengths.  Inlined with a
 * constant term, so that no step of a merge asks which it is.
 */
static pg_attribute_always_inline float
sum_terms(LokiSum term, LokiSparse a, LokiSparse b)
{
	bool		simd = loki_distance.simd == LOKI_SIMD_AVX512;
	int			ratio = simd ? GALLOP_RATIO_SIMD : GALLOP_RATIO;

	/* indices ascend; the ends stand for all */
	Assert(a.n >= 0 && (a.n < 2 || a.indices[0] < a.indices[a.n - 1]));
	Assert(b.n >= 0 && (b.n < 2 || b.indices[0] < b.indices[b.n - 1]));
	if (a.n < b.n / ratio)
		return gallop(term, a, b);
	if (b.n < a.n / ratio)
		return gallop(term, b, a);
#if defined(__x86_64__)
	if (simd)
		return loki_sparse_merge_avx512(term, a, b);
#endif
	return merge(term, a, b);
}

float
loki_sparse_l2sq(LokiSparse a, LokiSparse b)
{
	return sum_terms(LOKI_SUM_L2SQ, a, b);
}

/* As loki_dot_wide(): the products that are infinite in float are not in double, nor is their sum. */
static float
dot_wide(LokiSparse a, LokiSparse b)
{
	double		sum = 0;
	int			j = 0;

	for (int i = 0; i < a.n; i++)
	{
		j = find_index(b, j, a.indices[i]);
		if (j < b.n && b.indices[j] == a.indices[i])
			sum += (double) a.values[i] * (double) b.values[j];
	}
	return (float) sum;
}

float
loki_sparse_dot(LokiSparse a, LokiSparse b)
{
	float		sum = sum_terms(LOKI_SUM_DOT, a, b);

	return likely(isfinite(sum)) ? sum : dot_wide(a, b);
}

float
loki_sparse_l1(LokiSparse a, LokiSparse b)
{
	return sum_terms(LOKI_SUM_L1, a, b);
}
