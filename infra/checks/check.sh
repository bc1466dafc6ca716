#!/usr/bin/env bash
# `make check`: every check runs, so that one look shows all that is wrong; the exit code tells whether anything was.
set -uo pipefail
cd "$(dirname "$0")/../.."

failed=()

check() {
  local name=$1
  shift
  printf '== %s\n' "$name"
  "$@" || failed+=("$name")
}

shell_syntax() {
  local script bad=0
  while IFS= read -r script; do
    bash -n "$script" || bad=1
  done < <(git ls-files '*.sh' .ci/run)
  return $bad
}

# What tests switch on must not be in what people run: in none of the sets of packages that the Makefile builds.
nothing_of_tests() {
  local set tree bad=0
  for set in '-p marquee-server -p stripe-sim -p marquee-demo' \
    '-p marquee-server -p stripe-sim -p marquee-demo -p marquee-bench'; do
    # shellcheck disable=SC2086
    tree=$(cargo tree --locked --edges normal,features --prefix none $set) || return 1
    if grep -E '^fail (v|feature)|feature "(crash-points|negative-control)"' <<<"$tree" | sort -u; then
      printf 'is part of: cargo build --release %s\n' "$set"
      bad=1
    fi
  done
  return $bad
}

check format cargo fmt --all --check
check clippy cargo clippy --workspace --all-targets --locked -- -D warnings
check 'nothing of tests in releases' nothing_of_tests
check documentation env RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet
check themes npm --prefix tenant-themes run --silent check
check licences node infra/checks/licences.mjs
check 'shell syntax' shell_syntax

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nnot in order: %s\n' "$(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
  exit 1
fi
printf '\nall in order\n'
