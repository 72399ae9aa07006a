# coatcheck_room(NAME SOURCES … DEPENDS … [TESTS …] [TEST_DEPENDS …])
#
# A room: one static library `coatcheck_<name>` (alias coatcheck::<name>), the rooms and libraries it may
# use, and the tests beside its sources, as one program `<name>_test`. tests/architecture checks that no
# source includes from a room that is not among its DEPENDS.
function(coatcheck_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;TESTS;TEST_DEPENDS" ${ARGN})
  add_library(coatcheck_${name} STATIC ${ROOM_SOURCES})
  add_library(coatcheck::${name} ALIAS coatcheck_${name})
  target_include_directories(coatcheck_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(coatcheck_${name} PUBLIC ${ROOM_DEPENDS} PRIVATE coatcheck_flags)
  if(COATCHECK_TESTS AND ROOM_TESTS)
    add_executable(${name}_test ${ROOM_TESTS})
    target_link_libraries(${name}_test PRIVATE coatcheck::${name} ${ROOM_TEST_DEPENDS} coatcheck_flags
      GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
