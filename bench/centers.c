/*-------------------------------------------------------------------------
 *
 * centers.c
 *	  How well codes rank rows if they are taken around many local centers in
 *	  place of one mean, and how a query meets them.
 *
 * All rows are ranked by the estimates of their codes (L2).  Ways of a query:
 *	  mean	one mean, as indexes do
 *	  A		one rounding of q - mean to int8, and <mean - c, l> kept with each code
 *	  A16	the same with 16 bits: a second product, of what the first rounding left
 *	  B		a rounding of q - c to int8 for each center
 * The share of the true ten among the first 20 and 40, and the candidates that
 * hold all ten of 99 queries of 100.  Then code to code, among the 64 nearest
 * rows of a row: the error relative to the distance, the share of comparisons
 * d(a, b) < d(x, b) that come out wrong, and the share of the neighbors of x
 * that would be chosen by true distances too.  Between nodes A is
 * <c_i - c_j, l> for both of them; B rounds a decoded code less the center
 * of the other.
 *
 * Build and run from the root of the tree:
 *		cc -std=gnu99 -O2 -ffp-contract=off -DFRONTEND -D_GNU_SOURCE -Isrc -I$(pg_config --includedir-server) \
 *			-o centers bench/centers.c `find src/distance src/quantize -name "*.c"` -lm
 *		./centers SET [CENTERS [BITS]]
 * SET: generated:DIM, uniform:DIM, crowd (5,000 near rows of 25,000), late (half
 * of the rows are one crowd that came after the centers were made), or a
 * folder with base.npy and query.npy of float16 or float32.
 *		./centers cost DIM BITS STEP RUNS
 * runs a step that often, for a tool that counts instructions: its names are
 * those of take_step().
 *
 * IDENTIFICATION
 *	  bench/centers.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "distance/distance.h"
#include "quantize/quantize.h"
#include "quantize/rotated.h"
#include "centers_sets.h"

#define NEAREST		10
#define SAMPLED		64			/* rows for each center, at most */
#define ROUNDS		8			/* of k-means */
#define NODES		200			/* whose neighbors are chosen */
#define CANDIDATES	64			/* of each */
#define CHOSEN		16			/* at most */

/* The codes of a set around some centers */
typedef struct Codes
{
	int			count;			/* of centers */
	float	   *centers;
	float	   *turned;			/* centers less the mean, rotated, padded */
	int		   *center_of;		/* of each row */
	LokiQuantizer **quantizers; /* of each center */
	LokiQuantizer *mean;
	char	   *slots;
	float	   *shifts;			/* <mean - c, l> of each row */
} Codes;

/*
 * Centers
 */

static int
nearest_center(const Codes *codes, const float *norms, int dim, const float *x)
{
	int			best = 0;
	float		least = FLT_MAX;

	for (int j = 0; j < codes->count; j++)
	{
		float		distance = norms[j] -
			2 * loki_distance.dot_f32(dim, x, codes->centers + (Size) j * dim);

		if (distance < least)
		{
			least = distance;
			best = j;
		}
	}
	return best;
}

/* Rows of the sample: at random, but few of the late ones */
static const float *
sampled_row(const Set *set)
{
	int			first = uniform() < 1 / 256.0 ? 0 : set->late;

	return set->rows + (Size) (first + uniform() * (set->n - first)) * set->dim;
}

