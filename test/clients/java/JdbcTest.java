/* SPDX-License-Identifier: PostgreSQL */
import com.pgvector.PGbit;
import com.pgvector.PGhalfvec;
import com.pgvector.PGsparsevec;
import com.pgvector.PGvector;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGConnection;

/** The JDBC driver with com.pgvector. */
public final class JdbcTest {
    private final Connection connection;
    private final boolean binary;

    /** With types, as a list of their numbers, that are transferred in binary. */
    private JdbcTest(String types) throws SQLException {
        Map<String, String> environment = System.getenv();
        Properties properties = new Properties();
        properties.setProperty("user", environment.get("PGUSER"));
        properties.setProperty("password", environment.get("PGPASSWORD"));
        properties.setProperty("reWriteBatchedInserts", "true");
        binary = !types.isEmpty();
        if (binary) {
            properties.setProperty("binaryTransferEnable", types);
            // From the first execution on
            properties.setProperty("prepareThreshold", "-1");
        }
        connection = DriverManager.getConnection("jdbc:postgresql://" + environment.get("PGHOST")
            + ":" + environment.get("PGPORT") + "/" + environment.get("PGDATABASE"), properties);
    }

    public static void main(String[] arguments) throws SQLException {
        JdbcTest test = new JdbcTest("");
        test.fill();
        test.read();
        test.search();
        test.filter();
        test.example();
        test.aggregates();
        test.errors();
        String types = test.types();
        test.connection.close();

        JdbcTest again = new JdbcTest(types);
        Check.step("a connection in binary: registerTypes", () -> {
            PGvector.registerTypes(again.connection);
            PGbit.registerType(again.connection);
        });
        again.read();
        again.search();
        again.connection.close();
        Check.finish();
    }

    private String named(String name) {
        return binary ? name + ", in binary" : name;
    }

