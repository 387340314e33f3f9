/*-------------------------------------------------------------------------
 *
 * quantize.h
 *	  Codes: short forms of a vector from which distances are estimated.
 *
 * Pure C: c.h and libm only, no memory allocation.  The caller provides the
 * memory of a quantizer (loki_quantizer_size), of a prepared query
 * (query_size) and of the slots that it encodes into (code_size,
 * refine_size); slots need 4-byte alignment only, queries 64.
 *
 * An estimate is in the unit of the metric that orders the index:
 *		LOKI_METRIC_L2		squared Euclidean distance
 *		LOKI_METRIC_IP		negative inner product
 *		LOKI_METRIC_COSINE	1 - cosine (the vector is normalised by encode
 *							and prepare; a zero vector is the caller's error)
 *		LOKI_METRIC_L1		taxicab distance
 *		LOKI_METRIC_HAMMING	bits that differ
 *		LOKI_METRIC_JACCARD	1 - bits in common / bits set in either
 * The last two are of bit strings, whose dim "floats" are 32 bits each.
 *
 * An error is one standard deviation of the estimate in the same unit, or,
 * where the code has a deterministic bound (scalar, exact), that bound
 * divided by LOKI_BOUND_SIGMAS, so that
 *		estimate - LOKI_BOUND_SIGMAS * error
 * is a lower bound at the rate that src/quantize/README promises.
 *
 * IDENTIFICATION
 *	  src/quantize/quantize.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_QUANTIZE_H
#define LOKI_QUANTIZE_H

#include "c.h"

#include <float.h>
#include <math.h>

#define LOKI_BOUND_SIGMAS 1.9f

/* Dimensions up to which a code of fewer than 4 bits would show too little */
#define LOKI_FOUR_BITS_MAX_DIM 416

/* Dimensions from which on a code of one bit shows enough */
#define LOKI_TWO_BITS_MAX_DIM 1088

typedef enum LokiMetric
{
	LOKI_METRIC_L2 = 1,
	LOKI_METRIC_IP = 2,
	LOKI_METRIC_COSINE = 3,
	LOKI_METRIC_L1 = 4,
	LOKI_METRIC_HAMMING = 5,
	LOKI_METRIC_JACCARD = 6
} LokiMetric;

/* Whether a metric is one of bit strings */
static inline bool
loki_metric_of_bits(LokiMetric metric)
{
	return metric == LOKI_METRIC_HAMMING || metric == LOKI_METRIC_JACCARD;
}

typedef enum LokiCodeKind
{
	LOKI_CODE_ROTATED = 1,		/* centred, rotated, nested Lloyd-Max levels */
	LOKI_CODE_EXACT = 2,		/* the float32 values themselves */
	LOKI_CODE_SCALAR = 3,		/* 8 bits a dimension, a step per vector: L1 */
	LOKI_CODE_BITS = 4			/* bit strings themselves */
} LokiCodeKind;

/* Which part of a vector a rotated code describes */
typedef enum LokiProjection
{
	LOKI_PROJECT_NONE = 0,		/* all of it */
	LOKI_PROJECT_RANDOM = 1,	/* the leading dimensions after the rotation */
	LOKI_PROJECT_BASIS = 2		/* its product with a basis kept behind the
								 * centroid: principal dimensions */
} LokiProjection;

/* Elements of a basis, which are within 1 of zero, are 16-bit integers in this unit. */
#define LOKI_BASIS_UNIT			32767

static inline void
loki_basis_pack(Size n, const float *elements, int16 *basis)
{
	for (Size i = 0; i < n; i++)
		basis[i] = (int16) rintf(LOKI_BASIS_UNIT * elements[i]);
}

