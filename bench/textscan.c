/*-------------------------------------------------------------------------
 *
 * textscan.c
 *	  How long it takes to read and to write the text of vectors.
 *
 * Prints nanoseconds an element: loki_scan_array() against a loop of
 * strtof(), and loki_print_floats() against the server's function and snprintf().
 *
 *		I=$(pg_config --includedir-server) L=$(pg_config --pkglibdir)
 *		cc -O2 -Isrc -I$I bench/textscan.c src/types/text*.c \
 *			$L/../lib/libpgcommon.a $L/../lib/libpgport.a -lm -o build/textscan
 *
 * IDENTIFICATION
 *	  bench/textscan.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/shortest_dec.h"
#include "types/textprint.h"
#include "types/textscan.h"
#include "clock.h"

/* the system's own, not the portable ones of port.h */
#undef printf
#undef snprintf

#define VECTORS 200
#define DIM 768
#define ROUNDS 15

static float values[VECTORS][DIM];
static char *texts[VECTORS];
static volatile float sink;

/* About normal, like the elements of an embedding */
static double
random_element(void)
{
	double		sum = 0;

	for (int i = 0; i < 12; i++)
		sum += rand() / (double) RAND_MAX;
	return (sum - 6) * 0.036;
}

/* Texts of random vectors, whose elements are printed with a format */
static void
write_texts(const char *format, double scale)
{
	srand(1);
	for (int v = 0; v < VECTORS; v++)
	{
		char	   *p = texts[v];

		for (int i = 0; i < DIM; i++)
		{
			double		x = random_element() * scale;

			*p++ = i == 0 ? '[' : ',';
			p += snprintf(p, 32, format, x);
		}
		strcpy(p, "]");
	}
}

static void
scan_all(void)
{
	static float x[DIM];

	for (int v = 0; v < VECTORS; v++)
	{
		LokiTextScan scan = {texts[v], texts[v] + strlen(texts[v]), NULL};
		int			n;

		if (loki_scan_array(&scan, DIM, x, &n) != LOKI_SCAN_OK || n != DIM)
			abort();
		sink = x[0];
	}
}

static void
strtof_all(void)
{
	static float x[DIM];

	for (int v = 0; v < VECTORS; v++)
	{
		char	   *p = texts[v] + 1;

		for (int i = 0; i < DIM; i++)
		{
			x[i] = strtof(p, &p);
			p++;
		}
		sink = x[0];
	}
}

static void
print_all(void)
{
	static char text[DIM * LOKI_PRINT_LENGTH];

	for (int v = 0; v < VECTORS; v++)
	{
		(void) loki_print_floats(text, DIM, values[v]);
		sink = text[1];
	}
}

static void
shortest_all(void)
{
	static char text[DIM * (FLOAT_SHORTEST_DECIMAL_LEN + 1)];

	for (int v = 0; v < VECTORS; v++)
	{
		char	   *p = text;

		for (int i = 0; i < DIM; i++)
		{
			p += float_to_shortest_decimal_bufn(values[v][i], p);
			*p++ = ',';
		}
		sink = text[1];
	}
}

static void
snprintf_all(void)
{
	static char text[DIM * 20];

	for (int v = 0; v < VECTORS; v++)
	{
		char	   *p = text;

		for (int i = 0; i < DIM; i++)
			p += snprintf(p, 20, "%.9g,", values[v][i]);
		sink = text[1];
	}
}

/* The best of several rounds, in nanoseconds an element */
static double
measure(void (*work) (void))
{
	double		best = 1e18;

	for (int i = 0; i < ROUNDS; i++)
	{
		double		start = now();

		work();
		best = Min(best, now() - start);
	}
	return best / VECTORS / DIM;
}

static void
compare_input(const char *what, const char *format, double scale)
{
	write_texts(format, scale);
	printf("read %s: %.1f, strtof %.1f\n", what, measure(scan_all), measure(strtof_all));
}

static void
compare_output(const char *what, const char *format, double scale)
{
	write_texts(format, scale);
	for (int v = 0; v < VECTORS; v++)
	{
		LokiTextScan scan = {texts[v], texts[v] + strlen(texts[v]), NULL};
		int			n;

		(void) loki_scan_array(&scan, DIM, values[v], &n);
	}
	printf("write %s: %.1f, server %.1f, snprintf %.1f\n", what,
		   measure(print_all), measure(shortest_all), measure(snprintf_all));
}

int
main(void)
{
	for (int v = 0; v < VECTORS; v++)
		texts[v] = malloc(DIM * 32 + 2);

	compare_input("9 significant digits", "%.9g", 1);
	compare_input("17 significant digits", "%.17g", 1);
	compare_input("6 decimals", "%.6f", 1);
	compare_input("integers of up to 3 digits", "%.0f", 1000);
	compare_output("9 significant digits", "%.9g", 1);
	compare_output("about normal", "%.9g", 1 / 0.036);
	compare_output("6 decimals", "%.6f", 1);
	compare_output("integers of up to 3 digits", "%.0f", 1000);
	compare_output("below 1e-4", "%.9g", 1e-4);
	return 0;
}
