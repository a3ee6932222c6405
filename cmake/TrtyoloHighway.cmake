# Finds Highway (PkgConfig::hwy). A shared one is carried along by what is installed or copied elsewhere: TRTYOLO_HIGHWAY is
# its file, TRTYOLO_HIGHWAY_NAME the name under which the loader looks for it; a static one has no name.
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy>=1.0.3)

get_filename_component(TRTYOLO_HIGHWAY "${pkgcfg_lib_hwy_hwy}" REALPATH)
set(TRTYOLO_HIGHWAY_NAME "")
if(TRTYOLO_HIGHWAY MATCHES "/(libhwy\\.so\\.[0-9]+)[^/]*$")
  set(TRTYOLO_HIGHWAY_NAME "${CMAKE_MATCH_1}")
endif()
