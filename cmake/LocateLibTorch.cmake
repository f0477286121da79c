# lightly_locate_torch([AT_LEAST <version>] [BELOW <version>] [PYTHONS <python>...])
# Sets Torch_DIR, in the cache, to the folder of LibTorch's TorchConfig.cmake, and Torch_VERSION; leaves both unset when
# there is none. Looked for in this order:
#   1. what the user names, of any version: Torch_DIR or CMAKE_PREFIX_PATH, as variables or in the environment;
#   2. the `torch` package that each of PYTHONS would import, when its version is AT_LEAST this and BELOW that;
#   3. the system's prefixes, under the same condition.
# A named LibTorch that does not fit is taken all the same, for the caller to refuse: nobody gets another one than the
# one asked for.

function(lightly_torch_version folder result)
  set(PACKAGE_VERSION "")
  include("${folder}/TorchConfigVersion.cmake" OPTIONAL)
  set(${result} "${PACKAGE_VERSION}" PARENT_SCOPE)
endfunction()

function(lightly_locate_torch)
  cmake_parse_arguments(PARSE_ARGV 0 wanted "" "AT_LEAST;BELOW" "PYTHONS")
  set(found "${Torch_DIR}")
  if(NOT EXISTS "${found}/TorchConfig.cmake")  # also one that has gone since it was cached
    unset(found)
    unset(Torch_DIR CACHE)
    # <libtorch>, or <libtorch>/share/cmake, which is what Python's torch.utils.cmake_prefix_path says.
    set(below_prefix PATH_SUFFIXES share/cmake/Torch Torch NO_CACHE)
    set(named_only NO_CMAKE_SYSTEM_PATH NO_SYSTEM_ENVIRONMENT_PATH)
    # Twice, because the environment's Torch_DIR comes before its CMAKE_PREFIX_PATH, as in find_package.
    find_path(found TorchConfig.cmake HINTS ENV Torch_DIR ${below_prefix} ${named_only} NO_CMAKE_ENVIRONMENT_PATH)
    find_path(found TorchConfig.cmake ${below_prefix} ${named_only})
  endif()
  if(NOT found)
    set(candidates "")
    foreach(python IN LISTS wanted_PYTHONS)
      # find_spec locates the package without the seconds that importing it takes.
      execute_process(
        COMMAND ${python} -c
          "import importlib.util as u, os; print(os.path.dirname(u.find_spec('torch').origin))"
        OUTPUT_VARIABLE package OUTPUT_STRIP_TRAILING_WHITESPACE
        ERROR_QUIET RESULT_VARIABLE missing)
      if(NOT missing)
        list(APPEND candidates "${package}/share/cmake/Torch")
      endif()
    endforeach()
    find_path(system TorchConfig.cmake ${below_prefix})
    list(APPEND candidates "${system}")
    foreach(candidate IN LISTS candidates)
      lightly_torch_version("${candidate}" version)
      if(EXISTS "${candidate}/TorchConfig.cmake"
          AND NOT (DEFINED wanted_AT_LEAST AND version VERSION_LESS wanted_AT_LEAST)
          AND NOT (DEFINED wanted_BELOW AND version VERSION_GREATER_EQUAL wanted_BELOW))
        set(found "${candidate}")
        break()
      endif()
    endforeach()
  endif()
  if(NOT found)
    unset(Torch_VERSION PARENT_SCOPE)
    return()
  endif()
  set(Torch_DIR "${found}" CACHE PATH "LibTorch's CMake package" FORCE)
  lightly_torch_version("${found}" version)
  set(Torch_VERSION "${version}" PARENT_SCOPE)
endfunction()
