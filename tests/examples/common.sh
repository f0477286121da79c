# Sourced by the tests of the examples.

fail() { echo "FAILED: $*" >&2; exit 1; }
# Fails unless the program ends with an error that holds the text.
refused_by() {  # program, text, file for the output, then arguments
  local program=$1 text=$2 output=$3
  shift 3
  local status=0
  "$program" "$@" >"$output" 2>&1 || status=$?
  [ "$status" -ne 0 ] || fail "accepted: $*"
  grep -qF -- "$text" "$output" || fail "$* gave: $(cat "$output")"
}
