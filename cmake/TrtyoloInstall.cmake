# cmake --install: the header, the library, the program, a CMake package that find_package(trtyolo) finds, files for
# pkg-config, the licences. With TRTYOLO_BUNDLE_RUNTIME what the library needs at run time lies beside it, and the whole
# prefix can be moved. The components library, media and program are Debian packages of their own (TrtyoloPackages).
include(CMakePackageConfigHelpers)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME library)

set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/trtyolo")
set(_runtime_dir "${CMAKE_INSTALL_LIBDIR}/trtyolo")
if(TRTYOLO_OPENVINO)
  get_target_property(_openvino openvino::runtime IMPORTED_LOCATION_RELEASE)
  get_filename_component(_openvino_dir "${_openvino}" DIRECTORY)
endif()

install(TARGETS trtyolo EXPORT trtyoloTargets
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TRTYOLO_BUILD_MEDIA)
  install(TARGETS trtyolo_media_library EXPORT trtyoloMediaTargets
    RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT media
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT media)
  set_target_properties(trtyolo_media_library PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(EXPORT trtyoloMediaTargets NAMESPACE trtyolo:: DESTINATION "${_package_dir}" COMPONENT media)
endif()
install(FILES include/trtyolo.hpp include/trtyolo.h DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY include/trtyolo DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES LICENSE NOTICE THIRD_PARTY.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")

foreach(_program trtyolo_app trtyolo_bench)
  if(TARGET ${_program})
    file(RELATIVE_PATH _lib_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(${_program} PROPERTIES INSTALL_RPATH "$ORIGIN/${_lib_from_bin}")
    install(TARGETS ${_program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT program)
  endif()
endforeach()

if(TRTYOLO_BUNDLE_RUNTIME)
  # OpenVINO loads its readers and its CPU plugin from the folder that libopenvino lies in. The GPU and NPU plugins with
  # their kernel cache, and the readers of other formats, stay away.
  if(TRTYOLO_OPENVINO)
    set(_bundled "${_openvino}")
    foreach(_part
        "libopenvino_onnx_frontend.so.*" "libopenvino_ir_frontend.so.*" "libopenvino_*_cpu_plugin.so"
        "libtbb.so.*" "libtbbmalloc.so.*" "libtbbbind_*.so.*" "libhwloc.so.*")
      file(GLOB _found "${_openvino_dir}/${_part}")
      if(NOT _found)
        message(FATAL_ERROR
          "TRTYOLO_BUNDLE_RUNTIME: ${_part} was expected in ${_openvino_dir}, as in OpenVINO's Python wheel, and is not there.\n"
          "Use the wheel (scripts/build installs it), or configure with -DTRTYOLO_BUNDLE_RUNTIME=OFF.")
      endif()
      list(APPEND _bundled ${_found})
    endforeach()
    install(PROGRAMS ${_bundled} DESTINATION "${_runtime_dir}")
    file(GLOB _openvino_licences
      "${_openvino_dir}/../../openvino-*.dist-info/licenses/LICENSE" "${_openvino_dir}/../../openvino-*.dist-info/licenses/licensing/*")
    install(FILES ${_openvino_licences} DESTINATION "${CMAKE_INSTALL_DOCDIR}/openvino")
  endif()

  if(TRTYOLO_HIGHWAY_NAME)
    install(PROGRAMS "${TRTYOLO_HIGHWAY}" DESTINATION "${_runtime_dir}" RENAME "${TRTYOLO_HIGHWAY_NAME}")
  endif()
  set_target_properties(trtyolo PROPERTIES INSTALL_RPATH "$ORIGIN/trtyolo")
elseif(TRTYOLO_OPENVINO)
  set_target_properties(trtyolo PROPERTIES INSTALL_RPATH "${_openvino_dir}")
endif()

install(EXPORT trtyoloTargets NAMESPACE trtyolo:: DESTINATION "${_package_dir}")
configure_package_config_file(cmake/trtyoloConfig.cmake.in "${PROJECT_BINARY_DIR}/trtyoloConfig.cmake"
  INSTALL_DESTINATION "${_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/trtyoloConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/trtyoloConfig.cmake" "${PROJECT_BINARY_DIR}/trtyoloConfigVersion.cmake"
  DESTINATION "${_package_dir}")

# For pkg-config: `trtyolo` and, where there is one, `trtyolo-media`. Their prefix is where they are.
file(RELATIVE_PATH _prefix_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" _prefix_from_pc "${_prefix_from_pc}")
configure_file(cmake/trtyolo.pc.in "${PROJECT_BINARY_DIR}/trtyolo.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/trtyolo.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(TRTYOLO_BUILD_MEDIA)
  configure_file(cmake/trtyolo-media.pc.in "${PROJECT_BINARY_DIR}/trtyolo-media.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/trtyolo-media.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT media)
endif()

if(PROJECT_IS_TOP_LEVEL)
  include(TrtyoloPackages)
endif()
