-- What should be changed; for owners, and members of pg_monitor
\ir psqlrc
:lvadvice
