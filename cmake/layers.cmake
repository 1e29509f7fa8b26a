# Each folder of src/ is a layer with a target of its own. A layer sees only the headers of the layers it names
# (through a folder of links in the build tree), so that an include against the direction of the architecture does
# not compile.

add_library(wobackup_options INTERFACE)
option(WOBACKUP_WERROR "Warnings are errors" ON)
set(WOBACKUP_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=")
option(WOBACKUP_COVERAGE "Count covered lines" OFF)
target_compile_options(wobackup_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-align -Wformat=2 -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees overlaps in std::string's own code that are not there (GCC bug 105651).
  target_compile_options(wobackup_options INTERFACE -Wno-restrict)
endif()
if(WOBACKUP_WERROR)
  target_compile_options(wobackup_options INTERFACE -Werror)
endif()
target_compile_definitions(wobackup_options INTERFACE _FILE_OFFSET_BITS=64)
if(NOT WOBACKUP_SANITIZE)
  target_compile_definitions(wobackup_options INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
endif()
target_compile_options(wobackup_options INTERFACE -fstack-protector-strong)
if(WOBACKUP_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With sanitizers g++ 12 takes std::regex for uninitialized (GCC bug 105562), and sees lengths below zero in what
    # std::vector fills.
    target_compile_options(wobackup_options INTERFACE -Wno-maybe-uninitialized -Wno-stringop-overflow)
  endif()
  target_compile_options(wobackup_options INTERFACE
    -fsanitize=${WOBACKUP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(wobackup_options INTERFACE -fsanitize=${WOBACKUP_SANITIZE})
endif()
if(WOBACKUP_COVERAGE)
  target_compile_options(wobackup_options INTERFACE --coverage)
  target_link_options(wobackup_options INTERFACE --coverage)
endif()
if(WOBACKUP_FUZZ)
  target_compile_options(wobackup_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

set_property(GLOBAL PROPERTY WOBACKUP_LAYERS "")

# wobackup_layer(NAME path/below/src SOURCES ... DEPENDS other layers ... LINK libraries ...)
function(wobackup_layer name)
  cmake_parse_arguments(ARG "" "PATH" "SOURCES;DEPENDS;LINK" ${ARGN})
  set(links ${PROJECT_BINARY_DIR}/layers/${name})
  get_filename_component(parent ${links}/${ARG_PATH} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${ARG_PATH} ${links}/${ARG_PATH} SYMBOLIC)
  list(TRANSFORM ARG_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/src/${ARG_PATH}/)
  list(TRANSFORM ARG_DEPENDS PREPEND wobackup_)
  add_library(wobackup_${name} STATIC ${ARG_SOURCES})
  target_include_directories(wobackup_${name} PUBLIC ${links} ${PROJECT_SOURCE_DIR}/include
                                                     ${PROJECT_BINARY_DIR}/generated)
  target_link_libraries(wobackup_${name} PRIVATE wobackup_options PUBLIC ${ARG_DEPENDS} ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY WOBACKUP_LAYERS wobackup_${name})
endfunction()
