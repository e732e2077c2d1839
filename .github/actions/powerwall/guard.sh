#!/usr/bin/env bash
# Guards the regions of a repository: `guard.sh` alone does what continuous integration does.
#
#   guard.sh             check, score and compare; the worst exit code decides
#   guard.sh check       findings of every region
#   guard.sh score       committed rankings against the ones computed now
#   guard.sh compare     what the change moved, and the gates of the regions it touches
#   guard.sh verdict N…  the worst of some exit codes; an empty one is 2
#
# Needs bash 4.4, git and powerwall. From the environment:
#   REGIONS    patterns of the region files, one a line          regions/*.toml
#   BASE       revision to compare with; empty: each region with itself, so that its gates alone count
#   STRICT     true: warnings fail too                           false
#   FORMAT     format of stdout                                  github on a forge, else table
#   OUT        folder for SARIF and JUnit files; empty: none
#   POWERWALL  the command                                       powerwall
#   GITHUB_STEP_SUMMARY, GITHUB_OUTPUT   files of the forge, where it names them
# shellcheck disable=SC2317  # guard_* are called by their names
set -uo pipefail
shopt -s nullglob

REGIONS=${REGIONS:-regions/*.toml}
BASE=${BASE:-}
STRICT=${STRICT:-false}
FORMAT=${FORMAT:-$([[ -n ${GITHUB_ACTIONS:-} ]] && echo github || echo table)}
OUT=${OUT:-}
POWERWALL=${POWERWALL:-powerwall}
SUMMARY=${GITHUB_STEP_SUMMARY:-/dev/null}
LIMIT=1000000  # bytes of a summary; a forge takes 1 MiB of a step

work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT || exit 2

fail() {  # says why nothing could be done
  if [[ $FORMAT == github ]]; then
    local text=${1//'%'/%25}
    text=${text//$'\r'/%0D}
    printf '::error title=powerwall::%s\n' "${text//$'\n'/%0A}"
  else
    printf 'error: %s\n' "$1" >&2
  fi
  return 2
}

regions() {  # the region files, into the array `files`
  local IFS=$'\n'  # a pattern may hold blanks
  # shellcheck disable=SC2206  # the pattern is meant to expand
  files=($REGIONS)
  ((${#files[@]})) || fail "no region file fits $REGIONS"
}

worst() {  # the largest of some exit codes; one that is missing is 2
  local code=0 each
  for each in "$@"; do
    [[ $each =~ ^[0-9]+$ ]] || each=2
    ((each > code)) && code=$each
  done
  return "$code"
}

summed() {  # appends a page to the summary, or says that it is too long
  local size=0
  [[ -f $SUMMARY ]] && size=$(wc -c <"$SUMMARY")
  if ((size + $(wc -c <"$1") < LIMIT)); then
    { cat "$1"; echo; } >>"$SUMMARY"
  else
    printf 'left out, for the summary is full: %s\n\n' "$2" >>"$SUMMARY"
  fi
}

defused() {  # text that came from data: a forge would carry out a line that begins with two colons
  sed 's/^[[:space:]]*::/-&/'
}

guard_check() {
  local code more=(-o "$work/check.md")
  [[ $STRICT == true ]] && more+=(--strict)
  [[ -n $OUT ]] && more+=(-o "$OUT/check.sarif" -o "$OUT/check.xml")
  "$POWERWALL" check --format "$FORMAT" "${more[@]}" -- "${files[@]}"
  code=$?
  [[ -f $work/check.md ]] && summed "$work/check.md" "powerwall check"
  return "$code"
}

guard_score() {
  local code
  "$POWERWALL" score --check --no-color -- "${files[@]}" 2>&1 | defused | tee "$work/score.txt"
  code=${PIPESTATUS[0]}
  { echo '# powerwall score --check'; echo; sed 's/^/    /' "$work/score.txt"; } >"$work/score.md"
  summed "$work/score.md" "powerwall score --check"
  return "$code"
}

touched() {  # whether a change since BASE touches a region: its file, its folder, or a file that it names
  local file changed
  for changed in "${changes[@]}"; do
    [[ $changed == "$1" || $changed == "${1%.toml}"/* ]] && return 0
    file=${changed##*/}
    grep -qF -- "$file" "$1" && return 0
  done
  return 1
}

guard_compare() {
  local region base name code=0 commit="" seen=0
  changes=()
  if [[ -n $BASE ]]; then
    commit=$(git merge-base --end-of-options "$BASE" HEAD 2>"$work/git.txt") \
      || commit=$(git rev-parse --verify --quiet --end-of-options "$BASE^{commit}") \
      || { fail "no revision $BASE here: fetch it first (actions/checkout with fetch-depth: 0)"; return 2; }
    mapfile -d '' -t changes < <(git diff --name-only --relative -z "$commit" --)
  fi
  for region in "${files[@]}"; do
    base=$region
    if [[ -n $commit ]]; then
      touched "$region" || continue
      git cat-file -e "$commit:./$region" 2>/dev/null || { printf 'powerwall compare: %q is new\n' "$region"; continue; }
      base=$region@$commit
    fi
    seen=1
    name=$(basename "$region" .toml)
    compare_one "$base" "$region" "$name"
    worst "$code" $?
    code=$?
  done
  ((seen)) || echo "powerwall compare: no region of the base is touched"
  return "$code"
}

compare_one() {
  local code more=(-o "$work/compare.md")
  [[ -n $OUT ]] && more+=(-o "$OUT/compare-$3.sarif" -o "$OUT/compare-$3.xml")
  rm -f "$work/compare.md"
  "$POWERWALL" compare --format "$FORMAT" "${more[@]}" -- "$1" "$2" 2>"$work/said.txt"
  code=$?
  defused <"$work/said.txt" >&2
  [[ -f $work/compare.md ]] && summed "$work/compare.md" "powerwall compare $2"
  return "$code"
}

main() {
  local verb=${1:-all} codes=() each
  case $verb in
    verdict) shift; worst "$@"; return ;;
    check | score | compare) regions && "guard_$verb" ;;
    all)
      regions || return
      for each in check score compare; do "guard_$each"; codes+=($?); done
      worst "${codes[@]}" ;;
    *) fail "no verb $verb: check, score, compare or verdict" ;;
  esac
}

[[ -z $OUT ]] || mkdir -p "$OUT" || exit 2
main "$@"
code=$?
[[ -n ${GITHUB_OUTPUT:-} ]] && echo "code=$code" >>"$GITHUB_OUTPUT"
exit "$code"
