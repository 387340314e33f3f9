/*-------------------------------------------------------------------------
 *
 * vector_set.c
 *	  The indexed column, if it is an array of vectors: a document.
 *
 * The graph is built of encodings of documents, and searched by the encoding of a query.  Rows
 * are ranked by their own values, read from the table.  The inner product of the encodings of
 * a query and of a document stands for the operator's sum of largest products.
 *
 * Encodings are fixed-dimensional encodings, FDE (Dhulipala and others, "MUVERA: Multi-Vector
 * Retrieval via Fixed Dimensional Encodings", 2024, section 2.1).  PLANES random planes
 * divide the space into parts.  The vectors of a set that lie in one part are made into one:
 * their mean for a document, their sum for a query.  A random projection reduces it to
 * PROJECTED dimensions.  This is done REPETITIONS times, and the results are laid side by
 * side.  A vector of a query meets those of a document that lie in its own part, which more
 * often than not are the nearest to it.
 *
 * If a document has no vector in a part, the parts that differ from it in the fewest planes
 * lend theirs.  Encodings do not depend on the order of the vectors.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/vector_set.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/distance.h"
#include "distance/hash.h"
#include "hnsw/definition/column.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "types/halfvec.h"
#include "types/max_sim.h"
#include "types/vector.h"
#include "utils/memutils.h"

#define PLANES			3
#define PARTS			(1 << PLANES)
#define PROJECTED		16
#define REPEATED_DIM	(PARTS * PROJECTED)

/* Those of an index's encodings are as many as these have room for: indexes of earlier versions have 16 */
#define REPETITIONS		32
#define EARLIER			16

/* Random directions of each repetition: normals of the planes, then axes of the projection */
#define DIRECTIONS		(PLANES + PROJECTED)
#define ALL_DIRECTIONS	(REPETITIONS * DIRECTIONS)

/*
 * Directions are integers of this standard deviation, and vectors are rounded to integers before
 * they are multiplied, so that sums are exact and all processors store the same encoding.  Products
 * stay below PRODUCT_LIMIT, half of what int32 holds: a direction's norm is about
 * DIRECTION_UNIT * sqrt(dim), and a vector's is chosen to suit (Cauchy and Schwarz).
 */
#define DIRECTION_UNIT	6688.7f
#define PRODUCT_LIMIT	((float) (1 << 30))
#define MOST_UNITS		32000.0f

/* The directions for vectors of `dim` dimensions, which were asked for last */
static struct
{
	int			dim;
	int16	   *integers;
}			directions;

/* About normal: the sum of eight 16-bit numbers, of mean 262140 and variance 8 * 65536^2 / 12 */
static int16
normal_number(uint64 seed)
{
	int64		sum = 0;

	for (int word = 0; word < 2; word++)
	{
		uint64		bits = loki_hash_mix(2 * seed + word);

		for (int i = 0; i < 4; i++)
			sum += (int64) ((bits >> (16 * i)) & 0xffff);
	}
	return (int16) ((sum - 262140) / 8);
}

/* The directions.  They depend on their number alone, since indexes store what they give. */
static const int16 *
get_directions(int dim)
{
	StaticAssertStmt(ALL_DIRECTIONS % LOKI_TILE_ROWS == 0, "dot_i16() multiplies four at a time");
	if (directions.dim != dim)
	{
		int16	   *integers = MemoryContextAlloc(TopMemoryContext,
												  sizeof(int16) * ALL_DIRECTIONS * dim);

		for (int i = 0; i < ALL_DIRECTIONS * dim; i++)
			integers[i] = normal_number(i);
		if (directions.integers != NULL)
			pfree(directions.integers);
		directions.integers = integers;
		directions.dim = dim;
	}
	return directions.integers;
}

/* Add a vector to its part in each repetition. */
static void
add_to_part(int dim, const float *vector, int repetitions, float *encoding, int counts[REPETITIONS][PARTS])
{
	float		norm = sqrtf(loki_distance.dot_ordered(dim, vector, vector));
	float		units = Min(PRODUCT_LIMIT / (1.2f * DIRECTION_UNIT * sqrtf(dim)), MOST_UNITS);
	float		unit = norm / (units * DIRECTION_UNIT);
	int16		integers[LOKI_VECTOR_MAX_DIM];
	int32		products[ALL_DIRECTIONS];

	loki_distance.f32_to_i16(dim, vector, norm > 0 ? units / norm : 0, integers);
	loki_distance.dot_i16(dim, integers, get_directions(dim), repetitions * DIRECTIONS, products);
	for (int r = 0; r < repetitions; r++)
	{
		const int32 *own = products + r * DIRECTIONS;
		int			part = 0;
		float	   *sum;

		for (int plane = 0; plane < PLANES; plane++)
			part |= (own[plane] > 0) << plane;
		Assert(part < PARTS);
		sum = encoding + (r * PARTS + part) * PROJECTED;
		for (int i = 0; i < PROJECTED; i++)
			sum[i] += own[PLANES + i] * unit;
		counts[r][part]++;
	}
}

