-- SPDX-License-Identifier: PostgreSQL
--
-- Attribute columns that know texts by their beginnings, for paths.  Not the default of text: slots are larger
-- than those of text_ops, and do not decide <>.
--

CREATE OPERATOR CLASS text_prefix_ops
	FOR TYPE text USING hnsw AS
	OPERATOR 3 =, OPERATOR 28 ^@, OPERATOR 29 ~~;
