# SPDX-License-Identifier: PostgreSQL
"""Install what the benchmark needs, from Debian."""
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
    """A Python package"""
    if importlib.util.find_spec(module) is None:
        if not install([f"python3-{module}"]):
            raise SystemExit(f"the benchmark needs {module}: apt-get install python3-{module}")
        importlib.invalidate_caches()


def packages(files):
    """file that is to be there -> the package that has it"""
    missing = [package for path, package in files.items()
               if not os.path.exists(path)]
    if missing and not install(missing):
        raise SystemExit("packages are missing: apt-get install "
                         + " ".join(missing))
