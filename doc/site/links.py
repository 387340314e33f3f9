# SPDX-License-Identifier: PostgreSQL
"""A hook of MkDocs: links to files of the source tree that are no pages become
their names, and languages of blocks lose what follows them."""
import posixpath
import re


def on_page_markdown(markdown, page, config, files):
    def link(match):
        target = match.group(2).partition("#")[0]
        if not target or re.match(r"[a-z]+:", target):
            return match.group(0)
        folder = posixpath.dirname(page.file.src_path)
        path = posixpath.normpath(posixpath.join(folder, target))
        if path == "README.md":
            return f"[{match.group(1)}]({posixpath.relpath('index.md', folder or '.')})"
        return match.group(0) if files.get_file_from_path(path) else f"`{path}`"

    markdown = re.sub(r"(?<!!)\[([^][]*)\]\(([^()\s]+)\)", link, markdown)
    return re.sub(r"^```(\w+) .*$", r"```\1", markdown, flags=re.M)
