# shellcheck shell=bash
# What run, test and bench share: messages, tools, private homes, builds and locks.
# Sourced by a script that has set -euo pipefail.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
STATE="$ROOT/.phoenix"
LOGS="$STATE/logs"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_GENERATE_ASPNET_CERTIFICATE=false
# Build servers would outlive the script that started them.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
BUILD_FLAGS=(-c Release -nodeReuse:false -p:UseSharedCompilation=false -v:quiet -clp:NoSummary)

say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }

die() {
  printf 'error: %s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# The state directory must be searchable for the unprivileged user of the database; every secret in it is a 0600 file.
prepare_state() {
  mkdir -p "$LOGS" 2>/dev/null || true
  if [[ ! -w "$STATE" || ! -w "$LOGS" ]]; then
    die "$STATE is not writable for $(id -un)." \
      "It was probably made by another user: run as that user, or remove it, or use a clone of your own."
  fi
}

# Without a writable HOME, dotnet, NuGet and npm keep their files in the clone.
prepare_home() {
  [[ -n "${HOME:-}" && -d "$HOME" && -w "$HOME" ]] && return
  mkdir -p "$STATE/home"
  export HOME="$STATE/home"
  export DOTNET_CLI_HOME="$HOME" NUGET_PACKAGES="$STATE/nuget" npm_config_cache="$STATE/npm-cache"
}

# Takes the named lock, so that two scripts never build into or run from the same clone at once.
# The descriptor is closed for long-lived children (9>&-), which must not keep the lock after the script has ended.
lock_or_die() {
  command -v flock >/dev/null || die "The command 'flock' is missing." "On Debian: apt-get install util-linux"
  exec 9>>"$STATE/$1.lock"
  if ! flock -n 9; then
    die "Another ./$1 is running in this clone (process $(tr -dc '0-9' <"$STATE/$1.lock" || true))." \
      "End it first, or use a clone of its own."
  fi
  printf '%s\n' "$$" >"$STATE/$1.lock"
}

require_dotnet() {
  local candidate
  if ! command -v dotnet >/dev/null; then
    for candidate in "${DOTNET_ROOT:-}" "${HOME:-}/.dotnet" /usr/share/dotnet /usr/lib/dotnet /opt/dotnet; do
      if [[ -n "$candidate" && -x "$candidate/dotnet" ]]; then
        export PATH="$candidate:$PATH" DOTNET_ROOT="$candidate"
        break
      fi
    done
  fi
  command -v dotnet >/dev/null || die "The .NET SDK 10 is not installed (no 'dotnet' in PATH)." \
    "See https://dotnet.microsoft.com/download/dotnet/10.0, or put an existing one into PATH."
  DOTNET_VERSION=$(cd "$ROOT" && dotnet --version 2>/dev/null) || die "No installed .NET SDK satisfies global.json (10.0)." \
    "Installed: $(dotnet --list-sdks 2>/dev/null | cut -d' ' -f1 | paste -sd' ')" "See https://dotnet.microsoft.com/download/dotnet/10.0"
}

# Native AOT links with clang, else gcc; with gcc it strips symbols by objcopy. zlib comes with the runtime pack.
require_linker() {
  local compiler
  if command -v clang >/dev/null; then compiler=clang
  elif command -v gcc >/dev/null; then compiler=gcc
  else
    die "Native AOT needs a C linker and finds neither clang nor gcc." "On Debian: apt-get install gcc libc6-dev"
  fi
  local scratch linked=yes
  scratch=$(mktemp -d)
  printf 'int main(void) { return 0; }\n' >"$scratch/a.c"
  "$compiler" "$scratch/a.c" -o "$scratch/a" 2>"$scratch/log" || linked=no
  local reason
  reason=$(tail -1 "$scratch/log")
  rm -rf "$scratch"
  [[ $linked == yes ]] || die "$compiler cannot link a program: $reason" "On Debian: apt-get install gcc libc6-dev binutils"
  command -v objcopy >/dev/null || command -v llvm-objcopy >/dev/null ||
    die "Native AOT strips symbols with objcopy, which is missing." "On Debian: apt-get install binutils"
}

runtime_id() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo linux-x64 ;;
    Linux-aarch64) echo linux-arm64 ;;
    *) die "Phoenix runs on Linux on x86-64 and ARM64; this is $(uname -s) on $(uname -m)." ;;
  esac
}

# One hash over everything a build reads: the named directories, the shared build files and the SDK.
source_hash() {
  (
    cd "$ROOT" || exit
    printf '%s\n' "$DOTNET_VERSION" "$(runtime_id)"
    find "$@" global.json Directory.*.props .editorconfig -type f -not -path '*/bin/*' -not -path '*/obj/*' \
      -not -path '*/TestResults/*' -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test-results/*' \
      -not -path 'dashboard/src/api/schema.ts' -not -path 'dashboard/src/app/routeTree.gen.ts' -not -path '*/.tanstack/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  ) | sha256sum | cut -d' ' -f1
}

LOGGED_PID=

# logged NAME COMMAND…: output goes to a log; where the command fails, its errors (or last lines) are shown. The command
# runs in a session of its own and the script waits, so that Ctrl-C is answered at once: see end_logged.
logged() {
  local log="$LOGS/$1.log" failure status=0
  shift
  setsid "$@" >"$log" 2>&1 </dev/null 8>&- 9>&- &
  LOGGED_PID=$!
  wait "$LOGGED_PID" || status=$?
  LOGGED_PID=
  if ((status == 0)); then return 0; fi
  failure=$(grep -E '(^|: )(error|fatal error)\b|^npm (ERR|error)' "$log" | sort -u | head -8 || true)
  printf '%s\n' "${failure:-$(tail -20 "$log")}" >&2
  die "This failed: $*" "The whole log: $log"
}

