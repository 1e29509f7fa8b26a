// wobackup config show|validate
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {
namespace {

template <class T>
Json value_or_null(const std::optional<T>& value) {
  if (!value) return nullptr;
  if constexpr (std::is_same_v<T, std::filesystem::path>) {
    return value->string();
  } else {
    return *value;
  }
}

Json json_of(const DatabaseSettings& database) {
  Json json;
  json["name"] = value_or_null(database.name);
  json["user"] = value_or_null(database.user);
  json["password"] = database.password ? Json("(set)") : Json(nullptr);
  json["host"] = value_or_null(database.host);
  json["override"] = database.override_others;
  json["additional"] = database.additional;
  json["sqlite"] = value_or_null(database.sqlite);
  json["enabled"] = value_or_null(database.enabled);
  return json;
}

Json json_of(const AutoupdateSettings& autoupdate) {
  Json json;
  json["wp"] = value_or_null(autoupdate.wp);
  json["timeout"] = autoupdate.timeout.count();
  json["minor_only"] = autoupdate.minor_only;
  json["one_by_one"] = autoupdate.one_by_one;
  json["exclude"] = autoupdate.exclude;
  json["visual"] = autoupdate.visual;
  json["visual_timeout"] = autoupdate.visual_timeout.count();
  json["may_empty"] = autoupdate.may_empty;
  json["one_by_one_exclude"] = autoupdate.one_by_one_exclude;
  json["keep"] = autoupdate.keep;
  json["reports"] = autoupdate.reports;
  json["unit_dir"] = autoupdate.unit_dir.string();
  return json;
}

Json json_of(const EncryptionSettings& encryption) {
  return {{"enabled", value_or_null(encryption.enabled)},
          {"recipients", encryption.recipients},
          {"recipients_file", value_or_null(encryption.recipients_file)}};
}

Json json_of(const StoreSettings& store) {
  Json json;
  json["url"] = store.url;
  json["endpoint"] = store.endpoint;
  json["region"] = store.region;
  json["profile"] = store.profile;
  json["credentials_file"] = value_or_null(store.credentials_file);
  json["addressing"] = store.addressing;
  json["storage_class"] = store.storage_class;
  json["encryption"] = store.encryption;
  json["kms_key"] = store.kms_key;
  json["ca_file"] = value_or_null(store.ca_file);
  json["host_keys"] = store.host_keys;
  json["known_hosts"] = value_or_null(store.known_hosts);
  json["identity_file"] = value_or_null(store.identity_file);
  json["recipients"] = store.recipients;
  json["keep"] = value_or_null(store.keep);
  json["stall_timeout"] = store.stall_timeout ? Json(store.stall_timeout->count()) : Json(nullptr);
  return json;
}

Json json_of(const Config& config) {
  Json json;
  json["file"] = value_or_null(config.file);
  json["registry"] = config.registry.string();
  json["state_dir"] = config.state_dir.string();
  json["scratch_dir"] = config.scratch_dir.string();
  json["log_dir"] = config.log_dir.string();
  json["backup_root"] = value_or_null(config.backup_root);
  json["min_free"] = value_or_null(config.min_free_bytes);
  json["threads"] = config.threads;
  json["level"] = config.level;
  json["limit_rate"] = config.limit_rate;
  json["exclude"] = config.exclude;
  json["include"] = config.include;
  json["exclude_caches"] = config.exclude_caches;
  json["database"] = {{"defaults_file", value_or_null(config.database.defaults_file)},
                      {"dump_program", value_or_null(config.database.dump_program)},
                      {"lock_wait", config.database.lock_wait.count()},
                      {"admin", config.database.admin}};
  json["server"] = {{"php", value_or_null(config.server.php)},         {"http_check", config.server.http_check},
                    {"http_address", config.server.http_address},      {"http_port", config.server.http_port},
                    {"https_port", config.server.https_port},          {"nginx", config.server.nginx.string()},
                    {"page_cache", config.server.page_cache.string()}, {"web_logs", config.server.web_logs.string()},
                    {"reload_php", config.server.reload_php}};
  json["guard"] = {{"checks", config.guard.checks},
                   {"stores", config.guard.stores},
                   {"keep_rows", value_or_null(config.guard.keep_rows)},
                   {"timeout", config.guard.timeout ? Json(config.guard.timeout->count()) : Json(nullptr)},
                   {"live_load", config.guard.live_load},
                   {"settle", std::chrono::duration_cast<std::chrono::seconds>(config.guard.settle).count()}};
  json["autoupdate"] = json_of(config.autoupdate);
  const KeySources& keys = config.keys.sources();
  Json encryption = json_of(config.encryption);
  encryption["identities"] = Json::array();
  for (const std::filesystem::path& path : keys.identity_files) encryption["identities"].push_back(path.string());
  encryption["identity_command"] = keys.identity_command;
  encryption["passphrase_file"] = value_or_null(keys.passphrase_file);
  encryption["passphrase_command"] = keys.passphrase_command;
  json["encryption"] = std::move(encryption);
  Json sites = Json::object();
  for (const auto& [name, site] : config.site) {
    sites[name] = {{"path", value_or_null(site.path)},
                   {"type", value_or_null(site.type)},
                   {"backup_root", value_or_null(site.backup_root)},
                   {"exclude", site.exclude},
                   {"include", site.include},
                   {"follow", site.follow},
                   {"checks", site.checks},
                   {"stores", site.stores},
                   {"database", json_of(site.database)},
                   {"autoupdate", {{"enabled", site.autoupdate.enabled}, {"exclude", site.autoupdate.exclude}}},
                   {"encryption", json_of(site.encryption)}};
  }
  json["site"] = std::move(sites);
  json["stores"] = config.stores;
  json["store"] = Json::object();
  for (const auto& [name, store] : config.store) json["store"][name] = json_of(store);
  return json;
}

void show(const std::string& prefix, const Json& json, Output& output) {
  for (const auto& [key, value] : json.items()) {
    const std::string name = prefix.empty() ? key : fmt::format("{}.{}", prefix, key);
    if (value.is_object()) {
      show(name, value, output);
    } else if (!value.is_null()) {
      output.line(fmt::format("{} = {}", printable(name),
                              printable(value.dump(-1, ' ', false, Json::error_handler_t::replace))));
    }
  }
}

}  // namespace

int config_command(const ConfigArguments& arguments, const Config& config, Output& output) {
  if (arguments.action != "show" && arguments.action != "validate") {
    throw Error(ErrorKind::usage,
                arguments.action.empty()
                    ? "nothing to do with the settings was named"
                    : fmt::format("\"{}\" is nothing that config can do", printable(arguments.action)),
                "`wobackup config show` or `wobackup config validate`");
  }
  if (arguments.action == "validate") {
    if (output.json()) {
      output.object("summary", {{"valid", true}, {"file", value_or_null(config.file)}, {"exit_code", 0}});
    } else {
      output.line(config.file ? fmt::format("{} is valid", printable(config.file->string()))
                              : "there is no config file; the defaults are used");
    }
    return 0;
  }
  if (output.json()) {
    Json json = json_of(config);
    json["exit_code"] = 0;
    output.object("summary", json);
  } else {
    show("", json_of(config), output);
  }
  return 0;
}

}  // namespace wobackup::cli
