#include "service/wanted_sites.h"

#include <algorithm>
#include <utility>

namespace wobackup {

std::vector<WantedSite> all_sites(const Service& service) {
  std::vector<WantedSite> wanted;
  std::vector<std::string> left_out;
  for (Site& site : service.sites(&left_out)) wanted.push_back({site.name, std::move(site), std::nullopt});
  for (const std::string& text : left_out) {
    wanted.push_back({"", std::nullopt, Error(ErrorKind::failed, text, "mend the row: this may be a site of yours")});
  }
  return wanted;
}

std::vector<WantedSite> named_sites(const Service& service, const std::vector<std::string>& names) {
  std::vector<WantedSite> wanted;
  for (const std::string& name : names) {
    WantedSite next{name, std::nullopt, std::nullopt};
    try {
      next.site = service.site(name);
      next.name = next.site->name;  // in lower case
    } catch (const Error& error) {
      next.error = error;
    }
    const auto twice = [&](const WantedSite& other) { return other.name == next.name; };
    if (std::none_of(wanted.begin(), wanted.end(), twice)) wanted.push_back(std::move(next));
  }
  return wanted;
}

}  // namespace wobackup
