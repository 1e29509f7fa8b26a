wobackup_layer(config PATH config
  SOURCES
    config.cc
    toml_reader.cc
  DEPENDS base
  LINK tomlplusplus::tomlplusplus)
