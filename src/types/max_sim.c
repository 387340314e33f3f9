/*-------------------------------------------------------------------------
 *
 * max_sim.c
 *	  Similarity of documents that are sets of vectors.
 *
 * MaxSim, or late interaction (Khattab and Zaharia, "ColBERT", 2020, section
 * 3.3): each vector of the query is compared with all vectors of the document
 * by dot product; the largest ones are added up.
 *
 * IDENTIFICATION
 *	  src/types/max_sim.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "types/array.h"
#include "types/dense.h"
#include "types/max_sim.h"
#include "types/toast.h"

/* The number of an array's elements: there are some, and none is NULL. */
static int
set_length(ArrayType *array)
{
	int			n = loki_array_length(array);

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("array must not be empty"),
				 errdetail("The similarity of a set without vectors is not defined.")));
	return n;
}

/* The first fields of both types are the same: a halfvec's dimensions are read as a vector's. */
StaticAssertDecl(offsetof(Vector, dim) == offsetof(HalfVector, dim),
				 "vector and halfvec begin alike");

int
loki_vector_set_dim(ArrayType *array)
{
	(void) set_length(array);
	return ((const Vector *) ARR_DATA_PTR(array))->dim;
}

/*
 * Vectors of one number of dimensions lie at equal distances in their array, and stay there; halfvecs are
 * converted into a block of memory.  `Huge`, since a document may have a million vectors.
 */
LokiVectorSet
loki_vector_set_open(ArrayType *array, bool half)
{
	int			n = set_length(array);
	const Vector *first = (const Vector *) ARR_DATA_PTR(array);
	Size		size = INTALIGN(VARSIZE(first));
	LokiVectorSet set = {.dim = first->dim,.vectors = {first->x, size / sizeof(float), n}};

	if (half)
	{
		set.floats = MemoryContextAllocHuge(CurrentMemoryContext,
											mul_size(sizeof(float) * set.dim, n));
		set.vectors = (LokiVectors) {set.floats, set.dim, n};
	}
	for (int i = 0; i < n; i++)
	{
		const Vector *element = (const Vector *) (ARR_DATA_PTR(array) + size * i);

		/* the server stores elements of arrays in line, with a long header */
		Assert(VARATT_IS_4B_U(element));
		Assert((char *) element + VARSIZE(element) <= (char *) array + VARSIZE(array));
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		loki_check_same_dim(half ? "halfvec" : "vector", set.dim, element->dim);
		if (half)
			loki_distance.f16_to_f32(set.dim, ((const HalfVector *) element)->x,
									 set.floats + (Size) i * set.dim);
	}
	return set;
}

void
loki_vector_set_close(LokiVectorSet *set)
{
	if (set->floats != NULL)
		pfree(set->floats);
}

/* Vectors of a query and of a document that are multiplied at a time: the latter stay in cache */
#define QUERY_VECTORS		(12 * LOKI_TILE_COLUMNS)
#define DOCUMENT_VECTORS	(16 * LOKI_TILE_ROWS)

/* Some vectors of a set, from number i on */
static inline LokiVectors
some_vectors(const LokiVectorSet *set, int i, int most)
{
	return (LokiVectors)
	{
		loki_vector(&set->vectors, i), set->vectors.stride, Min(set->vectors.count - i, most)
	};
}

double
loki_max_sim(const LokiVectorSet *document, const LokiVectorSet *query)
{
	double		sum = 0;

	Assert(document->dim == query->dim);
	for (int i = 0; i < query->vectors.count; i += QUERY_VECTORS)
	{
		LokiVectors asked = some_vectors(query, i, QUERY_VECTORS);
		float		largest[QUERY_VECTORS];

		for (int k = 0; k < asked.count; k++)
			largest[k] = -INFINITY;
		for (int j = 0; j < document->vectors.count; j += DOCUMENT_VECTORS)
		{
			LokiVectors found = some_vectors(document, j, DOCUMENT_VECTORS);
			float		products[QUERY_VECTORS][DOCUMENT_VECTORS];

			CHECK_FOR_INTERRUPTS();
			loki_dot_products(query->dim, asked, found, products[0], DOCUMENT_VECTORS);
			for (int k = 0; k < asked.count; k++)
				for (int l = 0; l < found.count; l++)
					largest[k] = Max(largest[k], products[k][l]);
		}
		for (int k = 0; k < asked.count; k++)
			sum += largest[k];
	}
	return sum;
}

/* ERROR unless all vectors of both sets have the same dimensions */
static double
max_sim(FunctionCallInfo fcinfo, bool half)
{
	LokiVectorSet document = loki_vector_set_open((ArrayType *) loki_toast_argument(fcinfo, 0),
												  half);
	LokiVectorSet query = loki_vector_set_open((ArrayType *) loki_toast_argument(fcinfo, 1),
											   half);
	double		sum;

	loki_check_same_dim(half ? "halfvec" : "vector", document.dim, query.dim);
	sum = loki_max_sim(&document, &query);
	loki_vector_set_close(&query);
	loki_vector_set_close(&document);
	return sum;
}

/* Ascending order begins with the most similar, as with inner products, where it is negative. */
LOKI_FLOAT8_FUNCTION(vector_max_sim, max_sim(fcinfo, false))
LOKI_FLOAT8_FUNCTION(vector_negative_max_sim, -max_sim(fcinfo, false))
LOKI_FLOAT8_FUNCTION(halfvec_max_sim, max_sim(fcinfo, true))
LOKI_FLOAT8_FUNCTION(halfvec_negative_max_sim, -max_sim(fcinfo, true))