# For exit traps: ends a command under way and whatever it started (a compiler, a linker).
end_logged() {
  [[ -n "$LOGGED_PID" ]] || return 0
  kill -TERM -- "-$LOGGED_PID" 2>/dev/null || true
  end_process "$LOGGED_PID" 3
  kill -KILL -- "-$LOGGED_PID" 2>/dev/null || true
}

# build_once NAME DIRECTORIES -- COMMAND…: runs the build unless the stamp says that the same sources were built and
# nothing of the outputs was removed since.
build_once() {
  local name=$1 directories=() hash
  shift
  while [[ $1 != -- ]]; do directories+=("$1"); shift; done
  shift
  hash=$(source_hash "${directories[@]}")
  mkdir -p "$STATE/stamps"
  if [[ "$(cat "$STATE/stamps/$name" 2>/dev/null)" == "$hash" ]]; then return 0; fi
  rm -f "$STATE/stamps/$name"
  say "building $name"
  "$@"
  printf '%s\n' "$hash" >"$STATE/stamps/$name"
}

# publish_native PROJECT TARGET [FLAG…]: published beside the old one and renamed, so that a killed build never leaves half an executable.
publish_native() {
  local project=$1 target="$STATE/bin/$2"
  rm -rf "$target.new"
  logged "publish-$2" dotnet publish "$ROOT/src/$project/$project.csproj" "${BUILD_FLAGS[@]}" \
    -r "$(runtime_id)" -o "$target.new" "${@:3}"
  rm -rf "$target"
  mv "$target.new" "$target"
}

build_native() {
  [[ -x "$STATE/bin/agent/phoenix-agent" ]] || rm -f "$STATE/stamps/agent"
  build_once agent src/Phoenix.Agent src/Phoenix.Contracts src/NativeAot.props -- publish_native Phoenix.Agent agent
  build_native_collector
}

# The same agent as a later version, for tests of its upgrade.
build_next_agent() {
  [[ -x "$STATE/bin/agent-next/phoenix-agent" ]] || rm -f "$STATE/stamps/agent-next"
  build_once agent-next src/Phoenix.Agent src/Phoenix.Contracts src/NativeAot.props -- publish_native Phoenix.Agent agent-next -p:Version=0.2.0
}

build_native_collector() {
  [[ -x "$STATE/bin/collector/phoenix-collector" ]] || rm -f "$STATE/stamps/collector"
  build_once collector src/Phoenix.Collector src/Phoenix.Pipelines src/Phoenix.Telemetry src/Phoenix.Contracts src/NativeAot.props \
    -- publish_native Phoenix.Collector collector
}

# Vite 8 needs it.
NODE_NEEDED='20.19'

# Whether the dashboard can be built here; says what is missing where it cannot.
have_node() {
  local version
  if ! command -v npm >/dev/null || ! version=$(node --version 2>/dev/null); then
    say "Node.js with npm is not installed (Debian: apt-get install nodejs npm)"
    return 1
  fi
  version=${version#v}
  if [[ "$(printf '%s\n' "$NODE_NEEDED" "$version" | sort -V | head -1)" != "$NODE_NEEDED" ]]; then
    say "Node.js is $version; $NODE_NEEDED or later is needed"
    return 1
  fi
}

DASHBOARD="$STATE/bin/dashboard"

install_dashboard_packages() {
  [[ dashboard/node_modules/.package-lock.json -nt dashboard/package-lock.json ]] || logged npm-dashboard npm ci --prefix dashboard
}

publish_dashboard() {
  install_dashboard_packages
  rm -rf "$DASHBOARD.new"
  PHOENIX_DASHBOARD_OUT="$DASHBOARD.new" logged build-dashboard npm run build --prefix dashboard
  rm -rf "$DASHBOARD"
  mv "$DASHBOARD.new" "$DASHBOARD"
}

build_dashboard() {
  [[ -f "$DASHBOARD/index.html" ]] || rm -f "$STATE/stamps/dashboard"
  build_once dashboard dashboard docs/openapi.json -- publish_dashboard
}

# Builds from one clone take turns: a build beside a build would write the same obj directories.
with_build_lock() {
  exec 8>>"$STATE/build.lock"
  if ! flock -n 8; then
    say "waiting for another build in this clone"
    flock 8
  fi
  "$@" 8>&-
  exec 8>&-
}

# port_listens PORT: whether something accepts connections on the port, on any local address.
port_listens() {
  local hex
  hex=$(printf ':%04X' "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { found = 1 } END { exit !found }'
}

# port_owner PORT: "process 123 (name)" of whoever listens, where this user may see it.
port_owner() {
  local hex inode descriptor pid
  hex=$(printf ':%04X' "$1")
  while read -r inode; do
    for descriptor in /proc/[0-9]*/fd/*; do
      if [[ "$(readlink "$descriptor" 2>/dev/null)" == "socket:[$inode]" ]]; then
        pid=${descriptor#/proc/}
        pid=${pid%%/*}
        printf 'process %s (%s)' "$pid" "$(cat "/proc/$pid/comm" 2>/dev/null)"
        return
      fi
    done
  done < <(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$hex" '$4 == "0A" && $2 ~ port "$" { print $10 }')
  printf 'a process of another user'
}

# end_process PID SECONDS: asks, waits, then insists. Succeeds also where the process is gone already.
end_process() {
  local pid=$1 tenths=$(($2 * 10))
  kill -TERM "$pid" 2>/dev/null || return 0
  while ((tenths-- > 0)) && is_alive "$pid"; do sleep 0.1; done
  is_alive "$pid" && kill -KILL "$pid" 2>/dev/null
  return 0
}

# A zombie is not alive: it waits for its parent only.
is_alive() { [[ -d "/proc/$1" ]] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; }
