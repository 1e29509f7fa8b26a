wobackup_layer(base PATH base
  SOURCES attended_run.cc bytes.cc child_setup.cc clock.cc disk_stream.cc error.cc file_access.cc file_io.cc file_lock.cc host_name.cc json_text.cc library_on_demand.cc publish_file.cc safe_path.cc secret.cc secret_source.cc subprocess.cc synced_json.cc system_error.cc text.cc watched_run.cc
  LINK fmt::fmt nlohmann_json::nlohmann_json Threads::Threads ${CMAKE_DL_LIBS})