static void
make_centers(Codes *codes, const Set *set)
{
	int			dim = set->dim;
	int			sampled = Min(codes->count * SAMPLED, set->n);
	const float **sample = allocate(sizeof(float *) * sampled);
	float	   *norms = allocate(sizeof(float) * codes->count);
	double	   *sums = allocate(sizeof(double) * codes->count * dim);
	int		   *counts = allocate(sizeof(int) * codes->count);

	for (int i = 0; i < sampled; i++)
		sample[i] = sampled_row(set);
	for (int j = 0; j < codes->count; j++)
		memcpy(codes->centers + (Size) j * dim, sample[j], sizeof(float) * dim);
	for (int round = 0; round <= ROUNDS; round++)
	{
		for (int j = 0; j < codes->count; j++)
			norms[j] = loki_distance.dot_f32(dim, codes->centers + (Size) j * dim,
											 codes->centers + (Size) j * dim);
		if (round == ROUNDS)
			break;
		memset(sums, 0, sizeof(double) * codes->count * dim);
		memset(counts, 0, sizeof(int) * codes->count);
		for (int i = 0; i < sampled; i++)
		{
			int			j = nearest_center(codes, norms, dim, sample[i]);

			counts[j]++;
			for (int d = 0; d < dim; d++)
				sums[(Size) j * dim + d] += sample[i][d];
		}
		for (Size i = 0; i < (Size) codes->count * dim; i++)
			if (counts[i / dim] > 0)
				codes->centers[i] = (float) (sums[i] / counts[i / dim]);
	}
	for (int i = 0; i < set->n; i++)
		codes->center_of[i] = nearest_center(codes, norms, dim, set->rows + (Size) i * dim);
	free(sample);
	free(norms);
	free(sums);
	free(counts);
}

static LokiQuantizer *
new_quantizer(int dim, int bits, const float *centroid)
{
	LokiCodeSpec spec = {LOKI_CODE_ROTATED, LOKI_METRIC_L2, bits, 0, dim, 1};
	LokiQuantizer *quantizer = allocate(loki_quantizer_size(&spec));

	loki_quantizer_init(quantizer, &spec, centroid);
	return quantizer;
}

/* a - b, rotated */
static void
turn(const LokiQuantizer *quantizer, const float *a, const float *b, float *turned)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			dim = quantizer->spec.dim;

	memset(turned, 0, sizeof(float) * quantizer->padded_dim);
	for (int i = 0; i < dim; i++)
		turned[i] = a[i] - b[i];
	rq->kernels->rotate(quantizer->padded_dim, rq->signs, turned);
}

static const CodeSlot *
slot_of(const Codes *codes, int i)
{
	return (const CodeSlot *) (codes->slots + (Size) i * codes->mean->code_size);
}

static void
decode(const LokiQuantizer *quantizer, const CodeSlot *slot, float *levels)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	pg_attribute_aligned(64) uint8 u[LOKI_MAX_PADDED];

	unpack_code(rq, slot, u);
	for (int i = 0; i < quantizer->padded_dim; i++)
		levels[i] = loki_level(&rq->code_table, u[i]);
}

static Codes
place_centers(const Set *set, int count)
{
	Codes		codes = {count};

	codes.centers = allocate(sizeof(float) * count * set->dim);
	codes.center_of = allocate(sizeof(int) * set->n);
	make_centers(&codes, set);
	return codes;
}

static const float *
turned_center(const Codes *codes, int center)
{
	return codes->turned + (Size) center * codes->mean->padded_dim;
}

/* Codes of all rows; what is there for other bits is thrown away */
static void
encode_rows(Codes *codes, const Set *set, const float *mean, int bits)
{
	float	   *levels;
	int			padded;

	codes->mean = new_quantizer(set->dim, bits, mean);
	padded = codes->mean->padded_dim;
	codes->turned = allocate(sizeof(float) * codes->count * padded);
	codes->quantizers = allocate(sizeof(LokiQuantizer *) * codes->count);
	codes->slots = allocate((Size) set->n * codes->mean->code_size);
	codes->shifts = allocate(sizeof(float) * set->n);
	levels = allocate(sizeof(float) * padded);
	for (int j = 0; j < codes->count; j++)
	{
		const float *center = codes->centers + (Size) j * set->dim;

		codes->quantizers[j] = new_quantizer(set->dim, bits, center);
		turn(codes->mean, center, mean, codes->turned + (Size) j * padded);
	}
	for (int i = 0; i < set->n; i++)
	{
		int			center = codes->center_of[i];

		codes->quantizers[center]->encode(codes->quantizers[center], set->rows + (Size) i * set->dim,
										  (void *) slot_of(codes, i), NULL);
		decode(codes->mean, slot_of(codes, i), levels);
		codes->shifts[i] = -loki_distance.dot_f32(padded, levels, turned_center(codes, center));
	}
	free(levels);
}

