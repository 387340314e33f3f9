# SPDX-License-Identifier: PostgreSQL
"""Install what the benchmark needs, from Debian."""
import importlib.util
import os
import subprocess
import sys

MODULES = {"numpy": "python3-numpy", "matplotlib": "python3-matplotlib"}


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


def ensure():
    """Python packages; without matplotlib it goes on."""
    missing = [package for module, package in MODULES.items()
               if importlib.util.find_spec(module) is None]
    if missing and install(missing):
        importlib.invalidate_caches()
    elif "python3-numpy" in missing:
        raise SystemExit("the benchmark needs numpy: "
                         "apt-get install python3-numpy")


def packages(files):
    """file that is to be there -> the package that has it"""
    missing = [package for path, package in files.items()
               if not os.path.exists(path)]
    if missing and not install(missing):
        raise SystemExit("packages are missing: apt-get install "
                         + " ".join(missing))
