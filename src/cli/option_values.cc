#include "cli/option_values.h"

#include <fmt/format.h>

#include <fcntl.h>

#include <cerrno>
#include <istream>
#include <utility>

#include "base/bytes.h"
#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kLargestJson = std::size_t{1} << 20U;  // bytes

[[noreturn]] void wrong_usage(std::string message, std::string hint = {}) {
  throw Error(ErrorKind::usage, std::move(message), std::move(hint));
}

// What a file that was named on the command line holds, or stdin. Unlike a site's files it may be a link or a pipe:
// programs hand over /dev/fd/3, and a shell's <(...) is one.
Json json_argument(const char* option, const std::string& name, const char* needed, Output& output) {
  std::string text(kLargestJson + 1, '\0');
  if (name == "-") {
    std::istream& in = output.terminal().in;
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  } else {
    const UniqueFd fd(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
      const int error_number = errno;
      throw Error(error_number == ENOENT ? ErrorKind::not_found : ErrorKind::failed,
                  fmt::format("{} {}: cannot open it: {}", option, printable(name), errno_text(error_number)));
    }
    text.resize(read_up_to(fd.get(), {reinterpret_cast<std::byte*>(text.data()), text.size()}, printable(name)));
  }
  if (text.size() > kLargestJson) {
    wrong_usage(fmt::format("{} {} is too long: more than {} bytes", option, printable(name), kLargestJson), needed);
  }
  Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded()) wrong_usage(fmt::format("{} {}: that is not JSON", option, printable(name)), needed);
  return parsed;
}

}  // namespace

BackupType type_from(const std::string& type, bool database_only, bool files_only) {
  const int named = (database_only ? 1 : 0) + (files_only ? 1 : 0) + (type.empty() ? 0 : 1);
  if (named > 1) wrong_usage("only one of --db, --files and --type can be given");
  if (database_only) return BackupType::database;
  if (files_only) return BackupType::files;
  if (type.empty()) return BackupType::full;
  const auto known = backup_type_from(type);
  if (!known) {
    wrong_usage(fmt::format("\"{}\" is not a type of backup", printable(type)), "the types are full, db and files");
  }
  return *known;
}

Json metadata_from(const std::string& json_file, const std::vector<std::string>& pairs, Output& output) {
  Json metadata = Json::object();
  if (!json_file.empty()) {
    metadata = json_argument("--meta-json", json_file, "a JSON object is needed", output);
    if (!metadata.is_object()) wrong_usage("--meta-json: that is not a JSON object");
  }
  for (const std::string& pair : pairs) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      wrong_usage(fmt::format("--meta {} is not KEY=VALUE", printable(pair)));
    }
    const std::string value = pair.substr(equals + 1);
    if (!is_utf8(pair)) wrong_usage(fmt::format("--meta {} is not UTF-8", printable(pair)));
    Json parsed = Json::parse(value, nullptr, false);
    metadata[pair.substr(0, equals)] = parsed.is_discarded() ? Json(value) : std::move(parsed);
  }
  return metadata;
}

std::chrono::seconds duration_from(const char* option, const std::string& text) {
  const auto seconds = seconds_from(text);
  if (!seconds) {
    wrong_usage(fmt::format("{} {} is not a duration", option, printable(text)),
                fmt::format("for example {} 10m", option));
  }
  return std::chrono::seconds(*seconds);
}

Site site_from_file(const std::string& name, const Service& service, Output& output) {
  return service.site_from_json(json_argument(
      "--site-json", name, "an object with the registry's fields is needed, at least sitename and site_path", output));
}

}  // namespace wobackup::cli
