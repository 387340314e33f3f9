# SPDX-License-Identifier: PostgreSQL
"""An application of Django with fields and indexes of vectors."""
