// SPDX-License-Identifier: PostgreSQL
// pg with the package pgvector.

import assert from 'node:assert/strict';
import pg from 'pg';
import pgvector from 'pgvector/pg';
import {SparseVector} from 'pgvector';

import {COLUMNS, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense, hasIvfflat, nearest,
  numbers, sparse, test} from './check.mjs';

const client = new pg.Client();
const VALUES = {
  embedding: (i) => pgvector.toSql(dense(i)),
  half: (i) => pgvector.toSql(dense(i)),
  sparse: (i) => new SparseVector(sparse(i), SPARSE_DIMENSIONS).toPostgres(),
  bits,
};

async function distances(column, operator, query, name) {
  const {rows} = await client.query({
    name,
    text: `SELECT ${column} ${operator} $1 AS d FROM items ORDER BY ${column} ${operator} $1 LIMIT 5`,
    values: [VALUES[column](query)],
  });
  return rows.map((row) => row.d);
}

await client.connect();

await test('CREATE EXTENSION, registerTypes', async () => {
  await client.query('CREATE EXTENSION IF NOT EXISTS vector');
  await pgvector.registerTypes(client);
});

await test('a table of all types, INSERT', async () => {
  await client.query(`CREATE TABLE items (id bigserial PRIMARY KEY, category int,
    embedding vector(3), half halfvec(3), sparse sparsevec(${SPARSE_DIMENSIONS}), bits bit(16))`);
  for (const i of numbers(1, ROWS)) {
    await client.query('INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6)',
      [i, category(i), ...Object.values(VALUES).map((make) => make(i))]);
  }
});

await test('values come back as they went', async () => {
  const {rows} = await client.query('SELECT * FROM items ORDER BY id');
  assert.equal(rows.length, ROWS);
  for (const row of rows) {
    const i = Number(row.id);
    assert.deepEqual([row.embedding, row.half, row.bits], [dense(i), dense(i), bits(i)]);
    assert.equal(row.sparse.toPostgres(), VALUES.sparse(i));
  }
});

await test('the nearest by every operator, without an index and with each', async () => {
  for (const [column, make, operators] of COLUMNS) {
    for (const [operator, opclass] of Object.entries(operators)) {
      const expected = nearest(operator, make, 7);
      close(await distances(column, operator, 7), expected);
      for (const index of [`hnsw (${column} ${opclass}) WITH (m = 8, ef_construction = 32)`,
        `ivfflat (${column} ${opclass}) WITH (lists = 4)`]) {
        if (index.startsWith('ivfflat') && !hasIvfflat(opclass)) continue;
        await client.query('BEGIN');
        await client.query(`CREATE INDEX ON items USING ${index}`);
        await client.query('SET LOCAL enable_seqscan = off; SET LOCAL ivfflat.probes = 4');
        close(await distances(column, operator, 7), expected);
        await client.query('ROLLBACK');
      }
    }
  }
});

await test('a named statement under an index, planned for any parameter', async () => {
  await client.query('CREATE INDEX ON items USING hnsw (embedding vector_l2_ops)');
  await client.query('SET enable_seqscan = off');
  await client.query('SET plan_cache_mode = force_generic_plan');
  for (const query of numbers(1, 12)) {
    close(await distances('embedding', '<->', query, 'nearest'), nearest('<->', dense, query));
  }
  await client.query('RESET plan_cache_mode');
});

await test('filters', async () => {
  const {rows} = await client.query(
    `SELECT embedding <-> $1 AS d FROM items WHERE category = ANY($2) AND id <> $3
     ORDER BY embedding <-> $1 LIMIT $4`, [VALUES.embedding(7), [1, 3], 7, 10]);
  close(rows.map((row) => row.d), nearest('<->', dense, 7, 10, (i) => i % 2 === 1 && i !== 7));
});

await test('the lines of doc/guide.md', async () => {
  const embedding = pgvector.toSql([1, 2, 3]);
  await client.query('BEGIN');
  await client.query('INSERT INTO items (id, embedding) VALUES ($1, $2)', [1000, embedding]);
  const {rows} = await client.query('SELECT id FROM items ORDER BY embedding <-> $1 LIMIT 5', [embedding]);
  const plain = await client.query('SELECT id FROM items ORDER BY embedding <-> $1::real[] LIMIT 1', [[1, 2, 3]]);
  await client.query('ROLLBACK');
  assert.equal(rows[0].id, '1000');
  assert.equal(plain.rows[0].id, '1000');
});

await test('an upsert, an update, a delete', async () => {
  await client.query('INSERT INTO items (id, embedding) VALUES (1, $1) ' +
    'ON CONFLICT (id) DO UPDATE SET embedding = EXCLUDED.embedding', [pgvector.toSql([90, 90, 90])]);
  await client.query('UPDATE items SET embedding = $1 WHERE id = 2', [pgvector.toSql([91, 91, 91])]);
  await client.query('DELETE FROM items WHERE id = 3');
  const {rows} = await client.query('SELECT id, embedding FROM items ORDER BY embedding <-> $1 LIMIT 2',
    [pgvector.toSql([90, 90, 90])]);
  assert.deepEqual(rows, [{id: '1', embedding: [90, 90, 90]}, {id: '2', embedding: [91, 91, 91]}]);
});

await test('averages and arrays', async () => {
  const {rows} = await client.query('SELECT avg(embedding) AS a, $1::vector[] AS v FROM items WHERE id = 7',
    [[pgvector.toSql([1, 2]), pgvector.toSql([3])]]);
  assert.deepEqual(rows[0].a, dense(7));
  assert.equal(rows[0].v, '{"[1,2]",[3]}');
});

await test('a pool that registers the types', async () => {
  const pool = new pg.Pool({max: 2, onConnect: (other) => pgvector.registerTypes(other)});
  const results = await Promise.all(numbers(10, 15).map((i) => pool.query(
    'SELECT embedding FROM items ORDER BY embedding <-> $1 LIMIT 1', [VALUES.embedding(i)])));
  assert.deepEqual(results.map(({rows}) => rows[0].embedding), numbers(10, 15).map(dense));
  await pool.end();
});

await test('errors have codes', async () => {
  await assert.rejects(client.query('INSERT INTO items (embedding) VALUES ($1)', ['[1,2]']),
    {code: '22000', message: 'expected 3 dimensions, not 2'});
  await assert.rejects(client.query('SELECT $1::vector', ['1,2']),
    {code: '22P02', detail: 'Vector contents must start with "[".'});
});

await client.end();
