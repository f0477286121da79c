# Run by ctest: builds the consumer of this folder and the programs of README.md, docs/invariances.md and
# docs/batched_views.md against the installed package, or against the source, and runs all but README.md's.
# Variables: MODE (package, source), BUILD, WORK, SOURCE, GENERATOR, TORCH_DIR, LAUNCHER, FLAGS.
cmake_minimum_required(VERSION 3.24)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "exit status ${status} of: ${command}")
  endif()
endfunction()

# The first ```cpp block with a main().
function(extract_program markdown file)
  file(READ "${markdown}" rest)
  set(fence "```cpp\n")
  string(LENGTH "${fence}" fence_length)
  while(TRUE)
    string(FIND "${rest}" "${fence}" begin)
    if(begin EQUAL -1)
      message(FATAL_ERROR "${markdown} has no ```cpp block with int main")
    endif()
    math(EXPR begin "${begin} + ${fence_length}")
    string(SUBSTRING "${rest}" ${begin} -1 rest)
    string(FIND "${rest}" "```" end)
    string(SUBSTRING "${rest}" 0 ${end} block)
    if(block MATCHES "int main")
      file(WRITE "${file}" "${block}")
      return()
    endif()
  endwhile()
endfunction()

file(REMOVE_RECURSE "${WORK}")
extract_program("${SOURCE}/README.md" "${WORK}/readme.cpp")
extract_program("${SOURCE}/docs/invariances.md" "${WORK}/invariances.cpp")
extract_program("${SOURCE}/docs/batched_views.md" "${WORK}/batched_views.cpp")
set(arguments -G "${GENERATOR}" -S "${SOURCE}/tests/install" -B "${WORK}/build"
  -DCMAKE_BUILD_TYPE=Release -DTorch_DIR=${TORCH_DIR} "-DCMAKE_CXX_FLAGS=${FLAGS}"
  -DLIGHTLY_FROM=${MODE} "-DLIGHTLY_README=${WORK}/readme.cpp"
  "-DLIGHTLY_INVARIANCES=${WORK}/invariances.cpp"
  "-DLIGHTLY_BATCHED_VIEWS=${WORK}/batched_views.cpp")
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
run("${WORK}/build/invariances")
run("${WORK}/build/batched_views")