/* What identifies a code; kept on the metapage of an index. */
typedef struct LokiCodeSpec
{
	uint8		kind;			/* LokiCodeKind */
	uint8		metric;			/* LokiMetric */
	uint8		bits;			/* bits a dimension of the code: 1, 2, 4, 8;
								 * 32 if exact or bits, 8 or 4 if scalar */
	uint8		refine_bits;	/* bits in total after refining: 0 (none), 2,
								 * 4, 6, 8; greater than bits unless 0 */
	uint32		dim;			/* dimensions of the vector */
	uint64		seed;			/* of the rotation's random signs */
	uint16		code_dims;		/* dimensions that are coded, a multiple of 64
								 * below dim; 0 unless projected */
	uint8		projection;		/* LokiProjection */
	uint8		centers;		/* local centers behind the centroid, of which
								 * each row has the nearest; 0: none */
	float		outside;		/* basis: error of leaving out the other
								 * dimensions, see README */
} LokiCodeSpec;

/* Dimensions that are coded */
static inline uint32
loki_code_dims(const LokiCodeSpec *spec)
{
	return spec->projection == LOKI_PROJECT_NONE ? spec->dim : spec->code_dims;
}

/* Local centers of a code at most: a center's number, and 0 for the centroid, takes a byte */
#define LOKI_MAX_CENTERS		255

/* Floats of a local center */
static inline Size
loki_center_dims(const LokiCodeSpec *spec)
{
	return TYPEALIGN(64, spec->dim);
}

/*
 * Floats that a quantizer is made with: the centroid, then the basis, of which each float has room
 * for two elements, or local centers, rotated, less the centroid
 */
static inline Size
loki_code_constants(const LokiCodeSpec *spec)
{
	Size		rows = spec->projection == LOKI_PROJECT_BASIS ? spec->code_dims : 0;

	return (1 + rows / 2) * spec->dim + spec->centers * loki_center_dims(spec);
}

static inline int16 *
loki_code_basis(const LokiCodeSpec *spec, const float *constants)
{
	return (int16 *) (constants + spec->dim);
}

/* Local center `number`, from 1 on */
static inline float *
loki_code_center(const LokiCodeSpec *spec, const float *constants, int number)
{
	Assert(number >= 1 && number <= spec->centers);
	return (float *) constants + spec->dim + (number - 1) * loki_center_dims(spec);
}

typedef struct LokiQuantizer LokiQuantizer;

/*
 * A query made ready for scoring: this header, then the quantizer's own data.
 */
typedef struct LokiQuery
{
	float		constant;		/* part of every estimate that depends on the
								 * query alone */
	float		norm;			/* norm of the prepared query, for errors */
	float		step;			/* real value of one unit of the integer query */
	int32		sum;			/* sum of the integer query's elements */
	/* further data follows, at the next multiple of 64 bytes */
} LokiQuery;

struct LokiQuantizer
{
	LokiCodeSpec spec;
	uint32		padded_dim;		/* dimensions of the rotated space */
	uint32		code_size;		/* bytes of a CODE slot, a multiple of 4 */
	uint32		refine_size;	/* bytes of a REFINE slot, a multiple of 4; 0
								 * if there is none */
	uint32		query_size;		/* bytes of a prepared query */

	/*
	 * The point that vectors are centred on, dim floats, and behind it the
	 * basis if the code has one, code_dims orthonormal vectors of dim
	 * integers, or local centers; for the L1 and exact codes not used.  Belongs to the caller and
	 * lives as long as the quantizer.
	 */
	const float *centroid;
	float		centroid_norm2;

	/*
	 * Encode x (dim floats) into a CODE slot and, where refine_size is not
	 * zero, a REFINE slot: the same bytes on every processor.
	 */
	void		(*encode) (const LokiQuantizer *quantizer, const float *x,
						   void *code, void *refine);

	/* Prepare q (dim floats) for scoring. */
	void		(*prepare) (const LokiQuantizer *quantizer, const float *q,
							LokiQuery *query);

	/*
	 * Make a query of a stored code, so that score() gives code-to-code
	 * distances.  (With the inner product the estimate is that of the decoded
	 * vector.)
	 */
	void		(*prepare_code) (const LokiQuantizer *quantizer,
								 const void *code, LokiQuery *query);

	/*
	 * The same from CODE and REFINE together, close to what prepare() makes
	 * of the vector itself.  NULL where refine_size is zero.
	 */
	void		(*prepare_refined) (const LokiQuantizer *quantizer,
									const void *code, const void *refine,
									LokiQuery *query);

