#!/usr/bin/env bash
# Runs scripts/setup on a machine of stand-ins: apt-get, pip and tools that only keep books. So neither this machine's
# packages nor its network matter, and nothing on it is changed.
# shellcheck disable=SC2016  # the stand-ins expand their text, not this script
set -euo pipefail
script=$1
work=$2
rm -rf "$work"
mkdir -p "$work/bin" "$work/project/scripts"
cp "$script" "$work/project/scripts/setup"

fail() { echo "FAILED: $*; setup said: $(cat "$work/out")" >&2; exit 1; }
setup() {  # expected status, then NAME=value of the environment
  : >"$work/asked"
  local status=0
  env -i PATH="$work/bin" "${@:2}" "$work/project/scripts/setup" >"$work/out" 2>&1 || status=$?
  [ $status -eq "$1" ] || fail "status $status"
}
says() { grep -qF -- "$1" "$work/out" || fail "does not say '$1'"; }
asked() {  # how many lines of what apt-get was asked match
  [ "$(grep -c -- "$2" "$work/asked")" -eq "$1" ] || fail "apt-get was asked: $(cat "$work/asked")"
}
program() {  # name; the body, which may use $work, is read from stdin
  { printf '#!/bin/bash\nwork=%q\n' "$work"; cat; } >"$work/bin/$1"
  chmod +x "$work/bin/$1"
}
torch() {  # folder, version
  mkdir -p "$1/share/cmake/Torch"
  : >"$1/share/cmake/Torch/TorchConfig.cmake"
  echo "set(PACKAGE_VERSION \"$2\")" >"$1/share/cmake/Torch/TorchConfigVersion.cmake"
}
fresh() {  # a machine of root's with the right tools, no packages, and a Python whose torch is too old
  rm -rf "$work/project/.venv" "$work/python_torch"
  torch "$work/python_torch" 2.5.1
  : >"$work/installed"
  : >"$work/refused"
  rm -f "$work/bin/sudo"
  program id <<<'echo 0'
  program cmake <<<'echo "cmake version 3.25.1"'
  program c++ <<<'echo "#define __GNUC__ 12"'
}

for tool in bash env dirname sed grep sort head cat mkdir chmod; do
  ln -s "$(command -v "$tool")" "$work/bin/$tool"
done
program ninja </dev/null
program dpkg-query <<<'sed "s/$/:amd64 installed/" "$work/installed"'
program apt-cache <<<'! grep -qx "unknown $2" "$work/refused"'
program apt-get <<'BODY'
echo "$*" >>"$work/asked"
[ "$1" = install ] || exit 0
for word in "${@:2}"; do
  [[ $word = -* ]] || ! grep -q " $word$" "$work/refused" || exit 100
done
for word in "${@:2}"; do
  [[ $word = -* ]] || echo "$word" >>"$work/installed"
done
BODY
# python3 -m venv makes a pip that puts torch beside it, where the Python of .venv finds it.
program python3 <<'BODY'
[ "$1" = -m ] || { echo "$work/python_torch"; exit; }
mkdir -p .venv/bin
cat >.venv/bin/pip <<'PIP'
#!/bin/bash
mkdir -p .venv/torch/share/cmake/Torch
: >.venv/torch/share/cmake/Torch/TorchConfig.cmake
echo "set(PACKAGE_VERSION \"${3#torch==}\")" >.venv/torch/share/cmake/Torch/TorchConfigVersion.cmake
PIP
printf '#!/bin/bash\necho .venv/torch\n' >.venv/bin/python3
chmod +x .venv/bin/pip .venv/bin/python3
BODY

# From nothing: one apt-get install, and torch into .venv although python3 has an old one. Then there is nothing to do.
fresh
setup 0
asked 1 '^install '
asked 1 '^install .*--no-install-recommends .*g++ .*libopencv-dev .*libjpeg-dev .*python3-venv .*ccache .*libswscale-dev '
says "LibTorch: .venv/torch (venv)"
before=$(find "$work/project" -type f -printf '%p %T@\n' | sort)
setup 0
asked 0 .
says "system libraries: all there"
says "LibTorch: .venv/torch (venv)"
[ "$before" = "$(find "$work/project" -type f -printf '%p %T@\n' | sort)" ] || fail "the second run changed files"

# A LibTorch that is named, in each form that CMake takes, or that python3 has.
torch "$work/named" 2.9.1
setup 0 "Torch_DIR=$work/named/share/cmake/Torch"
says "LibTorch: $work/named/share/cmake/Torch (named)"
for prefix in "$work/named" "$work/named/share/cmake" "$work/named/share/cmake/"; do
  setup 0 "CMAKE_PREFIX_PATH=/nowhere:$prefix"
  says "LibTorch: $work/named/share/cmake/Torch (named)"
done
torch "$work/named" 2.5.1
for name in "Torch_DIR=$work/named/share/cmake/Torch" "CMAKE_PREFIX_PATH=$work/named"; do
  setup 1 "$name"
  says "lightly needs LibTorch >= 2.6; Torch_DIR or CMAKE_PREFIX_PATH names version 2.5.1"
  asked 0 .
done
torch "$work/python_torch" 2.10.0
setup 0
says "LibTorch: $work/python_torch (python)"

# What is optional stops nothing: apt does not know it, or cannot install it.
fresh
printf '%s\n' "unknown dataset-fashion-mnist" "unknown libswscale-dev" >"$work/refused"
setup 0
asked 1 '^install '
says "going on without the optional libswscale-dev dataset-fashion-mnist (apt does not know them)"
fresh
echo "broken ccache" >"$work/refused"
setup 0
asked 2 '^install '
says "going on without the optional ccache"
fresh
echo "broken zlib1g-dev" >"$work/refused"
setup 1
says "apt-get could not install: g++"

# Not root: without sudo what is needed is an error and what is optional is not; with sudo it is asked.
fresh
program id <<<'echo 1000'
setup 1
says "not root and no sudo; install by hand: g++"
asked 0 .
program sudo <<<'exec "$@"'
setup 0
asked 1 '^install '
grep -vx ccache "$work/installed" >"$work/kept"
cat "$work/kept" >"$work/installed"
program sudo <<<'echo "sudo: a password is required" >&2; exit 1'
setup 0
says "going on without the optional ccache (apt-get could not install them)"
rm "$work/bin/sudo"
setup 0
says "all there but the optional ccache (not root and no sudo)"
asked 0 .

# Tools that are too old or missing, as on Ubuntu 22.04.
fresh
program cmake <<<'echo "cmake version 3.22.1"'
program c++ <<<'echo "#define __GNUC__ 11"'
setup 1
says "$work/bin/cmake is 3.22.1, cmake >= 3.25 is needed; $work/bin/c++ is g++ 11, g++ >= 12 or clang++ >= 19 is needed"
program cmake <<<'echo "cmake version 4.0.0"'
program clang++-14 <<<'printf "#define %s\n" "__GNUC__ 4" "__clang_major__ 14"'
setup 1 CXX=clang++-14
says "error: clang++-14 is clang++ 14, g++ >= 12 or clang++ >= 19 is needed"
program clang++-19 <<<'printf "#define %s\n" "__GNUC__ 4" "__clang_major__ 19"'
setup 0 CXX=clang++-19
rm "$work/bin/cmake" "$work/bin/c++"
setup 1
says "cmake >= 3.25 is needed, none is there; the compiler does not work"
fresh

# No apt: what CMake must find is named.
rm "$work/bin/apt-get"
setup 0
says "no apt-get here; CMake must find these (Debian names): g++"
echo "setup: all checks passed"
