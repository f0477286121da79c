# LibTorch as the imported target `torch`. Looked for in this order:
#   1. Torch_DIR or CMAKE_PREFIX_PATH, as find_package(Torch) does;
#   2. the `torch` package that `python3` would import;
#   3. the project's own .venv, made by scripts/setup.
# Sets Torch_VERSION, Torch_VERSION_MAJOR, Torch_VERSION_MINOR and Torch_DIR.

function(lightly_locate_torch)
  find_path(Torch_DIR TorchConfig.cmake PATH_SUFFIXES share/cmake/Torch)
  if(Torch_DIR)
    return()
  endif()
  foreach(python IN ITEMS python3 "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../.venv/bin/python3")
    # find_spec locates the package without the seconds that importing it takes.
    execute_process(
      COMMAND ${python} -c
        "import importlib.util as u, os; print(os.path.dirname(u.find_spec('torch').origin))"
      OUTPUT_VARIABLE package OUTPUT_STRIP_TRAILING_WHITESPACE
      ERROR_QUIET RESULT_VARIABLE missing)
    if(NOT missing AND EXISTS "${package}/share/cmake/Torch/TorchConfig.cmake")
      set(Torch_DIR "${package}/share/cmake/Torch" CACHE PATH "LibTorch's CMake package" FORCE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "lightly: LibTorch not found. Run scripts/setup, or name one with "
    "-DTorch_DIR=<libtorch>/share/cmake/Torch")
endfunction()

# The package of a CUDA build stops where there is no CUDA toolkit (pip's default wheel on a machine without a
# compiler for GPUs). The host side needs no toolkit: link the libraries themselves.
function(lightly_torch_without_toolkit root)
  add_library(torch INTERFACE IMPORTED GLOBAL)
  target_include_directories(torch SYSTEM INTERFACE
    "${root}/include" "${root}/include/torch/csrc/api/include")
  target_link_libraries(torch INTERFACE
    -Wl,--no-as-needed "${root}/lib/libtorch.so" "${root}/lib/libtorch_cpu.so" -Wl,--as-needed
    "${root}/lib/libc10.so" -Wl,--unresolved-symbols=ignore-in-shared-libs)
endfunction()

if(NOT TARGET torch)
  lightly_locate_torch()
  get_filename_component(torch_root "${Torch_DIR}/../../.." ABSOLUTE)
  find_package(CUDAToolkit QUIET)
  if(EXISTS "${torch_root}/lib/libtorch_cuda.so" AND NOT CUDAToolkit_FOUND)
    message(STATUS "lightly: this LibTorch is a CUDA build and there is no CUDA toolkit; "
      "linking its libraries directly")
    lightly_torch_without_toolkit("${torch_root}")
  else()
    find_package(Torch REQUIRED CONFIG)
  endif()
endif()
include("${Torch_DIR}/TorchConfigVersion.cmake")
set(Torch_VERSION "${PACKAGE_VERSION}")
string(REGEX MATCH "^([0-9]+)\\.([0-9]+)" _ "${Torch_VERSION}")
set(Torch_VERSION_MAJOR "${CMAKE_MATCH_1}")
set(Torch_VERSION_MINOR "${CMAKE_MATCH_2}")
