#include "cli/option_values.h"

#include <fmt/format.h>

#include <istream>
#include <iterator>
#include <utility>

#include "base/file_io.h"
#include "base/text.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kLargestSiteJson = std::size_t{1} << 20U;

[[noreturn]] void wrong_usage(std::string message, std::string hint = {}) {
  throw Error(ErrorKind::usage, std::move(message), std::move(hint));
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

Json metadata_from(const std::vector<std::string>& pairs) {
  Json metadata = Json::object();
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
  std::string text;
  if (name == "-") {
    text.assign(std::istreambuf_iterator<char>(output.terminal().in), {});
    if (text.size() > kLargestSiteJson) wrong_usage("the site on standard input is too long");
  } else {
    text = read_small_file(name, kLargestSiteJson);
  }
  const Json fields = Json::parse(text, nullptr, false);
  if (fields.is_discarded()) {
    wrong_usage(fmt::format("--site-json {}: that is not JSON", printable(name)),
                "an object with the registry's fields is needed, at least sitename and site_path");
  }
  return service.site_from_json(fields);
}

}  // namespace wobackup::cli
