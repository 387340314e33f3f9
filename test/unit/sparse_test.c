/*-------------------------------------------------------------------------
 *
 * sparse_test.c
 *	  The kernels over sparse vectors, of every way that runs here, against
 *	  sums in long double.
 *
 * Sources: src/distance
 *
 * IDENTIFICATION
 *	  test/unit/sparse_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <math.h>
#include <stdlib.h>

#include "distance/sparse.h"

/* Elements of a vector, and of how many indices they take some */
static const int lengths[] = {0, 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 64, 100, 500, 3000};

static uint64 state = 88172645463325252;

static uint32
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 32;
}

/*
 * A vector of n elements whose indices rise by 1 to `gap`.  The arrays are no
 * longer than needed, so that a sanitizer sees what reads past their ends.
 */
static LokiSparse
make(int n, int gap, bool integers)
{
	int32	   *indices = malloc(sizeof(int32) * n + 1);
	float	   *values = malloc(sizeof(float) * n + 1);
	int32		index = -1;

	for (int i = 0; i < n; i++)
	{
		index += 1 + next_random() % gap;
		indices[i] = index;
		values[i] = integers ? 1 + next_random() % 9 :
			(next_random() / 4294967296.0 - 0.5) * 10;
	}
	return (LokiSparse)
	{
		n, indices, values
	};
}

static void
drop(LokiSparse v)
{
	free((void *) v.indices);
	free((void *) v.values);
}

typedef struct Sums
{
	long double l2sq;
	long double dot;
	long double l1;
	long double size;			/* what bounds the error */
} Sums;

static void
add_pair(Sums *sums, long double x, long double y)
{
	sums->l2sq += (x - y) * (x - y);
	sums->dot += x * y;
	sums->l1 += fabsl(x - y);
	sums->size += x * x + y * y + fabsl(x) + fabsl(y);
}

static Sums
exact(LokiSparse a, LokiSparse b)
{
	Sums		sums = {0};
	int			j = 0;

	for (int i = 0; i < a.n; i++)
	{
		while (j < b.n && b.indices[j] < a.indices[i])
			add_pair(&sums, 0, b.values[j++]);
		if (j < b.n && b.indices[j] == a.indices[i])
			add_pair(&sums, a.values[i], b.values[j++]);
		else
			add_pair(&sums, a.values[i], 0);
	}
	while (j < b.n)
		add_pair(&sums, 0, b.values[j++]);
	return sums;
}

static bool
near(const char *what, LokiSparse a, LokiSparse b, float got, long double wanted,
	 long double error)
{
	if (fabsl(got - wanted) <= error)
		return true;
	diag("%s of %d and %d elements: %.9g instead of %.9Lg", what, a.n, b.n, got, wanted);
	return false;
}

static bool
compare(LokiSparse a, LokiSparse b, bool integers)
{
	Sums		sums = exact(a, b);
	long double error = integers ? 0 : sums.size * (a.n + b.n + 4) * ldexpl(1, -24);

	return near("l2sq", a, b, loki_sparse_l2sq(a, b), sums.l2sq, error) &&
		near("dot", a, b, loki_sparse_dot(a, b), sums.dot, error) &&
		near("l1", a, b, loki_sparse_l1(a, b), sums.l1, error);
}

static bool
compare_lengths(int gap, bool integers)
{
	for (int i = 0; i < lengthof(lengths); i++)
		for (int j = 0; j < lengthof(lengths); j++)
			for (int round = 0; round < 5; round++)
			{
				/* the shorter one is spread over the longer one, or not */
				int			stretch = round % 2 == 0 ? 1 :
					1 + lengths[j] / Max(lengths[i], 1);
				LokiSparse	a = make(lengths[i], gap * stretch, integers);
				LokiSparse	b = make(lengths[j], gap, integers);
				bool		same = compare(a, b, integers) && compare(b, a, integers) &&
					compare(a, a, integers);

				drop(a);
				drop(b);
				if (!same)
					return false;
			}
	return true;
}

/*
 * The products of a vector with one of signs: parts of their sum are out of
 * range, though the sum itself may be in it.
 */
static bool
overflow_holds(int n, int others)
{
	for (int round = 0; round < 20; round++)
	{
		LokiSparse	a = make(n, 1 + others, true);
		LokiSparse	b = make((1 + others) * n, 1, true);
		long double wanted;
		float		got[2];

		for (int i = 0; i < a.n; i++)
			((float *) a.values)[i] = ldexp((int) (next_random() % 33) - 16, 123);
		for (int i = 0; i < b.n; i++)
			((float *) b.values)[i] = next_random() % 2 ? 1 : -1;
		wanted = exact(a, b).dot;
		got[0] = loki_sparse_dot(a, b);
		got[1] = loki_sparse_dot(b, a);
		drop(a);
		drop(b);
		if (got[0] != (float) wanted || got[1] != (float) wanted)
		{
			diag("%d elements: %g and %g instead of %Lg", n, got[0], got[1], wanted);
			return false;
		}
	}
	return true;
}

static bool
overflows_hold(void)
{
	for (int n = 1; n <= 100; n++)
		if (!overflow_holds(n, 0) || !overflow_holds(n, 40))
			return false;
	return true;
}

int
main(void)
{
	static const char *const levels[] = {"scalar", "avx2", "avx512", "neon"};

	for (int i = 0; i < lengthof(levels); i++)
	{
		setenv("LOKIVECTOR_SIMD", levels[i], 1);
		loki_distance_init();
		if (strcmp(loki_distance.name, levels[i]) != 0)
			continue;
		ok(overflows_hold(), "%s: sums of which parts overflow", levels[i]);
		for (int gap = 1; gap <= 64; gap *= 4)
		{
			ok(compare_lengths(gap, false), "%s: sums, gap %d", levels[i], gap);
			ok(compare_lengths(gap, true), "%s: sums of integers are exact, gap %d", levels[i], gap);
		}
	}
	return unit_done();
}
