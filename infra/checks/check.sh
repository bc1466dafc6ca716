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

check format cargo fmt --all --check
check clippy cargo clippy --workspace --all-targets --locked -- -D warnings
check documentation env RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked --quiet
check themes npm --prefix tenant-themes run --silent check
check licences node infra/checks/licences.mjs
check 'shell syntax' shell_syntax

if [ ${#failed[@]} -gt 0 ]; then
  printf '\nnot in order: %s\n' "$(printf '%s, ' "${failed[@]}" | sed 's/, $//')"
  exit 1
fi
printf '\nall in order\n'
