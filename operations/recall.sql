-- Recall of each index whose table the role may read, measured by exact searches
\ir psqlrc
:lvrecall
