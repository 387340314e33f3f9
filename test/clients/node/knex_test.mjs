// SPDX-License-Identifier: PostgreSQL
// Knex with the package pgvector: its schema builder and its queries.

import assert from 'node:assert/strict';
import Knex from 'knex';
import pgvector from 'pgvector/knex';
import {SparseVector} from 'pgvector';

import {COLUMNS, ROWS, SPARSE_DIMENSIONS, bits, category, close, dense, hasIvfflat, nearest,
  numbers, sparse, test} from './check.mjs';

const {PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE} = process.env;
const knex = Knex({client: 'pg', pool: {min: 1, max: 1}, connection: {
  host: PGHOST, port: PGPORT, user: PGUSER, password: PGPASSWORD, database: PGDATABASE}});
const METHODS = {'<->': 'l2Distance', '<#>': 'maxInnerProduct', '<=>': 'cosineDistance',
  '<+>': 'l1Distance', '<~>': 'hammingDistance', '<%>': 'jaccardDistance'};
const VALUES = {
  embedding: dense,
  half: dense,
  sparse: (i) => new SparseVector(sparse(i), SPARSE_DIMENSIONS),
  bits,
};

async function distances(column, operator, query) {
  const near = knex('items')[METHODS[operator]](column, VALUES[column](query));
  const rows = await knex('items').select({d: near}).orderBy(near).limit(5);
  return rows.map((row) => row.d);
}

await test('enableExtension, createTable', async () => {
  await knex.schema.enableExtension('vector');
  await knex.schema.createTable('items', (table) => {
    table.increments('id');
    table.integer('category');
    table.vector('embedding', {dimensions: 3});
    table.halfvec('half', {dimensions: 3});
    table.sparsevec('sparse', {dimensions: SPARSE_DIMENSIONS});
    table.bit('bits', {length: 16});
  });
  assert.equal((await knex('items').columnInfo()).embedding.type, 'USER-DEFINED');
});

await test('rows, one statement for all', async () => {
  await knex('items').insert(numbers(1, ROWS).map((i) => ({
    id: i, category: category(i), embedding: pgvector.toSql(dense(i)), half: pgvector.toSql(dense(i)),
    sparse: VALUES.sparse(i).toPostgres(), bits: bits(i)})));
  const rows = await knex('items').orderBy('id');
  assert.deepEqual(rows.map((row) => pgvector.fromSql(row.embedding)), numbers(1, ROWS).map(dense));
  assert.deepEqual(rows.map((row) => row.sparse),
    numbers(1, ROWS).map((i) => VALUES.sparse(i).toPostgres()));
});

await test('the nearest by every method', async () => {
  for (const [column, make, operators] of COLUMNS) {
    for (const operator of Object.keys(operators)) {
      close(await distances(column, operator, 7), nearest(operator, make, 7));
    }
  }
});

await test('index(): every operator class of both access methods', async () => {
  await knex.raw('SET enable_seqscan = off');
  await knex.raw('SET ivfflat.probes = 4');
  for (const [column, make, operators] of COLUMNS) {
    for (const [operator, opclass] of Object.entries(operators)) {
      for (const method of hasIvfflat(opclass) ? ['hnsw', 'ivfflat'] : ['hnsw']) {
        await knex.schema.alterTable('items', (table) => {
          table.index(knex.raw(`${column} ${opclass}`), 'i', method);
        });
        close(await distances(column, operator, 7), nearest(operator, make, 7));
        await knex.schema.alterTable('items', (table) => table.dropIndex([], 'i'));
      }
    }
  }
});

await test('filters under an index', async () => {
  await knex.schema.alterTable('items', (table) => {
    table.index(knex.raw('embedding vector_cosine_ops'), 'items_embedding', 'hnsw');
  });
  const near = knex('items').cosineDistance('embedding', dense(7));
  const rows = await knex('items').select({d: near}).whereIn('category', [0, 1]).whereNot('id', 9)
    .orderBy(near).limit(10);
  close(rows.map((row) => row.d), nearest('<=>', dense, 7, 10, (i) => category(i) <= 1 && i !== 9));
  const [{count}] = await knex('items').whereRaw('embedding <-> ? < 8', [pgvector.toSql(dense(7))]).count();
  assert.equal(Number(count), nearest('<->', dense, 7, ROWS).filter((d) => d < 8).length);
});

await test('averages', async () => {
  const {avg} = await knex('items').where({id: 7}).avg('embedding').first();
  assert.deepEqual(pgvector.fromSql(avg), dense(7));
});

await test('a transaction with settings of its own', async () => {
  await knex.transaction(async (trx) => {
    await trx.raw('SET LOCAL hnsw.ef_search = 120');
    const rows = await trx('items').select('id')
      .orderBy(trx('items').cosineDistance('embedding', dense(50))).limit(1);
    assert.deepEqual(rows, [{id: 50}]);
  });
  const {rows} = await knex.raw('SHOW hnsw.ef_search');
  assert.equal(rows[0]['hnsw.ef_search'], '40');
});

await knex.destroy();
