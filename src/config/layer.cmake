wobackup_layer(config PATH config
  SOURCES
    config.cc
    config_file.cc
    environment.cc
    guard_check.cc
    toml_reader.cc
  DEPENDS base age
  LINK tomlplusplus::tomlplusplus)
