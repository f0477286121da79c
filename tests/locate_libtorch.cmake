# Run by ctest: where LibTorch is looked for and which one is taken, with folders that only look like LibTorch.
# Variable: WORK, a folder for them. With PROBE it is the child process that looks once.
cmake_minimum_required(VERSION 3.24)

if(PROBE)
  include("${CMAKE_CURRENT_LIST_DIR}/../cmake/LocateLibTorch.cmake")
  string(REPLACE "," ";" PYTHONS "${PYTHONS}")
  lightly_locate_torch(AT_LEAST 2.6 BELOW 2.14 PYTHONS ${PYTHONS})
  if(NOT DEFINED Torch_DIR AND NOT DEFINED Torch_VERSION)
    message(STATUS "nothing")
  else()
    message(STATUS "${Torch_VERSION} $CACHE{Torch_DIR}")
  endif()
  return()
endif()

function(write_program file text)
  file(WRITE "${file}" "#!/bin/sh\n${text}\n")
  file(CHMOD "${file}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# A LibTorch in <folder>/torch and a Python beside it that would import it.
function(write_torch folder version)
  file(WRITE "${folder}/torch/__init__.py" "raise ImportError('only to be located')\n")
  set(package "${folder}/torch/share/cmake/Torch")
  file(WRITE "${package}/TorchConfig.cmake" "message(FATAL_ERROR \"only to be located\")\n")
  file(WRITE "${package}/TorchConfigVersion.cmake" "set(PACKAGE_VERSION \"${version}\")\n")
  write_program("${folder}/python3" "PYTHONPATH='${folder}' exec python3 \"$@\"")
endfunction()

file(REMOVE_RECURSE "${WORK}")
write_torch("${WORK}/named" 2.9.1)
write_torch("${WORK}/other" 2.8.0)
write_torch("${WORK}/old" 2.5.1)
write_torch("${WORK}/new" 2.14.0)
write_torch("${WORK}/venv" 2.13.0)
write_program("${WORK}/bare/python3" "exit 1")

# expect(name result argument...): an argument is NAME=value of the environment, or -DNAME=value.
set(checked 0)
function(expect name result)
  set(environment ${ARGN})
  set(definitions ${ARGN})
  list(FILTER environment EXCLUDE REGEX "^-D")
  list(FILTER definitions INCLUDE REGEX "^-D")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env --unset=Torch_DIR --unset=CMAKE_PREFIX_PATH ${environment}
      ${CMAKE_COMMAND} -DPROBE=ON ${definitions} -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
    OUTPUT_VARIABLE output ERROR_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT output STREQUAL "-- ${result}")
    message(SEND_ERROR "${name}: expected '${result}', got '${output}'")
  endif()
  math(EXPR checked "${checked} + 1")
  set(checked ${checked} PARENT_SCOPE)
endfunction()

set(package torch/share/cmake/Torch)
set(named "2.9.1 ${WORK}/named/${package}")
set(venv_python "-DPYTHONS=${WORK}/venv/python3")
expect("-DTorch_DIR" "${named}" "-DTorch_DIR=${WORK}/named/${package}")
expect("-DTorch_DIR before the environment's" "${named}"
  "-DTorch_DIR=${WORK}/named/${package}" "Torch_DIR=${WORK}/other/${package}")
expect("-DTorch_DIR that has gone" "${named}" "-DTorch_DIR=${WORK}/gone" "Torch_DIR=${WORK}/named/${package}")
expect("the environment's Torch_DIR" "${named}" "Torch_DIR=${WORK}/named/${package}")
expect("the environment's Torch_DIR, the root" "${named}" "Torch_DIR=${WORK}/named/torch")
expect("the environment's Torch_DIR before its CMAKE_PREFIX_PATH" "${named}"
  "Torch_DIR=${WORK}/named/${package}" "CMAKE_PREFIX_PATH=${WORK}/other/torch")
foreach(prefix IN ITEMS "${WORK}/named/torch" "${WORK}/named/torch/share/cmake" "${WORK}/named/torch/share/cmake/")
  expect("-DCMAKE_PREFIX_PATH=${prefix}" "${named}" "-DCMAKE_PREFIX_PATH=${prefix}")
  expect("the environment's CMAKE_PREFIX_PATH=${prefix}" "${named}" "CMAKE_PREFIX_PATH=${WORK}/gone:${prefix}")
endforeach()
expect("the named one before Python's" "${named}" "Torch_DIR=${WORK}/named/${package}" ${venv_python})
expect("the named one though it is too old" "2.5.1 ${WORK}/old/${package}"
  "Torch_DIR=${WORK}/old/${package}" ${venv_python})
expect("a Python that is not there" "nothing" "-DPYTHONS=${WORK}/gone/python3")
expect("a Python without torch" "nothing" "-DPYTHONS=${WORK}/bare/python3")
expect("folders that have gone" "nothing"
  "-DTorch_DIR=${WORK}/gone" "Torch_DIR=${WORK}/gone" "CMAKE_PREFIX_PATH=${WORK}/gone")

find_program(python3 python3)
if(python3)
  foreach(first IN ITEMS gone bare old new)
    expect("${first} and then .venv" "2.13.0 ${WORK}/venv/${package}"
      "-DPYTHONS=${WORK}/${first}/python3,${WORK}/venv/python3")
  endforeach()
  expect("only an old one" "nothing" "-DPYTHONS=${WORK}/old/python3")
else()
  message(STATUS "no python3 here: what it would import is not checked")
endif()
message(STATUS "${checked} ways to name LibTorch or not give the right one")
