// Where settings come from, and which of them wins.
#include "wobackup/config.h"

#include <unistd.h>

#include <utility>

#include "config/config_file.h"
#include "config/environment.h"

namespace wobackup {
namespace {
constexpr const char* kDefaultFile = "/etc/wobackup/wobackup.toml";
}

Config Config::load(const std::optional<std::filesystem::path>& path) {
  Config config;
  const std::optional<std::string> named = path ? std::optional(path->string()) : environment_value("WOBACKUP_CONFIG");
  if (named) {
    read_config_file(*named, config);
  } else if (::access(kDefaultFile, F_OK) == 0) {
    read_config_file(kDefaultFile, config);
  }
  read_environment(config);
  return config;
}

SiteSettings Config::for_site(const std::string& name) const {
  const auto place = site.find(name);
  SiteSettings settings = place == site.end() ? SiteSettings{} : place->second;
  settings.exclude.insert(settings.exclude.begin(), exclude.begin(), exclude.end());
  settings.include.insert(settings.include.begin(), include.begin(), include.end());
  settings.autoupdate.exclude.insert(settings.autoupdate.exclude.begin(), autoupdate.exclude.begin(),
                                     autoupdate.exclude.end());
  return settings;
}

}  // namespace wobackup
