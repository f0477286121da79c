# Compiler set-up that is private to this project: nothing here reaches a consumer of lightly::lightly.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers need the sloppiness; base_dir lets clones in other folders share the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    ${CCACHE_PROGRAM})
endif()

add_library(lightly_warnings INTERFACE)
target_compile_options(lightly_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow
  $<$<BOOL:${LIGHTLY_DEV}>:-Werror>
  # GCC 12 sees overflows in std::string's operator+ that are not there (GCC bug 105329).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict;-Wno-stringop-overflow;-Wno-array-bounds>
  # A precompiled header must not depend on the moment it was made (ccache).
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
  $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)

if(LIGHTLY_SANITIZE)
  # Instrumented code misleads GCC's analysis of std::optional inside LibTorch's data loader.
  target_compile_options(lightly_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(LIGHTLY_SANITIZE MATCHES "thread")
    # LibTorch's Node has a std::atomic_thread_fence, which GCC cannot instrument and says so.
    target_compile_options(lightly_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
  add_compile_options(-fsanitize=${LIGHTLY_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LIGHTLY_SANITIZE})
endif()

if(LIGHTLY_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "lightly: LIGHTLY_FUZZ needs Clang, which has libFuzzer, and the compiler is "
      "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}; `cmake --preset fuzz` takes clang++-19")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
