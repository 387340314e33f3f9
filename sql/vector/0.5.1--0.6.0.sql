-- SPDX-License-Identifier: PostgreSQL
ALTER TYPE vector SET (STORAGE = external);
