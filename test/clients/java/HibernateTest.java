/* SPDX-License-Identifier: PostgreSQL */
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.annotations.Array;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.cfg.Configuration;
import org.hibernate.type.SqlTypes;

/** Hibernate with its vector module: the table that it makes, HQL by distance, with filters. */
public final class HibernateTest {
    @Entity(name = "Item")
    @Table(name = "items")
    public static class Item {
        @Id
        long id;
        int category;
        @Column(name = "embedding")
        @JdbcTypeCode(SqlTypes.VECTOR)
        @Array(length = 3)
        float[] embedding;

        protected Item() {}

        Item(int i) {
            id = i;
            category = i % 4;
            embedding = Check.dense(i);
        }
    }

    private HibernateTest() {}

    private static final Logger LOG = Logger.getLogger("org.hibernate");
    private static SessionFactory factory;

    /** The ids that HQL finds, and that they are in the order of their distances. */
    private static void nearest(Session session, String function, String operator, String where, IntPredicate matches) {
        List<Item> found = session.createSelectionQuery("from Item i where " + where + " order by " + function
                + "(i.embedding, :query) limit 5", Item.class)
            .setParameter("query", Check.dense(7)).getResultList();
        List<Double> got = found.stream()
            .map(i -> Check.distance(operator, i.embedding, Check.dense(7))).toList();
        Check.close(got, Check.nearest(operator, Check::dense, 7, 5, matches));
    }

    public static void main(String[] arguments) {
        Map<String, String> env = System.getenv();
        String url = "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE");

        LOG.setLevel(Level.SEVERE);
        Check.step("the table that Hibernate makes", () -> {
            try (var connection = java.sql.DriverManager.getConnection(url, env.get("PGUSER"), env.get("PGPASSWORD"));
                 var statement = connection.createStatement()) {
                statement.execute("CREATE EXTENSION IF NOT EXISTS vector");
            }
            factory = new Configuration().addAnnotatedClass(Item.class)
                .setProperty("jakarta.persistence.jdbc.url", url)
                .setProperty("jakarta.persistence.jdbc.user", env.get("PGUSER"))
                .setProperty("jakarta.persistence.jdbc.password", env.get("PGPASSWORD"))
                .setProperty("hibernate.hbm2ddl.auto", "create")
                .buildSessionFactory();
            factory.inTransaction(session -> {
                String type = session.createNativeQuery("SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
                    + "WHERE attrelid = 'items'::regclass AND attname = 'embedding'", String.class).getSingleResult();
                Check.equal(type, "vector(3)");
            });
        });
        Check.step("entities are stored and read", () -> {
            factory.inTransaction(session -> {
                for (int i = 1; i <= Check.ROWS; i++) {
                    session.persist(new Item(i));
                }
            });
            factory.inSession(session -> Check.equal(
                Arrays.toString(session.find(Item.class, 9L).embedding), Arrays.toString(Check.dense(9))));
        });
        Check.step("HQL by distance, exact and by an index", () -> {
            for (String more : new String[] {"SELECT 1", "CREATE INDEX ON items USING hnsw (embedding vector_cosine_ops)",
                    "SET LOCAL enable_seqscan = off"}) {
                factory.inTransaction(session -> {
                    session.doWork(connection -> connection.createStatement().execute(more));
                    nearest(session, "cosine_distance", "<=>", "true", i -> true);
                    nearest(session, "euclidean_distance", "<->", "true", i -> true);
                    nearest(session, "cosine_distance", "<=>", "category = 1", i -> i % 4 == 1);
                });
            }
        });
        factory.close();
        Check.finish();
    }
}
