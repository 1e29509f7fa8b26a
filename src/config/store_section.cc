#include "config/store_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "backend/store_rules.h"
#include "backend/store_url.h"
#include "base/text.h"
#include "wobackup/keys.h"

namespace wobackup {
namespace {

constexpr std::int64_t kMostKept = 100'000;
// The site's own folder of archives, where stores are named.
constexpr std::string_view kOwnFolder = "local";

bool is_store_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

void refuse_for(const TomlReader& reader, const toml::table& table, std::string_view kind,
                std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (table.contains(key)) throw reader.wrong(key, fmt::format("does not go with a store that is {}", kind));
  }
}

void read_recipients(TomlReader& reader, const toml::table& table, StoreSettings& store) {
  store.recipients = reader.texts("recipients");
  if (store.recipients.empty() && table.contains("recipients")) {
    throw reader.wrong("recipients", "names nobody", "leave it out: then archives are encrypted as the site's are");
  }
  for (const std::string& recipient : store.recipients) {
    try {
      check_recipient(recipient);
    } catch (const Error& error) {
      throw reader.wrong("recipients", "cannot be used: " + error.message(), error.hint());
    }
  }
}

void read_limits(TomlReader& reader, StoreSettings& store) {
  if (const auto keep = reader.number("keep", 1, kMostKept)) store.keep = static_cast<unsigned>(*keep);
  if (const auto seconds = reader.duration_seconds("stall_timeout")) {
    if (*seconds == 0) throw reader.wrong("stall_timeout", "must not be zero", "for example \"10m\"");
    store.stall_timeout = std::chrono::seconds(*seconds);
  }
}

// What is wrong here is better said when the file is read than by a backup.
void read_s3(TomlReader& reader, StoreSettings& store) {
  store.endpoint = reader.text("endpoint").value_or("");
  if (!store.endpoint.empty() && !is_endpoint(store.endpoint)) {
    throw reader.wrong("endpoint", "is none", "write \"https://host\" or \"https://host:port\"");
  }
  store.region = reader.text("region").value_or("");
  store.profile = reader.text("profile").value_or("");
  store.credentials_file = reader.absolute_path("credentials_file");
  store.addressing = reader.text("addressing").value_or("");
  if (!store.addressing.empty() && store.addressing != "path" && store.addressing != "host") {
    throw reader.wrong("addressing", "is not known",
                       "\"path\" (https://server/bucket) or \"host\" (https://bucket.server)");
  }
  store.storage_class = reader.text("storage_class").value_or("");
  store.encryption = reader.text("encryption").value_or("");
  if (!store.encryption.empty() && !is_server_encryption(store.encryption)) {
    throw reader.wrong("encryption", "is not known",
                       "\"AES256\" or \"aws:kms\", the server's own; `recipients` is what encrypts here");
  }
  store.kms_key = reader.text("kms_key").value_or("");
  if (!store.kms_key.empty() && store.encryption != "aws:kms") {
    throw reader.wrong("kms_key", "goes with encryption = \"aws:kms\"");
  }
  store.ca_file = reader.absolute_path("ca_file");
}

void read_sftp(TomlReader& reader, StoreSettings& store) {
  store.host_keys = reader.texts("host_keys");
  for (const std::string& key : store.host_keys) {
    if (is_host_key(key)) continue;
    throw reader.wrong("host_keys", fmt::format("has {}, which is no key of a host", printable(key.substr(0, 100))),
                       "write \"SHA256:...\" or \"ssh-ed25519 AAAA...\"");
  }
  store.known_hosts = reader.absolute_path("known_hosts");
  store.identity_file = reader.absolute_path("identity_file");
}

StoreSettings store_settings(const toml::table& table, const std::string& section, const std::filesystem::path& file) {
  TomlReader reader(table, section, file);
  StoreSettings store;
  const std::optional<std::string> url = reader.text("url");
  if (!url) throw reader.wrong("url", "is missing", "s3://bucket/prefix, sftp://user@host/folder or /a/folder");
  StorePlace place;
  try {
    place = parse_store_url(*url);
  } catch (const Error& error) {
    throw reader.wrong("url", "is none: " + error.message(), error.hint());
  }
  const auto* folder = std::get_if<LocalPlace>(&place);
  if (folder != nullptr && !folder->folder.is_absolute())
    throw reader.wrong("url", "must be an absolute path or a URL");
  store.url = store_url(place);
  read_s3(reader, store);
  read_sftp(reader, store);
  read_recipients(reader, table, store);
  read_limits(reader, store);
  reader.finish();
  if (!std::holds_alternative<S3Place>(place)) {
    refuse_for(reader, table, "not in S3",
               {"endpoint", "region", "profile", "credentials_file", "addressing", "storage_class", "encryption",
                "kms_key", "ca_file"});
  }
  if (!std::holds_alternative<SftpPlace>(place)) {
    refuse_for(reader, table, "not reached by SFTP", {"host_keys", "known_hosts", "identity_file"});
  }
  return store;
}

}  // namespace

void read_stores(TomlReader& root, const std::filesystem::path& file, Config& config) {
  const toml::table* stores = root.table("store");
  if (stores == nullptr) return;
  const TomlReader reader(*stores, "store", file);
  for (const auto& [key, node] : *stores) {
    const std::string name(key.str());
    if (!is_store_name(name)) throw reader.wrong(name, "is no name of a store", "letters, digits, - and _");
    if (name == kOwnFolder) {
      throw reader.wrong(name, "is the name of each site's own folder of archives",
                         "backup_root says where that is; give the store another name");
    }
    if (!node.is_table()) throw reader.wrong(name, "must be a table", fmt::format("[store.{}]", name));
    StoreSettings store = store_settings(*node.as_table(), fmt::format("store.{}", name), file);
    store.name = name;
    config.store.emplace(name, std::move(store));
  }
}

void require_known_stores(const TomlReader& reader, const std::vector<std::string>& stores, const Config& config) {
  for (const std::string& name : stores) {
    if (name == kOwnFolder || name.find('/') != std::string::npos || config.store.count(name) > 0) continue;
    throw reader.wrong("stores", fmt::format("has {}, and there is no [store.{}]", printable(name), printable(name)),
                       "name stores of this file, URLs, or \"local\", the site's own folder of archives");
  }
}

}  // namespace wobackup
