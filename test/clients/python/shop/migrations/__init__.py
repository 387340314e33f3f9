# SPDX-License-Identifier: PostgreSQL
"""The schema step by step: extension, table, indexes, a column more."""
