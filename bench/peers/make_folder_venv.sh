# Sourced by compare_folder: puts the Python peers into .venv-peers, each at a fixed version.
venv=.venv-peers
. bench/peers/peer_install.sh

peer_install lightly_folder torch==2.14.1 torchvision==0.29.1 pillow==13.0.0 lightly==1.6.0
cp $venv/lightly_folder.installed $venv/torchvision_folder.installed
peer_install spdl_folder spdl==0.8.0 spdl_core==0.8.0 spdl_io==0.8.0 || true
peer_install dali_folder nvidia-dali-cuda120==2.4.0 || true
# FFCV is compiled here and wants TurboJPEG, which is unpacked into the venv if Debian's package is not installed.
turbojpeg=$(realpath $venv)/turbojpeg
turbojpeg_libraries=$turbojpeg/usr/lib/$(gcc -print-multiarch)
if ! pkg-config --exists libturbojpeg && [ ! -d "$turbojpeg" ]; then
  mkdir -p build/bench/turbojpeg
  if (cd build/bench/turbojpeg && apt-get --quiet=2 download libturbojpeg0 libturbojpeg0-dev 2>/dev/null); then
    for package in build/bench/turbojpeg/*.deb; do dpkg -x "$package" "$turbojpeg"; done
    sed -i "s#=/usr#=$turbojpeg/usr#" "$turbojpeg_libraries/pkgconfig/libturbojpeg.pc"
  fi
fi
# Without its dependencies: they would bring a second OpenCV, and CuPy's helpers.
PKG_CONFIG_PATH=$turbojpeg_libraries/pkgconfig LDFLAGS=-Wl,-rpath,$turbojpeg_libraries peer_install ffcv_folder --no-deps \
  numba==0.68.1 llvmlite==0.50.0 opencv-python-headless==5.0.0.93 ffcv==1.0.2 || true