static void
free_codes(Codes *codes)
{
	for (int j = 0; j < codes->count; j++)
		free(codes->quantizers[j]);
	free(codes->quantizers);
	free(codes->mean);
	free(codes->turned);
	free(codes->slots);
	free(codes->shifts);
}

/*
 * Queries
 */

/* <l, query> of n codes, in units of the query's step */
static void
multiply(const LokiQuantizer *quantizer, const int8 *query, int32 sum, const void *const *slots, int n,
		 float *products)
{
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int32	   *dots = allocate(sizeof(int32) * n);

	rq->kernels->dot(rq->bits, rq->groups, query, slots, n, dots);
	for (int i = 0; i < n; i++)
		products[i] = 2.0f * dots[i] - sum * rq->levels_sum;
	free(dots);
}

/* Way A, and A16 if `wide` */
static void
estimate_by_shift(const Codes *codes, const Set *set, const float *mean, const float *q, bool wide,
				  float *estimates)
{
	const LokiQuantizer *quantizer = codes->mean;
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			padded = quantizer->padded_dim;
	float	   *r = allocate(sizeof(float) * padded);
	int8	   *rounded = allocate(padded);
	const void **slots = allocate(sizeof(void *) * set->n);
	float	   *products = allocate(sizeof(float) * set->n);
	float		step;
	int32		sum;

	turn(quantizer, q, mean, r);
	step = rq->kernels->max_abs(padded, r) / LOKI_QUERY8_MAX;
	for (int i = 0; i < set->n; i++)
	{
		slots[i] = slot_of(codes, i);
		estimates[i] = codes->shifts[i];
	}
	for (int part = 0; part < (wide ? 2 : 1); part++)
	{
		sum = rq->kernels->quantize8(padded, r, 1 / step, rounded);
		multiply(quantizer, rounded, sum, slots, set->n, products);
		for (int i = 0; i < set->n; i++)
			estimates[i] += step * products[i];
		for (int i = 0; i < padded; i++)
			r[i] -= step * rounded[i];
		step /= 2 * LOKI_QUERY8_MAX;
	}
	for (int i = 0; i < set->n; i++)
	{
		const CodeSlot *slot = slots[i];

		estimates[i] = slot->add + slot->mul * estimates[i] +
			loki_distance.l2sq_f32(set->dim, q, codes->centers + (Size) codes->center_of[i] * set->dim);
	}
	free(r);
	free(rounded);
	free(slots);
	free(products);
}

/* Way B, and the one mean if there is one center */
static void
estimate_by_center(const Codes *codes, const Set *set, const float *q, float *estimates)
{
	LokiQuery **queries = allocate(sizeof(LokiQuery *) * codes->count);

	for (int j = 0; j < codes->count; j++)
	{
		queries[j] = allocate(codes->mean->query_size);
		codes->mean->prepare(codes->quantizers[j], q, queries[j]);
	}
	for (int i = 0; i < set->n; i++)
	{
		const void *slot = slot_of(codes, i);
		int			center = codes->center_of[i];

		codes->mean->score(codes->quantizers[center], queries[center], &slot, 1, estimates + i);
	}
	for (int j = 0; j < codes->count; j++)
		free(queries[j]);
	free(queries);
}

typedef enum Way
{
	WAY_MEAN,
	WAY_A,
	WAY_A16,
	WAY_B
} Way;

static const char *const way_names[] = {"mean", "A", "A16", "B"};

static void
estimate(const Codes *codes, const Set *set, const float *mean, Way way, const float *q, float *estimates)
{
	if (way == WAY_A || way == WAY_A16)
		estimate_by_shift(codes, set, mean, q, way == WAY_A16, estimates);
	else
		estimate_by_center(codes, set, q, estimates);
}

