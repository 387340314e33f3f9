# SPDX-License-Identifier: PostgreSQL
"""psycopg 3 with the package pgvector: text and binary, COPY, indexes."""

import asyncio

import numpy as np
import psycopg
from pgvector import Bit, HalfVector, SparseVector, Vector
from pgvector.psycopg import register_vector
from pgvector.psycopg import register_vector_async
from psycopg.rows import dict_row

from check import (COLUMNS, NOT_IVFFLAT, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense,
                   equal, main, nearest, raises, sparse, test)

conn = psycopg.connect(autocommit=True)

VALUES = {
    'embedding': lambda i: Vector(dense(i)),
    'half': lambda i: HalfVector(dense(i)),
    'sparse': lambda i: SparseVector(sparse(i), SPARSE_DIMENSIONS),
    'bits': lambda i: Bit(bits(i)),
}
TYPES = ['int8', 'int4', 'vector', 'halfvec', 'sparsevec', 'bit']


def row(i):
    return (i, category(i), *(VALUES[name](i) for name in VALUES))


def comparable(row):
    """Bit strings come back as the driver has them: as text, or in binary"""
    bit = row[5]
    return (*row[:5], Bit.from_binary(bit) if isinstance(bit, bytes) else Bit(bit))


def distances(column, operator, query, **options):
    operator = operator.replace('%', '%%')
    return [d for d, in conn.execute(
        f'SELECT {column} {operator} %(q)s FROM items ORDER BY {column} {operator} %(q)s LIMIT 5',
        {'q': VALUES[column](query)}, **options)]


def plan(column, operator):
    operator = operator.replace('%', '%%')
    return '\n'.join(line for line, in conn.execute(
        f'EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY {column} {operator} %s LIMIT 5',
        [VALUES[column](7)]))


@test('CREATE EXTENSION, register_vector')
def _():
    conn.execute('CREATE EXTENSION IF NOT EXISTS vector')
    register_vector(conn)


@test('a table of all types')
def _():
    conn.execute(f'''CREATE TABLE items (id bigserial PRIMARY KEY, category int,
        embedding vector(3), half halfvec(3), sparse sparsevec({SPARSE_DIMENSIONS}), bits bit(16))''')


