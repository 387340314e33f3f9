// SPDX-License-Identifier: PostgreSQL
// What the steps share: lines of results, rows, and the distances expected.
// The rows are those of ../python/check.py.

package main

import (
	"fmt"
	"math"
	"os"
	"sort"
	"strings"
)

const (
	rows             = 120
	sparseDimensions = 100
)

var failed = false

// step reports how a function ended; the next one runs all the same.
func step(name string, function func() error) {
	if err := function(); err != nil {
		failed = true
		fmt.Printf("not ok - %s\n", name)
		for _, line := range strings.Split(err.Error(), "\n") {
			fmt.Printf("# %.400s\n", line)
		}
		return
	}
	fmt.Printf("ok - %s\n", name)
}

func finish() {
	if failed {
		os.Exit(1)
	}
}

func dense(i int) []float32 {
	return []float32{
		float32(i*37%101)/4 - 12, float32(i*53%103)/4 - 12, float32(i*71%107)/4 - 12}
}

// Elements by index, the first is 0
func sparse(i int) map[int32]float32 {
	return map[int32]float32{
		int32(i % 10): 1 + float32(i)/4, int32(10 + i%7): 2, int32(20 + i%13): -1.5}
}

func bits(i int) string {
	return fmt.Sprintf("%016b", i*40503%65536)
}

func category(i int) int {
	return i % 4
}

func expand(elements map[int32]float32) []float32 {
	values := make([]float32, sparseDimensions)
	for i, x := range elements {
		values[i] = x
	}
	return values
}

// column is one of the table, its rows as lists of numbers, and its operators
// with their operator classes.
type column struct {
	name      string
	make      func(i int) []float32
	operators map[string]string
}

func fromBits(i int) []float32 {
	values := make([]float32, 0, 16)
	for _, bit := range bits(i) {
		values = append(values, float32(bit-'0'))
	}
	return values
}

func classes(kind string) map[string]string {
	return map[string]string{"<->": kind + "_l2_ops", "<#>": kind + "_ip_ops",
		"<=>": kind + "_cosine_ops", "<+>": kind + "_l1_ops"}
}

var columns = []column{
	{"embedding", dense, classes("vector")},
	{"half", dense, classes("halfvec")},
	{"sparse", func(i int) []float32 { return expand(sparse(i)) }, classes("sparsevec")},
	{"bits", fromBits, map[string]string{"<~>": "bit_hamming_ops", "<%>": "bit_jaccard_ops"}},
}

func hasIvfflat(opclass string) bool {
	return opclass != "bit_jaccard_ops" && !strings.HasSuffix(opclass, "_l1_ops") &&
		!strings.HasPrefix(opclass, "sparsevec")
}

func distance(operator string, a, b []float32) float64 {
	var product, squares, differences, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		product += x * y
		squares += (x - y) * (x - y)
		differences += math.Abs(x - y)
		aa += x * x
		bb += y * y
	}
	switch operator {
	case "<->":
		return math.Sqrt(squares)
	case "<#>":
		return -product
	case "<=>":
		return 1 - product/math.Sqrt(aa*bb)
	case "<+>", "<~>":
		return differences
	case "<%>":
		return 1 - product/(aa+bb-product)
	}
	panic(operator)
}

// nearest returns the distances of the rows that are nearest to row number
// query.
func nearest(operator string, make func(int) []float32, query, limit int, where func(int) bool) []float64 {
	var all []float64
	for i := 1; i <= rows; i++ {
		if where == nil || where(i) {
			all = append(all, distance(operator, make(i), make(query)))
		}
	}
	sort.Float64s(all)
	return all[:limit]
}

func closeTo(got, expected []float64) error {
	same := len(got) == len(expected)
	for i := 0; same && i < len(got); i++ {
		same = math.Abs(got[i]-expected[i]) <= 1e-5*math.Max(1, math.Abs(expected[i]))
	}
	if !same {
		return fmt.Errorf("got %v, expected %v", got, expected)
	}
	return nil
}

func equal(got, expected any) error {
	if g, e := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", expected); g != e {
		return fmt.Errorf("got %s, expected %s", g, e)
	}
	return nil
}
