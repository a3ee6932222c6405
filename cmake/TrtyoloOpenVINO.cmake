# Finds OpenVINO: OpenVINO_DIR if it is set, the wheel in this repository's .venv (scripts/build puts it there), or an
# installed one. The Python package takes the wheel of the Python that it is built with, for it will need it at run time,
# or OpenVINO_DIR where that Python has none (scripts/wheels).
if(TRTYOLO_BUILD_PYTHON AND NOT CMAKE_CROSSCOMPILING)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
      "import importlib.util as u; print(u.find_spec('openvino').submodule_search_locations[0] + '/cmake')"
    OUTPUT_VARIABLE _wheel OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE _failed ERROR_QUIET)
  if(NOT _failed)
    set(OpenVINO_DIR "${_wheel}" CACHE PATH "Folder of OpenVINOConfig.cmake" FORCE)
  elseif(NOT OpenVINO_DIR)
    message(FATAL_ERROR "TRTYOLO_BUILD_PYTHON: the Python package openvino was not found by ${Python_EXECUTABLE}; "
      "`pip install .` brings it")
  endif()
elseif(NOT OpenVINO_DIR)
  file(GLOB _wheel "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/openvino/cmake")
  if(_wheel)
    list(GET _wheel 0 _wheel)
    set(OpenVINO_DIR "${_wheel}" CACHE PATH "Folder of OpenVINOConfig.cmake" FORCE)
  endif()
endif()
find_package(OpenVINO 2026.4 QUIET COMPONENTS Runtime)
if(NOT OpenVINO_FOUND)
  message(FATAL_ERROR
    "OpenVINO 2026.4 was not found. Run scripts/build, which installs it into .venv, or set OpenVINO_DIR to what\n"
    "  python -c \"import openvino; print(openvino.get_cmake_path())\"\nprints.")
endif()
