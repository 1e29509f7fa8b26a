#include "site/database_login.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "site/wp_config.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestConfigFile = std::size_t{1} << 20U;
constexpr std::size_t kMostConfigFiles = 100;
constexpr const char* kSqliteDefault = "htdocs/wp-content/database/.ht.sqlite";
constexpr const char* kSqliteDropIn = "htdocs/wp-content/db.php";

// One fact and all who state it.
struct Statement {
  std::string source;  // "wp-config.php", "the registry", "wobackup.toml"
  std::string value;
};

struct ReadConfig {
  std::string name;  // of the file, relative to the site's folder
  PhpSettings settings;
};

// A link is followed if what it leads to lies in the site's folder too: deployments link wp-config.php to a shared one.
UniqueFd open_config(int folder_fd, const std::string& name, const std::filesystem::path& folder) {
  UniqueFd fd = open_beneath(folder_fd, name, O_RDONLY | O_NONBLOCK);
  if (fd || errno != ELOOP) return fd;
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(folder_fd, name.c_str(), target.data(), target.size());
  if (size <= 0) return UniqueFd();
  target.resize(static_cast<std::size_t>(size));
  const std::filesystem::path absolute =
      (folder / std::filesystem::path(name).parent_path() / target).lexically_normal();
  const std::filesystem::path inside = absolute.lexically_relative(folder);
  if (!inside.empty() && *inside.begin() != "..") {
    return open_beneath(folder_fd, inside.string(), O_RDONLY | O_NONBLOCK);
  }
  throw Error(ErrorKind::dump,
              fmt::format("{} is a link to {}, outside the site's folder: it is not read", (folder / name).string(),
                          printable(target)),
              "set [site.\"...\".database] in wobackup.toml");
}

std::optional<ReadConfig> read_config(int folder_fd, const std::string& name, const Site& site) {
  const UniqueFd fd = open_config(folder_fd, name, site.path);
  if (!fd) return std::nullopt;
  return ReadConfig{name,
                    wp_config_settings(read_small_file(fd.get(), kLargestConfigFile, (site.path / name).string()))};
}

// The file that defines the database: wp-config.php if it does, else another config file, else htdocs/wp-config.php.
std::optional<ReadConfig> find_config(int folder_fd, const std::vector<std::string>& files, const Site& site) {
  std::vector<std::string> candidates = files;
  std::stable_partition(candidates.begin(), candidates.end(), [](const auto& name) { return name == "wp-config.php"; });
  if (files.empty()) candidates.emplace_back("htdocs/wp-config.php");
  for (const std::string& name : candidates) {
    std::optional<ReadConfig> config = read_config(folder_fd, name, site);
    if (config && config->settings.contains("DB_NAME")) return config;
  }
  return std::nullopt;
}

bool exists_as_file(int folder_fd, const std::string& path) {
  const UniqueFd fd = open_beneath(folder_fd, path, O_PATH);
  struct stat status {};
  return fd && ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
}

class Resolver {
 public:
  Resolver(const Site& site, const SiteSettings& settings, const std::optional<ReadConfig>& config)
      : site_(site), settings_(settings.database), config_(config) {}

  DatabaseLogin run(bool& named_by_admin) {
    DatabaseLogin login;
    login.name = agree("DB_NAME", "name", settings_.name, site_.record.db_name);
    login.user = agree("DB_USER", "user", settings_.user, site_.record.db_user);
    login.password = agree("DB_PASSWORD", "password", settings_.password, site_.recorded_password);
    const std::string host = agree("DB_HOST", "host", settings_.host, site_.record.db_host);
    const auto parsed = database_host_from(host);
    if (!parsed) {
      throw Error(ErrorKind::dump, fmt::format("{}: \"{}\" is not a database host", site_.name, printable(host)),
                  hint());
    }
    login.host = *parsed;
    if (login.name.find('\0') != std::string::npos || login.user.find('\0') != std::string::npos) {
      throw Error(ErrorKind::dump, fmt::format("{}: the database's name has a zero byte", site_.name), hint());
    }
    const bool registry_names_it =
        site_.origin != SiteOrigin::config && site_.record.db_name && *site_.record.db_name == login.name;
    named_by_admin = registry_names_it || (settings_.name && *settings_.name == login.name);
    return login;
  }

 private:
  [[nodiscard]] std::string hint(std::string_view key = "name") const {
    return fmt::format(
        "set {} in [site.\"{}\".database] of wobackup.toml, with override = true if the others are wrong", key,
        site_.name);
  }

