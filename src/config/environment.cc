#include "config/environment.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

Error wrong(const char* name, const std::string& value, const std::string& expected) {
  return Error(ErrorKind::usage, fmt::format("the environment variable {} must be {}, not \"{}\"", name, expected,
                                             printable(value.substr(0, 100))));
}

std::optional<std::filesystem::path> path_value(const char* name) {
  const std::optional<std::string> value = environment_value(name);
  if (!value) return std::nullopt;
  if (!value->starts_with('/')) throw wrong(name, *value, "an absolute path");
  return *value;
}

std::optional<std::uint64_t> size_value(const char* name) {
  const std::optional<std::string> value = environment_value(name);
  if (!value) return std::nullopt;
  const std::optional<std::uint64_t> size = size_from(*value);
  if (!size) throw wrong(name, *value, "a size such as 500M or 2G");
  return size;
}

std::optional<int> number_value(const char* name, int least, int most) {
  const std::optional<std::string> value = environment_value(name);
  if (!value) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc{} || end != value->data() + value->size() || number < least || number > most) {
    throw wrong(name, *value, fmt::format("a whole number from {} to {}", least, most));
  }
  return number;
}

// Paths only: a secret in the environment would be every child's.
void read_key_variables(Config& config) {
  if (const auto path = path_value("WOBACKUP_RECIPIENTS_FILE")) {
    config.encryption.recipients.clear();
    config.encryption.recipients_file = path;
    for (auto& [name, site] : config.site) {
      site.encryption.recipients.clear();
      site.encryption.recipients_file.reset();
    }
  }
  KeySources sources = config.keys.sources();
  const auto identity = path_value("WOBACKUP_IDENTITY"), passphrase = path_value("WOBACKUP_PASSPHRASE_FILE");
  if (identity) {
    sources.identity_files = {*identity};
    sources.identity_command.clear();
  }
  if (passphrase) {
    sources.passphrase_file = passphrase;
    sources.passphrase_command.clear();
    config.encryption.passphrase = true;
  }
  if (identity || passphrase) config.keys = Keys(std::move(sources));
}

}  // namespace

std::optional<std::string> environment_value(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

void read_environment(Config& config) {
  if (const auto path = path_value("WOBACKUP_REGISTRY")) config.registry = *path;
  if (const auto path = path_value("WOBACKUP_STATE_DIR")) config.state_dir = *path;
  if (const auto path = path_value("WOBACKUP_DEFAULTS_FILE")) config.database.defaults_file = path;
  if (const auto path = path_value("WOBACKUP_BACKUP_ROOT")) {
    config.backup_root = path;
    // The environment goes before the file, also where the file is about one site.
    for (auto& [name, site] : config.site) site.backup_root.reset();
  }
  read_key_variables(config);
  if (const auto size = size_value("WOBACKUP_MIN_FREE")) config.min_free_bytes = size;
  if (const auto size = size_value("WOBACKUP_LIMIT_RATE")) config.limit_rate = *size;
  if (const auto number = number_value("WOBACKUP_THREADS", 0, 64)) config.threads = static_cast<unsigned>(*number);
  if (const auto number = number_value("WOBACKUP_LEVEL", 1, 19)) config.level = *number;
}

}  // namespace wobackup
