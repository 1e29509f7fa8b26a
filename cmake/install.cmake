# What `cmake --install` puts where: the command, the library, the public headers, and what find_package(wobackup) reads.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/wobackup)

install(TARGETS wobackup_command RUNTIME COMPONENT program)
install(TARGETS wobackup EXPORT wobackupTargets ARCHIVE COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/wobackup DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h")
install(EXPORT wobackupTargets NAMESPACE wobackup:: DESTINATION ${package_dir} COMPONENT development)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/wobackupConfig.cmake.in
  ${PROJECT_BINARY_DIR}/wobackupConfig.cmake INSTALL_DESTINATION ${package_dir})
# Before 1.0 a new minor version may change the API, so a program asks for the minor version it was written for.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wobackupConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wobackupConfig.cmake ${PROJECT_BINARY_DIR}/wobackupConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/dependencies.cmake
        DESTINATION ${package_dir} COMPONENT development)

get_property(layers GLOBAL PROPERTY WOBACKUP_LAYERS)
list(REMOVE_ITEM layers wobackup_cli)
add_library(wobackup STATIC)
add_library(wobackup::wobackup ALIAS wobackup)
foreach(layer ${layers})
  target_sources(wobackup PRIVATE $<TARGET_OBJECTS:${layer}>)
endforeach()
target_include_directories(wobackup PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(wobackup PUBLIC cxx_std_20)
target_link_libraries(wobackup PUBLIC nlohmann_json::nlohmann_json
  PRIVATE fmt::fmt Threads::Threads OpenSSL::Crypto SQLite::SQLite3 tomlplusplus::tomlplusplus PkgConfig::zstd
          PkgConfig::libarchive PkgConfig::mariadb PkgConfig::acl $<BUILD_INTERFACE:wobackup_options>)

install(TARGETS wobackup EXPORT wobackup ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS wobackup_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/wobackup DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/wobackup)
install(EXPORT wobackup NAMESPACE wobackup:: DESTINATION ${package} FILE wobackupTargets.cmake)
configure_package_config_file(cmake/wobackupConfig.cmake.in ${PROJECT_BINARY_DIR}/wobackupConfig.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/wobackupConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/wobackupConfig.cmake ${PROJECT_BINARY_DIR}/wobackupConfigVersion.cmake
        DESTINATION ${package})
