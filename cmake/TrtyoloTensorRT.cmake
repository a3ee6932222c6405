# Decides whether the TensorRT engine is built: TRTYOLO_HAS_TENSORRT. It takes a CUDA compiler and TensorRT's headers, and
# where TRTYOLO_TENSORRT is AUTO a machine that asks for it (TrtyoloGpuHere). Then the language CUDA is enabled, and
# CUDAToolkit and TensorRT are found; the CUDA runtime is linked statically and looks for the driver when a program runs,
# as src/runtime/tensorrt looks for TensorRT.
set(TRTYOLO_HAS_TENSORRT OFF)
if(NOT TRTYOLO_TENSORRT MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "TRTYOLO_TENSORRT is '${TRTYOLO_TENSORRT}', expected AUTO, ON or OFF")
endif()
if(TRTYOLO_TENSORRT STREQUAL "OFF")
  return()
endif()

include(TrtyoloGpuHere)
if(TRTYOLO_TENSORRT STREQUAL "AUTO" AND NOT TRTYOLO_GPU_HERE)
  message(STATUS "TensorRT engine: left out, there is no NVIDIA driver and no CUDA toolkit here; "
    "-D TRTYOLO_TENSORRT=ON builds it")
  return()
endif()

set(_missing "")
set(_left_out STATUS)

# The compiler: the one that was named, an installed one, or the wheels in this repository's .venv (scripts/build puts
# them there).
set(_candidates "${TRTYOLO_NVCC_PLACES}")
set(_and_path "")
if(NOT TRTYOLO_NVCC_NAMED)
  file(GLOB _wheel "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia/cu*/bin/nvcc")
  list(APPEND _candidates ${_wheel})
  set(_and_path ", and nvcc on the PATH")
endif()
trtyolo_find_nvcc(_compiler ${_candidates})
if(NOT _compiler)
  list(FILTER _candidates EXCLUDE REGEX "^/bin/nvcc$|NOTFOUND$")
  list(JOIN _candidates ", " _looked)
  string(APPEND _missing "\n  a CUDA compiler, ${TRTYOLO_CUDA_LEAST} or later (looked for: ${_looked}${_and_path}${_compiler_REFUSED})")
endif()

find_package(TensorRT 10.0 QUIET)
if(NOT TensorRT_FOUND)
  list(JOIN TensorRT_PLACES ", " _looked)
  if(NOT TensorRT_ROOT)
    string(PREPEND _looked "the environment's TensorRT_ROOT ($ENV{TensorRT_ROOT}), the system's include folders, ")
  endif()
  string(APPEND _missing
    "\n  TensorRT's headers NvInfer.h and NvOnnxParser.h, version 10.0 or later (looked below: ${_looked}")
  if(TensorRT_VERSION)
    string(APPEND _missing "; found: ${TensorRT_INCLUDE_DIR}, version ${TensorRT_VERSION}")
  endif()
  string(APPEND _missing ")")
endif()

# A compiler that is there and does not work, for the sake of its host compiler perhaps, is as good as none.
if(NOT _missing AND NOT CMAKE_CUDA_COMPILER)
  include(CheckLanguage)
  set(ENV{CUDACXX} "${_compiler}")
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    set(_left_out WARNING)
    string(APPEND _missing "\n  a CUDA compiler that works here (tried: ${_compiler}; CMakeFiles/CMakeError.log or "
      "CMakeConfigureLog.yaml in ${PROJECT_BINARY_DIR} has its words)")
  endif()
endif()

if(_missing)
  if(TRTYOLO_TENSORRT STREQUAL "ON")
    message(FATAL_ERROR "TRTYOLO_TENSORRT is ON, but the TensorRT engine cannot be built; it needs:${_missing}\n"
      "scripts/build fetches them; docs/building.md says how to name others.")
  endif()
  message(${_left_out} "TensorRT engine: left out; it needs:${_missing}")
  return()
endif()

if(TRTYOLO_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES "${TRTYOLO_CUDA_ARCHITECTURES}")
else()
  # Machine code for each generation that this compiler knows, and for those to come what drivers translate.
  execute_process(COMMAND "${_compiler}" --list-gpu-arch OUTPUT_VARIABLE _known)
  set(CMAKE_CUDA_ARCHITECTURES "")
  set(_architectures 75 80 86 89 90 100 120)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    # Jetson Orin and Thor, which take no machine code of other GPUs of their generation.
    set(_architectures 75 80 86 87 89 90 100 110 120)
  endif()
  foreach(_architecture IN LISTS _architectures)
    if(_known MATCHES "compute_${_architecture}\n")
      list(APPEND CMAKE_CUDA_ARCHITECTURES "${_architecture}-real")
      set(_newest "${_architecture}")
    endif()
  endforeach()
  list(APPEND CMAKE_CUDA_ARCHITECTURES "${_newest}-virtual")
endif()
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_EXTENSIONS OFF)
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)    # older CMakes do not know that nvcc has it
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
endif()
find_package(CUDAToolkit ${TRTYOLO_CUDA_LEAST} QUIET REQUIRED)
set(TRTYOLO_HAS_TENSORRT ON)
message(STATUS "TensorRT engine: headers ${TensorRT_VERSION} (${TensorRT_INCLUDE_DIR}), CUDA ${CMAKE_CUDA_COMPILER_VERSION} "
  "(${CMAKE_CUDA_COMPILER}), GPU architectures ${CMAKE_CUDA_ARCHITECTURES}")
