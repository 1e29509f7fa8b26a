#include "container/manifest.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorKind::verification, "the manifest is damaged: " + why);
}

// A whole number that fits.
template <class T>
std::optional<T> number_from(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return std::in_range<T>(number) ? std::optional<T>(static_cast<T>(number)) : std::nullopt;
  }
  if (!value.is_number_integer()) return std::nullopt;
  const auto number = value.get<std::int64_t>();
  return std::in_range<T>(number) ? std::optional<T>(static_cast<T>(number)) : std::nullopt;
}

template <class T>
T number(const Json& json, const char* key, T fallback) {
  const auto place = json.find(key);
  if (place == json.end() || place->is_null()) return fallback;
  const std::optional<T> value = number_from<T>(*place);
  if (!value) damaged(fmt::format("\"{}\" is not a number of its range", key));
  return *value;
}

std::string text(const Json& json, const char* key) {
  const auto place = json.find(key);
  if (place == json.end() || place->is_null()) return {};
  if (!place->is_string()) damaged(fmt::format("\"{}\" is not a text", key));
  return place->get<std::string>();
}

bool truth(const Json& json, const char* key, bool fallback) {
  const auto place = json.find(key);
  if (place == json.end()) return fallback;
  if (!place->is_boolean()) damaged(fmt::format("\"{}\" is neither true nor false", key));
  return place->get<bool>();
}

std::string raw_text(const Json& json, const std::string& key) {
  const auto encoded = json.find(key + "_b64");
  if (encoded == json.end()) return text(json, key.c_str());
  const auto bytes = encoded->is_string() ? from_base64(encoded->get<std::string>()) : std::nullopt;
  if (!bytes) damaged(fmt::format("\"{}_b64\" is not base64", key));
  return *bytes;
}

Json parsed(std::string_view line) {
  std::optional<Json> json = untrusted_json(line);
  if (!json || !json->is_object()) damaged("a line is not a JSON object");
  return *std::move(json);
}

// ,"key":"text", or its base64 form
void append_text(std::string& out, std::string_view key, std::string_view value) {
  if (is_utf8(value)) {
    fmt::format_to(std::back_inserter(out), ",\"{}\":", key);
    append_json_string(out, value);
  } else {
    fmt::format_to(std::back_inserter(out), ",\"{}_b64\":\"{}\"", key, base64(bytes_of(value)));
  }
}

// Paths are chosen by whoever can write to the site: a thousand notes may be very long. The header must stay readable.
Json kept_notes(const Json& notes) {
  constexpr std::size_t kMostBytes = std::size_t{1} << 20U;
  Json kept = Json::array();
  std::size_t bytes = 0;
  for (const Json& note : notes) {
    bytes += note.dump(-1, ' ', false, Json::error_handler_t::replace).size() + 1;
    if (bytes > kMostBytes) break;
    kept.push_back(note);
  }
  return kept;
}

std::vector<std::string> globs_from(const Json& json) {
  std::vector<std::string> globs;
  const auto list = json.find("exclude");
  if (list == json.end()) return globs;
  if (!list->is_array()) damaged("\"exclude\" is no list");
  for (const Json& item : *list) {
    if (!item.is_object()) damaged("\"exclude\" is no list of globs");
    globs.push_back(raw_text(item, "glob"));
  }
  return globs;
}

}  // namespace

void put_text(Json& json, const std::string& key, std::string_view bytes) {
  if (is_utf8(bytes)) {
    json[key] = bytes;
  } else {
    json[key] = printable(bytes);
    json[key + "_b64"] = base64(bytes_of(bytes));
  }
}

