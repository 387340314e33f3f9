# SPDX-License-Identifier: PostgreSQL
"""What the programs share: lines of results, rows, and the distances expected.

A program marks its steps with @test('name') and ends with main().  Steps run
in the order of the file, coroutines in one event loop; a step that raises is
`not ok`, and the next one runs all the same.
"""

import asyncio
import inspect
import math
import os
import sys
import traceback

ROWS = 120
SPARSE_DIMENSIONS = 100

steps = []


def test(name):
    def add(function):
        steps.append((name, function))
        return function
    return add


def main():
    failed = 0
    with asyncio.Runner() as runner:
        for name, function in steps:
            try:
                if inspect.iscoroutinefunction(function):
                    runner.run(function())
                else:
                    function()
                print(f'ok - {name}', flush=True)
            except (Exception, SystemExit):
                failed += 1
                print(f'not ok - {name}')
                for line in traceback.format_exc().splitlines()[-12:]:
                    print('# ' + line[:400], flush=True)
    sys.exit(1 if failed else 0)


def equal(got, expected):
    if got != expected:
        raise AssertionError(f'got {got!r}, expected {expected!r}')


def close(got, expected):
    """Numbers, or lists of them, that differ by rounding alone"""
    got = [float(x) for x in got]
    if len(got) != len(expected) or not all(
            math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-5) for a, b in zip(got, expected)):
        raise AssertionError(f'got {got}, expected {expected}')


def raises(kind, message, function):
    try:
        function()
    except kind as error:
        if message not in str(error):
            raise AssertionError(f'"{message}" is not in "{error}"')
        return
    raise AssertionError(f'no {kind.__name__}')


def url(driver):
    """An URL of the database, as SQLAlchemy takes it"""
    return 'postgresql+{}://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/{PGDATABASE}'.format(
        driver, **os.environ)


# Rows whose numbers are exact in half precision
def dense(i):
    return [(i * 37 % 101) / 4 - 12, (i * 53 % 103) / 4 - 12, (i * 71 % 107) / 4 - 12]


def sparse(i):
    """Elements by index, the first is 0"""
    return {i % 10: 1 + i / 4, 10 + i % 7: 2.0, 20 + i % 13: -1.5}


def bits(i):
    return format(i * 40503 % 65536, '016b')


def category(i):
    return i % 4


def expand(elements):
    return [elements.get(j, 0.0) for j in range(SPARSE_DIMENSIONS)]


def distance(operator, a, b):
    if operator in ('<~>', '<%>'):
        both = sum(x == y == '1' for x, y in zip(a, b))
        one = sum(x != y for x, y in zip(a, b))
        return one if operator == '<~>' else 1 - both / (both + one) if both else 1
    if isinstance(a, dict):
        a, b = expand(a), expand(b)
    product = sum(x * y for x, y in zip(a, b))
    return {
        '<->': lambda: math.dist(a, b),
        '<#>': lambda: -product,
        '<=>': lambda: 1 - product / math.hypot(*a) / math.hypot(*b),
        '<+>': lambda: sum(abs(x - y) for x, y in zip(a, b)),
    }[operator]()


def nearest(operator, make, query, limit=5, where=lambda i: True):
    """The distances of the rows that are nearest to row number query"""
    return sorted(distance(operator, make(i), make(query))
                  for i in range(1, ROWS + 1) if where(i))[:limit]


# Column, how its rows are made, and its operators with their operator classes
COLUMNS = [
    ('embedding', dense, {'<->': 'vector_l2_ops', '<#>': 'vector_ip_ops',
                          '<=>': 'vector_cosine_ops', '<+>': 'vector_l1_ops'}),
    ('half', dense, {'<->': 'halfvec_l2_ops', '<#>': 'halfvec_ip_ops',
                     '<=>': 'halfvec_cosine_ops', '<+>': 'halfvec_l1_ops'}),
    ('sparse', sparse, {'<->': 'sparsevec_l2_ops', '<#>': 'sparsevec_ip_ops',
                        '<=>': 'sparsevec_cosine_ops', '<+>': 'sparsevec_l1_ops'}),
    ('bits', bits, {'<~>': 'bit_hamming_ops', '<%>': 'bit_jaccard_ops'}),
]

# What ivfflat has no operator classes for
NOT_IVFFLAT = {'vector_l1_ops', 'halfvec_l1_ops', 'bit_jaccard_ops', 'sparsevec_l2_ops',
               'sparsevec_ip_ops', 'sparsevec_cosine_ops', 'sparsevec_l1_ops'}
