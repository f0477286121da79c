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
# Of two runs in folders of $work.
same() { cmp "$work/$1/checkpoint.safetensors" "$work/$2/checkpoint.safetensors" || fail "$1 and $2 differ"; }
# Waits until the metrics of a run in the background have this many lines, or it has ended.
wait_for_lines() {
  local metrics=$work/$1/metrics.jsonl
  while kill -0 "$2" 2>/dev/null && { [ ! -f "$metrics" ] || [ "$(wc -l <"$metrics")" -lt "$3" ]; }; do
    sleep 0.01
  done
}