@test('INSERT, values of the package and NumPy arrays')
def _():
    for i in range(1, ROWS // 2 + 1):
        conn.execute('INSERT INTO items VALUES (%s, %s, %s, %s, %s, %s)', row(i))
    conn.execute('CREATE TABLE other (e vector(3), h halfvec(2))')
    array = np.array([1.5, -2, 3], dtype=np.float32)
    conn.execute('INSERT INTO other (e, h) VALUES (%s, %s), (%s, NULL)',
                 (array, HalfVector(np.array([0.5, 2], dtype=np.float16)), Vector([4, 5, 6])))
    first, second = conn.execute('SELECT e, h FROM other ORDER BY e').fetchall()
    equal(first[0].to_list(), array.tolist())
    equal(first[1].to_list(), [0.5, 2])
    equal(second[0].to_list(), [4, 5, 6])
    equal(second[1], None)


@test('binary COPY of the remaining rows')
def _():
    with conn.cursor().copy('COPY items FROM STDIN WITH (FORMAT BINARY)') as copy:
        copy.set_types(TYPES)
        for i in range(ROWS // 2 + 1, ROWS + 1):
            copy.write_row(row(i))
    equal(conn.execute('SELECT count(*) FROM items').fetchone()[0], ROWS)


@test('values come back as they went, as text and binary')
def _():
    for binary in False, True:
        with conn.cursor(binary=binary) as cursor:
            for got in cursor.execute('SELECT * FROM items'):
                equal(comparable(got), row(got[0]))


@test('COPY TO, binary')
def _():
    with conn.cursor().copy('COPY items TO STDOUT WITH (FORMAT BINARY)') as copy:
        copy.set_types(TYPES)
        got = sorted((comparable(row) for row in copy.rows()), key=lambda row: row[0])
    equal(got, [row(i) for i in range(1, ROWS + 1)])


@test('COPY in text and back')
def _():
    with conn.cursor().copy('COPY items TO STDOUT') as copy:
        text = b''.join(copy)
    conn.execute('CREATE TABLE copied (LIKE items)')
    with conn.cursor().copy('COPY copied FROM STDIN') as copy:
        copy.write(text)
    equal(conn.execute('SELECT count(*) FROM (TABLE items EXCEPT TABLE copied) AS d').fetchone()[0], 0)


@test('the nearest by every operator')
def _():
    for column, make, operators in COLUMNS:
        for operator in operators:
            close(distances(column, operator, 7), nearest(operator, make, 7))


@test('parameters in binary, prepared statements')
def _():
    for query in 3, 50, 99:
        close(distances('embedding', '<->', query, binary=True, prepare=True),
              nearest('<->', dense, query))
    with conn.cursor(binary=True) as cursor:
        for _ in range(8):
            cursor.execute('SELECT id FROM items ORDER BY half <=> %b LIMIT 1',
                           [VALUES['half'](11)], prepare=True)
            equal(cursor.fetchone(), (11,))


@test('hnsw with every operator class')
def _():
    conn.execute('SET enable_seqscan = off')
    for column, make, operators in COLUMNS:
        for operator, opclass in operators.items():
            conn.execute(f'CREATE INDEX i ON items USING hnsw ({column} {opclass})')
            assert 'Index Scan using i on items' in plan(column, operator), plan(column, operator)
            close(distances(column, operator, 7), nearest(operator, make, 7))
            conn.execute('DROP INDEX i')


@test('ivfflat with every operator class')
def _():
    conn.execute('SET ivfflat.probes = 4')
    for column, make, operators in COLUMNS:
        for operator, opclass in operators.items():
            if opclass in NOT_IVFFLAT:
                continue
            conn.execute(f'CREATE INDEX i ON items USING ivfflat ({column} {opclass}) WITH (lists = 4)')
            assert 'Index Scan using i on items' in plan(column, operator), plan(column, operator)
            close(distances(column, operator, 7), nearest(operator, make, 7))
            conn.execute('DROP INDEX i')


@test('filter, and settings of a transaction')
def _():
    conn.execute('CREATE INDEX ON items USING hnsw (embedding vector_l2_ops) '
                 'WITH (m = 16, ef_construction = 64)')
    for iterative in 'strict_order', 'relaxed_order':
        with conn.transaction():
            conn.execute('SET LOCAL hnsw.ef_search = 100')
            conn.execute(f'SET LOCAL hnsw.iterative_scan = {iterative}')
            equal(conn.execute('SHOW hnsw.ef_search').fetchone(), ('100',))
            got = conn.execute(
                'SELECT embedding <-> %(q)s FROM items WHERE category = %(c)s '
                'ORDER BY embedding <-> %(q)s LIMIT 10',
                {'q': VALUES['embedding'](7), 'c': 2}).fetchall()
            close(sorted(d for d, in got), nearest('<->', dense, 7, 10, lambda i: category(i) == 2))
    equal(conn.execute('SHOW hnsw.ef_search').fetchone(), ('40',))
    conn.execute('RESET enable_seqscan')


@test('the lines of doc/guide.md')
def _():
    with conn.transaction(force_rollback=True):
        embedding = np.array([1, 2, 3])
        conn.execute('INSERT INTO items (id, embedding) VALUES (%s, %s)', (1000, embedding))
        found = conn.execute('SELECT id FROM items ORDER BY embedding <-> %s LIMIT 5', (embedding,)).fetchall()
        equal(found[0], (1000,))


@test('within a distance')
def _():
    got = conn.execute('SELECT count(*) FROM items WHERE embedding <-> %s < 8',
                       [VALUES['embedding'](7)]).fetchone()[0]
    equal(got, sum(d < 8 for d in nearest('<->', dense, 7, ROWS)))


@test('aggregates and functions')
def _():
    average, total = conn.execute('SELECT avg(embedding), sum(half) FROM items WHERE id <= 10').fetchone()
    sums = [sum(x) for x in zip(*(dense(i) for i in range(1, 11)))]
    close(average.to_list(), [x / 10 for x in sums])
    equal(total.to_list(), sums)
    got = conn.cursor(row_factory=dict_row).execute(
        '''SELECT vector_dims(embedding) AS dims, vector_norm(embedding) AS norm,
            binary_quantize(embedding) AS signs, subvector(embedding, 2, 2) AS tail
        FROM items WHERE id = 7''').fetchone()
    equal(got['dims'], 3)
    close([got['norm']], [sum(x * x for x in dense(7)) ** 0.5])
    equal(got['signs'], ''.join('01'[x > 0] for x in dense(7)))
    equal(got['tail'].to_list(), dense(7)[1:])


@test('expression index: binary quantization and ranking again')
def _():
    conn.execute('CREATE INDEX ON items USING hnsw ((binary_quantize(embedding)::bit(3)) bit_hamming_ops)')
    got = conn.execute(
        '''SELECT id FROM (SELECT * FROM items
            ORDER BY binary_quantize(embedding)::bit(3) <~> binary_quantize(%(q)s) LIMIT 40) AS near
        ORDER BY embedding <=> %(q)s LIMIT 1''', {'q': VALUES['embedding'](42)}).fetchone()
    equal(got, (42,))


@test('1000 rows of 128 dimensions: COPY, index, every row finds itself')
def _():
    rows = np.random.default_rng(1).random((1000, 128), dtype=np.float32)
    conn.execute('CREATE TABLE documents (id bigint, embedding vector(128))')
    with conn.cursor().copy('COPY documents (id, embedding) FROM STDIN WITH (FORMAT BINARY)') as copy:
        copy.set_types(['int8', 'vector'])
        for i, value in enumerate(rows):
            copy.write_row([i, value])
    conn.execute("SET maintenance_work_mem = '256MB'")
    conn.execute('SET max_parallel_maintenance_workers = 2')
    conn.execute('CREATE INDEX ON documents USING hnsw (embedding vector_cosine_ops)')
    conn.execute('ANALYZE documents')
    for i in range(0, 1000, 50):
        equal(conn.execute('SELECT id FROM documents ORDER BY embedding <=> %s LIMIT 1',
                           [rows[i]]).fetchone(), (i,))


@test('progress of a build')
def _():
    equal(conn.execute(
        'SELECT phase, round(100.0 * blocks_done / nullif(blocks_total, 0), 1) AS "%" '
        'FROM pg_stat_progress_create_index').fetchall(), [])


@test('arrays of vectors')
def _():
    got = conn.execute('SELECT array_agg(embedding ORDER BY id) FROM items WHERE id <= 3').fetchone()[0]
    equal([v.to_list() for v in got], [dense(i) for i in (1, 2, 3)])


@test('errors have their classes and texts')
def _():
    raises(psycopg.errors.DataException, 'expected 3 dimensions, not 2',
           lambda: conn.execute('INSERT INTO items (embedding) VALUES (%s)', [Vector([1, 2])]))
    raises(psycopg.errors.DataException, 'different vector dimensions 3 and 2',
           lambda: conn.execute('SELECT embedding <-> %s FROM items', [Vector([1, 2])]))
    raises(psycopg.errors.DataException, 'NaN not allowed in vector',
           lambda: conn.execute('SELECT %b', [Vector([1, float('nan')])]))
    raises(psycopg.errors.InvalidTextRepresentation, 'invalid input syntax for type vector: "[1,"',
           lambda: conn.execute("SELECT '[1,'::vector"))


@test('asynchronous connections, a pipeline')
async def _():
    async with await psycopg.AsyncConnection.connect(autocommit=True) as other:
        await register_vector_async(other)
        async with other.pipeline():
            cursors = await asyncio.gather(*(other.execute(
                'SELECT id FROM items ORDER BY embedding <-> %s LIMIT 1',
                [VALUES['embedding'](i)]) for i in (5, 6, 7)))
        equal([(await cursor.fetchone())[0] for cursor in cursors], [5, 6, 7])


main()
