/* SPDX-License-Identifier: PostgreSQL */
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * What the steps share: lines of results, rows, and the distances expected.
 * The rows are those of ../python/check.py.
 */
final class Check {
    static final int ROWS = 120;
    static final int SPARSE_DIMENSIONS = 100;
    private static boolean failed = false;

    /** A column, its rows as lists of numbers, its operators with their classes. */
    record Column(String name, IntFunction<float[]> make, Map<String, String> operators) {}

    static final List<Column> COLUMNS = List.of(
        new Column("embedding", Check::dense, classes("vector")),
        new Column("half", Check::dense, classes("halfvec")),
        new Column("sparse", i -> expand(sparse(i)), classes("sparsevec")),
        new Column("bits", Check::fromBits,
            Map.of("<~>", "bit_hamming_ops", "<%>", "bit_jaccard_ops")));

    interface Step {
        void run() throws Exception;
    }

    private Check() {}

    /** A step that throws is "not ok", and the next one runs all the same. */
    static void step(String name, Step step) {
        try {
            step.run();
            System.out.println("ok - " + name);
        } catch (Exception e) {
            failed = true;
            System.out.println("not ok - " + name);
            System.out.println("# " + e.toString().replace("\n", "\n# "));
            for (StackTraceElement element : e.getStackTrace()) {
                if (element.getFileName() != null && element.getFileName().endsWith("Test.java")) {
                    System.out.println("#     " + element);
                }
            }
        }
    }

    static void finish() {
        System.exit(failed ? 1 : 0);
    }

    static float[] dense(int i) {
        return new float[] {
            i * 37 % 101 / 4f - 12, i * 53 % 103 / 4f - 12, i * 71 % 107 / 4f - 12};
    }

    /** Elements by index, the first is 0 */
    static Map<Integer, Float> sparse(int i) {
        return new TreeMap<>(Map.of(i % 10, 1 + i / 4f, 10 + i % 7, 2f, 20 + i % 13, -1.5f));
    }

    static String bits(int i) {
        return Integer.toBinaryString(65536 + i * 40503 % 65536).substring(1);
    }

    static int category(int i) {
        return i % 4;
    }

    static float[] expand(Map<Integer, Float> elements) {
        float[] values = new float[SPARSE_DIMENSIONS];
        elements.forEach((index, value) -> values[index] = value);
        return values;
    }

    private static float[] fromBits(int i) {
        String text = bits(i);
        float[] values = new float[text.length()];
        for (int j = 0; j < values.length; j++) {
            values[j] = text.charAt(j) - '0';
        }
        return values;
    }

    private static Map<String, String> classes(String type) {
        return Map.of("<->", type + "_l2_ops", "<#>", type + "_ip_ops",
            "<=>", type + "_cosine_ops", "<+>", type + "_l1_ops");
    }

    static boolean hasIvfflat(String opclass) {
        return opclass.matches("(vector|halfvec)_(l2|ip|cosine)_ops|bit_hamming_ops");
    }

    static double distance(String operator, float[] a, float[] b) {
        double product = 0;
        double squares = 0;
        double differences = 0;
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            product += (double) a[i] * b[i];
            squares += Math.pow((double) a[i] - b[i], 2);
            differences += Math.abs(a[i] - b[i]);
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        return switch (operator) {
            case "<->" -> Math.sqrt(squares);
            case "<#>" -> -product;
            case "<=>" -> 1 - product / Math.sqrt(aa * bb);
            case "<+>", "<~>" -> differences;
            case "<%>" -> 1 - product / (aa + bb - product);
            default -> throw new IllegalArgumentException(operator);
        };
    }

    /** The distances of the rows that are nearest to row number query */
    static double[] nearest(String operator, IntFunction<float[]> make, int query, int limit,
            IntPredicate where) {
        return IntStream.rangeClosed(1, ROWS).filter(where)
            .mapToDouble(i -> distance(operator, make.apply(i), make.apply(query)))
            .sorted().limit(limit).toArray();
    }

    static void close(List<Double> got, double[] expected) {
        boolean same = got.size() == expected.length;
        for (int i = 0; same && i < expected.length; i++) {
            same = Math.abs(got.get(i) - expected[i]) <= 1e-5 * Math.max(1, Math.abs(expected[i]));
        }
        List<Double> list = new ArrayList<>();
        for (double d : expected) {
            list.add(d);
        }
        if (!same) {
            throw new IllegalStateException("got " + got + ", expected " + list);
        }
    }

    static void equal(Object got, Object expected) {
        if (!expected.equals(got)) {
            throw new IllegalStateException("got " + got + ", expected " + expected);
        }
    }
}
