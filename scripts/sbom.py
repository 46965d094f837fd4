#!/usr/bin/env python3
"""Writes a software bill of materials (CycloneDX 1.5, JSON) of a program: the crates that it is compiled from.

    python3 scripts/sbom.py [--package trainer] [--features wgpu] [--target x86_64-unknown-linux-gnu] > sbom.json

Reads `cargo tree`, `cargo metadata` and `Cargo.lock`; needs Python 3.11 and cargo, nothing else. Crates that only tests
or build scripts use are left out. The output depends only on the inputs: no time, no serial number, no path.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINE = re.compile(r"(\d+)(\S+) v(\S+)")


def cargo(*arguments):
    """What cargo prints; its message and exit code where it fails."""
    done = subprocess.run(["cargo", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def dependencies(package, features, target):
    """The crates of a program as (name, version), its own first, with the crates that each depends on."""
    command = ["tree", "--locked", "-p", package, "-e", "normal", "--prefix", "depth"]
    command += ["--features", features] if features else []
    command += ["--target", target] if target else []
    found, path = {}, []
    for line in cargo(*command).splitlines():
        depth, name, version = LINE.match(line).groups()
        crate = (name, version)
        path[int(depth) :] = [crate]
        found.setdefault(crate, set())
        if len(path) > 1:
            found[path[-2]].add(crate)
    return found


def host():
    """The target that cargo builds for by default."""
    text = subprocess.run(["rustc", "-vV"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.search(r"^host: (\S+)$", text, re.MULTILINE).group(1)


def reference(crate):
    """How the other parts of the file name a crate."""
    return "{}@{}".format(*crate)


def component(package, checksum):
    """One crate as CycloneDX describes it."""
    crate = (package["name"], package["version"])
    entry = {"type": "library", "bom-ref": reference(crate), "name": crate[0], "version": crate[1]}
    if package["license"]:
        # Old manifests use `/` instead of `OR`.
        expression = " OR ".join(part.strip() for part in package["license"].split("/"))
        entry["licenses"] = [{"expression": expression}]
    elif package["license_file"]:
        entry["licenses"] = [{"license": {"name": f"see {package['license_file']} in the crate"}}]
    if package["source"]:
        entry["purl"] = f"pkg:cargo/{reference(crate)}"
    if checksum:
        entry["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", default="trainer", help="program whose crates are listed [default: trainer]")
    parser.add_argument("--features", help="cargo features that the program is built with")
    parser.add_argument("--target", help="target triple [default: this machine's]")
    arguments = parser.parse_args()
    tree = dependencies(arguments.package, arguments.features, arguments.target)
    platform = arguments.target or host()
    known = json.loads(cargo("metadata", "--format-version", "1", "--locked", "--filter-platform", platform))["packages"]
    packages = {(package["name"], package["version"]): package for package in known}
    with open(ROOT / "Cargo.lock", "rb") as file:
        locked = tomllib.load(file)["package"]
    checksums = {(entry["name"], entry["version"]): entry.get("checksum") for entry in locked}
    program, *crates = [component(packages[crate], checksums[crate]) for crate in tree]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": program | {"type": "application"}},
        "components": sorted(crates, key=lambda entry: entry["bom-ref"]),
        "dependencies": [
            {"ref": reference(crate), "dependsOn": sorted(map(reference, needed))}
            for crate, needed in sorted(tree.items())
        ],
    }
    print(json.dumps(bom, indent=2))


if __name__ == "__main__":
    main()