/* The nearest rows of q, nearest first */
static void
find_nearest(const Set *set, const float *q, int count, int *nearest)
{
	float	   *distances = allocate(sizeof(float) * (count + 1));
	int			found = 0;

	for (int i = 0; i < set->n; i++)
	{
		float		distance = loki_distance.l2sq_f32(set->dim, q, set->rows + (Size) i * set->dim);
		int			at = found;

		if (found == count && distance >= distances[found - 1])
			continue;
		for (; at > 0 && distances[at - 1] > distance; at--)
		{
			distances[at] = distances[at - 1];
			if (at < count)
				nearest[at] = nearest[at - 1];
		}
		distances[at] = distance;
		nearest[at] = i;
		found = Min(found + 1, count);
		if (found == count && at == count)
			abort();
	}
	free(distances);
}

static int
compare_ints(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

static void
measure_ranks(const Codes *codes, const Set *set, const float *mean, Way way, const int *truth)
{
	float	   *estimates = allocate(sizeof(float) * set->n);
	int		   *last = allocate(sizeof(int) * set->query_count);
	int			within[2] = {0, 0};
	double		all = (double) set->query_count * NEAREST;

	for (int i = 0; i < set->query_count; i++)
	{
		estimate(codes, set, mean, way, set->queries + (Size) i * set->dim, estimates);
		last[i] = 0;
		for (int k = 0; k < NEAREST; k++)
		{
			int			row = truth[i * NEAREST + k];
			int			before = 0;

			for (int j = 0; j < set->n; j++)
				before += estimates[j] < estimates[row] || (estimates[j] == estimates[row] && j < row);
			within[0] += before < 20;
			within[1] += before < 40;
			last[i] = Max(last[i], before + 1);
		}
	}
	qsort(last, set->query_count, sizeof(int), compare_ints);
	printf("  %-4s  %.3f %.3f %6d", way_names[way], within[0] / all, within[1] / all,
		   last[(set->query_count * 99 + 99) / 100 - 1]);
	free(estimates);
	free(last);
}

/*
 * Code to code
 */

/* A row and its candidates, and what is known of their codes */
typedef struct Group
{
	int			rows[CANDIDATES + 1];	/* the row itself, then the nearest of it */
	float	   *levels;			/* of each, padded */
	float		distances[CANDIDATES + 1][CANDIDATES + 1];
} Group;

/* The estimate of the distance between rows a and b of the group, the first of them the query */
static float
estimate_pair(const Codes *codes, const Group *group, Way way, int a, int b)
{
	const LokiQuantizer *quantizer = codes->mean;
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			padded = quantizer->padded_dim;
	const CodeSlot *slots[2] = {slot_of(codes, group->rows[a]), slot_of(codes, group->rows[b])};
	const float *levels[2] = {group->levels + (Size) a * padded, group->levels + (Size) b * padded};
	const float *centers[2] = {turned_center(codes, codes->center_of[group->rows[a]]),
	turned_center(codes, codes->center_of[group->rows[b]])};
	float		factor = slots[0]->mul / rq->metric_factor;
	pg_attribute_aligned(64) float apart[LOKI_MAX_PADDED] = {0};
	pg_attribute_aligned(64) int8 rounded[LOKI_MAX_PADDED];
	const void *other = slots[1];
	float		constant;
	float		product;

	for (int i = 0; i < padded; i++)
		apart[i] = centers[0][i] - centers[1][i];
	/* |r_a + c_a - c_b|^2 */
	constant = slots[0]->add + loki_distance.dot_f32(padded, apart, apart) +
		2 * factor * loki_distance.dot_f32(padded, levels[0], apart);
	if (way == WAY_B && centers[0] != centers[1])
	{
		float		step;
		int32		sum;

		for (int i = 0; i < padded; i++)
			apart[i] += factor * levels[0][i];
		step = rq->kernels->max_abs(padded, apart) / LOKI_QUERY8_MAX;
		sum = rq->kernels->quantize8(padded, apart, 1 / step, rounded);
		multiply(quantizer, rounded, sum, &other, 1, &product);
		product *= step;
	}
	else
		product = factor * loki_distance.dot_f32(padded, levels[0], levels[1]) +
			loki_distance.dot_f32(padded, apart, levels[1]);
	return slots[1]->add + constant + slots[1]->mul * product;
}

/* Choose neighbors of row 0 of a group, as an insert does. */
static int
choose(float distances[CANDIDATES + 1][CANDIDATES + 1], int *chosen)
{
	bool		seen[CANDIDATES + 1] = {0};
	int			count = 0;

	for (int i = 1; i <= CANDIDATES && count < CHOSEN; i++)
	{
		int			next = 0;
		bool		good = true;

		for (int j = 1; j <= CANDIDATES; j++)
			if (!seen[j] && (next == 0 || distances[0][j] < distances[0][next]))
				next = j;
		seen[next] = true;
		for (int k = 0; k < count; k++)
			good &= distances[chosen[k]][next] >= distances[0][next];
		if (good)
			chosen[count++] = next;
	}
	return count;
}

typedef struct Compared
{
	double		error2;
	double		distance2;
	double		tested;
	double		wrong;
	double		chosen;
	double		common;
	double		asymmetric;
	double		centers;		/* among the candidates */
	double		across;			/* pairs of two centers */
} Compared;

static void
compare_group(const Codes *codes, const Group *group, Way way, Compared *found)
{
	static float estimates[CANDIDATES + 1][CANDIDATES + 1];
	int			by_estimate[CHOSEN];
	int			by_distance[CHOSEN];
	int			count;
	int			other_count;

	for (int a = 0; a <= CANDIDATES; a++)
		for (int b = 0; b <= CANDIDATES; b++)
			estimates[a][b] = a == b ? 0 : estimate_pair(codes, group, way, a, b);
	for (int a = 0; a <= CANDIDATES; a++)
		for (int b = 0; b <= CANDIDATES; b++)
		{
			double		error = estimates[a][b] - group->distances[a][b];

			found->error2 += error * error;
			found->distance2 += (double) group->distances[a][b] * group->distances[a][b];
			found->asymmetric += pow(estimates[a][b] - estimates[b][a], 2);
			if (a == b || a == 0 || b == 0)
				continue;
			found->tested++;
			found->across += codes->center_of[group->rows[a]] != codes->center_of[group->rows[b]];
			found->wrong += (estimates[a][b] < estimates[0][b]) !=
				(group->distances[a][b] < group->distances[0][b]);
		}
	count = choose(estimates, by_estimate);
	other_count = choose((float (*)[CANDIDATES + 1]) group->distances, by_distance);
	found->chosen += count;
	for (int i = 0; i < count; i++)
		for (int j = 0; j < other_count; j++)
			found->common += by_estimate[i] == by_distance[j];
	for (int a = 1; a <= CANDIDATES; a++)
	{
		bool		seen = false;

		for (int b = 1; b < a; b++)
			seen |= codes->center_of[group->rows[a]] == codes->center_of[group->rows[b]];
		found->centers += !seen;
	}
}

static void
measure_pairs(const Codes *codes, const Set *set, Group *groups, Way way)
{
	Compared	found = {0};
	int			padded = codes->mean->padded_dim;

	for (int i = 0; i < NODES; i++)
	{
		Group	   *group = groups + i;

		group->levels = allocate(sizeof(float) * (CANDIDATES + 1) * padded);
		for (int j = 0; j <= CANDIDATES; j++)
			decode(codes->mean, slot_of(codes, group->rows[j]), group->levels + (Size) j * padded);
		compare_group(codes, group, way, &found);
		free(group->levels);
	}
	printf("  pairs: error %.4f wrong %.4f common %.3f of %.1f asymmetric %.5f, centers %.1f, across %.2f\n",
		   sqrt(found.error2 / found.distance2), found.wrong / found.tested,
		   found.common / found.chosen, found.chosen / NODES,
		   sqrt(found.asymmetric / found.distance2), found.centers / NODES, found.across / found.tested);
}

static Group *
make_groups(const Set *set)
{
	Group	   *groups = allocate(sizeof(Group) * NODES);

	for (int i = 0; i < NODES; i++)
	{
		Group	   *group = groups + i;

		/* the row itself is its nearest, unless another is equal to it */
		find_nearest(set, set->rows + (Size) (uniform() * set->n) * set->dim, CANDIDATES + 1,
					 group->rows);
		for (int a = 0; a <= CANDIDATES; a++)
			for (int b = 0; b <= CANDIDATES; b++)
				group->distances[a][b] =
					loki_distance.l2sq_f32(set->dim, set->rows + (Size) group->rows[a] * set->dim,
										   set->rows + (Size) group->rows[b] * set->dim);
	}
	return groups;
}

/* Centers among the rows that a search would score: the nearest of a query */
static double
centers_met(const Codes *codes, const Set *set, int nearest)
{
	int		   *rows = allocate(sizeof(int) * nearest);
	double		met = 0;

	for (int i = 0; i < Min(set->query_count, 50); i++)
	{
		bool		seen[65536] = {0};

		find_nearest(set, set->queries + (Size) i * set->dim, nearest, rows);
		for (int j = 0; j < nearest; j++)
		{
			met += !seen[codes->center_of[rows[j]]];
			seen[codes->center_of[rows[j]]] = true;
		}
	}
	free(rows);
	return met / Min(set->query_count, 50);
}

/* The squared distances to centers, relative to those to the mean */
static double
squares_left(const Codes *codes, const Set *set, const float *mean)
{
	double		left = 0;
	double		all = 0;

	for (int i = 0; i < set->n; i++)
	{
		const float *x = set->rows + (Size) i * set->dim;

		left += loki_distance.l2sq_f32(set->dim, x, codes->centers + (Size) codes->center_of[i] * set->dim);
		all += loki_distance.l2sq_f32(set->dim, x, mean);
	}
	return left / all;
}

static void
measure_set(const char *name, int most, int only_bits)
{
	Set			set = make_set(name);
	int			centers = Min(most, set.n / 64);
	float	   *mean = allocate(sizeof(float) * set.dim);
	int		   *truth = allocate(sizeof(int) * set.query_count * NEAREST);
	Group	   *groups;
	Codes		codes[2];

	for (int d = 0; d < set.dim; d++)
	{
		double		sum = 0;

		for (int i = 0; i < set.n; i++)
			sum += set.rows[(Size) i * set.dim + d];
		mean[d] = (float) (sum / set.n);
	}
	for (int i = 0; i < set.query_count; i++)
		find_nearest(&set, set.queries + (Size) i * set.dim, NEAREST, truth + i * NEAREST);
	groups = make_groups(&set);
	codes[0] = (Codes) {1, mean};
	codes[0].center_of = calloc(set.n, sizeof(int));
	codes[1] = place_centers(&set, centers);
	printf("%s: %d x %d, %d queries, %d centers, squares left %.3f, centers %.1f of 100 rows, %.1f of 1,000\n",
		   name, set.n, set.dim, set.query_count, centers, squares_left(codes + 1, &set, mean),
		   centers_met(codes + 1, &set, 100), centers_met(codes + 1, &set, 1000));
	for (int bits = 1; bits <= 4; bits *= 2)
	{
		if (only_bits != 0 && bits != only_bits)
			continue;
		for (Way way = WAY_MEAN; way <= WAY_B; way++)
		{
			Codes	   *those = codes + (way != WAY_MEAN);

			if (way <= WAY_A)
				encode_rows(those, &set, mean, bits);
			printf("%d bits", bits);
			measure_ranks(those, &set, mean, way, truth);
			if (way != WAY_A16)
				measure_pairs(those, &set, groups, way);
			else
				printf("\n");
			fflush(stdout);
		}
		free_codes(codes);
		free_codes(codes + 1);
	}
}

/*
 * Cost
 */

#define LIST	32				/* codes of a list of neighbors */

typedef struct Cost
{
	LokiQuantizer *quantizer;
	float	   *x;
	float	   *turned;			/* of the query, and of a center */
	float	   *center;
	float	   *apart;
	LokiQuery  *query;
	const void *slots[LIST];
	float		estimates[LIST];
	int8	   *rounded;
} Cost;

static bool
take_step(Cost *cost, const char *step)
{
	LokiQuantizer *quantizer = cost->quantizer;
	const RotatedQuantizer *rq = (const RotatedQuantizer *) quantizer;
	int			padded = quantizer->padded_dim;

	if (strcmp(step, "none") == 0)
		return true;
	else if (strcmp(step, "prepare") == 0)
		quantizer->prepare(quantizer, cost->x, cost->query);
	else if (strcmp(step, "shift") == 0)
	{
		/* the query of another center, from the rotated query and the rotated center */
		float		most;

		for (int i = 0; i < padded; i++)
			cost->apart[i] = cost->turned[i] - cost->center[i];
		cost->query->constant = loki_distance.dot_f32(padded, cost->apart, cost->apart);
		most = rq->kernels->max_abs(padded, cost->apart);
		cost->query->sum = rq->kernels->quantize8(padded, cost->apart, LOKI_QUERY8_MAX / most,
												  cost->rounded);
	}
	else if (strcmp(step, "score") == 0)
		quantizer->score(quantizer, cost->query, cost->slots, LIST, cost->estimates);
	else if (strcmp(step, "runs") == 0)
		for (int i = 0; i < LIST; i += 4)
			quantizer->score(quantizer, cost->query, cost->slots + i, 4, cost->estimates + i);
	else if (strcmp(step, "distance") == 0)
		cost->estimates[0] = loki_distance.l2sq_f32(padded, cost->turned, cost->center);
	else if (strcmp(step, "encode") == 0)
		quantizer->encode(quantizer, cost->x, (void *) cost->slots[0], NULL);
	else if (strcmp(step, "assign") == 0)
		for (int j = 0; j < 256; j++)
			cost->estimates[j % LIST] += loki_distance.dot_f32(padded, cost->turned, cost->center);
	else if (strcmp(step, "prepare_code") == 0)
		quantizer->prepare_code(quantizer, cost->slots[0], cost->query);
	else
		return false;
	return true;
}

static int
measure_cost(int dim, int bits, const char *step, int runs)
{
	Cost		cost;
	float	   *zero = calloc(dim, sizeof(float));

	cost.quantizer = new_quantizer(dim, bits, zero);
	cost.x = allocate(sizeof(float) * dim);
	cost.turned = allocate(sizeof(float) * cost.quantizer->padded_dim);
	cost.center = allocate(sizeof(float) * cost.quantizer->padded_dim);
	cost.apart = allocate(sizeof(float) * cost.quantizer->padded_dim);
	cost.rounded = allocate(cost.quantizer->padded_dim);
	cost.query = allocate(cost.quantizer->query_size);
	for (int i = 0; i < LIST; i++)
	{
		for (int d = 0; d < dim; d++)
			cost.x[d] = normal();
		cost.slots[i] = allocate(cost.quantizer->code_size);
		cost.quantizer->encode(cost.quantizer, cost.x, (void *) cost.slots[i], NULL);
	}
	turn(cost.quantizer, cost.x, zero, cost.turned);
	turn(cost.quantizer, zero, cost.x, cost.center);
	cost.quantizer->prepare(cost.quantizer, cost.x, cost.query);
	for (int run = 0; run < runs; run++)
		if (!take_step(&cost, step))
			return 1;
	return 0;
}

int
main(int argc, char **argv)
{
	loki_distance_init();
	loki_quantize_init();
	if (argc > 5 && strcmp(argv[1], "cost") == 0)
		return measure_cost(atoi(argv[2]), atoi(argv[3]), argv[4], atoi(argv[5]));
	if (argc < 2)
		return 1;
	measure_set(argv[1], argc > 2 ? atoi(argv[2]) : 256, argc > 3 ? atoi(argv[3]) : 0);
	return 0;
}
