-- The role of the exporter, which may read the state of all indexes, and no table.  One
-- search in a hundred is sampled for its recall.
CREATE ROLE exporter LOGIN IN ROLE pg_monitor;
ALTER ROLE exporter SET lock_timeout = '1s';
ALTER ROLE exporter SET search_path = public, pg_temp;
ALTER DATABASE postgres SET lokivector.recall_sample_rate = 0.01;
