# Sourced by the comparisons: makes .venv-peers with Python's lightly 1.6.0 and faiss on the first run.
if ! .venv-peers/bin/python3 -c 'import faiss, lightly' 2>/dev/null; then
  echo "making .venv-peers with lightly 1.6.0"
  python3 -m venv .venv-peers
  .venv-peers/bin/pip install --quiet torch==2.14.1 torchvision==0.29.1 pillow==13.0.0
  .venv-peers/bin/pip install --quiet lightly==1.6.0 faiss-cpu
fi
# numpy and torch bring their own kernels; these two variables would choose slower ones.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
