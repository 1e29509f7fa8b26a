#include "recovery/archived_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "recovery/files_in_place.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kShownOptions = 20;

Json json_of(const std::vector<std::string>& names) {
  Json list = Json::array();
  for (const std::string& name : names) {
    if (is_utf8(name)) {
      list.push_back(name);
    } else {
      list.push_back({{"b64", base64(bytes_of(name))}});
    }
  }
  return list;
}

std::optional<std::string> name_in(const Json& item) {
  if (item.is_string()) return item.get<std::string>();
  if (!item.is_object() || !item.contains("b64") || !item["b64"].is_string()) return std::nullopt;
  return from_base64(item["b64"].get<std::string>());
}

std::vector<std::string> listed_in(const Json& part, const char* list) {
  std::vector<std::string> names;
  if (!part.is_object() || !part.contains(list) || !part[list].is_array()) return names;
  for (const Json& item : part[list]) {
    std::optional<std::string> name = name_in(item);
    if (!name || name->empty()) return {};
    names.push_back(*std::move(name));
  }
  return names;
}

// As a shell takes it.
std::string as_argument(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./=,:@+").find(c) != std::string_view::npos;
  });
  if (plain) return name;
  std::string text = "'";
  for (const char c : printable(name)) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string options_for(const ArchivePart& part) {
  std::vector<std::string> options;
  for (const std::string& path : part.paths) options.push_back("--include " + as_argument(path));
  for (const std::string& table : part.tables) options.push_back("--table " + as_argument(table));
  std::string text;
  for (std::size_t i = 0; i < std::min(options.size(), kShownOptions); ++i) text += (i == 0 ? "" : " ") + options[i];
  if (options.size() > kShownOptions) {
    text += fmt::format(" and {} more, which `wobackup info` tells", options.size() - kShownOptions);
  }
  return text;
}

[[noreturn]] void refuse(const ArchiveReader& archive, const ArchivePart& part, const std::string& wanted) {
  const bool nothing = part.paths.empty() && part.tables.empty();
  throw Error(ErrorKind::usage,
              fmt::format("{} holds only what a restore of a part of the site displaced{}", archive.file().name(),
                          wanted.empty() ? std::string() : fmt::format(", and not all of {}", printable(wanted))),
              nothing ? "there is nothing in it that could be put back; `restore --target` shows it"
                      : fmt::format("what can be put back in place: {}", options_for(part)));
}

bool is_within(const std::string& path, const std::vector<std::string>& paths) {
  return std::any_of(paths.begin(), paths.end(),
                     [&](const std::string& part) { return path == part || path.starts_with(part + "/"); });
}

}  // namespace

Json json_of(const ArchivePart& part) { return {{"paths", json_of(part.paths)}, {"tables", json_of(part.tables)}}; }

std::optional<ArchivePart> part_in(const Json& vhost) {
  if (!vhost.is_object() || !vhost.contains(kHoldsOnly)) return std::nullopt;
  return ArchivePart{listed_in(vhost[kHoldsOnly], "paths"), listed_in(vhost[kHoldsOnly], "tables")};
}

InPlaceOptions within_part(const ArchiveReader& archive, const InPlaceOptions& options) {
  const std::optional<ArchivePart> part = part_in(archive.vhost());
  InPlaceOptions narrowed = options;
  if (!part) return narrowed;
  for (const std::string& path : exchange_paths(options.include)) {
    if (!is_within(path, part->paths)) refuse(archive, *part, path);
  }
  for (const std::string& table : options.tables) {
    if (std::find(part->tables.begin(), part->tables.end(), table) == part->tables.end()) {
      refuse(archive, *part, table);
    }
  }
  if (!options.include.empty() || !options.tables.empty()) return narrowed;
  if (options.files && !part->paths.empty()) {
    narrowed.include = part->paths;
  } else if (options.database && !part->tables.empty()) {
    narrowed.tables = part->tables;
  } else {
    refuse(archive, *part, "");
  }
  return narrowed;
}

}  // namespace wobackup
