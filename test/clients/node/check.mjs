// SPDX-License-Identifier: PostgreSQL
// What the programs share: lines of results, rows, and the distances expected.
// The rows are those of ../python/check.py.

import assert from 'node:assert/strict';

export const ROWS = 120;
export const SPARSE_DIMENSIONS = 100;

// A step that throws is "not ok", and the next one runs all the same.
export async function test(name, step) {
  try {
    await step();
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(`not ok - ${name}`);
    for (const line of String(error.stack ?? error).split('\n').slice(0, 12)) {
      console.log(`# ${line.slice(0, 400)}`);
    }
    process.exitCode = 1;
  }
}

export const dense = (i) => [
  ((i * 37) % 101) / 4 - 12, ((i * 53) % 103) / 4 - 12, ((i * 71) % 107) / 4 - 12];

// Elements by index, the first is 0
export const sparse = (i) => ({[i % 10]: 1 + i / 4, [10 + (i % 7)]: 2, [20 + (i % 13)]: -1.5});

export const bits = (i) => ((i * 40503) % 65536).toString(2).padStart(16, '0');

export const category = (i) => i % 4;

export const numbers = (from, to) => Array.from({length: to - from + 1}, (_, i) => from + i);

const expand = (elements) => numbers(0, SPARSE_DIMENSIONS - 1).map((j) => elements[j] ?? 0);

const sum = (values) => values.reduce((a, b) => a + b, 0);

export function distance(operator, a, b) {
  if (operator === '<~>' || operator === '<%>') {
    const both = sum([...a].map((x, i) => Number(x === '1' && b[i] === '1')));
    const one = sum([...a].map((x, i) => Number(x !== b[i])));
    if (operator === '<~>') return one;
    return both === 0 ? 1 : 1 - both / (both + one);
  }
  if (!Array.isArray(a)) return distance(operator, expand(a), expand(b));
  const product = sum(a.map((x, i) => x * b[i]));
  switch (operator) {
    case '<->': return Math.hypot(...a.map((x, i) => x - b[i]));
    case '<#>': return -product;
    case '<=>': return 1 - product / Math.hypot(...a) / Math.hypot(...b);
    case '<+>': return sum(a.map((x, i) => Math.abs(x - b[i])));
  }
}

// The distances of the rows that are nearest to row number query
export function nearest(operator, make, query, limit = 5, where = () => true) {
  return numbers(1, ROWS).filter(where).map((i) => distance(operator, make(i), make(query)))
    .sort((a, b) => a - b).slice(0, limit);
}

export function close(got, expected) {
  assert.equal(got.length, expected.length);
  got.forEach((d, i) => assert.ok(Math.abs(d - expected[i]) <= 1e-5 * Math.max(1, Math.abs(expected[i])),
    `got ${got}, expected ${expected}`));
}

// Column, how its rows are made, and its operators with their operator classes
export const COLUMNS = [
  ['embedding', dense, {'<->': 'vector_l2_ops', '<#>': 'vector_ip_ops',
    '<=>': 'vector_cosine_ops', '<+>': 'vector_l1_ops'}],
  ['half', dense, {'<->': 'halfvec_l2_ops', '<#>': 'halfvec_ip_ops',
    '<=>': 'halfvec_cosine_ops', '<+>': 'halfvec_l1_ops'}],
  ['sparse', sparse, {'<->': 'sparsevec_l2_ops', '<#>': 'sparsevec_ip_ops',
    '<=>': 'sparsevec_cosine_ops', '<+>': 'sparsevec_l1_ops'}],
  ['bits', bits, {'<~>': 'bit_hamming_ops', '<%>': 'bit_jaccard_ops'}],
];

// What ivfflat has operator classes for
export const hasIvfflat = (opclass) => /^(vector|halfvec)_(l2|ip|cosine)_ops$|^bit_hamming_ops$/.test(opclass);
