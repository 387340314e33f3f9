/*-------------------------------------------------------------------------
 *
 * blas_test.c
 *	  Products of OpenBLAS, where it is installed, against the kernels.
 *
 * Sources: src/distance
 *
 * IDENTIFICATION
 *	  test/unit/blas_test.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "unit.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>

#include "distance/blas.h"
#include "distance/distance.h"

#define MAX_DIM		200
#define MAX_ROWS	40

/* Threads of this process, 0 if that cannot be told */
static int
count_threads(void)
{
	DIR		   *dir = opendir("/proc/self/task");
	int			n = 0;

	if (dir == NULL)
		return 0;
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

static void
fill(float *values, int n)
{
	for (int i = 0; i < n; i++)
		values[i] = (float) rand() / RAND_MAX - 0.5f;
}

static void
test_products(int dim, int na, int nb)
{
	static float a[MAX_ROWS * MAX_DIM];
	static float b[MAX_ROWS * MAX_DIM];
	static float products[MAX_ROWS * MAX_ROWS];
	bool		right = true;

	fill(a, na * dim);
	fill(b, nb * dim);
	loki_blas_products(dim, na, a, nb, b, products);
	for (int i = 0; i < na; i++)
		for (int j = 0; j < nb; j++)
		{
			float		dot = loki_distance.dot_f32(dim, a + i * dim, b + j * dim);

			right = right && fabsf(products[i * nb + j] - dot) <= 1e-5f;
		}
	ok(right, "%d x %d products of %d dimensions", na, nb, dim);
}

int
main(void)
{
	int			threads = count_threads();

	loki_distance_init();
	if (!loki_blas_open())
	{
		ok(true, "no OpenBLAS # SKIP not installed");
		return unit_done();
	}
	ok(loki_blas_open(), "it is opened once");
	test_products(1, 1, 1);
	test_products(3, 2, 5);
	test_products(64, 7, 40);
	test_products(200, 40, 33);
	ok(count_threads() == threads, "no thread is started");
	return unit_done();
}
