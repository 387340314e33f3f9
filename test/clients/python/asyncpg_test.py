# SPDX-License-Identifier: PostgreSQL
"""asyncpg with the package pgvector: everything goes in binary."""

import asyncio

import asyncpg
import numpy as np
from pgvector import HalfVector, SparseVector
from pgvector import Vector
from pgvector.asyncpg import register_vector

from check import (COLUMNS, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense, equal, main,
                   nearest, sparse, test)

VALUES = {
    'embedding': lambda i: Vector(dense(i)),
    'half': lambda i: HalfVector(dense(i)),
    'sparse': lambda i: SparseVector(sparse(i), SPARSE_DIMENSIONS),
    'bits': lambda i: asyncpg.BitString(bits(i)),
}
conn = None


def row(i):
    return (i, category(i), *(VALUES[name](i) for name in VALUES))


async def distances(column, operator, query):
    return [d for d, in await conn.fetch(
        f'SELECT {column} {operator} $1 FROM items ORDER BY {column} {operator} $1 LIMIT 5',
        VALUES[column](query))]


@test('CREATE EXTENSION, register_vector')
async def _():
    global conn
    conn = await asyncpg.connect()
    await conn.execute('CREATE EXTENSION IF NOT EXISTS vector')
    await register_vector(conn)


@test('a table of all types, INSERT of several rows')
async def _():
    await conn.execute(f'''CREATE TABLE items (id bigserial PRIMARY KEY, category int,
        embedding vector(3), half halfvec(3), sparse sparsevec({SPARSE_DIMENSIONS}), bits bit(16))''')
    await conn.executemany('INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6)',
                           [row(i) for i in range(1, ROWS // 2 + 1)])
    array = np.array([1.5, -2, 3], dtype=np.float32)
    got = await conn.fetchrow('SELECT $1::vector, $2::vector, $3::halfvec', array, None, [1.0, 2.0])
    equal(got[0].to_list(), array.tolist())
    equal(got[1], None)
    equal(got[2].to_list(), [1, 2])


@test('COPY of records')
async def _():
    status = await conn.copy_records_to_table(
        'items', records=[row(i) for i in range(ROWS // 2 + 1, ROWS + 1)])
    equal(status, f'COPY {ROWS - ROWS // 2}')


@test('values come back as they went')
async def _():
    for got in await conn.fetch('SELECT * FROM items'):
        equal(tuple(got), row(got['id']))


@test('the nearest by every operator, without an index and with hnsw')
async def _():
    for column, make, operators in COLUMNS:
        for operator, opclass in operators.items():
            close(await distances(column, operator, 7), nearest(operator, make, 7))
            async with conn.transaction():
                await conn.execute(f'CREATE INDEX i ON items USING hnsw ({column} {opclass})')
                await conn.execute('SET LOCAL enable_seqscan = off')
                close(await distances(column, operator, 7), nearest(operator, make, 7))
                await conn.execute('DROP INDEX i')


@test('ivfflat')
async def _():
    async with conn.transaction():
        await conn.execute('CREATE INDEX i ON items USING ivfflat (half halfvec_cosine_ops) WITH (lists = 3)')
        await conn.execute('SET LOCAL enable_seqscan = off')
        await conn.execute('SET LOCAL ivfflat.probes = 3')
        close(await distances('half', '<=>', 9), nearest('<=>', dense, 9))
        await conn.execute('DROP INDEX i')


@test('a prepared statement under hnsw, and filters')
async def _():
    await conn.execute('CREATE INDEX ON items USING hnsw (embedding vector_l2_ops)')
    await conn.execute('SET enable_seqscan = off')
    statement = await conn.prepare('SELECT embedding <-> $1 FROM items WHERE category = $2 '
                                   'ORDER BY embedding <-> $1 LIMIT $3')
    equal([p.name for p in statement.get_parameters()], ['vector', 'int4', 'int8'])
    for query in range(1, 20):
        got = await statement.fetch(Vector(dense(query)), 3, 10)
        close([d for d, in got], nearest('<->', dense, query, 10, lambda i: category(i) == 3))
    await conn.execute('RESET enable_seqscan')


@test('the lines of doc/guide.md, and a list as a query')
def _():
    async def search():
        conn = await asyncpg.connect()
        await register_vector(conn)
        embedding = Vector([1, 2, 3])
        found = await conn.fetch(
            'SELECT id FROM items WHERE category = $1 ORDER BY embedding <-> $2 LIMIT 5', 2, embedding)
        await conn.close()
        return found

    found = asyncio.run(search())
    equal(len(found), 5)


@test('a cursor reads past the first batch')
async def _():
    async with conn.transaction():
        await conn.execute('SET LOCAL enable_seqscan = off')
        await conn.execute('SET LOCAL hnsw.iterative_scan = strict_order')
        got = [r[0] async for r in conn.cursor(
            'SELECT embedding <-> $1 FROM items ORDER BY embedding <-> $1 LIMIT 80',
            Vector(dense(1)), prefetch=10)]
        equal(got, sorted(got))
        assert len(got) >= 60, len(got)


@test('a pool whose connections register the types')
async def _():
    async with asyncpg.create_pool(init=register_vector, min_size=1, max_size=3) as pool:
        got = await pool.fetchval('SELECT avg(embedding) FROM items WHERE id <= 2')
        close(got.to_list(), [(a + b) / 2 for a, b in zip(dense(1), dense(2))])


@test('arrays of vectors')
async def _():
    pair = [Vector([1, 2]), Vector([3, 4])]
    got = await conn.fetchval('SELECT array_agg(half ORDER BY id) FROM items WHERE id <= 2')
    equal([v.to_list() for v in got], [dense(1), dense(2)])
    equal(await conn.fetchval('SELECT $1::vector[]', pair), pair)


@test('types in another schema')
async def _():
    await conn.execute('CREATE SCHEMA elsewhere; ALTER EXTENSION vector SET SCHEMA elsewhere')
    other = await asyncpg.connect(server_settings={'search_path': 'public, elsewhere'})
    await register_vector(other, schema='elsewhere')
    got = await other.fetchval('SELECT id FROM items ORDER BY embedding <-> $1 LIMIT 1', dense(30))
    equal(got, 30)
    await other.close()
    await conn.execute('ALTER EXTENSION vector SET SCHEMA public')


@test('errors')
async def _():
    try:
        await conn.execute('INSERT INTO items (embedding) VALUES ($1)', Vector([1, 2]))
        raise AssertionError('no error')
    except asyncpg.DataError as error:
        equal(error.message, 'expected 3 dimensions, not 2')
    await conn.close()


main()
