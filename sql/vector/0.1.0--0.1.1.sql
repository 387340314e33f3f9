-- SPDX-License-Identifier: PostgreSQL
CREATE FUNCTION vector_recv(internal, oid, integer) RETURNS vector
	AS 'MODULE_PATHNAME', 'vector_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION vector_send(vector) RETURNS bytea
	AS 'MODULE_PATHNAME', 'vector_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

ALTER TYPE vector SET (RECEIVE = vector_recv, SEND = vector_send);

-- what is not called by the server alone
DO $$
DECLARE
	function pg_catalog.regprocedure;
BEGIN
	FOR function IN
		SELECT p.oid
			FROM pg_catalog.pg_proc AS p
			JOIN pg_catalog.pg_depend AS d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass AND
				d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'
			JOIN pg_catalog.pg_extension AS e ON d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass AND
				d.refobjid OPERATOR(pg_catalog.=) e.oid AND e.extname OPERATOR(pg_catalog.=) 'vector'
			WHERE p.prorettype OPERATOR(pg_catalog.<>) 'pg_catalog.index_am_handler'::pg_catalog.regtype
	LOOP
		EXECUTE pg_catalog.format('ALTER FUNCTION %s PARALLEL SAFE', function);
	END LOOP;
END
$$;
