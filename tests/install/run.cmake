# Run by ctest: builds and runs the consumer of this folder against the installed package, or against the source.
# Variables: MODE (package, source), BUILD, WORK, SOURCE, GENERATOR, TORCH_DIR, LAUNCHER, FLAGS.
cmake_minimum_required(VERSION 3.24)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "exit status ${status} of: ${command}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
set(arguments -G "${GENERATOR}" -S "${SOURCE}/tests/install" -B "${WORK}/build"
  -DCMAKE_BUILD_TYPE=Release -DTorch_DIR=${TORCH_DIR} "-DCMAKE_CXX_FLAGS=${FLAGS}"
  -DLIGHTLY_FROM=${MODE})
# By the environment: a launcher is a list, which an argument would not carry through.
set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${LAUNCHER}")
if(MODE STREQUAL "package")
  run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${WORK}/prefix")
  list(APPEND arguments "-DCMAKE_PREFIX_PATH=${WORK}/prefix")
else()
  list(APPEND arguments "-DLIGHTLY_SOURCE=${SOURCE}" -DCMAKE_UNITY_BUILD=ON)
endif()
run(${CMAKE_COMMAND} ${arguments})
run(${CMAKE_COMMAND} --build "${WORK}/build")
run("${WORK}/build/consumer")
