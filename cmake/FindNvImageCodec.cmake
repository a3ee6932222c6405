# Finds nvImageCodec's headers, of any version that has nvimgcodec.h: NvImageCodec_FOUND, NvImageCodec_VERSION and the target
# NvImageCodec::headers. They are looked for below NvImageCodec_ROOT if that is given, else where scripts/build puts them and
# in wheels in this repository's .venv. Its library is opened at run time: see src/media/cuda.
set(NvImageCodec_PLACES ${NvImageCodec_ROOT} $ENV{NvImageCodec_ROOT})
if(NOT NvImageCodec_ROOT)
  file(GLOB _wheels "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia/nvimgcodec")
  list(APPEND NvImageCodec_PLACES "${PROJECT_SOURCE_DIR}/.deps/nvimgcodec" ${_wheels})
endif()
find_path(NvImageCodec_INCLUDE_DIR nvimgcodec.h PATHS ${NvImageCodec_PLACES} PATH_SUFFIXES include NO_DEFAULT_PATH)
mark_as_advanced(NvImageCodec_INCLUDE_DIR)
if(NvImageCodec_INCLUDE_DIR)
  file(READ "${NvImageCodec_INCLUDE_DIR}/nvimgcodec_version.h" _text)
  set(_numbers "")
  foreach(_part MAJOR MINOR PATCH)
    string(REGEX MATCH "NVIMGCODEC_VER_${_part} ([0-9]+)" _match "${_text}")
    list(APPEND _numbers "${CMAKE_MATCH_1}")
  endforeach()
  list(JOIN _numbers "." NvImageCodec_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(NvImageCodec REQUIRED_VARS NvImageCodec_INCLUDE_DIR VERSION_VAR NvImageCodec_VERSION)
if(NvImageCodec_FOUND AND NOT TARGET NvImageCodec::headers)
  add_library(NvImageCodec::headers INTERFACE IMPORTED)
  set_target_properties(NvImageCodec::headers PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${NvImageCodec_INCLUDE_DIR}"
    INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${NvImageCodec_INCLUDE_DIR}")
endif()
