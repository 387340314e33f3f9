/*-------------------------------------------------------------------------
 *
 * blas.c
 *	  Products of many vectors with many others, by OpenBLAS.
 *
 * The library is not linked but opened when it is first needed: most of its
 * variants start a thread for each processor as soon as they are loaded, unless
 * the environment forbids it, and a server process must have one thread only.
 * The variant without threads is tried first, where Debian puts it.
 *
 * IDENTIFICATION
 *	  src/distance/blas.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <dlfcn.h>
#include <stdlib.h>

#include "distance/blas.h"

/* Of CBLAS's enumerations */
#define CBLAS_ROW_MAJOR		101
#define CBLAS_NO_TRANSPOSE	111
#define CBLAS_TRANSPOSE		112

typedef void (*SgemmFunction) (int order, int transpose_a, int transpose_b,
							   int m, int n, int k, float alpha, const float *a,
							   int lda, const float *b, int ldb, float beta,
							   float *c, int ldc);

static const char *const libraries[] = {
#if defined(__x86_64__)
	"/usr/lib/x86_64-linux-gnu/openblas-serial/libopenblas.so.0",
#elif defined(__aarch64__)
	"/usr/lib/aarch64-linux-gnu/openblas-serial/libopenblas.so.0",
#endif
	"libopenblas.so.0"
};

static SgemmFunction sgemm = NULL;

bool
loki_blas_open(void)
{
	static bool tried = false;

	if (tried)
		return sgemm != NULL;
	tried = true;

	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	for (int i = 0; i < lengthof(libraries) && sgemm == NULL; i++)
	{
		void	   *library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);

		if (library == NULL)
			continue;
		sgemm = (SgemmFunction) dlsym(library, "cblas_sgemm");
		if (sgemm == NULL)
			dlclose(library);
	}
	return sgemm != NULL;
}

void
loki_blas_products(int dim, int na, const float *a, int nb, const float *b,
				   float *products)
{
	sgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANSPOSE, CBLAS_TRANSPOSE, na, nb, dim, 1,
		  a, dim, b, dim, 0, products, nb);
}
