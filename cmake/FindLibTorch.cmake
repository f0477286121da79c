# LibTorch as the imported target `torch`. Looked for in this order:
#   1. Torch_DIR or CMAKE_PREFIX_PATH, as find_package(Torch) does;
#   2. the `torch` package that `python3` would import;
#   3. the project's own .venv, made by scripts/setup.
# Sets Torch_VERSION, Torch_VERSION_MAJOR, Torch_VERSION_MINOR and Torch_DIR.

find_package(Torch QUIET CONFIG)
if(NOT Torch_FOUND)
  set(pythons python3 "${CMAKE_CURRENT_LIST_DIR}/../.venv/bin/python3")
  foreach(python IN LISTS pythons)
    # find_spec locates the package without the seconds that importing it takes.
    execute_process(
      COMMAND ${python} -c
        "import importlib.util as u, os; print(os.path.dirname(u.find_spec('torch').origin))"
      OUTPUT_VARIABLE torch_package OUTPUT_STRIP_TRAILING_WHITESPACE
      ERROR_QUIET RESULT_VARIABLE torch_missing)
    if(NOT torch_missing)
      find_package(Torch QUIET CONFIG PATHS "${torch_package}/share/cmake/Torch" NO_DEFAULT_PATH)
    endif()
    if(Torch_FOUND)
      break()
    endif()
  endforeach()
endif()
if(NOT Torch_FOUND)
  message(FATAL_ERROR "lightly: LibTorch not found. Run scripts/setup, or name one with "
    "-DTorch_DIR=<libtorch>/share/cmake/Torch")
endif()
string(REGEX MATCH "^[0-9]+\\.[0-9]+" torch_minor "${Torch_VERSION}")
string(REPLACE "." ";" torch_parts "${torch_minor}")
list(GET torch_parts 0 Torch_VERSION_MAJOR)
list(GET torch_parts 1 Torch_VERSION_MINOR)
