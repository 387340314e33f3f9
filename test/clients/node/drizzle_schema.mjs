// SPDX-License-Identifier: PostgreSQL
// The table of drizzle_test.mjs, and of Drizzle's kit.

import {bit, halfvec, index, integer, pgTable, sparsevec, vector} from 'drizzle-orm/pg-core';

export const items = pgTable('items', {
  id: integer('id').primaryKey(),
  category: integer('category'),
  embedding: vector('embedding', {dimensions: 3}),
  half: halfvec('half', {dimensions: 3}),
  sparse: sparsevec('sparse', {dimensions: 100}),
  bits: bit('bits', {dimensions: 16}),
}, (table) => [
  index('items_embedding').using('hnsw', table.embedding.op('vector_cosine_ops'))
    .with({m: 16, ef_construction: 64}),
  index('items_ivfflat').using('ivfflat', table.embedding.op('vector_l2_ops')).with({lists: 4}),
  index('items_half').using('hnsw', table.half.op('halfvec_ip_ops')),
  index('items_sparse').using('hnsw', table.sparse.op('sparsevec_l2_ops')),
  index('items_bits').using('hnsw', table.bits.op('bit_hamming_ops')),
]);