    private String types() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            ResultSet result = statement.executeQuery("SELECT string_agg(oid::text, ',') FROM pg_type "
                + "WHERE typname IN ('vector', 'sparsevec', 'bit')");
            result.next();
            return result.getString(1);
        }
    }

    private void execute(String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static Object value(String column, int i) throws SQLException {
        return switch (column) {
            case "embedding" -> new PGvector(Check.dense(i));
            case "half" -> new PGhalfvec(Check.dense(i));
            case "sparse" -> new PGsparsevec(Check.sparse(i), Check.SPARSE_DIMENSIONS);
            default -> new PGbit(Check.bits(i));
        };
    }

    private List<Double> doubles(String sql, Object... parameters) throws SQLException {
        List<Double> got = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, parameters[i]);
            }
            ResultSet result = statement.executeQuery();
            while (result.next()) {
                got.add(result.getDouble(1));
            }
        }
        return got;
    }

    private void fill() {
        Check.step("CREATE EXTENSION, registerTypes", () -> {
            execute("CREATE EXTENSION IF NOT EXISTS vector");
            PGvector.registerTypes(connection);
            PGbit.registerType(connection);
        });
        Check.step("a table of all types", () -> execute(
            "CREATE TABLE items (id bigserial PRIMARY KEY, category int, embedding vector(3), "
            + "half halfvec(3), sparse sparsevec(" + Check.SPARSE_DIMENSIONS + "), bits bit(16))"));
        Check.step("INSERT, one by one and in batches", () -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?)")) {
                for (int i = 1; i <= 80; i++) {
                    statement.setLong(1, i);
                    statement.setInt(2, Check.category(i));
                    for (int j = 0; j < 4; j++) {
                        statement.setObject(3 + j, value(Check.COLUMNS.get(j).name(), i));
                    }
                    if (i <= 40) {
                        statement.executeUpdate();
                    } else {
                        statement.addBatch();
                    }
                }
                statement.executeBatch();
            }
        });
        Check.step("COPY", () -> {
            StringBuilder text = new StringBuilder();
            for (int i = 81; i <= Check.ROWS; i++) {
                text.append(i).append('\t').append(Check.category(i));
                for (Check.Column column : Check.COLUMNS) {
                    text.append('\t').append(value(column.name(), i));
                }
                text.append('\n');
            }
            Check.equal(connection.unwrap(PGConnection.class).getCopyAPI()
                .copyIn("COPY items FROM STDIN", new StringReader(text.toString())), 40L);
        });
    }

    private void read() {
        Check.step(named("values come back as they went"), () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM items ORDER BY id")) {
                ResultSet result = statement.executeQuery();
                int i = 0;
                while (result.next()) {
                    Check.equal(result.getInt(1), ++i);
                    for (int j = 0; j < 4; j++) {
                        String name = Check.COLUMNS.get(j).name();
                        // Bit strings of a length are what the driver takes for booleans
                        Object got = name.equals("bits") ? new PGbit(result.getString(3 + j))
                            : result.getObject(3 + j);
                        Check.equal(got.getClass(), value(name, i).getClass());
                        Check.equal(got.toString(), value(name, i).toString());
                    }
                    Check.equal(Arrays.toString(((PGvector) result.getObject("embedding")).toArray()),
                        Arrays.toString(Check.dense(i)));
                }
                Check.equal(i, Check.ROWS);
            }
        });
    }

    private void checkNearest(Check.Column column, String operator) throws SQLException {
        Object query = value(column.name(), 7);
        Check.close(doubles("SELECT " + column.name() + " " + operator + " ? FROM items ORDER BY "
            + column.name() + " " + operator + " ? LIMIT 5", query, query),
            Check.nearest(operator, column.make(), 7, 5, i -> true));
    }

    private void search() {
        Check.step(named("the nearest by every operator, without an index and with each"), () -> {
            for (Check.Column column : Check.COLUMNS) {
                for (Map.Entry<String, String> entry : column.operators().entrySet()) {
                    checkNearest(column, entry.getKey());
                    for (String method : List.of("hnsw", "ivfflat")) {
                        if (method.equals("ivfflat") && !Check.hasIvfflat(entry.getValue())) {
                            continue;
                        }
                        connection.setAutoCommit(false);
                        execute("CREATE INDEX ON items USING " + method + " (" + column.name() + " "
                            + entry.getValue() + ")",
                            "SET LOCAL enable_seqscan = off", "SET LOCAL ivfflat.probes = 100");
                        checkNearest(column, entry.getKey());
                        connection.rollback();
                        connection.setAutoCommit(true);
                    }
                }
            }
        });
    }

    private void filter() {
        Check.step("filters under an index, a statement of many executions", () -> {
            execute("CREATE INDEX ON items USING hnsw (embedding vector_cosine_ops) "
                + "WITH (m = 16, ef_construction = 64)", "SET enable_seqscan = off");
            Check.Column column = Check.COLUMNS.get(0);
            for (int query = 1; query <= 15; query++) {
                Object vector = value("embedding", query);
                Check.close(doubles("SELECT embedding <=> ? FROM items WHERE category = ANY(?) "
                    + "ORDER BY embedding <=> ? LIMIT ?", vector,
                    connection.createArrayOf("int4", new Integer[] {1, 3}), vector, 10),
                    Check.nearest("<=>", column.make(), query, 10, i -> Check.category(i) % 2 == 1));
            }
        });
        Check.step("rows in parts, by a cursor", () -> {
            connection.setAutoCommit(false);
            try (PreparedStatement statement = connection.prepareStatement(
                    "SELECT id FROM items ORDER BY embedding <=> ? LIMIT 30")) {
                statement.setFetchSize(7);
                statement.setObject(1, value("embedding", 7));
                ResultSet result = statement.executeQuery();
                int n = 0;
                while (result.next()) {
                    n++;
                }
                Check.equal(n, 30);
            }
            connection.rollback();
            connection.setAutoCommit(true);
        });
    }

    private void example() {
        Check.step(named("the lines of doc/guide.md"), () -> {
            execute("INSERT INTO items (id, embedding) VALUES (1000, '[1,2,3]')");
            PreparedStatement search = connection.prepareStatement(
                "SELECT id FROM items ORDER BY embedding <-> ? LIMIT 5");
            search.setObject(1, new PGvector(new float[] {1, 2, 3}));
            ResultSet found = search.executeQuery();
            found.next();
            Check.equal(found.getLong(1), 1000L);
            search.setObject(1, new float[] {1, 2, 3});
            found = search.executeQuery();
            found.next();
            Check.equal(found.getLong(1), 1000L);
            execute("DELETE FROM items WHERE id = 1000");
        });
    }

    private void aggregates() {
        Check.step("averages, NULL", () -> {
            try (Statement statement = connection.createStatement()) {
                ResultSet result = statement.executeQuery(
                    "SELECT avg(embedding), sum(half), NULL::sparsevec FROM items WHERE id = 7");
                result.next();
                Check.equal(result.getObject(1), new PGvector(Check.dense(7)));
                Check.equal(result.getObject(2), new PGhalfvec(Check.dense(7)));
                Check.equal(result.getObject(3) == null, true);
            }
        });
    }

    private void errors() {
        Check.step("errors have states", () -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("INSERT INTO items (embedding) VALUES (?)")) {
                statement.setObject(1, new PGvector(new float[] {1, 2}));
                statement.executeUpdate();
                throw new IllegalStateException("no error");
            } catch (SQLException e) {
                Check.equal(e.getSQLState(), "22000");
                Check.equal(e.getMessage().lines().findFirst().get(), "ERROR: expected 3 dimensions, not 2");
            }
        });
    }
}
