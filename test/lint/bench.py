# SPDX-License-Identifier: PostgreSQL
"""Do the programs of bench start, and do they take the options that documents give them?

usage: test/lint/bench.py DOCUMENT...    in the top folder

Each program is loaded without being run.  The commands of the documents are parsed by the
programs' own parsers, which take no abbreviations here and may lack what they require.
"""
import argparse
import importlib
import os
import re
import runpy
import shlex
import sys

# here, so that the children need not
import numpy                    # noqa: F401

# Read from standard error of a child: why a program cannot be tried here
MISSING = "not installed: "
# What a program that has options calls
PARSES = re.compile(r"parse_args|parse_known_args|\barguments\(|session\(argv")
MARKS = re.compile(r"\s*```(.*)")
COMMAND = re.compile(r"(?:^|&& |; |\$ )(bench/\w+\.py|make bench[-\w]*)(?=\s|$)(.*)")


class Parsed(BaseException):
    """All arguments are taken; the program goes no further"""


def text_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


# ---- a program, in a process of its own -----------------------------------

def in_child(function, *args):
    """-> None, or what the function died of"""
    sys.stdout.flush()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write, 1)
        os.dup2(write, 2)
        status = 1
        try:
            function(*args)
            status = 0
        except Parsed:
            status = 0
        except SystemExit as end:
            status = 0 if not end.code else 1
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
        except ImportError as error:
            name = error.name.split(".")[0]
            print(MISSING + name if not os.path.exists(f"bench/{name}.py") else error,
                  file=sys.stderr)
        except BaseException as error:      # whatever a program dies of
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.stderr.flush()
        sys.stdout.flush()
        os._exit(status)
    os.close(write)
    with os.fdopen(read) as f:
        said = f.read().strip()
    return None if os.waitpid(child, 0)[1] == 0 else said.split("\n")[-1]


def install_nothing():
    """Modules of bench are found, and install no package"""
    sys.path.insert(0, "bench")
    importlib.import_module("needs").ensure = lambda module: None


def load(path):
    install_nothing()
    runpy.run_path(path, run_name="loaded")


def strict_parsers():
    """Parsers take no abbreviation and require nothing; parse_args() is the end"""
    begin, parse = argparse.ArgumentParser.__init__, argparse.ArgumentParser.parse_args

    def init(self, *args, **how):
        begin(self, *args, **{**how, "allow_abbrev": False})

    def parse_args(self, *args, **how):
        for action in self._actions:
            action.required = action.required and not action.option_strings
        parse(self, *args, **how)
        raise Parsed

    argparse.ArgumentParser.__init__ = init
    argparse.ArgumentParser.parse_args = parse_args


def parse_goals(words):
    """Options of goals.py, of its steps, and of run.py; steps that there are"""
    goals, lab, options = (importlib.import_module(name)
                           for name in ("goals", "goals_lab", "options"))
    own, rest = goals.arguments(words)
    steps = [step[0] for step in goals.STEPS[own.size]]
    for wanted in (own.only or "").split(","):
        if not any(name.startswith(wanted) for name in steps):
            raise SystemExit(f"no step of size {own.size} begins with {wanted}")
    options.arguments(lab.chosen(rest, [])[2])


def take(path, words):
    """A program takes these options"""
    install_nothing()
    if not PARSES.search(text_of(path)):
        wrong = [word for word in words if word.startswith("-")]
        if wrong:
            raise SystemExit(f"takes no {' '.join(wrong)}")
        return
    strict_parsers()
    sys.argv = [path, *words]
    if path == "bench/goals.py":
        parse_goals(words)
        return
    runpy.run_path(path, run_name="__main__")
    raise SystemExit("parsed no options")


# ---- commands of a document -----------------------------------------------

def code(text):
    """Lines of blocks, as far as they do not begin with the checkout of an older commit, and what stands between
    backticks"""
    fenced = older = False
    for line in text.replace("\\\n", " ").split("\n"):
        if MARKS.match(line):
            fenced, older = not fenced, False
        elif older or line.startswith("git checkout "):
            older = True
        elif fenced or line.startswith(("    ", "\t")) and "`" not in line:
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def commands(text):
    """-> (command as written, path of the program, its options)"""
    targets = dict(re.findall(r"^(bench[-\w]*): ; (bench/\w+\.py)", text_of("Makefile"), re.M))
    for part in (part for line in code(text) for part in line.split(" && ")):
        found = COMMAND.match(part)
        if not found:
            continue
        name, rest = found.groups()
        words = shlex.split(rest, comments=True)
        if not name.startswith("make "):
            yield part, name, words
            continue
        given = dict(word.split("=", 1) for word in words if "=" in word)
        size = ["--size", given["SIZE"]] if given.get("SIZE", "...") != "..." else []
        options = given.get("ARGS", "").replace("...", "")
        yield part, targets.get(name[5:], name), size + shlex.split(options)


def faults_of(document):
    """-> how many commands there are, what is wrong with them, and what was not tried"""
    number, faults, untried = 0, [], []
    for command, program, words in commands(text_of(document)):
        number += 1
        if not os.path.exists(program):
            faults.append(f"{command}: there is no {program}")
            continue
        said = in_child(take, program, words)
        if said and said.startswith(MISSING):
            untried.append(said)
        elif said:
            faults.append(f"{command}: {said}")
    return number, faults, untried


def report(name, faults, untried=()):
    if faults:
        print(f"not ok - {name}", *faults, sep="\n")
    elif untried:
        print(f"ok # skip {name}: {untried[0]}")
    else:
        print(f"ok - {name}")


def main(documents):
    for name in sorted(os.listdir("bench")):
        path = os.path.join("bench", name)
        if not name.endswith(".py"):
            continue
        said = in_child(load, path)
        faults = [said] if said and not said.startswith(MISSING) else []
        if text_of(path).startswith("#!") and not os.access(path, os.X_OK):
            faults.append(f"{path} is not executable")
        report(f"{path} starts", faults, [said] if said else [])
    for document in documents:
        number, faults, untried = faults_of(document)
        if number:
            report(f"{document}: programs of bench take the options of commands", faults, untried)


if __name__ == "__main__":
    main(sys.argv[1:])
