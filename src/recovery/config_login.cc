#include "recovery/config_login.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "site/site_config.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;

std::map<std::string, std::string> wanted(const SiteConfig& config, const DatabaseLogin& login) {
  std::map<std::string, std::string> values{
      {"DB_NAME", login.name}, {"DB_USER", login.user}, {"DB_PASSWORD", login.password}};
  // Another spelling of the same server is none of our business.
  const PhpValue* host = config.find("DB_HOST");
  const auto named = host != nullptr && host->text ? database_host_from(*host->text) : std::nullopt;
  if (!named || !same_server(*named, login.host)) values["DB_HOST"] = login.host.text();
  return values;
}

bool says(const PhpSettings& settings, const std::map<std::string, std::string>& values) {
  for (const auto& [name, value] : values) {
    const auto said = settings.find(name);
    // What PHP computes on this machine comes from its own settings.
    if (said != settings.end() && said->second.text && *said->second.text != value) return false;
  }
  return true;
}

// Owner, mode and attributes stay, and nothing reads it yet.
void overwrite(const SiteFolder& folder, const std::string& file, const std::string& text) {
  const UniqueFd root = open_trusted_directory(folder.path(), false);
  const UniqueFd fd = open_beneath(root.get(), file, O_WRONLY | O_TRUNC);
  if (!fd) throw system_error("cannot change " + printable(file), errno);
  write_all(fd.get(), bytes_of(text), file);
  if (::fsync(fd.get()) != 0) throw system_error("cannot sync " + printable(file), errno);
}

}  // namespace

std::vector<std::string> keep_login(const Site& staged, const DatabaseLogin& login, std::vector<std::string>& notes) {
  const SiteFolder folder(staged.path);
  std::vector<std::string> changed;
  for (const SiteConfig& config : find_site_configs(folder, folder.config_files())) {
    const std::map<std::string, std::string> values = wanted(config, login);
    if (says(config.settings, values)) continue;
    const std::optional<std::string> path = folder.without_links(config.file);
    const std::optional<std::string> source = folder.read(config.file, kLargestFile);
    if (!path || !source) continue;
    const std::string text = with_wp_config_settings(*source, values);
    if (says(wp_config_settings(text), values)) {
      overwrite(folder, *path, text);
      changed.push_back(config.file);
    } else {
      notes.push_back(fmt::format("{} names another database login than the site has now: change it by hand",
                                  printable(config.file)));
    }
  }
  return changed;
}

}  // namespace wobackup
