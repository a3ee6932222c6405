# Finds OpenVINO: OpenVINO_DIR if it is set, the wheel in this repository's .venv (scripts/build puts it there), or an
# installed one.
if(NOT OpenVINO_DIR)
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
