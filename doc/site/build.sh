#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build the site of the documents into build/site (make site).  Needs MkDocs
# (Debian's package mkdocs) and no network; a link that leads nowhere is an error.
set -eu
cd "$(dirname "$0")/../.."
command -v mkdocs >/dev/null || {
	echo "make site needs MkDocs: apt-get install mkdocs" >&2
	exit 1
}
rm -rf build/site
mkdir -p build/site/pages
cp doc/site/mkdocs.yml doc/site/links.py build/site/
cp README.md build/site/pages/index.md
cp CONTRIBUTING.md CHANGELOG.md build/site/pages/
mkdir build/site/pages/doc
cp -R doc/*.md doc/*.svg doc/*.png doc/design doc/contributors build/site/pages/doc/
mkdocs build -f build/site/mkdocs.yml
echo "build/site/site/index.html"
