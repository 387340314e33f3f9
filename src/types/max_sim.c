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

#include "access/tupmacs.h"
#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "distance/max_sim.h"
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
 * halfvec's floats are converted into one block, which has room when the first is known.  Of vectors only
 * pointers are kept: they stay where they are in the array.  `Huge`, since a document may have a
 * million vectors.
 */
LokiVectorSet
loki_vector_set_open(ArrayType *array, bool half)
{
	LokiVectorSet set = {0};
	char	   *place = ARR_DATA_PTR(array);

	set.n = set_length(array);
	set.vectors = MemoryContextAllocHuge(CurrentMemoryContext,
										 mul_size(sizeof(float *), set.n));
	set.dim = ((const Vector *) place)->dim;
	if (half)
		set.floats = MemoryContextAllocHuge(CurrentMemoryContext,
											mul_size(sizeof(float) * set.dim, set.n));
	for (int i = 0; i < set.n; i++)
	{
		const Vector *element = (const Vector *) place;

		/* the server stores elements of arrays in line, with a long header */
		Assert(VARATT_IS_4B_U(element));
		Assert(place + VARSIZE(element) <= (char *) array + VARSIZE(array));
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		loki_check_same_dim(half ? "halfvec" : "vector", set.dim, element->dim);
		if (half)
		{
			float	   *floats = set.floats + (Size) i * set.dim;

			loki_distance.f16_to_f32(set.dim, ((const HalfVector *) element)->x, floats);
			set.vectors[i] = floats;
		}
		else
			set.vectors[i] = element->x;
		place += VARSIZE(element);
		place = (char *) att_align_nominal(place, TYPALIGN_INT);
	}
	return set;
}

void
loki_vector_set_close(LokiVectorSet *set)
{
	pfree(set->vectors);
	if (set->floats != NULL)
		pfree(set->floats);
}

double
loki_max_sim(const LokiVectorSet *document, const LokiVectorSet *query)
{
	double		sum = 0;

	Assert(document->dim == query->dim && document->n > 0 && query->n > 0);
	/* a few vectors of the query at a time, each with all of the document, which stays in cache */
	for (int j = 0; j < query->n; j += LOKI_TILE_COLUMNS)
	{
		int			n = Min(query->n - j, LOKI_TILE_COLUMNS);
		float		largest[LOKI_TILE_COLUMNS];

		CHECK_FOR_INTERRUPTS();
		loki_max_dots(document->dim, document->n, document->vectors,
					  n, query->vectors + j, largest);
		for (int k = 0; k < n; k++)
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
