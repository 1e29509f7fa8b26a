// wobackup.toml: what is accepted keeps to the limits that docs/configuration.md names; what is not is an error with
// its line.
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "base/host_name.h"
#include "config/config_file.h"
#include "fakes/scratch_folder.h"
#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

void require_absolute(const std::optional<std::filesystem::path>& path) {
  test::require(!path || path->is_absolute(), "paths are absolute");
  test::require(!path || path->string().find('\0') == std::string::npos, "paths have no zero byte");
}

void require_inside(const std::string& path) {
  test::require(!path.empty() && path.front() != '/' && path.find('\0') == std::string::npos, "paths of a site");
  for (const auto& part : std::filesystem::path(path)) test::require(part != "..", "paths stay in the site's folder");
}

void require_limits(const Config& config) {
  test::require(config.level >= 1 && config.level <= 19 && config.threads <= 64, "numbers keep to their range");
  test::require(config.database.lock_wait.count() >= 0, "times are not negative");
  require_absolute(config.registry);
  require_absolute(config.state_dir);
  require_absolute(config.backup_root);
  require_absolute(config.database.defaults_file);
  require_absolute(config.database.dump_program);
  std::for_each(config.include.begin(), config.include.end(), require_inside);
  for (const auto& [name, site] : config.site) {
    test::require(host_name(name) == name, "a site's name is a host name in small letters");
    require_absolute(site.path);
    require_absolute(site.backup_root);
    std::for_each(site.include.begin(), site.include.end(), require_inside);
    std::for_each(site.follow.begin(), site.follow.end(), require_inside);
    if (site.database.sqlite) require_inside(*site.database.sqlite);
    for (const std::string& database : site.database.additional) {
      test::require(!database.empty() && database.find('/') == std::string::npos, "a database's name names a file");
    }
  }
}

// "<file>:<line>: ..."
void require_line(const std::string& message, const std::string& file) {
  test::require(message.starts_with(file + ":"), "an error names the file");
  const std::string_view rest = std::string_view(message).substr(file.size() + 1);
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  test::require(digits > 0 && rest.front() != '0' && rest.substr(digits).starts_with(": "), "an error names the line");
}

void require_printable(const std::string& text) {
  for (const char c : text) {
    test::require(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != '\x7f'), "messages are printable");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::ScratchFolder folder;
  std::filesystem::remove(folder / "wobackup.toml");  // faster than to cut it off: file systems sync that
  const auto file = folder.write("wobackup.toml", text_of(test::bytes_at(data, size)));
  ::chmod(file.c_str(), 0600);
  try {
    Config config;
    read_config_file(file, config);
    test::require(config.file == file, "the file is named");
    require_limits(config);
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::usage, "a bad file is an error of the kind usage");
    require_line(error.message(), file.string());
    require_printable(error.message());
    require_printable(error.hint());
  }
  return 0;
}
