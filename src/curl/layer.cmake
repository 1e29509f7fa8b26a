wobackup_layer(curl PATH curl
  SOURCES curl_on_demand.cc
  DEPENDS base)
target_include_directories(wobackup_curl PUBLIC ${curl_INCLUDE_DIRS})
