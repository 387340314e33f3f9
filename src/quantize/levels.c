/*-------------------------------------------------------------------------
 *
 * levels.c
 *	  Levels of the rotated code, for each number of bits.
 *
 * src/quantize/README has where they come from.
 *
 * IDENTIFICATION
 *	  src/quantize/levels.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

/* Printed by doc/design/levels.py */
static const LokiCodeConstants code_constants[] = {
	{1, false, 0.7555f, 0.79788f},
	{2, false, 0.3673f, 1.78089f},
	{2, true, 0.3649f, 903.805f},
	{4, false, 0.0994f, 42.4711f},
	{4, true, 0.0991f, 1013.978f},
	{6, true, 0.0286f, 1026.085f},
	{8, true, 0.0076f, 1024.242f}
};
static const float levels2[2] = {1, 3};
static const float levels2_wide[2] = {465, 1549};
static const float levels4[8] = {5, 15, 25, 37, 49, 65, 85, 113};
static const float levels4_wide[8] = {
	119, 358, 605, 867, 1172, 1553, 2027, 2716
};

const LokiCodeConstants *
loki_code_constants_of(int bits, bool wide)
{
	int			i = 0;

	while (code_constants[i].bits != bits || code_constants[i].wide != wide)
		i++;
	return &code_constants[i];
}

float
loki_code_missed(const LokiCodeSpec *spec)
{
	if (spec->kind != LOKI_CODE_ROTATED)
		return 1;
	if (spec->refine_bits > 0)
		return loki_code_constants_of(spec->refine_bits, true)->tangent;
	return loki_code_constants_of(spec->bits, spec->bits > 4)->tangent;
}

void
loki_fill_levels(int bits, bool wide, LokiLevels *levels)
{
	memset(levels, 0, sizeof(LokiLevels));
	levels->mask = bits == 8 ? 15 : bits == 6 ? 12 : 0;
	for (int i = 0; i < 8; i++)
	{
		if (bits > 4)
		{
			/* the middle of 16 or 4 equal parts of the magnitude's range */
			float		width = rintf(16 / loki_inverse_widths[i]);

			levels->step[i] = width;
			levels->base[i] = 16 * loki_thresholds[i] +
				(bits == 8 ? floorf((width + 1) / 2) : 2 * width);
		}
		else if (bits == 4)
			levels->base[i] = wide ? levels4_wide[i] : levels4[i];
		else if (bits == 2)
			levels->base[i] = wide ? levels2_wide[i / 4] : levels2[i / 4];
		else
			levels->base[i] = 1;
	}
}

/*
 * Below the middle, leading and low parts of a code count from the other end.
 */
void
loki_fill_table(const LokiLevels *levels, LokiLevelTable *table)
{
	for (int i = 0; i < 8; i++)
	{
		table->base[8 + i] = levels->base[i];
		table->base[7 - i] = -levels->base[i] - levels->mask * levels->step[i];
		table->step[8 + i] = table->step[7 - i] = levels->step[i];
	}
	for (int i = 0; i < 16; i++)
		table->small[i] = levels->mask == 0 ? table->base[i] : 0;
}
