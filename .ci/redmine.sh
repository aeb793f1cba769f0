#!/usr/bin/env bash
# A real Redmine for tests/cli/redmine_real.rs: Debian's program, with nothing of the machine's own instance.
#   .ci/redmine.sh install          apt-get install (as root, where it is not there), and a template below target/tools
#   .ci/redmine.sh serve DIR PORT   serves the copy in DIR, which is made from the template where there is none, on
#                                   127.0.0.1; PORT 0 is any free one. DIR/port says which, once it answers. Ends when
#                                   its standard input does
#   .ci/redmine.sh once DIR PORT    the same, and removes DIR at the end
set -euo pipefail
readonly SCRIPT=$(realpath "${BASH_SOURCE[0]}")
readonly TEMPLATE=$(realpath "$(dirname "$SCRIPT")/..")/target/tools/redmine

install() {
  if [[ ! -e /usr/share/redmine/config.ru ]] || ! command -v puma >/dev/null; then
    apt-get update -q
    # Nothing of it is to run by itself.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
      redmine redmine-sqlite puma ruby-bundler >/dev/null
  fi
  rm -rf "$TEMPLATE" "$TEMPLATE.new"
  mkdir -p "$(dirname "$TEMPLATE")"
  cp -r /usr/share/redmine "$TEMPLATE.new"
  rm "$TEMPLATE.new"/{instances,config/database.yml,Gemfile.lock}
  # Where the Gemfile looks for the kind of the database.
  sed -i "s|Dir\['/usr/share/redmine/\(.*\)'\]|Dir[\"#{__dir__}/\1\"]|" "$TEMPLATE.new/Gemfile"
  enter "$TEMPLATE.new"
  BUNDLE_SILENCE_ROOT_WARNING=1 bundle install --local --quiet
  bin/rails db:migrate >/dev/null
  bin/rails runner - <<'RUBY' >key
Redmine::DefaultData::Loader.load('en')
Setting.rest_api_enabled = '1'
admin = User.find_by_login('admin')
admin.must_change_passwd = false
admin.save!(validate: false)
# Two pages of issues, for whoever only reads.
many = Project.create!(name: 'Many', identifier: 'many', is_public: true, trackers: Tracker.all.to_a,
                       enabled_module_names: ['issue_tracking'])
130.times do |n|
  Issue.create!(project: many, tracker: Tracker.first, author: admin, subject: "Issue #{n + 1}",
                priority: IssuePriority.default, status: IssueStatus.find_by_name(n < 10 ? 'Resolved' : 'New'))
end
puts admin.api_key
RUBY
  rm -r instances/default/log/*
  sha256sum <"$SCRIPT" >made-by
  mv "$TEMPLATE.new" "$TEMPLATE"
}

# Everything of one instance is below its directory, which becomes the current one.
enter() {
  cd "$1"
  mkdir -p instances/default/{config,files,log,public,tmp}
  cat > instances/default/config/database.yml <<YAML
production:
  adapter: sqlite3
  database: $1/redmine.db
  timeout: 20000
YAML
  echo "for tests on loopback, of a database that is thrown away" > instances/default/config/secret_key.txt
  export RAILS_ENV=production REDMINE_INSTANCE=default REDMINE_LANG=en LANG=C.UTF-8 HOME=$1 TMPDIR=$1/instances/default/tmp
  unset X_DEBIAN_SITEID
}

serve() {
  [[ -e $1 ]] || cp -r "$TEMPLATE" "$1"
  enter "$1"
  rm -f port
  : >puma.log
  exec 3<&0
  puma --bind "tcp://127.0.0.1:$2" --environment production --workers 0 --threads 1:2 config.ru \
    </dev/null >>puma.log 2>&1 3<&- &
  local server=$! watcher
  (read -r _ <&3 || true; kill "$server") >/dev/null 2>&1 &
  watcher=$!
  exec 3<&-
  until grep -q '^\* Listening on' puma.log; do
    kill -0 "$server" 2>/dev/null || { cat puma.log >&2; exit 1; }
    sleep 0.1
  done
  sed -n 's|^\* Listening on http://127.0.0.1:||p' puma.log >port.new
  mv port.new port
  wait "$server" || true
  kill "$watcher" 2>/dev/null || true
}

once() {
  trap "rm -rf ${1@Q}" EXIT
  serve "$@"
}

"$@"