  // Everybody who states a fact must state the same, or the admin must say whom to believe. Values, which may be
  // passwords, are shown for everything but the password.
  std::string agree(const char* constant, const char* key, const std::optional<std::string>& setting,
                    const std::optional<std::string>& recorded) {
    std::vector<Statement> statements;
    if (setting) statements.push_back({"wobackup.toml", *setting});
    if (setting && settings_.override_others) return *setting;
    const PhpValue* value = php_value(constant);
    if (value != nullptr && value->text) statements.push_back({config_->name, *value->text});
    if (recorded && !recorded->empty() && site_.origin != SiteOrigin::config) {
      statements.push_back({site_.origin == SiteOrigin::given ? "the given site" : "the registry", *recorded});
    }
    if (statements.empty()) return missing(constant, key, value);
    for (const Statement& other : statements) {
      if (same(key, statements.front().value, other.value)) continue;
      throw Error(ErrorKind::dump, contradiction(key, statements.front(), other), hint(key));
    }
    // The site runs with what its config file says; where it says nothing, anybody's word will do.
    if (value != nullptr && value->text) return *value->text;
    return statements.front().value;
  }

  [[nodiscard]] const PhpValue* php_value(const char* constant) const {
    if (!config_) return nullptr;
    const auto place = config_->settings.find(constant);
    return place == config_->settings.end() ? nullptr : &place->second;
  }

  [[nodiscard]] std::string missing(const char* constant, const char* key, const PhpValue* value) const {
    if (value != nullptr) {
      throw Error(ErrorKind::dump,
                  fmt::format("{}: {} {} in {}, line {}", site_.name, constant, value->why, config_->name, value->line),
                  hint(key));
    }
    if (std::string_view(key) == "host") return "localhost";
    if (std::string_view(key) == "password") return {};
    throw Error(ErrorKind::dump, fmt::format("{}: nobody says the database's {}", site_.name, key), hint(key));
  }

  static bool same(std::string_view key, const std::string& a, const std::string& b) {
    if (key != "host") return a == b;
    const auto first = database_host_from(a), second = database_host_from(b);
    return a == b || (first && second && same_server(*first, *second));
  }

  [[nodiscard]] std::string contradiction(std::string_view key, const Statement& a, const Statement& b) const {
    if (key == "password") {
      return fmt::format("{}: the database password in {} differs from that in {}", site_.name, a.source, b.source);
    }
    return fmt::format("{}: the database {} is \"{}\" in {}, but \"{}\" in {}", site_.name, key, printable(a.value),
                       a.source, printable(b.value), b.source);
  }

  const Site& site_;
  const DatabaseSettings& settings_;
  const std::optional<ReadConfig>& config_;
};

bool named_anywhere(const Site& site, const DatabaseSettings& settings) {
  return settings.name || (site.record.db_name && !site.record.db_name->empty());
}

std::optional<std::string> sqlite_path(int folder_fd, const Site& site, const SiteSettings& settings,
                                       const std::optional<ReadConfig>& config) {
  if (settings.database.sqlite) return settings.database.sqlite;
  // A MySQL login wins: the drop-in's files may be left over from a migration.
  const bool drop_in = exists_as_file(folder_fd, kSqliteDropIn) && exists_as_file(folder_fd, kSqliteDefault);
  const bool engine_named = config && config->settings.contains("DATABASE_TYPE") &&
                            config->settings.find("DATABASE_TYPE")->second.text == "sqlite";
  if (drop_in && (engine_named || !named_anywhere(site, settings.database))) return std::string(kSqliteDefault);
  return std::nullopt;
}

}  // namespace

std::vector<std::string> config_files_of(const Site& site) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(site.path.c_str()), ::closedir);
  while (const dirent* item = listing ? ::readdir(listing.get()) : nullptr) {
    const std::string name = item->d_name;
    if (name.ends_with("-config.php") && item->d_type != DT_DIR && names.size() < kMostConfigFiles)
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

SiteDatabase resolve_database(const Site& site, const SiteSettings& settings, bool want_login) {
  SiteDatabase result;
  result.config_files = config_files_of(site);
  if (settings.database.enabled == false) return result;
  const UniqueFd folder(::open(site.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  try {
    const std::optional<ReadConfig> config =
        folder ? find_config(folder.get(), result.config_files, site) : std::nullopt;
    if (folder) result.sqlite = sqlite_path(folder.get(), site, settings, config);
    if (result.sqlite) return result;
    const bool settled_by_admin = settings.database.override_others && settings.database.name;
    if (!config && !named_anywhere(site, settings.database) && !settled_by_admin) {
      if (!site.expects_database()) return result;
      throw Error(
          ErrorKind::dump,
          fmt::format("{}: a site of type {} has a database, but no config file in {} names it", site.name,
                      name_of(site.type), site.path.string()),
          fmt::format("set [site.\"{0}\".database] in wobackup.toml (enabled = false if it has none)", site.name));
    }
    result.login = Resolver(site, settings, config).run(result.named_by_admin);
    result.additional = settings.database.additional;
  } catch (const Error& error) {
    if (want_login) throw Error(ErrorKind::dump, error.message(), error.hint());
  }
  return result;
}

}  // namespace wobackup
