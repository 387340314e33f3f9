-- What was done with each index, and how large it is
\ir psqlrc
:lvstatus
