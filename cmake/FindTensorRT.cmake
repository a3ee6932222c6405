# TensorRT's headers; its libraries are looked for when a program runs (src/runtime/tensorrt), so none is linked.
#   find_package(TensorRT 10.0)
# looks below the variable TensorRT_ROOT and nowhere else if that is set; else below the environment's TensorRT_ROOT, where
# NVIDIA's packages and containers put them, in the .venv of this repository, and in its .deps/tensorrt-10, where
# scripts/build puts them. Defines:
#   TensorRT_INCLUDE_DIR, TensorRT_VERSION, and the target TensorRT::headers
file(GLOB _TensorRT_wheels LIST_DIRECTORIES true "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/tensorrt*")
set(TensorRT_PLACES
  /usr/local/tensorrt /usr/local/TensorRT /opt/tensorrt /opt/TensorRT ${_TensorRT_wheels}
  "${PROJECT_SOURCE_DIR}/.deps/tensorrt-10")
set(_TensorRT_only "")
if(TensorRT_ROOT)
  set(TensorRT_PLACES "${TensorRT_ROOT}")
  set(_TensorRT_only NO_DEFAULT_PATH)
endif()
find_path(TensorRT_INCLUDE_DIR NvInferVersion.h
  PATHS ${TensorRT_PLACES}
  PATH_SUFFIXES include "include/${CMAKE_LIBRARY_ARCHITECTURE}" "targets/${CMAKE_LIBRARY_ARCHITECTURE}/include"
  ${_TensorRT_only})
mark_as_advanced(TensorRT_INCLUDE_DIR)

set(TensorRT_VERSION "")
set(_TensorRT_missing "")
if(TensorRT_INCLUDE_DIR)
  foreach(_header NvInfer.h NvOnnxParser.h)
    if(NOT EXISTS "${TensorRT_INCLUDE_DIR}/${_header}")
      string(APPEND _TensorRT_missing " ${_header}")
    endif()
  endforeach()
  # `#define NV_TENSORRT_MAJOR 10`, or the name of another macro in place of the number.
  file(STRINGS "${TensorRT_INCLUDE_DIR}/NvInferVersion.h" _TensorRT_lines REGEX "^#define [A-Z_]+ [A-Z0-9_]+")
  foreach(_part MAJOR MINOR PATCH)
    set(_value "NV_TENSORRT_${_part}")
    while(_value MATCHES "^[A-Z]" AND _TensorRT_lines MATCHES "#define ${_value} ([A-Z0-9_]+)")
      set(_value "${CMAKE_MATCH_1}")
    endwhile()
    list(APPEND TensorRT_VERSION "${_value}")
  endforeach()
  list(JOIN TensorRT_VERSION "." TensorRT_VERSION)
endif()

if(_TensorRT_missing)
  set(_TensorRT_missing "${TensorRT_INCLUDE_DIR} has NvInferVersion.h, but not:${_TensorRT_missing}")
  set(TensorRT_HEADERS_COMPLETE FALSE)
else()
  set(TensorRT_HEADERS_COMPLETE TRUE)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TensorRT
  REQUIRED_VARS TensorRT_INCLUDE_DIR TensorRT_HEADERS_COMPLETE VERSION_VAR TensorRT_VERSION
  REASON_FAILURE_MESSAGE "${_TensorRT_missing}")

if(TensorRT_FOUND AND NOT TARGET TensorRT::headers)
  add_library(TensorRT::headers INTERFACE IMPORTED)
  target_include_directories(TensorRT::headers SYSTEM INTERFACE "${TensorRT_INCLUDE_DIR}")
endif()
