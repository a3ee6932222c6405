# The tests of the Rust crate and the Go package against the installed package in `_installed`, where these languages are.

# trtyolo_found(NAME PROGRAM LEAST): sets NAME to the program if it is there and says a version that is LEAST or later.
function(trtyolo_found name program least)
  find_program(${name} "${program}")
  set(version "0")
  if(${name})
    execute_process(COMMAND "${${name}}" version OUTPUT_VARIABLE said ERROR_QUIET)
    string(REGEX MATCH "[0-9]+[.][0-9]+" version "${said}")
  endif()
  if(version VERSION_LESS least)
    message(STATUS "Tests of bindings: left out are those that need ${program} ${least} or later (found: ${version}; 0 is none)")
    set(${name} "" PARENT_SCOPE)
  endif()
endfunction()

# trtyolo_binding_test(NAME FOLDER ENVIRONMENT... COMMAND argument...)
function(trtyolo_binding_test name folder)
  cmake_parse_arguments(PARSE_ARGV 2 test "" "" "ENVIRONMENT;COMMAND")
  add_test(NAME package.${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}/bindings/${folder}" COMMAND ${test_COMMAND})
  set_tests_properties(package.${name} PROPERTIES FIXTURES_REQUIRED "installed_package;disc_picture" TIMEOUT 600
    ENVIRONMENT "TRTYOLO_DATA=${_data};${test_ENVIRONMENT}")
endfunction()

trtyolo_found(TRTYOLO_CARGO cargo 1.77)
if(TRTYOLO_CARGO)
  set(_cargo "TRTYOLO_ROOT=${_installed}" "CARGO_TARGET_DIR=${CMAKE_CURRENT_BINARY_DIR}/package/rust")
  trtyolo_binding_test(rust rust ENVIRONMENT ${_cargo} COMMAND "${TRTYOLO_CARGO}" test --offline --locked)
  trtyolo_binding_test(rust_example rust ENVIRONMENT ${_cargo}
    COMMAND "${TRTYOLO_CARGO}" run --quiet --offline --locked --example detect --
      "${_data}/shapes/detect.onnx" "${_disc}")
  set_tests_properties(package.rust_example PROPERTIES
    PASS_REGULAR_EXPRESSION "circle 0[.]9.*the clone finds 1 of 1 objects" DEPENDS package.rust)
endif()
trtyolo_found(TRTYOLO_GO go 1.21)
if(TRTYOLO_GO)
  set(_go CGO_ENABLED=1 GOTOOLCHAIN=local GOPROXY=off "CGO_CFLAGS=-I${_installed}/${CMAKE_INSTALL_INCLUDEDIR}"
    "CGO_LDFLAGS=-L${_installed}/${CMAKE_INSTALL_LIBDIR} -Wl,-rpath,${_installed}/${CMAKE_INSTALL_LIBDIR}")
  trtyolo_binding_test(go go ENVIRONMENT ${_go} COMMAND "${TRTYOLO_GO}" test -count=1 ./...)
  trtyolo_binding_test(go_example go ENVIRONMENT ${_go}
    COMMAND "${TRTYOLO_GO}" run ./examples/detect "${_data}/people/people.onnx" "${_data}/people/frames/0600.jpg")
  set_tests_properties(package.go_example PROPERTIES
    PASS_REGULAR_EXPRESSION "person 0[.]8.*the clone finds 6 of 6 objects" DEPENDS package.go)
endif()
