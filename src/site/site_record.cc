#include "site/site_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/host_name.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::optional<std::string> text_field(const Json& fields, const char* key) {
  const auto place = fields.find(key);
  if (place == fields.end() || place->is_null()) return std::nullopt;
  if (place->is_string()) return place->get<std::string>();
  if (place->is_number() || place->is_boolean()) return place->dump();
  throw Error(ErrorKind::usage, fmt::format("the site's \"{}\" is neither text nor number", key));
}

std::optional<bool> truth_field(const Json& fields, const char* key) {
  const std::optional<std::string> value = text_field(fields, key);
  if (!value) return std::nullopt;
  const std::string word = lower_ascii(*value);
  if (word == "1" || word == "true") return true;
  if (word == "0" || word == "false" || word.empty()) return false;
  throw Error(ErrorKind::usage, fmt::format("the site's \"{}\" is neither true nor false", key));
}

std::optional<std::int64_t> id_field(const Json& fields) {
  const std::optional<std::string> text = text_field(fields, "id");
  if (!text) return std::nullopt;
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error == std::errc{} && end == text->data() + text->size()) return id;
  throw Error(ErrorKind::usage, "the site's \"id\" is not a whole number");
}

}  // namespace

std::filesystem::path site_path_from(const std::string& site, const std::string& path) {
  const std::string shown = printable(path.substr(0, 200));
  if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
    throw Error(ErrorKind::usage, fmt::format("{}: its path \"{}\" is not absolute", site, shown));
  }
  std::filesystem::path folder = path;
  if (std::find(folder.begin(), folder.end(), "..") != folder.end()) {
    throw Error(ErrorKind::usage, fmt::format("{}: its path \"{}\" has \"..\" in it", site, shown));
  }
  folder = folder.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (folder == folder.root_path()) throw Error(ErrorKind::usage, fmt::format("{}: its path is \"{}\"", site, shown));
  return folder;
}

Site site_from_record(SiteRecord record, std::optional<std::string> password, SiteOrigin origin) {
  const std::optional<std::string> name = host_name(record.sitename);
  if (!name) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a host name", printable(record.sitename.substr(0, 100))),
                "a site's name looks like example.com");
  }
  Site site;
  site.name = *name;
  site.type = site_type_from(record.site_type);
  site.origin = origin;
  site.path = site_path_from(*name, record.site_path.value_or(""));
  site.enabled = record.is_enabled.value_or(true);
  site.record = std::move(record);
  site.recorded_password = std::move(password);
  return site;
}

std::string_view recorder_of(const Site& site) noexcept {
  if (site.origin == SiteOrigin::config) return "wobackup.toml";
  return site.origin == SiteOrigin::given ? "the given site" : "the registry";
}

Site site_from_fields(const Json& fields) {
  if (!fields.is_object()) throw Error(ErrorKind::usage, "the site is not a JSON object");
  SiteRecord record;
  record.id = id_field(fields);
  record.sitename = text_field(fields, "sitename").value_or("");
  if (record.sitename.empty()) throw Error(ErrorKind::usage, "the site has no \"sitename\"");
  record.site_type = text_field(fields, "site_type").value_or("php");
  record.cache_type = text_field(fields, "cache_type");
  record.site_path = text_field(fields, "site_path");
  record.created_on = text_field(fields, "created_on");
  record.is_enabled = truth_field(fields, "is_enabled");
  record.is_ssl = truth_field(fields, "is_ssl");
  record.storage_fs = text_field(fields, "storage_fs");
  record.storage_db = text_field(fields, "storage_db");
  record.db_name = text_field(fields, "db_name");
  record.db_user = text_field(fields, "db_user");
  record.db_host = text_field(fields, "db_host");
  record.php_version = text_field(fields, "php_version");
  std::optional<std::string> password = text_field(fields, "db_password");
  if (!record.site_path) throw Error(ErrorKind::usage, "the site has no \"site_path\"");
  return site_from_record(std::move(record), std::move(password), SiteOrigin::given);
}

}  // namespace wobackup
