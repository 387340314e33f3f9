-- What should be changed
\ir psqlrc
:lvadvice
