"""Install the Python packages that the benchmark needs, from Debian."""
import importlib.util
import os
import subprocess
import sys

PACKAGES = {"numpy": "python3-numpy", "matplotlib": "python3-matplotlib"}


def ensure():
    missing = [package for module, package in PACKAGES.items()
               if importlib.util.find_spec(module) is None]
    if not missing:
        return
    if os.geteuid() == 0:
        print("installing " + " ".join(missing), file=sys.stderr)
        done = subprocess.run(
            ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600",
             "install", "--no-install-recommends", *missing],
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
            env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
        if done.returncode == 0:
            importlib.invalidate_caches()
            return
    if "python3-numpy" in missing:
        raise SystemExit("the benchmark needs numpy: "
                         "apt-get install python3-numpy")
