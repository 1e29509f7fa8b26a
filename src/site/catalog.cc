#include "site/catalog.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/host_name.h"
#include "base/text.h"
#include "site/registry.h"
#include "site/site_record.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

Site site_of_settings(const std::string& name, const SiteSettings& settings) {
  SiteRecord record;
  record.sitename = name;
  record.site_path = settings.path->string();
  const bool wordpress = ::access((*settings.path / "wp-config.php").c_str(), F_OK) == 0 ||
                         ::access((*settings.path / "htdocs/wp-config.php").c_str(), F_OK) == 0;
  record.site_type = settings.type.value_or(wordpress ? "wp" : "php");
  record.db_name = settings.database.name;
  record.db_user = settings.database.user;
  record.db_host = settings.database.host;
  return site_from_record(std::move(record), std::nullopt, SiteOrigin::config);
}

std::string similar_names(const std::string& name, const std::vector<Site>& sites) {
  const Site* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(3, name.size() / 3);
  for (const Site& site : sites) {
    const std::size_t distance = edit_distance(name, site.name);
    if (distance < least) {
      least = distance;
      nearest = &site;
    }
  }
  return nearest != nullptr ? fmt::format("did you mean {}?", nearest->name) : "`wobackup sites` lists the known ones";
}

}  // namespace

std::vector<Site> catalog(const Config& config, const LogSink& log, std::vector<std::string>* left_out) {
  std::map<std::string, Site> sites;
  const bool config_has_sites = std::any_of(config.site.begin(), config.site.end(),
                                            [](const auto& item) { return item.second.path.has_value(); });
  try {
    for (Site& site : read_registry(config.registry, log, std::chrono::seconds(5), left_out)) {
      const std::string name = site.name;
      sites.emplace(name, std::move(site));
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found || !config_has_sites) throw;
    if (log) log(LogLevel::debug, error.message());
  }
  for (const auto& [name, settings] : config.site) {
    const auto known = sites.find(name);
    if (known == sites.end()) {
      if (settings.path) {
        sites.emplace(name, site_of_settings(name, settings));
      } else if (log) {
        log(LogLevel::warning,
            fmt::format("the config file has settings for {}, but neither its path nor has the registry such a site",
                        name));
      }
      continue;
    }
    // The admin's word about a site that WordOps knows.
    if (settings.path) known->second.path = site_path_from(name, settings.path->string());
    if (settings.type) known->second.type = site_type_from(*settings.type);
  }
  std::vector<Site> result;
  result.reserve(sites.size());
  for (auto& [name, site] : sites) result.push_back(std::move(site));
  return result;
}

Site site_by_name(const std::string& name, const Config& config, const LogSink& log) {
  const std::optional<std::string> valid = host_name(name);
  if (!valid) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a host name", printable(name.substr(0, 100))),
                "a site's name looks like example.com");
  }
  const std::vector<Site> sites = catalog(config, log);
  const auto place = std::find_if(sites.begin(), sites.end(), [&](const Site& site) { return site.name == *valid; });
  if (place != sites.end()) return *place;
  throw Error(ErrorKind::not_found, fmt::format("there is no site {}", *valid), similar_names(*valid, sites));
}

}  // namespace wobackup
