# Builds the project SOURCE in BUILD against the package in PREFIX, runs its program (named like the folder SOURCE) and
# looks for EXPECTED in what it prints:
#   cmake -D SOURCE=... -D BUILD=... -D PREFIX=... -D GENERATOR=... -D COMPILER=... -D EXPECTED=regex -P use.cmake -- ARGUMENT...
set(arguments "")
set(after_dashes FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(after_dashes)
    list(APPEND arguments "${CMAKE_ARGV${i}}")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(after_dashes TRUE)
  endif()
endforeach()

file(REMOVE_RECURSE "${BUILD}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${BUILD}" -G "${GENERATOR}" -D "CMAKE_CXX_COMPILER=${COMPILER}"
    -D "CMAKE_PREFIX_PATH=${PREFIX}" -D "CMAKE_CXX_FLAGS=-Wall -Wextra -Werror"
    -D "CMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror" --no-warn-unused-cli
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${BUILD}" COMMAND_ERROR_IS_FATAL ANY)

get_filename_component(name "${SOURCE}" NAME)
execute_process(COMMAND "${BUILD}/${name}" ${arguments} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
message("${printed}")
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${name} ended with ${status}, expected 0")
endif()
if(NOT printed MATCHES "${EXPECTED}")
  message(FATAL_ERROR "${name} printed the above, expected it to match: ${EXPECTED}")
endif()
