# Settings that every target of this project takes: target_link_libraries(... PRIVATE trtyolo_settings).
add_library(trtyolo_settings INTERFACE)

if(MSVC)
  target_compile_options(trtyolo_settings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:/W4;/permissive-;/fp:precise;$<$<BOOL:${TRTYOLO_WARNINGS_AS_ERRORS}>:/WX>>")
else()
  # No contraction: a fused multiply-add rounds once where the reference rounds twice.
  target_compile_options(trtyolo_settings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor;-ffp-contract=off;$<$<BOOL:${TRTYOLO_WARNINGS_AS_ERRORS}>:-Werror>>")
endif()

# For kernels the same; what nvcc hands to the host's compiler is generated, so not pedantic.
target_compile_options(trtyolo_settings INTERFACE
  "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-Xcompiler=-Wall,-Wextra,-Wnon-virtual-dtor,-ffp-contract=off>"
  "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${TRTYOLO_WARNINGS_AS_ERRORS}>>:--Werror=all-warnings;-Xcompiler=-Werror>")

if(TRTYOLO_SANITIZE)
  target_compile_options(trtyolo_settings INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${TRTYOLO_SANITIZE};-fno-omit-frame-pointer>")
  if(TRTYOLO_SANITIZE MATCHES "undefined")
    target_compile_options(trtyolo_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all>)
  endif()
  target_link_options(trtyolo_settings INTERFACE -fsanitize=${TRTYOLO_SANITIZE})
endif()

# trtyolo_optimize(TARGET LEVEL): -O LEVEL in Release builds, and nothing where sanitizers slow the compiler down: for what
# leaves the heavy work to the library.
function(trtyolo_optimize target level)
  if(TRTYOLO_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O${level}>)
  endif()
endfunction()

# trtyolo_units(TARGET [APART file...]): where CMAKE_UNITY_BUILD is on (in all presets but debug), the sources of each folder
# are compiled as one unit, which reads the heavy headers once; those that are APART by themselves.
function(trtyolo_units target)
  cmake_parse_arguments(PARSE_ARGV 1 units "" "" "APART")
  get_target_property(sources ${target} SOURCES)
  list(FILTER sources INCLUDE REGEX "\\.cpp$")
  list(REMOVE_ITEM sources ${units_APART})
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source OUTPUT_VARIABLE folder)
    cmake_path(GET folder PARENT_PATH folder)
    cmake_path(RELATIVE_PATH folder BASE_DIRECTORY "${PROJECT_SOURCE_DIR}")
    string(MAKE_C_IDENTIFIER "${folder}" folder)
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${folder}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
endfunction()
