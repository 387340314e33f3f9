-- How far builds, checks and vacuums are
\ir psqlrc
:lvbuilds