/* Set an empty part to the mean of those with vectors that differ in the fewest planes. */
static void
lend(float *parts, const int *counts, int empty)
{
	float	   *mean = parts + empty * PROJECTED;
	int			fewest = PLANES + 1;
	int			lenders = 0;

	Assert(counts[empty] == 0);
	for (int part = 0; part < PARTS; part++)
		if (counts[part] > 0)
			fewest = Min(fewest, pg_popcount32(part ^ empty));
	Assert(fewest > 0 && fewest <= PLANES);
	for (int part = 0; part < PARTS; part++)
	{
		if (counts[part] == 0 || pg_popcount32(part ^ empty) != fewest)
			continue;
		for (int i = 0; i < PROJECTED; i++)
			mean[i] += parts[part * PROJECTED + i];
		lenders++;
	}
	for (int i = 0; i < PROJECTED; i++)
		mean[i] /= lenders;
}

/* Make the encoding of a set, column->dim floats: means in each part for a document, sums for a query. */
static void
make_encoding(const LokiColumn *column, const LokiVectorSet *set, bool document, float *encoding)
{
	int			repetitions = column->dim / REPEATED_DIM;
	int			counts[REPETITIONS][PARTS] = {{0}};
	const float factor = 1 / sqrtf(repetitions * PROJECTED);

	StaticAssertStmt(EARLIER * DIRECTIONS % LOKI_TILE_ROWS == 0, "dot_i16() multiplies four at a time");
	Assert(repetitions == REPETITIONS || repetitions == EARLIER);
	Assert(set->dim > 0 && set->dim <= LOKI_VECTOR_MAX_DIM);
	memset(encoding, 0, sizeof(float) * column->dim);
	for (int i = 0; i < set->vectors.count; i++)
	{
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
		add_to_part(set->dim, loki_vector(&set->vectors, i), repetitions, encoding, counts);
	}
	for (int r = 0; document && r < repetitions; r++)
	{
		float	   *parts = encoding + r * PARTS * PROJECTED;

		for (int part = 0; part < PARTS; part++)
			for (int i = 0; counts[r][part] > 1 && i < PROJECTED; i++)
				parts[part * PROJECTED + i] /= counts[r][part];
		/* an empty part has those of another */
		for (int part = 0; part < PARTS; part++)
			if (counts[r][part] == 0)
				lend(parts, counts[r], part);
	}
	/* the product of two is the mean over repetitions of the products before projection */
	for (int i = 0; i < column->dim; i++)
	{
		encoding[i] *= factor;
		if (unlikely(!isfinite(encoding[i])))
			encoding[i] = 0;	/* the sum overflowed */
	}
}

/* ----------------------------------------------------------------
 * The type
 * ----------------------------------------------------------------
 */

/* LokiValueType.declared: the dimensions of the vectors, which all have the same */
static uint32
set_declared(const struct varlena *value)
{
	return loki_vector_set_dim((ArrayType *) value);
}

/* One of the two types, which differ in the vectors of their arrays */
static const LokiValueType halfvec_set_type;

/* The vectors of an array, as floats, until loki_vector_set_close() */
static LokiVectorSet
open_set(const LokiColumn *column, const struct varlena *value)
{
	return loki_vector_set_open((ArrayType *) value, column->type == &halfvec_set_type);
}

/* LokiValueType.open: the encoding, and the hash of the array's elements */
static const float *
set_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	ArrayType  *array = (ArrayType *) value;
	LokiVectorSet set = open_set(column, value);
	float	   *values = loki_encoding_room(column, ARR_DATA_PTR(array), ARR_SIZE(array) - ARR_DATA_OFFSET(array), copy);

	make_encoding(column, &set, true, values);
	loki_vector_set_close(&set);
	return values;
}

/* LokiValueType.open_query */
static const float *
set_open_query(const LokiColumn *column, const struct varlena *value, float *copy)
{
	LokiVectorSet set = open_set(column, value);

	Assert(copy != NULL);
	make_encoding(column, &set, false, copy);
	loki_vector_set_close(&set);
	return copy;
}

/* LokiValueType.distance: that of operator @# */
static double
set_distance(const LokiColumn *column, const struct varlena *value,
			 const struct varlena *query)
{
	LokiVectorSet document = open_set(column, value);
	LokiVectorSet asked = open_set(column, query);
	double		sum = loki_max_sim(&document, &asked);

	loki_vector_set_close(&asked);
	loki_vector_set_close(&document);
	return -sum;
}

/*
 * A document's means are less similar than its most similar vectors, by an amount
 * that depends on both sets.  So estimates order candidates and bound nothing.
 */
#define SET_TYPE(max_dim) \
{ \
	.max_declared = max_dim, \
	.encoding_dim = REPETITIONS * REPEATED_DIM, \
	.earlier_dim = EARLIER * REPEATED_DIM, \
	.declared = set_declared, \
	.open = set_open, \
	.open_query = set_open_query, \
	.distance = set_distance \
}

static const LokiValueType vector_set_type = SET_TYPE(LOKI_VECTOR_MAX_DIM);
static const LokiValueType halfvec_set_type = SET_TYPE(LOKI_HALFVEC_MAX_DIM);

LOKI_TYPE_SUPPORT(hnsw_vector_array_support, vector_set_type)

LOKI_TYPE_SUPPORT(hnsw_halfvec_array_support, halfvec_set_type)
