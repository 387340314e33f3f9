-- SPDX-License-Identifier: PostgreSQL
ALTER OPERATOR <= (vector, vector)
	SET (RESTRICT = scalarlesel, JOIN = scalarlejoinsel);

ALTER OPERATOR >= (vector, vector)
	SET (RESTRICT = scalargesel, JOIN = scalargejoinsel);

-- a - b is not b - a, and ALTER OPERATOR cannot say so
UPDATE pg_catalog.pg_operator SET oprcom = 0
	WHERE oid OPERATOR(pg_catalog.=) '- (vector, vector)'::pg_catalog.regoperator;
