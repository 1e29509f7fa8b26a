#include "snapshot/vhost_metadata.h"

#include <fmt/format.h>

#include "base/clock.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Registry values are any bytes; JSON is UTF-8.
Json text_or_null(const std::optional<std::string>& value) {
  if (!value) return nullptr;
  return is_utf8(*value) ? *value : printable(*value);
}

// The registry has "2024-05-01 10:20:30.000000", where WordOps' own isoformat() would write "2024-05-01T10:20:30": a
// site's backups say the same whoever described it.
Json time_or_null(const std::optional<std::string>& value) {
  constexpr std::string_view kDate = "2024-05-01", kNoFraction = ".000000";
  if (!value || value->size() <= kDate.size() || (*value)[kDate.size()] != ' ') return text_or_null(value);
  std::string text = *value;
  text[kDate.size()] = 'T';
  if (text.ends_with(kNoFraction)) text.resize(text.size() - kNoFraction.size());
  return text_or_null(text);
}

Json number_or_null(const std::optional<bool>& value) {
  if (!value) return nullptr;
  return *value ? 1 : 0;
}

}  // namespace

Json vhost_metadata(const Site& site, const CreateOptions& options, const BackupScope& scope,
                    std::chrono::sys_seconds time) {
  const SiteRecord& record = site.record;
  Json vhost;
  vhost["id"] = record.id ? Json(*record.id) : Json(nullptr);
  vhost["sitename"] = site.name;
  vhost["site_type"] = text_or_null(record.site_type);
  vhost["cache_type"] = text_or_null(record.cache_type);
  vhost["site_path"] = text_or_null(site.path.string());
  vhost["created_on"] = time_or_null(record.created_on);
  vhost["is_enabled"] = number_or_null(record.is_enabled);
  vhost["is_ssl"] = number_or_null(record.is_ssl);
  vhost["storage_fs"] = text_or_null(record.storage_fs);
  vhost["storage_db"] = text_or_null(record.storage_db);
  vhost["db_name"] = text_or_null(record.db_name);
  vhost["db_user"] = text_or_null(record.db_user);
  vhost["db_host"] = text_or_null(record.db_host);
  vhost["php_version"] = text_or_null(record.php_version);
  vhost["backup_timestamp"] = rfc3339(time);
  vhost["backup_reason"] = options.reason;
  vhost["backup_type"] = name_of(options.type);
  vhost["backup_scope"] = {{"files", scope.files}, {"database", scope.database}};

  if (!options.metadata_extra.is_object() && !options.metadata_extra.is_null()) {
    throw Error(ErrorKind::usage, "the extra metadata is not a JSON object");
  }
  for (const auto& [key, value] : options.metadata_extra.items()) {
    const bool replaceable = key == "backup_type" || key == "backup_reason";
    // Callers repeat facts beside their own ("operation", "db_name"): the same value, or one that the registry lacks.
    const bool contradicts = vhost.contains(key) && !vhost[key].is_null() && vhost[key] != value;
    if (contradicts && !replaceable) {
      throw Error(ErrorKind::usage, fmt::format("the extra metadata may not replace \"{}\"", printable(key)),
                  "choose another key; only backup_type and backup_reason can be replaced");
    }
    if (replaceable && !value.is_string()) {
      throw Error(ErrorKind::usage, fmt::format("the extra metadata's \"{}\" must be a text", key));
    }
    vhost[key] = value;
  }
  return vhost;
}

}  // namespace wobackup
