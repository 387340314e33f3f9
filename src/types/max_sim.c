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
#include "types/halfvecint.h"
#include "types/max_sim.h"
#include "types/toast.h"
#include "types/vectorint.h"

/* Number of dimensions of an array's element, and its floats */
typedef int (*ReadElement) (struct varlena *element, const float **x);

static int
read_vector(struct varlena *element, const float **x)
{
	const Vector *v = (const Vector *) element;

	*x = v->x;
	return v->dim;
}

/* The floats are allocated; those of one vector are few. */
static int
read_halfvec(struct varlena *element, const float **x)
{
	const HalfVector *v = (const HalfVector *) element;
	float	   *floats = palloc(sizeof(float) * v->dim);

	loki_distance.f16_to_f32(v->dim, v->x, floats);
	*x = floats;
	return v->dim;
}

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

/* The first fields of both types are the same. */
int
loki_vector_set_dim(ArrayType *array)
{
	StaticAssertStmt(offsetof(Vector, dim) == offsetof(HalfVector, dim),
					 "vector and halfvec begin alike");
	(void) set_length(array);
	return ((const Vector *) ARR_DATA_PTR(array))->dim;
}

static LokiVectorSet
open_set(ArrayType *array, const char *type, ReadElement read)
{
	LokiVectorSet set;
	char	   *place = ARR_DATA_PTR(array);

	set.n = set_length(array);
	set.vectors = MemoryContextAllocHuge(CurrentMemoryContext,
										 mul_size(sizeof(float *), set.n));
	for (int i = 0; i < set.n; i++)
	{
		struct varlena *element = (struct varlena *) place;
		int			dim;

		/* the server stores elements of arrays in line, with a long header */
		Assert(VARATT_IS_4B_U(element));
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		dim = read(element, &set.vectors[i]);
		if (i == 0)
			set.dim = dim;
		loki_check_same_dim(type, set.dim, dim);
		place += VARSIZE(element);
		place = (char *) att_align_nominal(place, TYPALIGN_INT);
	}
	return set;
}

LokiVectorSet
loki_vector_set_open(ArrayType *array)
{
	return open_set(array, "vector", read_vector);
}

LokiVectorSet
loki_halfvec_set_open(ArrayType *array)
{
	return open_set(array, "halfvec", read_halfvec);
}

void
loki_vector_set_close(LokiVectorSet *set)
{
	pfree(set->vectors);
}

double
loki_max_sim(const LokiVectorSet *document, const LokiVectorSet *query)
{
	double		sum = 0;

	Assert(document->dim == query->dim);
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

static double
max_sim(FunctionCallInfo fcinfo, const char *type, ReadElement read)
{
	LokiVectorSet document = open_set((ArrayType *) loki_toast_argument(fcinfo, 0), type, read);
	LokiVectorSet query = open_set((ArrayType *) loki_toast_argument(fcinfo, 1), type, read);
	double		sum;

	loki_check_same_dim(type, document.dim, query.dim);
	sum = loki_max_sim(&document, &query);
	loki_vector_set_close(&query);
	loki_vector_set_close(&document);
	return sum;
}

LOKI_FUNCTION(vector_max_sim);
Datum
vector_max_sim(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(max_sim(fcinfo, "vector", read_vector));
}

/* Ascending order begins with the most similar, as with inner products. */
LOKI_FUNCTION(vector_negative_max_sim);
Datum
vector_negative_max_sim(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(-max_sim(fcinfo, "vector", read_vector));
}

LOKI_FUNCTION(halfvec_max_sim);
Datum
halfvec_max_sim(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(max_sim(fcinfo, "halfvec", read_halfvec));
}

LOKI_FUNCTION(halfvec_negative_max_sim);
Datum
halfvec_negative_max_sim(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(-max_sim(fcinfo, "halfvec", read_halfvec));
}