	/*
	 * Of a quantizer of 1-bit sketches (loki_sketch_spec()), NULL in others:
	 * make a sketch out of a code of the quantizer from.
	 */
	void		(*shorten) (const LokiQuantizer *quantizer, const LokiQuantizer *from,
							const void *from_code, void *code);

	/*
	 * Where shorten is: make a query from prepare() ready for bounds().
	 */
	void		(*prepare_bounds) (const LokiQuantizer *quantizer, LokiQuery *query);

	/*
	 * Where shorten is: likely lower bounds of the distances of the
	 * LOKI_SKETCH_BLOCK codes of a block, at the rate of LOKI_BOUND_SIGMAS.
	 * least[i] is the least of bounds[i], bounds[i + LOKI_SKETCH_LEAST], and
	 * so on; a bound that is no number is not looked at.
	 */
	void		(*bounds) (const LokiQuantizer *quantizer, const LokiQuery *query,
						   const void *block, float *bounds, float *least);

	/*
	 * Estimate the distance of n codes, whose slots are at codes[i].  With local centers, this and what
	 * follows keep in the query what they find out about a center.
	 */
	void		(*score) (const LokiQuantizer *quantizer, const LokiQuery *query,
						  const void *const *codes, int n, float *estimates);

	/* The error of one such estimate. */
	float		(*error) (const LokiQuantizer *quantizer, const LokiQuery *query,
						  const void *code, float estimate);

	/*
	 * Estimate again from CODE and REFINE slots together; the query must come
	 * from prepare() or prepare_refined().  Not to be called where
	 * refine_size is zero.
	 */
	void		(*refine) (const LokiQuantizer *quantizer, const LokiQuery *query,
						   const void *const *codes, const void *const *refines,
						   int n, float *estimates, float *errors);

	/*
	 * Distances that those of n vectors are never less, and never more than, as
	 * the operator computes them; -FLT_MAX and FLT_MAX where a slot shows nothing
	 * for certain.  `most` may be NULL.  The query must come from prepare();
	 * refines is not looked at where refine_size is zero.  NULL where codes say
	 * nothing for certain.
	 */
	void		(*limits) (const LokiQuantizer *quantizer, const LokiQuery *query,
						   const void *const *codes, const void *const *refines,
						   int n, float *least, float *most);
};

/* A float that is not above a value; -FLT_MAX for what is no number */
static inline float
loki_round_down(double value)
{
	float		result;

	if (!(value > -FLT_MAX))
		return -FLT_MAX;
	result = (float) Min(value, FLT_MAX);
	return result > value ? nextafterf(result, -FLT_MAX) : result;
}

/* A float that is not below a value; FLT_MAX for what is no number */
static inline float
loki_round_up(double value)
{
	return -loki_round_down(-value);
}

/* Once, after loki_distance_init(): choose the kernels. */
extern void loki_quantize_init(void);

/* Name of the code kernels in use, for lokivector_simd() */
extern const char *loki_quantize_simd(void);

/*
 * The code that suits dim dimensions under a metric, where the user chose
 * nothing; bits and refine_bits may be overridden (0 = choose) and fall until
 * each slot fits max_slot bytes.
 */
extern LokiCodeSpec loki_code_default(LokiMetric metric, uint32 dim, int bits,
									  int refine_bits, bool refine_given,
									  uint32 max_slot, uint64 seed);

/*
 * The code that suits a compact index where nothing is known of its rows.
 */
extern LokiCodeSpec loki_code_compact(LokiMetric metric, uint32 dim, int bits,
									  int refine_bits, uint32 max_slot, uint64 seed);

/*
 * Codes that may suit it better, given a basis: each describes the leading
 * code_dims of its vectors.  Returns their number, at most
 * LOKI_COMPACT_ALTERNATIVES; ascending by bits, descending by dimensions.
 */
#define LOKI_COMPACT_ALTERNATIVES 3
extern int	loki_code_alternatives(const LokiCodeSpec *compact, int bits,
								   LokiCodeSpec *alternatives);

/*
 * Standard deviation of the error of a rotated code in an estimated inner product, relative to the norms
 * of what the code describes of both vectors.
 */
extern float loki_code_error(const LokiCodeSpec *spec);

