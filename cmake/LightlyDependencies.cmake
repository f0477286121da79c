# Finds LibTorch (where scripts/setup puts it, when nothing else names one) and the system libraries.

# A project that takes lightly by add_subdirectory must see the targets it links.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)
include(LocateLibTorch)
lightly_locate_torch(AT_LEAST 2.6 PYTHONS python3 "${PROJECT_SOURCE_DIR}/.venv/bin/python3")
if(NOT Torch_DIR)
  message(FATAL_ERROR "lightly: LibTorch not found. Run scripts/setup, or name one with "
    "-DTorch_DIR=<libtorch>/share/cmake/Torch")
endif()
if(Torch_VERSION VERSION_LESS 2.6)
  message(FATAL_ERROR "lightly needs LibTorch >= 2.6, found ${Torch_VERSION} in ${Torch_DIR}")
endif()
include(FindLibTorch)
string(REGEX MATCH "^[0-9]+\\.[0-9]+" lightly_torch_minor "${Torch_VERSION}")
message(STATUS "lightly: LibTorch ${Torch_VERSION} in ${Torch_DIR}; its C++ ABI changes with every minor version, "
  "so the installed package asks for the same ${lightly_torch_minor}")

set(missing_libraries "")
macro(lightly_find package debian_package)
  find_package(${package} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    list(APPEND missing_libraries "${package} (Debian: ${debian_package})")
  endif()
endmacro()

lightly_find(OpenCV libopencv-dev COMPONENTS core imgproc imgcodecs)
lightly_find(nlohmann_json nlohmann-json3-dev)
lightly_find(hwy libhwy-dev)
lightly_find(JPEG libjpeg-dev)
lightly_find(PNG libpng-dev)
lightly_find(WebP libwebp-dev)
if(LIGHTLY_VIDEO)
  lightly_find(FFmpeg "libavformat-dev libavcodec-dev libswscale-dev libavutil-dev; or -DLIGHTLY_VIDEO=OFF" 59)
endif()
# The first with error handlers of a file's own.
lightly_find(TIFF "libtiff-dev >= 4.5" 4.5)
lightly_find(ZLIB zlib1g-dev)
lightly_find(LibArchive libarchive-dev)
lightly_find(CURL libcurl4-openssl-dev)
lightly_find(OpenSSL libssl-dev COMPONENTS Crypto)
# Only with OpenMP do the loops of at::parallel_for, a template, use LibTorch's threads in our own sources. With GCC it
# is the libgomp that LibTorch itself uses; Clang would bring a second runtime, and ThreadSanitizer cannot see how
# libgomp's threads wait for each other: there these loops are serial, with the same results.
set(lightly_openmp OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT LIGHTLY_SANITIZE MATCHES "thread")
  set(lightly_openmp ON)
endif()
if(LIGHTLY_BUILD_EXAMPLES OR LIGHTLY_BUILD_BENCH)
  lightly_find(CLI11 libcli11-dev)
endif()
if(LIGHTLY_BUILD_TESTS)
  lightly_find(GTest "libgtest-dev libgmock-dev")
endif()
if(LIGHTLY_BUILD_BENCH)
  lightly_find(benchmark libbenchmark-dev)
endif()
if(missing_libraries)
  list(JOIN missing_libraries "\n  " missing_libraries)
  message(FATAL_ERROR "lightly: libraries not found (scripts/setup installs them on Debian and "
    "Ubuntu):\n  ${missing_libraries}")
endif()
