#!/usr/bin/env bash
# `make test`: every test there is. Each runner's own output is shown, and their counts are added up in one last line.
# Fails when a test failed, a runner failed, or a runner ran no test at all.
set -uo pipefail
cd "$(dirname "$0")/../.."

output=$(mktemp)
trap 'rm -f "$output"' EXIT
passed=0 failed=0 broken=()

# Adds up what a runner printed: cargo's `test result:` lines, or the `pass` and `fail` lines of Node's runner.
count() {
  awk -v word="$1" '
    { gsub(/\033\[[0-9;]*m/, "") }
    /^test result: / {
      for (i = 1; i < NF; i++)
        if ($(i + 1) ~ "^" (word == "pass" ? "passed" : "failed") ";?$") sum += $i
    }
    ($1 == "#" || $1 == "ℹ") && $2 == word && $3 ~ /^[0-9]+$/ { sum += $3 }
    END { print sum + 0 }' "$output"
}

run() {
  local name=$1 good bad code
  shift
  printf '== %s\n' "$name"
  "$@" </dev/null 2>&1 | tee "$output"
  code=${PIPESTATUS[0]}
  good=$(count pass) bad=$(count fail)
  passed=$((passed + good)) failed=$((failed + bad))
  # A runner that broke without naming a failed test counts as one.
  if [ "$bad" -eq 0 ] && { [ "$code" -ne 0 ] || [ "$good" -eq 0 ]; }; then
    failed=$((failed + 1))
    broken+=("$name (exit $code, $good passed)")
  fi
}

run 'cargo test' cargo test --workspace --locked --no-fail-fast
run 'tenant-themes' npm --prefix tenant-themes run --silent test

[ ${#broken[@]} -eq 0 ] || printf '\nran into trouble: %s\n' "${broken[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
