-- SPDX-License-Identifier: PostgreSQL
-- The role of the exporter, which may read the state of all indexes, and no table, and writes
-- nothing.  One search in a hundred is sampled for its recall.
\getenv exporter_password EXPORTER_PASSWORD
CREATE ROLE exporter LOGIN PASSWORD :'exporter_password' CONNECTION LIMIT 5 IN ROLE pg_monitor;
ALTER ROLE exporter SET default_transaction_read_only = on;
ALTER ROLE exporter SET lock_timeout = '1s';
ALTER ROLE exporter SET search_path = public, pg_temp;
REVOKE TEMPORARY ON DATABASE postgres FROM public;
ALTER DATABASE postgres SET lokivector.recall_sample_rate = 0.01;
