#include "site/site_config.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr const char* kInHtdocs = "htdocs/wp-config.php";
constexpr const char* kBeside = "wp-config.php";

bool says_something(const SiteConfig& config) {
  return config.find("DB_NAME") != nullptr || config.find("DB_ENGINE") != nullptr ||
         config.find("DATABASE_TYPE") != nullptr;
}

void add(std::vector<SiteConfig>& found, const SiteFolder& folder, const std::string& name) {
  const std::optional<std::string> source = folder.read(name, kLargestFile);
  if (!source) return;
  try {
    SiteConfig config{name, wp_config_settings(*source)};
    if (says_something(config)) found.push_back(std::move(config));
  } catch (const Error& error) {
    throw error.in(printable((folder.path() / name).string()));
  }
}

bool htdocs_is_inside(const SiteFolder& folder) {
  try {
    static_cast<void>(folder.without_links("htdocs"));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

const PhpValue* SiteConfig::find(std::string_view constant) const {
  const auto place = settings.find(constant);
  return place == settings.end() ? nullptr : &place->second;
}

std::vector<SiteConfig> find_site_configs(const SiteFolder& folder, const std::vector<std::string>& files) {
  std::vector<SiteConfig> found;
  // A htdocs that is a link to elsewhere is not read from; the config file beside it speaks.
  const bool inside = htdocs_is_inside(folder);
  if (inside) add(found, folder, kInHtdocs);
  if (std::find(files.begin(), files.end(), kBeside) != files.end()) add(found, folder, kBeside);
  for (const std::string& name : files) {
    if (found.empty() && name != kBeside) add(found, folder, name);
  }
  if (found.empty() && !inside && folder.seems_to_have(kInHtdocs))
    add(found, folder, kInHtdocs);  // tells why it is not read
  return found;
}

}  // namespace wobackup
