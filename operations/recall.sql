-- Recall of each index, measured by exact searches; for who may read the tables
\ir psqlrc
:lvrecall
