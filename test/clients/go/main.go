// SPDX-License-Identifier: PostgreSQL
// pgx with pgvector-go: everything goes in binary.

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pgvector/pgvector-go"
	pgxvec "github.com/pgvector/pgvector-go/pgx"
)

var ctx = context.Background()

// value is a row's column as the package has it.
func value(name string, i int) any {
	switch name {
	case "embedding":
		return pgvector.NewVector(dense(i))
	case "half":
		return pgvector.NewHalfVector(dense(i))
	case "sparse":
		return pgvector.NewSparseVectorFromMap(sparse(i), sparseDimensions)
	default:
		var packed [2]byte
		for j, bit := range bits(i) {
			packed[j/8] |= byte(bit-'0') << (7 - j%8)
		}
		return pgtype.Bits{Bytes: packed[:], Len: 16, Valid: true}
	}
}

func row(i int) []any {
	values := []any{int64(i), int32(category(i))}
	for _, c := range columns {
		values = append(values, value(c.name, i))
	}
	return values
}

// floats reads the single column of a result.
func floats(result pgx.Rows, err error) ([]float64, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(result, pgx.RowTo[float64])
}

func checkNearest(q interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, c column, operator string, query int) error {
	got, err := floats(q.Query(ctx, fmt.Sprintf(
		"SELECT %s %s $1 FROM items ORDER BY %[1]s %[2]s $1 LIMIT 5", c.name, operator),
		value(c.name, query)))
	if err != nil {
		return err
	}
	return closeTo(got, nearest(operator, c.make, query, 5, nil))
}

func createAndFill(conn *pgx.Conn) {
	step("CREATE EXTENSION, RegisterTypes", func() error {
		if _, err := conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS vector"); err != nil {
			return err
		}
		return pgxvec.RegisterTypes(ctx, conn)
	})
	step("a table of all types, INSERT", func() error {
		_, err := conn.Exec(ctx, fmt.Sprintf(`CREATE TABLE items (id bigserial PRIMARY KEY,
			category int, embedding vector(3), half halfvec(3), sparse sparsevec(%d), bits bit(16))`,
			sparseDimensions))
		if err != nil {
			return err
		}
		for i := 1; i <= 40; i++ {
			if _, err := conn.Exec(ctx, "INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6)", row(i)...); err != nil {
				return err
			}
		}
		return nil
	})
	step("a batch", func() error {
		batch := &pgx.Batch{}
		for i := 41; i <= 80; i++ {
			batch.Queue("INSERT INTO items VALUES ($1, $2, $3, $4, $5, $6)", row(i)...)
		}
		return conn.SendBatch(ctx, batch).Close()
	})
	step("CopyFrom", func() error {
		n, err := conn.CopyFrom(ctx, pgx.Identifier{"items"},
			[]string{"id", "category", "embedding", "half", "sparse", "bits"},
			pgx.CopyFromSlice(rows-80, func(i int) ([]any, error) { return row(i + 81), nil }))
		return errors.Join(err, equal(n, int64(rows-80)))
	})
	step("values come back as they went", func() error {
		result, err := conn.Query(ctx, "SELECT id, embedding, half, sparse, bits FROM items ORDER BY id")
		if err != nil {
			return err
		}
		defer result.Close()
		n := 0
		for result.Next() {
			var id int
			var embedding pgvector.Vector
			var half pgvector.HalfVector
			var values pgvector.SparseVector
			var bit pgtype.Bits
			if err := result.Scan(&id, &embedding, &half, &values, &bit); err != nil {
				return err
			}
			n++
			if err := errors.Join(equal(id, n), equal(embedding.Slice(), dense(id)), equal(half.Slice(), dense(id)),
				equal(values.Slice(), expand(sparse(id))), equal(bit, value("bits", id))); err != nil {
				return err
			}
		}
		return errors.Join(result.Err(), equal(n, rows))
	})
}