std::string manifest_line(const ManifestHeader& header) {
  Json json;
  json["format"] = header.format;
  json["tool_version"] = header.tool_version;
  json["site"] = header.site;
  json["name"] = header.name;
  json["created"] = header.created;
  json["complete"] = header.complete;
  json["scope"] = {{"files", header.has_files}, {"database", header.has_database}};
  json["exclude"] = Json::array();
  for (const std::string& glob : header.exclude) {
    Json item;
    put_text(item, "glob", glob);
    json["exclude"].push_back(std::move(item));
  }
  json["exclude_caches"] = header.exclude_caches;
  json["entries"] = header.entries;
  json["files"] = header.files;
  json["file_bytes"] = header.file_bytes;
  json["tar_bytes"] = header.tar_bytes;
  json["tables"] = header.tables;
  json["rows"] = header.rows;
  json["unreadable_count"] = header.unreadable_count;
  json["notes_count"] = header.notes_count;
  json["notes"] = kept_notes(header.notes);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Written by hand: a million of these lines are made while a backup runs.
void append_manifest_line(std::string& out, const ManifestEntry& line) {
  const Entry& entry = line.entry;
  const std::size_t start = out.size();
  append_text(out, "path", entry.path);
  out[start] = '{';
  const auto to = std::back_inserter(out);
  fmt::format_to(to, ",\"type\":\"{}\",\"mode\":{},\"uid\":{},\"gid\":{}", name_of(entry.type), entry.mode, entry.uid,
                 entry.gid);
  if (!entry.user.empty()) append_text(out, "user", entry.user);
  if (!entry.group.empty()) append_text(out, "group", entry.group);
  if (entry.type == EntryType::file) fmt::format_to(to, ",\"size\":{}", entry.size);
  fmt::format_to(to, ",\"mtime\":{}", entry.mtime.seconds);
  if (entry.mtime.nanoseconds != 0) fmt::format_to(to, ",\"mtime_ns\":{}", entry.mtime.nanoseconds);
  if (!entry.link.empty()) append_text(out, "link", entry.link);
  if (entry.type == EntryType::character_device || entry.type == EntryType::block_device) {
    fmt::format_to(to, ",\"device\":[{},{}]", entry.device_major, entry.device_minor);
  }
  if (entry.sparse) out += ",\"sparse\":true";
  if (line.sha256) fmt::format_to(to, ",\"sha256\":\"{}\"", hex(*line.sha256));
  if (line.offset) fmt::format_to(to, ",\"offset\":{}", *line.offset);
  if (!line.flags.empty()) {
    out += ",\"flags\":[";
    for (std::size_t i = 0; i < line.flags.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, line.flags[i]);
    }
    out += ']';
  }
  if (!line.error.empty()) append_text(out, "error", line.error);
  if (!line.database.is_null()) {
    out += ",\"database\":";
    out += line.database.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  out += "}\n";
}

ManifestHeader manifest_header_from(std::string_view line) {
  const Json json = parsed(line);
  ManifestHeader header;
  header.format = number(json, "format", 0);
  if (header.format != 1) {
    throw Error(ErrorKind::verification, fmt::format("the manifest has the unknown format {}", header.format),
                "it was made by a newer wobackup; plain tar still opens the archive");
  }
  header.tool_version = text(json, "tool_version");
  header.site = text(json, "site");
  header.name = text(json, "name");
  header.created = text(json, "created");
  header.complete = truth(json, "complete", false);
  const auto scope = json.find("scope");
  if (scope != json.end() && scope->is_object()) {
    header.has_files = truth(*scope, "files", false);
    header.has_database = truth(*scope, "database", false);
  }
  header.exclude = globs_from(json);
  header.exclude_caches = truth(json, "exclude_caches", false);
  header.entries = number(json, "entries", std::uint64_t{0});
  header.files = number(json, "files", std::uint64_t{0});
  header.file_bytes = number(json, "file_bytes", std::uint64_t{0});
  header.tar_bytes = number(json, "tar_bytes", std::uint64_t{0});
  header.tables = number(json, "tables", std::uint64_t{0});
  header.rows = number(json, "rows", std::uint64_t{0});
  header.unreadable_count = number(json, "unreadable_count", std::uint64_t{0});
  header.notes_count = number(json, "notes_count", std::uint64_t{0});
  const auto notes = json.find("notes");
  if (notes != json.end() && notes->is_array()) header.notes = *notes;
  return header;
}

std::optional<std::string_view> plain_path_of(std::string_view line) noexcept {
  constexpr std::string_view kBegin = "{\"path\":\"";
  if (!line.starts_with(kBegin)) return std::nullopt;
  line.remove_prefix(kBegin.size());
  const std::size_t end = line.find('"');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view path = line.substr(0, end);
  // With a second key the real bytes of the path follow in base64.
  if (path.find('\\') != std::string_view::npos || line.substr(end).starts_with("\",\"path_b64\"")) return std::nullopt;
  return path;
}

}  // namespace wobackup