/*
 * The 1-bit sketch of vectors that have a code: one bit for each of LOKI_SKETCH_DIMS
 * dimensions at most.  Returns its size, 0 if there is none.  It is centred on the same
 * point.
 */
#define LOKI_SKETCH_DIMS		256
extern uint32 loki_sketch_spec(const LokiCodeSpec *code, LokiCodeSpec *sketch);

/*
 * 1-bit sketches of some size lie in blocks (rotated_sketch.c): put one into a block, or get it.
 */
#define LOKI_SKETCH_BLOCK		32
#define LOKI_SKETCH_LEAST		8	/* least bounds of a block */
#define LOKI_SKETCH_SIZE		(8 + LOKI_SKETCH_DIMS / 8)	/* of a code, at most */
extern void loki_sketch_put(uint32 code_size, const void *code, int place, void *block);
extern void loki_sketch_get(uint32 code_size, const void *block, int place, void *code);

/*
 * Principal dimensions (subspace.c).
 *
 * A covariance is a sum over rows: add() takes any number of them, given the
 * mean (scratch: LOKI_COVARIANCE_ROWS * dim floats), finish() completes it.
 * start() sets a basis to n random vectors, each step() brings it nearer to
 * the n principal dimensions, the greatest first (scratch: n * dim floats), and
 * finish() makes it orthonormal to the last bit.
 */
#define LOKI_COVARIANCE_ROWS	256
#define LOKI_SUBSPACE_STEPS		4
extern void loki_covariance_add(int dim, const float *rows, int n, const float *mean,
								float *scratch, float *covariance);
extern void loki_covariance_finish(int dim, float *covariance);
extern void loki_subspace_start(int dim, int n, uint64 seed, float *basis);
extern void loki_subspace_step(int dim, int n, const float *covariance,
							   float *scratch, float *basis);
extern void loki_subspace_finish(int dim, int n, float *basis);

/*
 * Whether codes bound distances for certain: those of a part of the dimensions do
 * not, nor rotated ones that do not keep norms.
 */
static inline bool
loki_code_certain(const LokiCodeSpec *spec)
{
	return spec->projection == LOKI_PROJECT_NONE &&
		(spec->kind != LOKI_CODE_ROTATED || spec->metric != LOKI_METRIC_IP ||
		 spec->refine_bits > 0);
}

/*
 * Whether codes by a spec, which has none yet, may have local centers.  Codes of 8 bits have queries that are
 * fine enough.
 */
static inline bool
loki_code_may_have_centers(const LokiCodeSpec *spec)
{
	return spec->kind == LOKI_CODE_ROTATED && spec->projection == LOKI_PROJECT_NONE && spec->bits < 8;
}

/*
 * The local center that encode() takes for x (dim floats), 0 for the centroid.  turned, loki_center_dims()
 * floats, becomes the rotated residual of x from the centroid, and *near its squared distance to the
 * center relative to that to the centroid.  The quantizer has centers.
 */
extern int	loki_nearest_center(const LokiQuantizer *quantizer, const float *x, float *turned,
								float *near);

/* How far a vector is from what its code is around, in the unit of estimates; of codes that have a spread */
static inline bool
loki_code_has_spread(const LokiCodeSpec *spec)
{
	return loki_code_may_have_centers(spec) && spec->metric != LOKI_METRIC_IP;
}
extern float loki_code_spread(const LokiQuantizer *quantizer, const void *code);

/* Whether a code has a center that there is */
extern bool loki_code_slot_valid(const LokiQuantizer *quantizer, const void *code);

/* Whether a spec read from disk is one that loki_quantizer_init() accepts */
extern bool loki_code_valid(const LokiCodeSpec *spec);

/*
 * Bytes of a quantizer for spec, and its construction in such memory, which is aligned to 64
 * bytes.  spec must be valid; the centroid, of loki_code_constants() floats, stays the caller's.
 */
extern Size loki_quantizer_size(const LokiCodeSpec *spec);
extern void loki_quantizer_init(LokiQuantizer *quantizer, const LokiCodeSpec *spec,
								const float *centroid);

#endif							/* LOKI_QUANTIZE_H */
