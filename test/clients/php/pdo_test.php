<?php
// SPDX-License-Identifier: PostgreSQL
// PHP's PDO: vectors are texts in JSON, which need no package.

$ROWS = 120;
$connection = new PDO(sprintf('pgsql:host=%s;port=%s;dbname=%s', getenv('PGHOST'), getenv('PGPORT'), getenv('PGDATABASE')),
    getenv('PGUSER'), getenv('PGPASSWORD'), [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);

// The rows are those of ../python/check.py
function dense(int $i): array
{
    return [$i * 37 % 101 / 4 - 12, $i * 53 % 103 / 4 - 12, $i * 71 % 107 / 4 - 12];
}

function distance(array $a, array $b): float
{
    return sqrt(array_sum(array_map(fn($x, $y) => ($x - $y) ** 2, $a, $b)));
}

function test(string $name, callable $step): void
{
    static $failed = false;

    try {
        $step();
        echo "ok - $name\n";
    } catch (Throwable $error) {
        $failed = true;
        echo "not ok - $name\n# ", str_replace("\n", "\n# ", (string) $error), "\n";
    }
    register_shutdown_function(fn() => exit((int) $failed));
}

function equal(mixed $got, mixed $expected): void
{
    if ($got != $expected) {
        throw new Exception(json_encode($got) . ', not ' . json_encode($expected));
    }
}

test('a table with an index, and rows', function () use ($connection, $ROWS) {
    $connection->exec('CREATE EXTENSION vector');
    $connection->exec('CREATE TABLE items (id int PRIMARY KEY, category int, embedding vector(3))');
    $insert = $connection->prepare('INSERT INTO items (id, category, embedding) VALUES (?, ?, ?)');
    for ($i = 1; $i <= $ROWS; $i++) {
        $insert->execute([$i, $i % 4, json_encode(dense($i))]);
    }
    $connection->exec('CREATE INDEX ON items USING hnsw (embedding vector_l2_ops, category)');
    equal(json_decode($connection->query('SELECT embedding FROM items WHERE id = 7')->fetchColumn()), dense(7));
});

test('the nearest, with a condition', function () use ($connection, $ROWS) {
    $embedding = dense(7);
    $search = $connection->prepare('SELECT id FROM items WHERE category = ? ORDER BY embedding <-> ? LIMIT 5');
    $search->execute([3, json_encode($embedding)]);
    $found = $search->fetchAll(PDO::FETCH_COLUMN);
    $ids = array_filter(range(1, $ROWS), fn($i) => $i % 4 == 3);
    usort($ids, fn($a, $b) => distance(dense($a), $embedding) <=> distance(dense($b), $embedding));
    equal($found, array_slice($ids, 0, 5));
});

test('an error', function () use ($connection) {
    try {
        $connection->prepare('SELECT id FROM items ORDER BY embedding <-> ? LIMIT 5')->execute(['[1,2]']);
    } catch (PDOException $error) {
        equal(str_contains($error->getMessage(), 'dimensions'), true);
        return;
    }
    throw new Exception('no error');
});
