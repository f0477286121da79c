# Sourced by compare_transforms: makes .venv-peers-transforms with the Python peers, each at a fixed version.
venv=.venv-peers-transforms
. bench/peers/peer_install.sh

peer_install lightly_pillow torch==2.14.1 torchvision==0.29.1 pillow==13.0.0 lightly==1.6.0
peer_install opencv_python opencv-python-headless==5.0.0.93 || true
peer_install albumentations_arrays albumentationsx==2.5.1 || true
peer_install kornia_batches kornia==0.9.0 || true
peer_install dali_cpu nvidia-dali-cuda120==2.4.0 || true
# A fork of Pillow under Pillow's own name, so in a folder of its own that goes before the others; compiled here.
CC="cc -mavx2" peer_install pillow_simd --no-deps --no-binary :all: --upgrade --target $venv/pillow-simd pillow-simd==12.1.1.post0 || true
