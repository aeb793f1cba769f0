#!/usr/bin/env python3
"""Writes the part of an OpenAPI description that some paths need, as it is: the paths, and what they refer to.

usage: openapi-cut.py DESCRIPTION PATH… > part.json

A PATH stands for itself and for everything below it.
"""
import json
import sys


def references(value):
    """Every `#/…` in it, but for those in examples, which are data."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str) and target.startswith("#/"):
            yield target
        for item in value.values():
            yield from references(item)


def look_up(whole, target):
    for name in target[2:].split("/"):
        whole = whole[name.replace("~1", "/").replace("~0", "~")]
    return whole


def put(part, target, value):
    *way, last = target[2:].split("/")
    for name in way:
        part = part.setdefault(name, {})
    part[last] = value


def main(description, *wanted):
    with open(description, encoding="utf-8") as file:
        whole = json.load(file)
    kept = {path: item for path, item in whole["paths"].items()
            if any(path == name or path.startswith(name + "/") for name in wanted)}
    lost = [name for name in wanted if not any(path.startswith(name) for path in kept)]
    if lost:
        raise SystemExit(f"{description} does not know {', '.join(lost)}")
    part = {name: whole[name] for name in ("openapi", "info", "servers") if name in whole}
    part["paths"] = kept
    seen, open_ends = set(), list(references(kept))
    while open_ends:
        target = open_ends.pop()
        if target in seen:
            continue
        seen.add(target)
        found = look_up(whole, target)
        put(part, target, found)
        open_ends.extend(references(found))
    json.dump(part, sys.stdout, separators=(",", ":"))


main(*sys.argv[1:])
