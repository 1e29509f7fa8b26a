#include "site/shared_database.h"

#include <algorithm>
#include <map>

#include "site/catalog.h"

namespace wobackup {
namespace {

// Sites whose database of one name is on one server.
struct OnServer {
  DatabaseHost host;
  std::vector<std::string> sites;
};

void add(std::vector<OnServer>& servers, const DatabaseHost& host, const std::string& site) {
  auto place = std::find_if(servers.begin(), servers.end(),
                            [&](const OnServer& server) { return same_server(server.host, host); });
  if (place == servers.end()) place = servers.insert(servers.end(), OnServer{host, {}});
  if (std::find(place->sites.begin(), place->sites.end(), site) == place->sites.end()) place->sites.push_back(site);
}

}  // namespace

std::vector<SharedDatabase> shared_databases(const std::vector<std::pair<std::string, SiteDatabase>>& sites) {
  std::map<std::string, std::vector<OnServer>> by_name;
  for (const auto& [site, database] : sites) {
    if (!database.login) continue;
    add(by_name[database.login->name], database.login->host, site);
    for (const std::string& name : database.additional) add(by_name[name], database.login->host, site);
  }
  std::vector<SharedDatabase> shared;
  for (auto& [name, servers] : by_name) {
    for (OnServer& server : servers) {
      if (server.sites.size() < 2) continue;
      std::sort(server.sites.begin(), server.sites.end());
      shared.push_back({name, server.host.text(), std::move(server.sites)});
    }
  }
  return shared;
}

std::vector<SharedDatabase> shared_databases_in(const Config& config) {
  std::vector<std::pair<std::string, SiteDatabase>> databases;
  // Without a log: what is odd about other sites was said, or has nothing to do with the one in hand.
  for (const Site& site : catalog(config, {})) {
    if (!site.has_content()) continue;
    databases.emplace_back(site.name, resolve_database(site, config.for_site(site.name), false));
  }
  return shared_databases(databases);
}

}  // namespace wobackup
