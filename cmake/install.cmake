# What `cmake --install` puts where: the command, the library, the public headers, and what find_package(wobackup) reads.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/wobackup)

install(TARGETS wobackup_command RUNTIME COMPONENT program)
configure_file(${PROJECT_SOURCE_DIR}/integrations/systemd/wobackup-pending.service.in
               ${PROJECT_BINARY_DIR}/wobackup-pending.service @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/wobackup-pending.service DESTINATION lib/systemd/system COMPONENT program)
# As they lie to each other in the source tree: the script is needed again after each update of WordOps.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/integrations/wordops DESTINATION ${CMAKE_INSTALL_DATADIR}/wobackup/integrations
        COMPONENT program FILES_MATCHING PATTERN "*.py" PATTERN "*.conf")
install(PROGRAMS ${PROJECT_SOURCE_DIR}/scripts/install-wordops-plugin
        DESTINATION ${CMAKE_INSTALL_DATADIR}/wobackup/scripts COMPONENT program)
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

