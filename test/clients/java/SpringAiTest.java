/* SPDX-License-Identifier: PostgreSQL */
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.postgresql.ds.PGSimpleDataSource;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.pgvector.PgVectorStore;
import org.springframework.jdbc.core.JdbcTemplate;

/** Spring AI's store: the schema that it makes, documents, searches with filters. */
public final class SpringAiTest {
    /** A model that makes of the text of a number the vector of this row. */
    private static final class RowModel implements EmbeddingModel {
        @Override
        public EmbeddingResponse call(EmbeddingRequest request) {
            List<String> texts = request.getInstructions();
            return new EmbeddingResponse(IntStream.range(0, texts.size())
                .mapToObj(i -> new Embedding(Check.dense(Integer.parseInt(texts.get(i))), i)).toList());
        }

        @Override
        public float[] embed(Document document) {
            return Check.dense(Integer.parseInt(document.getText()));
        }
    }

    private SpringAiTest() {}

    private static Document row(int i) {
        return new Document(new UUID(0, i).toString(), Integer.toString(i), Map.of("category", Check.category(i)));
    }

    private static void nearest(List<Document> found, IntPredicate matches) {
        List<Double> got = found.stream().map(document -> 1 - document.getScore()).toList();
        Check.close(got, Check.nearest("<=>", Check::dense, 7, 5, matches));
    }

    public static void main(String[] arguments) {
        Map<String, String> env = System.getenv();
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL("jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE"));
        source.setUser(env.get("PGUSER"));
        source.setPassword(env.get("PGPASSWORD"));
        JdbcTemplate template = new JdbcTemplate(source);
        PgVectorStore store = PgVectorStore.builder(template, new RowModel()).dimensions(3)
            .distanceType(PgVectorStore.PgDistanceType.COSINE_DISTANCE)
            .indexType(PgVectorStore.PgIndexType.HNSW).initializeSchema(true).build();

        Check.step("the schema that it makes", () -> {
            store.afterPropertiesSet();
            Check.equal(template.queryForObject(
                "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%USING hnsw (embedding vector_cosine_ops)%'",
                Integer.class), 1);
        });
        Check.step("documents", () -> {
            store.add(IntStream.rangeClosed(1, Check.ROWS).mapToObj(SpringAiTest::row).toList());
            store.add(List.of(row(7)));
            Check.equal(template.queryForObject("SELECT count(*) FROM vector_store", Integer.class), Check.ROWS);
        });
        Check.step("the nearest", () -> nearest(store.similaritySearch(
            SearchRequest.builder().query("7").topK(5).build()), i -> true));
        Check.step("... with a filter", () -> nearest(store.similaritySearch(
            SearchRequest.builder().query("7").topK(5).filterExpression("category == 2").build()),
            i -> Check.category(i) == 2));
        Check.step("deletion", () -> {
            store.delete(List.of(row(7).getId()));
            nearest(store.similaritySearch(SearchRequest.builder().query("7").topK(5).build()), i -> i != 7);
        });
        Check.finish();
    }
}
