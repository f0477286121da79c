# Sourced by compare_transforms: makes .venv-peers-transforms with the Python peers, each at a fixed version. A peer that
# cannot be installed is said to be left out; the next run tries it again.
venv=.venv-peers-transforms
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

peer_install lightly_pillow torch==2.14.1 torchvision==0.29.1 pillow==13.0.0 lightly==1.6.0
peer_install opencv_python opencv-python-headless==5.0.0.93 || true
peer_install albumentations_arrays albumentationsx==2.5.1 || true
peer_install kornia_batches kornia==0.9.0 || true
peer_install dali_cpu nvidia-dali-cuda120==2.4.0 || true
# A fork of Pillow under Pillow's own name, so in a folder of its own that goes before the others; compiled here.
CC="cc -mavx2" peer_install pillow_simd --no-deps --no-binary :all: --upgrade --target $venv/pillow-simd pillow-simd==12.1.1.post0 || true
