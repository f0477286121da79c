# Sourced with $venv set: makes that venv and defines peer_install. A peer that cannot be installed is said to be left out; the next run
# tries it again.
[ -x $venv/bin/pip ] || python3 -m venv $venv
mkdir -p build/bench

# peer_install <name> <arguments of pip install...>
peer_install() {
  local name=$1
  shift
  [ "$(cat "$venv/$name.installed" 2>/dev/null)" != "$*" ] || return 0
  echo "installing $name: $*"
  if $venv/bin/pip install --quiet "$@" >"build/bench/$name-install.log" 2>&1; then
    echo "$*" >"$venv/$name.installed"
  else
    echo "left out: $name cannot be installed ($(grep -i error "build/bench/$name-install.log" | tail -n 1); see build/bench/$name-install.log)"
    return 1
  fi
}
