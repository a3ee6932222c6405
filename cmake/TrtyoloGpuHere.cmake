# What asks for the GPU engine on this machine, where TRTYOLO_TENSORRT is AUTO: TRTYOLO_GPU_HERE is the file that shows an
# NVIDIA driver or an installed CUDA toolkit, or empty. TRTYOLO_NVCC is that toolkit's compiler; one in .venv is no sign,
# because scripts/build puts it there. Run by `cmake -P` it prints the two, a line each.
set(TRTYOLO_CUDA_LEAST 12.0)    # the first whose compiler knows C++20

# trtyolo_find_nvcc(VARIABLE PLACE...): the first that is recent enough; ${VARIABLE}_REFUSED lists those that are not.
function(trtyolo_find_nvcc variable)
  set(refused "")
  foreach(place IN LISTS ARGN)
    if(NOT EXISTS "${place}")
      continue()
    endif()
    execute_process(COMMAND "${place}" --version OUTPUT_VARIABLE version ERROR_QUIET)
    if(version MATCHES "release ([0-9.]+)" AND CMAKE_MATCH_1 VERSION_GREATER_EQUAL TRTYOLO_CUDA_LEAST)
      set(${variable} "${place}" PARENT_SCOPE)
      return()
    endif()
    string(APPEND refused "; ${place} is not one")
  endforeach()
  set(${variable} "" PARENT_SCOPE)
  set(${variable}_REFUSED "${refused}" PARENT_SCOPE)
endfunction()

# What was named (CMAKE_CUDA_COMPILER, the environment's CUDACXX), else where toolkits are installed.
if(CMAKE_CUDA_COMPILER MATCHES "NOTFOUND$")
  unset(CMAKE_CUDA_COMPILER CACHE)
endif()
set(TRTYOLO_NVCC_NAMED "${CMAKE_CUDA_COMPILER}")
if(NOT TRTYOLO_NVCC_NAMED)
  set(TRTYOLO_NVCC_NAMED "$ENV{CUDACXX}")
endif()
set(TRTYOLO_NVCC_PLACES "${TRTYOLO_NVCC_NAMED}")
if(NOT TRTYOLO_NVCC_NAMED)
  find_program(_nvcc nvcc NO_CACHE)
  set(TRTYOLO_NVCC_PLACES "${CUDAToolkit_ROOT}/bin/nvcc" "$ENV{CUDAToolkit_ROOT}/bin/nvcc" "$ENV{CUDA_HOME}/bin/nvcc"
    "$ENV{CUDA_PATH}/bin/nvcc" "${_nvcc}" /usr/local/cuda/bin/nvcc)
endif()
trtyolo_find_nvcc(TRTYOLO_NVCC ${TRTYOLO_NVCC_PLACES})

find_program(_smi nvidia-smi PATHS /usr/lib/wsl/lib NO_CACHE)
set(TRTYOLO_GPU_HERE "")
foreach(_sign /proc/driver/nvidia/version /dev/nvidiactl "${_smi}" "${TRTYOLO_NVCC}")
  if(NOT TRTYOLO_GPU_HERE AND EXISTS "${_sign}")
    set(TRTYOLO_GPU_HERE "${_sign}")
  endif()
endforeach()

if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${TRTYOLO_GPU_HERE}")
  execute_process(COMMAND "${CMAKE_COMMAND}" -E echo "${TRTYOLO_NVCC}")
endif()
