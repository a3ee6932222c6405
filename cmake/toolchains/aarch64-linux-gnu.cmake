# Compiles for Linux on ARM64 on another machine, by Debian's cross compiler; scripts/arm64 fetches what it needs. Below
# TRTYOLO_ARM64 (.deps/arm64) are the folders root, with Debian's arm64 packages, and openvino, with OpenVINO's arm64 wheel.
# Tests run under QEMU's emulation of a processor, which the environment's QEMU_CPU names: `max`, or one with vectors of
# another length (`max,sve-max-vq=2`: 256 bits), or without SVE (`max,sve=off`).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

set(TRTYOLO_ARM64 "${CMAKE_CURRENT_LIST_DIR}/../../.deps/arm64" CACHE PATH "Folder with what is compiled against")
get_filename_component(TRTYOLO_ARM64 "${TRTYOLO_ARM64}" ABSOLUTE)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRTYOLO_ARM64)
set(CMAKE_SYSROOT "${TRTYOLO_ARM64}/root")

# Packages of that machine only, and programs of this one. Headers for all machines (TensorRT's) lie beside.
get_filename_component(_beside "${TRTYOLO_ARM64}" DIRECTORY)
set(CMAKE_FIND_ROOT_PATH "${_beside}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_PATH} "")
set(OpenVINO_DIR "${TRTYOLO_ARM64}/openvino/openvino/cmake" CACHE PATH "Folder of OpenVINOConfig.cmake")

# The Python package: headers of Debian 12's Python, whatever the interpreter says that runs here.
if(TRTYOLO_BUILD_PYTHON)
  set(Python_INCLUDE_DIR "${CMAKE_SYSROOT}/usr/include/python3.11" CACHE PATH "Folder of Python.h" FORCE)
endif()

# The compiler of this machine, with the headers and libraries of that one.
set(_nvcc "${TRTYOLO_ARM64}/cuda/nvidia/cu13/bin/nvcc")
if(NOT CMAKE_CUDA_COMPILER AND EXISTS "${_nvcc}")
  set(CMAKE_CUDA_COMPILER "${_nvcc}")
  set(CMAKE_CUDA_HOST_COMPILER "${CMAKE_CXX_COMPILER}")
  set(CMAKE_CUDA_FLAGS_INIT "-Xcompiler=--sysroot=${CMAKE_SYSROOT}")
endif()

find_program(TRTYOLO_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if(TRTYOLO_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${TRTYOLO_QEMU}" -L "${CMAKE_SYSROOT}")
endif()
