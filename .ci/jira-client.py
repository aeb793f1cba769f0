#!/usr/bin/env python3
"""Writes the OpenAPI description of some paths, rebuilt from the client that openapi-generator made of the whole one.

usage: jira-client.py CRATE_DIRECTORY PATH… > part.json

The crate jira_v3_openapi holds Jira's description as Rust: a function for each operation, a struct for each schema.
Limits of numbers and the statuses of answers are lost.
"""
import glob
import json
import re
import sys

PLAIN = {"String": "string", "uuid::Uuid": "string", "bool": "boolean", "i32": "integer", "i64": "integer",
         "f32": "number", "f64": "number"}
GENERIC = re.compile(r"^(Option|Box|Vec|std::collections::HashMap)<(.*)>$")
FUNCTION = re.compile(r"pub async fn \w+\((.*?)\) -> Result<(.*?), Error<\w+>> \{(.*?)\n\}\n", re.S)
FIELD = re.compile(r'#\[serde\(rename = "([^"]+)"[^\]]*\)\]\s*pub \w+: ([^\n]+),\n')


def schema(kind):
    """The schema of a type of Rust, and the names of the models in it."""
    generic = GENERIC.match(kind)
    if generic:
        name, inner = generic.groups()
        if name == "Vec":
            return {"type": "array", "items": schema(inner)}
        if name.endswith("HashMap"):
            return {"type": "object", "additionalProperties": schema(inner.split(", ", 1)[1])}
        return schema(inner)
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if kind.startswith("serde_json"):
        return {}
    return {"$ref": "#/components/schemas/" + kind.split("::")[-1]}


def models(crate):
    """Every struct and every enum of plain words."""
    found = {}
    for path in glob.glob(crate + "/src/models/*.rs"):
        text = re.sub(r"(?m)^\s*///.*\n", "", open(path, encoding="utf-8").read())
        for name, body in re.findall(r"pub struct (\w+) \{\n(.*?)\n\}", text, re.S):
            fields = FIELD.findall(body + "\n")
            found[name] = {"type": "object", "properties": {field: schema(kind) for field, kind in fields}}
            required = [field for field, kind in fields if not kind.startswith("Option<")]
            if required:
                found[name]["required"] = required
        for name, body in re.findall(r"pub enum (\w+) \{\n(.*?)\n\}", text, re.S):
            found[name] = {"type": "string", "enum": re.findall(r'rename = "([^"]+)"', body)}
    return found


def operation(arguments, result, body):
    names = re.findall(r'\.query\(&\[\("([^"]+)"', body)
    described = {"parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]}
    sent = re.search(r"\.json\(&(\w+)\)", body)
    if sent:
        kind = re.search(rf"\b{sent[1]}: (.*?),?\n", arguments + "\n")[1]
        described["requestBody"] = {"content": {"application/json": {"schema": schema(kind)}}}
    answer = {"description": "success"}
    if result != "()":
        answer["content"] = {"application/json": {"schema": schema(result)}}
    return described | {"responses": {"2XX": answer}}


def main(crate, *wanted):
    paths = {path: {} for path in wanted}
    for file in glob.glob(crate + "/src/apis/*_api.rs"):
        for arguments, result, body in FUNCTION.findall(open(file, encoding="utf-8").read()):
            path = re.search(r'"\{\}(/[^"]*)"', body)
            method = re.search(r"Method::([A-Z]+)", body)
            if path and method and path[1] in paths:
                paths[path[1]][method[1].lower()] = operation(arguments, result, body)
    lost = [path for path, item in paths.items() if not item]
    if lost:
        raise SystemExit(f"{crate} does not know {', '.join(lost)}")
    known, used, ends = models(crate), {}, [json.dumps(paths)]
    while ends:
        for name in re.findall(r'"#/components/schemas/(\w+)"', ends.pop()):
            if name not in used:
                used[name] = known[name]
                ends.append(json.dumps(used[name]))
    json.dump({"openapi": "3.0.1", "paths": paths, "components": {"schemas": used}}, sys.stdout)


main(*sys.argv[1:])
