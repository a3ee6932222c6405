# Adds the tests of a GoogleTest program when ctest starts, one for each suite. Given: `program`, the `emulator` that runs it
# (nothing on the machine that it is compiled for), `folder`, the `slow` suites, the `labels` of all. A suite of which nothing
# was run and nothing failed is skipped.
cmake_policy(VERSION 3.22)    # ctest sets none
if(NOT EXISTS "${program}")
  add_test("${folder}.NOT_BUILT" "${program}")
  return()
endif()
execute_process(COMMAND ${emulator} "${program}" --gtest_list_tests OUTPUT_VARIABLE suites RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${program} --gtest_list_tests ended with ${failed}")
endif()
string(REGEX MATCHALL "(^|\n)[^ \n]+\\." suites "${suites}")
list(TRANSFORM suites REPLACE "^\n|\\.$" "")
set(timeout 600)
if(emulator)
  set(timeout 3600)
endif()
foreach(suite IN LISTS suites)
  set(own_labels ${labels})
  if(suite IN_LIST slow)
    list(APPEND own_labels slow)
  endif()
  add_test("${folder}.${suite}" ${emulator} "${program}" "--gtest_filter=${suite}.*")
  set_tests_properties("${folder}.${suite}" PROPERTIES TIMEOUT ${timeout} LABELS "${own_labels}" SKIP_REGULAR_EXPRESSION
    "PASSED  \\] 0 tests\\.\n\\[  SKIPPED \\] [^\n]+\n(\\[  SKIPPED \\] [^\n]+\n)+$")
endforeach()
