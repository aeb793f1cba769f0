#!/usr/bin/env python3
"""Writes Linear's GraphQL schema, rebuilt from the TypeScript types in the npm package @linear/sdk.

usage: linear-schema.py PACKAGE_DIRECTORY > linear.graphql

The package holds the whole schema as generated types, but for the defaults of arguments and directives. What is
reachable from Query and Mutation is written.
"""
import glob
import re
import sys

BUILTIN = {"ID", "String", "Boolean", "Int", "Float"}
# Names that the generator of the types has spelled anew.
RENAMED = {"IdComparator": "IDComparator", "IssueIdComparator": "IssueIDComparator"}
HELPERS = {"Maybe", "InputMaybe", "Exact", "MakeOptional", "MakeMaybe", "Incremental", "MakeEmpty"}


def read(package):
    texts = (open(path, encoding="utf-8").read() for path in sorted(glob.glob(package + "/dist/*.d.mts")))
    text = next(text for text in texts if "type Scalars = {" in text)
    text = re.sub(r"/\*\*.*?\*/", "", text, flags=re.S)
    for old, new in RENAMED.items():
        text = re.sub(rf"\b{old}\b", new, text)
    return text[text.index("type Scalars = {"):]


def braces(text, start):
    """The text between the brace at `start` and the one that closes it."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start + 1:at]
    raise SystemExit("a brace that is not closed")


def fields(body):
    found = re.findall(r"(?m)^\s*(\w+)\??:\s*((?:[^;{}]|\{[^}]*\})*);", body)
    return [(name, kind) for name, kind in found if name != "__typename"]


def graphql(kind, required=True):
    kind = kind.strip()
    if optional := re.fullmatch(r"(?:Input)?Maybe<(.*)>", kind, re.S):
        return graphql(optional[1], False)
    if several := re.fullmatch(r"Array<(.*)>", kind, re.S):
        name = f"[{graphql(several[1])}]"
    else:
        scalar = re.fullmatch(r'Scalars\["(\w+)"\]', kind)
        name = scalar[1] if scalar else kind
    return name + ("!" if required else "")


class Types:
    def __init__(self, text):
        self.objects, self.inputs, self.arguments, self.enums, self.unions = {}, {}, {}, {}, {}
        for found in re.finditer(r"^(?:declare |export )*(?:type (\w+) = |enum (\w+) \{)", text, re.M):
            if name := found[2]:
                self.enums[name] = re.findall(r'=\s*"([^"]*)"', braces(text, found.end() - 1))
            elif found[1] not in HELPERS | {"Scalars"}:
                self.take(found[1], text, found.end())
        interfaces = {name for implements, _ in self.objects.values() for name in implements}
        self.interfaces = {name for name in interfaces if name in self.inputs or name in self.objects}
        for name in self.interfaces & set(self.inputs):
            self.objects[name] = ([], self.inputs.pop(name))

    def take(self, name, text, at):
        rest = text[at:at + 4000]
        if start := re.match(r"((?:\w+ & )*)\{", rest):
            body = braces(text, at + start.end() - 1)
            implements = [part for part in start[1].split(" & ") if part]
            if "__typename" in body:
                self.objects[name] = (implements, fields(body))
            elif name.endswith("Args"):
                self.arguments[name.lower()] = fields(body)
            else:
                self.inputs[name] = fields(body)
        elif union := re.match(r"\|?\s*((?:\w+\s*\|\s*)+\w+);", rest):
            self.unions[name] = re.split(r"\s*\|\s*", union[1])

    def definition(self, name):
        """What defines a type, and the names that it uses."""
        used = []

        def use(kind):
            used.append(re.sub(r"[\[\]!]", "", kind))
            return kind

        if name in self.objects:
            implements, members = self.objects[name]
            used += implements
            used += [other for other, (parents, _) in self.objects.items() if name in parents]
            lines = []
            for field, kind in members:
                given = self.arguments.get((name + field + "Args").lower(), [])
                given = ", ".join(f"{argument}: {use(graphql(of))}" for argument, of in given)
                lines.append(f"  {field}{f'({given})' if given else ''}: {use(graphql(kind))}")
            word = "interface" if name in self.interfaces else "type"
            head = f"{word} {name}" + (f" implements {' & '.join(implements)}" if implements else "")
            return head + " {\n" + "\n".join(lines) + "\n}", used
        if name in self.inputs:
            lines = [f"  {field}: {use(graphql(kind))}" for field, kind in self.inputs[name]]
            return f"input {name} {{\n" + "\n".join(lines) + "\n}", used
        if name in self.enums:
            return f"enum {name} {{\n  " + "\n  ".join(self.enums[name]) + "\n}", used
        if name in self.unions:
            return f"union {name} = " + " | ".join(self.unions[name]), list(self.unions[name])
        return f"scalar {name}", used


def main():
    types = Types(read(sys.argv[1]))
    print("schema { query: Query mutation: Mutation }")
    waiting, seen = ["Query", "Mutation"], set(BUILTIN)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        text, used = types.definition(name)
        print("\n" + text)
        waiting += used


main()
