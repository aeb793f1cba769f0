#!/usr/bin/env bash
# The demo's agent: any program can be one. It stands in the issue's worktree, on the issue's own branch; the prompt is
# on its standard input. It edits, tests, commits, and says in the tracker that the issue is done.
set -euo pipefail
prompt=$(cat)
echo "run $BATON_RUN: ${prompt%%$'\n'*}"
sleep "${DEMO_PACE:-1}" # so that there is something to watch

case "$BATON_ISSUE" in
    TASK-1)
        printf '#!/bin/sh\necho "Hello, ${1:-world}!"\n' > hello
        printf '%s\n' 'test "$(./hello Ada)" = "Hello, Ada!"' >> tests/hello
        ;;
    TASK-2)
        printf '#!/bin/sh\necho "Goodbye, ${1:-world}."\n' > goodbye
        chmod +x goodbye
        printf '%s\n' 'test "$(./goodbye Ada)" = "Goodbye, Ada."' > tests/goodbye
        ;;
    TASK-3)
        printf '\n## Usage\n\n    ./hello NAME\n' >> README.md
        ;;
esac

echo "testing"
for test in tests/*; do sh -e "$test"; done
sleep "${DEMO_PACE:-1}"
git add --all
git commit --quiet --message "$BATON_ISSUE: $(head -n 1 <<< "$prompt")"
baton issue edit "$BATON_ISSUE" --state Done
echo "done"