func search(conn *pgx.Conn) {
	step("the nearest by every operator, without an index and with each", func() error {
		for _, c := range columns {
			for operator, opclass := range c.operators {
				if err := checkNearest(conn, c, operator, 7); err != nil {
					return fmt.Errorf("%s %s: %w", c.name, operator, err)
				}
				for _, method := range []string{"hnsw", "ivfflat"} {
					if method == "ivfflat" && !hasIvfflat(opclass) {
						continue
					}
					if err := withIndex(conn, c, operator, method, opclass); err != nil {
						return fmt.Errorf("%s with %s %s: %w", operator, method, opclass, err)
					}
				}
			}
		}
		return nil
	})
	step("filters under an index", func() error {
		for _, statement := range []string{
			"CREATE INDEX ON items USING hnsw (embedding vector_l2_ops) WITH (m = 16, ef_construction = 64)",
			"SET enable_seqscan = off"} {
			if _, err := conn.Exec(ctx, statement); err != nil {
				return err
			}
		}
		// Several times, so that the statement gets a generic plan
		for query := 1; query <= 12; query++ {
			got, err := floats(conn.Query(ctx, `SELECT embedding <-> $1 FROM items WHERE category = ANY($2)
				ORDER BY embedding <-> $1 LIMIT $3`, value("embedding", query), []int32{1, 3}, 10))
			if err != nil {
				return err
			}
			if err := closeTo(got, nearest("<->", dense, query, 10,
				func(i int) bool { return category(i)%2 == 1 })); err != nil {
				return err
			}
		}
		return nil
	})
	step("the lines of doc/guide.md", func() error {
		conn, err := pgx.Connect(ctx, "")
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		embedding := pgvector.NewVector([]float32{1, 2, 3})
		_, err = conn.Exec(ctx, "INSERT INTO items (id, embedding) VALUES ($1, $2)", 1000, embedding)
		if err != nil {
			return err
		}
		found, err := conn.Query(ctx, "SELECT id FROM items ORDER BY embedding <-> $1 LIMIT 5", embedding)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(found, pgx.RowTo[int64])
		if err == nil && ids[0] != 1000 {
			err = fmt.Errorf("the nearest is %d", ids[0])
		}
		if err == nil {
			var id int64
			err = errors.Join(conn.QueryRow(ctx, "SELECT id FROM items ORDER BY embedding <-> $1::real[] LIMIT 1",
				[]float32{1, 2, 3}).Scan(&id), equal(id, 1000))
		}
		if err == nil {
			_, err = conn.Exec(ctx, "DELETE FROM items WHERE id = 1000")
		}
		return err
	})
	step("averages, arrays, NULL", func() error {
		var average pgvector.Vector
		var list []pgvector.Vector
		var none *pgvector.Vector
		err := conn.QueryRow(ctx, `SELECT avg(embedding), array_agg(embedding ORDER BY id), NULL::vector
			FROM items WHERE id IN (3, 5)`).Scan(&average, &list, &none)
		if err != nil {
			return err
		}
		a, b := dense(3), dense(5)
		for i := range a {
			a[i] = (a[i] + b[i]) / 2
		}
		return errors.Join(equal(average.Slice(), a), equal(len(list), 2),
			equal(list[1].Slice(), b), equal(none == nil, true))
	})
	step("errors have codes", func() error {
		_, err := conn.Exec(ctx, "INSERT INTO items (embedding) VALUES ($1)", pgvector.NewVector([]float32{1, 2}))
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) {
			return fmt.Errorf("no error of the server: %v", err)
		}
		return errors.Join(equal(pgErr.Code, "22000"), equal(pgErr.Message, "expected 3 dimensions, not 2"))
	})
}

func withIndex(conn *pgx.Conn, c column, operator, method, opclass string) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	for _, statement := range []string{
		fmt.Sprintf("CREATE INDEX ON items USING %s (%s %s)", method, c.name, opclass),
		"SET LOCAL enable_seqscan = off", "SET LOCAL ivfflat.probes = 100"} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return checkNearest(tx, c, operator, 7)
}

func throughDatabaseSQL() {
	step("database/sql: text and no registration", func() error {
		db, err := sql.Open("pgx", "")
		if err != nil {
			return err
		}
		defer db.Close()
		var got pgvector.Vector
		var half pgvector.HalfVector
		var values pgvector.SparseVector
		if err := db.QueryRow("SELECT embedding, half, sparse FROM items ORDER BY embedding <-> $1 LIMIT 1",
			pgvector.NewVector(dense(9))).Scan(&got, &half, &values); err != nil {
			return err
		}
		return errors.Join(equal(got.Slice(), dense(9)), equal(half.Slice(), dense(9)),
			equal(values.Slice(), expand(sparse(9))))
	})
}

func main() {
	conn, err := pgx.Connect(ctx, "")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	createAndFill(conn)
	search(conn)
	throughDatabaseSQL()
	conn.Close(ctx)
	finish()
}
