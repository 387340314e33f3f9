// SPDX-License-Identifier: PostgreSQL
// Drizzle: its schema and queries, and its kit, which compares a schema with
// the catalogs of a database.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {and, asc, avg, count, desc, hammingDistance, inArray, innerProduct, jaccardDistance, l1Distance,
  l2Distance, lt, ne, sql} from 'drizzle-orm';
import {cosineDistance, eq} from 'drizzle-orm';
import {drizzle} from 'drizzle-orm/node-postgres';
import {migrate} from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import {SparseVector} from 'pgvector';

import {COLUMNS, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense, nearest, numbers, sparse,
  test} from './check.mjs';
import {items} from './drizzle_schema.mjs';

const client = new pg.Client();
await client.connect();
const db = drizzle(client);
const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const FUNCTIONS = {'<->': l2Distance, '<#>': innerProduct, '<=>': cosineDistance,
  '<+>': l1Distance, '<~>': hammingDistance, '<%>': jaccardDistance};
const VALUES = {
  embedding: dense,
  half: dense,
  sparse: (i) => new SparseVector(sparse(i), SPARSE_DIMENSIONS).toPostgres(),
  bits,
};

const row = (i) => ({id: i, category: category(i),
  ...Object.fromEntries(Object.entries(VALUES).map(([name, make]) => [name, make(i)]))});

function kit(...options) {
  const {PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE} = process.env;
  return execFileSync(process.execPath, ['node_modules/drizzle-kit/bin.cjs', ...options,
    '--dialect=postgresql', ...(options[0] === 'pull' ? [] : ['--schema=./drizzle_schema.mjs']),
    ...(options[0] === 'generate' ? [] : [
      `--url=postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`])],
    {cwd: here, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
}

async function distances(column, operator, query) {
  const near = FUNCTIONS[operator](items[column], VALUES[column](query));
  const rows = await db.select({d: sql`${near}`.mapWith(Number)}).from(items).orderBy(near).limit(5);
  return rows.map((r) => r.d);
}

await test('drizzle-kit generate, migrate', async () => {
  await db.execute(sql`CREATE EXTENSION IF NOT EXISTS vector`);
  fs.rmSync(path.join(here, 'migrations'), {recursive: true, force: true});
  kit('generate', '--out=./migrations');
  await migrate(db, {migrationsFolder: path.join(here, 'migrations')});
});

await test('the indexes that the schema names', async () => {
  const {rows} = await db.execute(sql`SELECT indexdef FROM pg_indexes
    WHERE indexdef ~ 'hnsw|ivfflat' ORDER BY indexname`);
  assert.deepEqual(rows.map((r) => r.indexdef.split(' USING ')[1]), [
    'hnsw (bits bit_hamming_ops)',
    "hnsw (embedding vector_cosine_ops) WITH (m='16', ef_construction='64')",
    'hnsw (half halfvec_ip_ops)',
    "ivfflat (embedding) WITH (lists='4')",
    'hnsw (sparse sparsevec_l2_ops)']);
});

await test('drizzle-kit push leaves the rows alone', async () => {
  await db.insert(items).values(row(1));
  kit('push', '--force');
  assert.deepEqual(await db.select({n: count()}).from(items), [{n: 1}]);
});

await test('rows come back as they went', async () => {
  await db.insert(items).values(numbers(2, ROWS).map(row));
  const rows = await db.select().from(items).orderBy(asc(items.id));
  assert.deepEqual(rows, numbers(1, ROWS).map(row));
});

await test('the nearest by every function', async () => {
  for (const [column, make, operators] of COLUMNS) {
    for (const operator of Object.keys(operators)) {
      close(await distances(column, operator, 7), nearest(operator, make, 7));
    }
  }
});

await test('... and with the indexes', async () => {
  await db.execute(sql`SET enable_seqscan = off`);
  await db.execute(sql`SET ivfflat.probes = 4`);
  for (const [column, operator] of [['embedding', '<=>'], ['embedding', '<->'], ['half', '<#>'],
    ['sparse', '<->'], ['bits', '<~>']]) {
    const make = COLUMNS.find(([name]) => name === column)[1];
    close(await distances(column, operator, 7), nearest(operator, make, 7));
  }
});

await test('filters', async () => {
  const near = cosineDistance(items.embedding, dense(7));
  const rows = await db.select({d: sql`${near}`.mapWith(Number)}).from(items)
    .where(and(inArray(items.category, [2, 3]), ne(items.id, 7))).orderBy(near).limit(10);
  close(rows.map((r) => r.d), nearest('<=>', dense, 7, 10, (i) => category(i) >= 2 && i !== 7));
  const [{n}] = await db.select({n: count()}).from(items)
    .where(lt(l2Distance(items.embedding, dense(7)), 8));
  assert.equal(n, nearest('<->', dense, 7, ROWS).filter((d) => d < 8).length);
  const query = [1, 2, 3];
  const found = await db.select().from(items).where(eq(items.category, 2))
    .orderBy(cosineDistance(items.embedding, query)).limit(5);
  assert.deepEqual(found.map((item) => item.category), [2, 2, 2, 2, 2]);
});

await test('similarity, descending', async () => {
  const similarity = sql`1 - (${cosineDistance(items.embedding, dense(7))})`.mapWith(Number);
  const rows = await db.select({id: items.id, similarity}).from(items)
    .orderBy((t) => desc(t.similarity)).limit(4);
  assert.equal(rows[0].id, 7);
  close(rows.map((r) => 1 - r.similarity), nearest('<=>', dense, 7, 4));
});

await test('nearest to another row, averages', async () => {
  const other = db.select({embedding: items.embedding}).from(items).where(eq(items.id, 30));
  const rows = await db.select({id: items.id}).from(items)
    .orderBy(l2Distance(items.embedding, other)).limit(1);
  assert.deepEqual(rows, [{id: 30}]);
  const [{a}] = await db.select({a: avg(items.embedding)}).from(items).where(eq(items.id, 7));
  assert.deepEqual(JSON.parse(a), dense(7));
});

await test('drizzle-kit pull writes the schema again', async () => {
  kit('pull', '--out=./pulled');
  const text = fs.readFileSync(path.join(here, 'pulled', 'schema.ts'), 'utf8');
  fs.rmSync(path.join(here, 'pulled'), {recursive: true});
  assert.match(text, /vector\(.*dimensions: 3 \}\)/);
  assert.match(text, /\.using\("hnsw", .*op\("vector_cosine_ops"\)\)/);
});

await client.end();
