// SPDX-License-Identifier: PostgreSQL
// Prisma: a vector is a field that it does not know, which statements in SQL write and search.

import assert from 'node:assert/strict';
import {PrismaPg} from '@prisma/adapter-pg';

import {ROWS, category, close, dense, nearest, numbers, test} from './check.mjs';
import {Prisma, PrismaClient} from './generated/index.js';

const {PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE} = process.env;
const prisma = new PrismaClient({adapter: new PrismaPg({
  connectionString: `postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`})});

await test('a table with an index', async () => {
  await prisma.$executeRaw`CREATE EXTENSION IF NOT EXISTS vector`;
  await prisma.$executeRaw`CREATE TABLE items (id int PRIMARY KEY, category int NOT NULL, embedding vector(3))`;
  await prisma.$executeRaw`CREATE INDEX ON items USING hnsw (embedding vector_l2_ops, category)`;
});

await test('rows, one by one and in one statement', async () => {
  await prisma.$executeRaw`INSERT INTO items (id, category, embedding) VALUES (1, ${category(1)}, ${dense(1)}::real[])`;
  const rows = numbers(2, ROWS).map((i) => Prisma.sql`(${i}, ${category(i)}, ${dense(i)}::real[])`);
  assert.equal(await prisma.$executeRaw`INSERT INTO items (id, category, embedding) VALUES ${Prisma.join(rows)}`, ROWS - 1);
  assert.equal(await prisma.item.count({where: {category: 2}}), ROWS / 4);
});

await test('the nearest, with a condition', async () => {
  const embedding = dense(7);
  const found = await prisma.$queryRaw`
    SELECT id, embedding <-> ${embedding}::real[] AS distance FROM items
    WHERE category = ${2} ORDER BY distance LIMIT 5`;
  close(found.map((row) => row.distance), nearest('<->', dense, 7, 5, (i) => category(i) === 2));
});

await test('rows of the mapper, in the order of a search', async () => {
  const found = await prisma.$queryRaw`SELECT id FROM items ORDER BY embedding <-> ${dense(7)}::real[] LIMIT 5`;
  const items = await prisma.item.findMany({where: {id: {in: found.map((row) => row.id)}}});
  assert.equal(items.find((item) => item.id === 7).category, category(7));
  assert.equal(items.length, 5);
});

await prisma.$disconnect();
