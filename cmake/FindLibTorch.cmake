# LibTorch in Torch_DIR, which lightly_locate_torch has set, as the imported target `torch`.

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
  get_filename_component(torch_root "${Torch_DIR}/../../.." ABSOLUTE)
  find_package(CUDAToolkit QUIET)
  if(EXISTS "${torch_root}/lib/libtorch_cuda.so" AND NOT CUDAToolkit_FOUND)
    if(NOT lightly_FIND_QUIETLY)
      message(STATUS "lightly: this LibTorch is a CUDA build and there is no CUDA toolkit; "
        "linking its libraries directly")
    endif()
    lightly_torch_without_toolkit("${torch_root}")
  else()
    # Its package warns of Kineto, which pip's wheel has inside another library.
    if(NOT DEFINED CMAKE_MESSAGE_LOG_LEVEL)
      set(CMAKE_MESSAGE_LOG_LEVEL ERROR)
      set(lightly_quietened TRUE)
    endif()
    find_package(Torch QUIET REQUIRED CONFIG)
    if(lightly_quietened)
      unset(CMAKE_MESSAGE_LOG_LEVEL)
      unset(lightly_quietened)
    endif()
  endif()
endif()
