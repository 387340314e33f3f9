# SPDX-License-Identifier: PostgreSQL
"""Install what the benchmark needs, from Debian: numpy at once, as most of it is of no use without."""
import importlib.util
import os
import subprocess
import sys


def install(missing):
    """-> done?"""
    if os.geteuid() != 0:
        return False
    print("installing " + " ".join(missing), file=sys.stderr)
    done = subprocess.run(
        ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600", "install",
         "--no-install-recommends", *missing],
        stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
    return done.returncode == 0


def ensure(module):
    """A Python package.  Where another Python is first in PATH, the program begins again by Debian's, which has it."""
    if importlib.util.find_spec(module) is not None:
        return
    debian = "/usr/bin/python3"
    other = os.path.exists(debian) and os.path.realpath(sys.executable) != os.path.realpath(debian)
    if not (other and subprocess.run([debian, "-c", f"import {module}"], stderr=subprocess.DEVNULL).returncode == 0) \
            and not install([f"python3-{module}"]):
        raise SystemExit(f"the benchmark needs {module}: apt-get install python3-{module}")
    if other:
        os.execv(debian, [debian, *sys.argv])
    importlib.invalidate_caches()


def packages(files):
    """file that is to be there -> the package that has it"""
    missing = [package for path, package in files.items()
               if not os.path.exists(path)]
    if missing and not install(missing):
        raise SystemExit("packages are missing: apt-get install "
                         + " ".join(missing))


ensure("numpy")
