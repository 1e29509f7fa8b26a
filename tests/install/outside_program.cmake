# cmake -P: installs BUILD_DIR to SCRATCH/prefix, builds EXAMPLES against it, runs the program and checks what it says.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${result}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${SCRATCH}/prefix)

# A header of the library's inside must not be among what was installed.
file(GLOB_RECURSE headers RELATIVE ${SCRATCH}/prefix/include ${SCRATCH}/prefix/include/*)
foreach(header IN LISTS headers)
  if(NOT header MATCHES "^wobackup/[a-z]+\\.h$")
    message(FATAL_ERROR "installed by mistake: ${header}")
  endif()
endforeach()
if(NOT "wobackup/service.h" IN_LIST headers)
  message(FATAL_ERROR "wobackup/service.h was not installed")
endif()

run(${CMAKE_COMMAND} -S ${EXAMPLES} -B ${SCRATCH}/build -G Ninja -DCMAKE_BUILD_TYPE=Debug
    -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${SCRATCH}/build --target example_manual_backup)

# Without arguments the program tells its usage and the version that it was linked with: exit code 2.
execute_process(COMMAND ${SCRATCH}/build/manual_backup RESULT_VARIABLE result ERROR_VARIABLE said)
string(FIND "${said}" "(wobackup ${VERSION})" found)
if(NOT result EQUAL 2 OR found EQUAL -1)
  message(FATAL_ERROR "expected the usage of wobackup ${VERSION} and exit code 2, got ${result}: ${said}")
endif()
