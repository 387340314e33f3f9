-- The tables of a sample, and an index of each kind.  All values can be written in few
-- digits, and nothing is of a type whose OID is the database's own, but for arrays of vectors
-- (test/formats/README.md).

CREATE TABLE items (
	id int PRIMARY KEY,
	v vector(64), h halfvec(64), s sparsevec(1000), b bit(64),
	category int, small smallint, big bigint, single real, price numeric, name text,
	code varchar(10), tags text[], numbers int[], made date, at timestamptz, flag boolean,
	key uuid, address inet
);
CREATE INDEX items_l2 ON items USING hnsw (v vector_l2_ops);
CREATE INDEX items_ip ON items USING hnsw (v vector_ip_ops, category) WITH (m = 6, bits = 4);
CREATE INDEX items_cosine ON items USING hnsw (v vector_cosine_ops, tags, name);
CREATE INDEX items_l1 ON items USING hnsw (v vector_l1_ops) WITH (refine_bits = 0);
CREATE INDEX items_compact ON items USING hnsw (v vector_l2_ops, category) WITH (profile = compact);
CREATE INDEX items_attributes ON items USING hnsw (v vector_l2_ops, small, big, single, price,
	name, code, tags, numbers, made, at, flag, key, address);
CREATE INDEX items_ivfflat ON items USING ivfflat (v vector_l2_ops) WITH (lists = 10);
CREATE INDEX items_halfvec ON items USING hnsw (h halfvec_l2_ops, category);
CREATE INDEX items_expression ON items USING hnsw ((v::halfvec(64)) halfvec_cosine_ops)
	WHERE category < 5;
CREATE INDEX items_sparsevec ON items USING hnsw (s sparsevec_l2_ops, category);
CREATE INDEX items_hamming ON items USING hnsw (b bit_hamming_ops, flag);
CREATE INDEX items_jaccard ON items USING hnsw (b bit_jaccard_ops);

-- Vectors of few dimensions, which indexes have as they are
CREATE TABLE short (id int PRIMARY KEY, v vector(5));
CREATE INDEX short_l2 ON short USING hnsw (v vector_l2_ops);

-- Vectors that are stored out of line
CREATE TABLE long (id int PRIMARY KEY, v vector(600));
ALTER TABLE long ALTER v SET STORAGE EXTERNAL;
CREATE INDEX long_l2 ON long USING hnsw (v vector_l2_ops);

-- Indexes that are there before their rows, and one that is pending
CREATE TABLE grown (id int PRIMARY KEY, v vector(64), c int);
CREATE INDEX grown_l2 ON grown USING hnsw (v vector_l2_ops, c);
CREATE INDEX grown_compact ON grown USING hnsw (v vector_cosine_ops) WITH (profile = compact);
SET lokivector.pending_nodes = 10000;
CREATE INDEX grown_pending ON grown USING hnsw (v vector_l1_ops, c);
RESET lokivector.pending_nodes;

-- Rows that lie in a crowd, by codes around local centers
CREATE TABLE crowds (id int PRIMARY KEY, v vector(64), c int);
CREATE INDEX crowds_l2 ON crowds USING hnsw (v vector_l2_ops);
CREATE INDEX crowds_ip ON crowds USING hnsw (v vector_ip_ops, c) WITH (centers = 3);

-- Documents of many vectors
CREATE TABLE documents (id int PRIMARY KEY, parts vector(8)[], halves halfvec(8)[], c int);
ALTER TABLE documents ALTER parts SET STORAGE PLAIN, ALTER halves SET STORAGE PLAIN;
CREATE INDEX documents_vector ON documents USING hnsw (parts vector_maxsim_ops, c);
CREATE INDEX documents_halfvec ON documents USING hnsw (halves halfvec_maxsim_ops);
