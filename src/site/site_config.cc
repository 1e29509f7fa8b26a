#include "site/site_config.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

bool says_something(const SiteConfig& config) {
  return config.find("DB_NAME") != nullptr || config.find("DB_ENGINE") != nullptr ||
         config.find("DATABASE_TYPE") != nullptr;
}

}  // namespace

const PhpValue* SiteConfig::find(std::string_view constant) const {
  const auto place = settings.find(constant);
  return place == settings.end() ? nullptr : &place->second;
}

std::optional<SiteConfig> find_site_config(const SiteFolder& folder, const std::vector<std::string>& files) {
  std::vector<std::string> candidates = files;
  std::stable_partition(candidates.begin(), candidates.end(), [](const auto& name) { return name == "wp-config.php"; });
  if (files.empty()) candidates.emplace_back("htdocs/wp-config.php");
  for (const std::string& name : candidates) {
    const std::optional<std::string> source = folder.read(name, kLargestFile);
    if (!source) continue;
    try {
      SiteConfig config{name, wp_config_settings(*source)};
      if (says_something(config)) return config;
    } catch (const Error& error) {
      throw error.in(printable((folder.path() / name).string()));
    }
  }
  return std::nullopt;
}

}  // namespace wobackup
