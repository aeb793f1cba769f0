#!/usr/bin/env python3
"""Writes a GraphQL schema in the language that people write, from a server's answer to the introspection query.

usage: graphql-schema.py SCHEMA.json > schema.graphql
"""
import json
import sys

BUILTIN = {"ID", "String", "Boolean", "Int", "Float"}
KINDS = {"OBJECT": "type", "INTERFACE": "interface", "INPUT_OBJECT": "input", "ENUM": "enum"}


def kind_of(kind):
    inner = kind.get("ofType") and kind_of(kind["ofType"])
    return {"NON_NULL": f"{inner}!", "LIST": f"[{inner}]"}.get(kind["kind"], kind["name"])


def argument(given):
    default = f" = {given['defaultValue']}" if given.get("defaultValue") is not None else ""
    return f"{given['name']}: {kind_of(given['type'])}{default}"


def field(given):
    arguments = ", ".join(map(argument, given["args"]))
    return f"{given['name']}{f'({arguments})' if arguments else ''}: {kind_of(given['type'])}"


def write(kind):
    name = kind["name"]
    if kind["kind"] == "SCALAR":
        return f"scalar {name}"
    if kind["kind"] == "UNION":
        return f"union {name} = " + " | ".join(one["name"] for one in kind["possibleTypes"])
    implemented = " & ".join(one["name"] for one in kind.get("interfaces") or [])
    head = f"{KINDS[kind['kind']]} {name}" + (f" implements {implemented}" if implemented else "")
    members = [field(one) for one in kind.get("fields") or []]
    members += [argument(one) for one in kind.get("inputFields") or []]
    members += [one["name"] for one in kind.get("enumValues") or []]
    return "\n".join([head + " {", *(f"  {member}" for member in members), "}"])


def main(path):
    with open(path, encoding="utf-8") as file:
        whole = json.load(file)
    schema = whole.get("data", whole)["__schema"]
    roots = {root: schema[f"{root}Type"]["name"] for root in ("query", "mutation") if schema.get(f"{root}Type")}
    print("schema {\n" + "\n".join(f"  {root}: {name}" for root, name in roots.items()) + "\n}")
    for kind in schema["types"]:
        if kind["name"] not in BUILTIN and not kind["name"].startswith("__"):
            print(write(kind))


main(*sys.argv[1:])
