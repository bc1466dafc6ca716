#!/usr/bin/env bash
# Finds what the demo needs, installs what is missing, and builds the themes' assets. Does nothing where all is there.
#
#   infra/demo/setup.sh                 for `make demo`
#   infra/demo/setup.sh --with-tests    also what `make test` needs
#
# Debian's packages are installed with apt-get, as root or through sudo, after a question that YES=1 or CI answers.
# No service is started, and none that runs is touched: the demo has a Postgres and a Redis of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly OLDEST_POSTGRES=15 OLDEST_REDIS=7 OLDEST_NODE=20
with_tests=
[ "${1:-}" = --with-tests ] && with_tests=1

packages=()  # Debian packages to install
words=()     # the same for a person on another distribution

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
need() { packages+=("$1"); words+=("$2"); }
major() { local version=${1%%.*}; printf '%s' "${version//[!0-9]/}"; }

# --- What is there ---

postgres_is_there() {
  local bin version
  for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin "$(dirname "$(command -v postgres || true)")"; do
    [ -x "$bin/postgres" ] && [ -x "$bin/initdb" ] && [ -x "$bin/psql" ] || continue
    version=$("$bin/postgres" --version) && version=${version#*) }
    [ "$(major "${version%%[!0-9]*}")" -ge $OLDEST_POSTGRES ] && return
  done
  return 1
}

redis_is_there() {
  local version
  have redis-server && version=$(redis-server --version) && version=${version#*v=} \
    && [ "$(major "$version")" -ge $OLDEST_REDIS ]
}

node_is_there() {
  have npm && have node && [ "$(major "$(node --version)")" -ge $OLDEST_NODE ]
}

look() {
  have cargo || fail "Rust is missing: install it with rustup, or rustc and cargo of your distribution."
  have setpriv || need util-linux "setpriv (util-linux)"
  have cc || { need gcc "a C compiler (cc)"; packages+=(libc6-dev); }
  postgres_is_there || need postgresql "PostgreSQL $OLDEST_POSTGRES or later, with initdb and psql"
  redis_is_there || need redis-server "Redis $OLDEST_REDIS or later"
  node_is_there || { need nodejs "Node.js $OLDEST_NODE or later, with npm"; packages+=(npm); }
  if [ -n "$with_tests" ]; then
    have chromium || need chromium "Chromium (the command chromium)"
    have pdftoppm || need poppler-utils "poppler-utils (pdftoppm)"
    have zbarimg || need zbar-tools "zbar-tools (zbarimg)"
    have wrk || need wrk "wrk"
  fi
}

# --- Installing what is not ---

as_root=()

explain() {
  fail "$1" "Install this by hand, then run the same command again:" "${words[@]/#/  - }"
}

may_install() {
  have apt-get || explain "this is not Debian or Ubuntu, so nothing is installed for you."
  if [ "$(id -u)" -ne 0 ]; then
    have sudo || explain "this takes root, and there is no sudo. As root: apt-get install ${packages[*]}"
    as_root=(sudo)
  fi
  say "missing: ${words[*]/%/;}"
  [ -n "${YES:-}${CI:-}" ] && return
  [ -t 0 ] || explain "there is nobody to ask whether to install it; YES=1 means yes."
  local answer
  read -r -p "setup: install ${packages[*]} with apt-get? [Y/n] " answer
  case $answer in '' | [Yy]*) ;; *) explain "not installed." ;; esac
}

# The version that apt would install must do, or the person must hear where to get another.
candidate_will_do() {
  local package=$1 oldest=$2 version
  version=$(apt-cache policy "$package" | sed -n 's/^ *Candidate: *//p')
  version=${version#*:}
  [ "$(major "${version%%[-+~]*}")" -ge "$oldest" ] 2>/dev/null \
    || explain "this distribution's $package is ${version:-not to be had}, and $oldest or later is needed."
}

readonly POLICY=/usr/sbin/policy-rc.d CLUSTERS=/etc/postgresql-common/createcluster.conf

# Debian starts a service as soon as it is installed, and makes a cluster for Postgres. Both are forbidden for the
# time of the installation, and what was there before is put back, come what may.
forbid_services() {
  kept=$(mktemp -d)
  trap restore_services EXIT
  [ -e $POLICY ] && "${as_root[@]}" cp -a $POLICY "$kept/policy"
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $POLICY >/dev/null
  "${as_root[@]}" chmod 755 $POLICY
}

forbid_cluster() {
  install_packages postgresql-common
  "${as_root[@]}" cp -a $CLUSTERS "$kept/clusters"
  printf 'create_main_cluster = false\n' | "${as_root[@]}" tee -a $CLUSTERS >/dev/null
}

restore_services() {
  if [ -e "$kept/policy" ]; then "${as_root[@]}" cp -a "$kept/policy" $POLICY; else "${as_root[@]}" rm -f $POLICY; fi
  [ ! -e "$kept/clusters" ] || "${as_root[@]}" cp -a "$kept/clusters" $CLUSTERS
  "${as_root[@]}" rm -rf "$kept"
}

install_packages() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends "$@"
}

install_missing() {
  may_install
  "${as_root[@]}" apt-get update -q
  local package
  for package in "${packages[@]}"; do
    case $package in
      postgresql) candidate_will_do postgresql $OLDEST_POSTGRES ;;
      redis-server) candidate_will_do redis-server $OLDEST_REDIS ;;
      nodejs) candidate_will_do nodejs $OLDEST_NODE ;;
    esac
  done
  forbid_services
  case " ${packages[*]} " in *" postgresql "*) forbid_cluster ;; esac
  install_packages "${packages[@]}"
  # Enabled at installation, it would start with the machine; this one is here for its program alone.
  case " ${packages[*]} " in
    *" redis-server "*) [ ! -d /run/systemd/system ] || "${as_root[@]}" systemctl disable -q redis-server || true ;;
  esac
  restore_services
  trap - EXIT
}

# --- Node packages and what is built with them ---

fingerprint() { cat "$@" | sha256sum; }

# Runs a command unless it ran before with the same input: once_for STAMP FINGERPRINT COMMAND…
once_for() {
  local stamp=$1 input=$2
  shift 2
  [ -e "$stamp" ] && [ "$(<"$stamp")" = "$input" ] && return
  "$@"
  printf '%s\n' "$input" >"$stamp"
}

npm_ci() {
  say "npm ci in $1"
  npm --prefix "$1" ci --no-audit --no-fund --loglevel=error
}

node_packages() {
  once_for "$1/node_modules/.installed" "$(fingerprint "$1/package.json" "$1/package-lock.json")" npm_ci "$1"
}

build_themes() {
  say "building the themes' assets"
  npm --prefix tenant-themes run --silent build
}

themes() {
  node_packages tenant-themes
  local sources
  sources=$(find tenant-themes \( -name node_modules -o -name dist \) -prune -o -type f -print0 \
    | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
  [ -d tenant-themes/dist ] || rm -f tenant-themes/node_modules/.built
  once_for tenant-themes/node_modules/.built "$sources" build_themes
}

look
[ ${#packages[@]} -eq 0 ] || install_missing
packages=() words=()
look
[ ${#packages[@]} -eq 0 ] || explain "still missing after the installation."

node_packages infra/demo/mail
themes
if [ -n "$with_tests" ]; then
  while IFS= read -r lock; do
    node_packages "$(dirname "$lock")"
  done < <(find . \( -name node_modules -o -path ./target -o -path ./var -o -name .git \) -prune \
    -o -name package-lock.json -print)
fi
