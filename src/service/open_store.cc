#include "service/open_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "backend/local/local_backend.h"
#include "backend/rate_limited_backend.h"
#include "backend/read_ahead.h"
#include "backend/retrying_backend.h"
#include "backend/s3/part_plan.h"
#include "backend/s3/s3_backend.h"
#include "backend/s3/s3_credentials.h"
#include "backend/sftp/sftp_backend.h"
#include "backend/store_url.h"
#include "base/text.h"
#include "config/environment.h"
#include "service/folder_store.h"
#include "service/installation.h"
#include "wobackup/error.h"
#include "wobackup/store.h"

namespace wobackup {
namespace {

// Of the parts under way to several S3 stores: less than of one, since each has buffers of its own, too.
constexpr std::uint64_t kSharedPartBytes = std::uint64_t{30} << 20U;

constexpr std::chrono::seconds kLongWait{5};

std::string text_of(const std::optional<std::filesystem::path>& path) { return path ? path->string() : std::string(); }

S3Settings s3_settings(const StoreSettings& store, const S3Place& place, const S3Share& share) {
  S3Settings settings;
  settings.bucket = place.bucket;
  settings.prefix = place.prefix;
  settings.endpoint = store.endpoint;
  settings.region = store.region;
  if (store.addressing == "path") settings.addressing = S3Addressing::path;
  if (store.addressing == "host") settings.addressing = S3Addressing::virtual_host;
  settings.storage_class = store.storage_class;
  settings.encryption = store.encryption;
  settings.kms_key = store.kms_key;
  settings.ca_file = text_of(store.ca_file);
  if (share.stores > 1) {
    settings.memory_bytes = kSharedPartBytes / share.stores;
    settings.part_bytes = PartPlan::kLeastPartBytes;
  }
  AwsFiles files;
  files.credentials_file = store.credentials_file;
  if (!store.profile.empty()) files.profile = store.profile;
  apply_standard_s3_settings(settings, files, environment_value);
  return settings;
}

SftpSettings sftp_settings(const StoreSettings& store, const SftpPlace& place) {
  SftpSettings settings;
  settings.user = place.user;
  settings.host = place.host;
  settings.port = place.port;
  settings.folder = place.folder;
  settings.host_keys = store.host_keys;
  settings.known_hosts = text_of(store.known_hosts);
  settings.identity_file = text_of(store.identity_file);
  return settings;
}

RetryPolicy patience(const LogSink& log, unsigned attempts) {
  RetryPolicy policy;
  policy.attempts = attempts;
  policy.on_wait = [&log](const Error& error, std::chrono::milliseconds time) {
    // Who waits for long shall know what for.
    if (log)
      log(time < kLongWait ? LogLevel::info : LogLevel::warning,
          fmt::format("{}; again in {:.1f} s", error.message(), std::chrono::duration<double>(time).count()));
  };
  return policy;
}

}  // namespace

StoreSettings store_settings_of(const std::string& store, const Config& config) {
  if (const auto place = config.store.find(store); place != config.store.end()) return place->second;
  if (store == kOwnFolderStore) {
    throw Error(ErrorKind::not_found, "local is the site's own folder, and no store",
                "`create --to local` writes there; to copy something to a folder, name its path");
  }
  if (store.find('/') == std::string::npos) {
    std::string names;
    for (const auto& [name, settings] : config.store) names += (names.empty() ? "" : ", ") + name;
    throw Error(ErrorKind::not_found, fmt::format("there is no store {}", printable(store)),
                names.empty() ? "name it in wobackup.toml: [store.NAME], or give its URL"
                              : fmt::format("wobackup.toml has {}", names));
  }
  StoreSettings settings;
  const StorePlace place = parse_store_url(store);
  const auto* folder = std::get_if<LocalPlace>(&place);
  if (folder != nullptr && !folder->folder.is_absolute()) {
    throw Error(ErrorKind::usage, fmt::format("{} is not an absolute path", printable(store)));
  }
  settings.url = store_url(place);
  for (const auto& [name, known] : config.store) {
    if (known.url == settings.url) return known;
  }
  return settings;
}

std::optional<S3Settings> s3_settings_of(const StoreSettings& store) {
  const StorePlace place = parse_store_url(store.url);
  const auto* s3 = std::get_if<S3Place>(&place);
  return s3 != nullptr ? std::optional(s3_settings(store, *s3, {})) : std::nullopt;
}

std::optional<StoredName> stored_name(const std::filesystem::path& archive, const Config& config) {
  const std::string text = archive.string();
  if (!text.starts_with("s3://") && !text.starts_with("sftp://")) return std::nullopt;
  // The key is the last two names: the site's and the archive's.
  const std::size_t last = text.rfind('/');
  const std::size_t site = text.rfind('/', last - 1);
  const std::size_t server = text.find("://") + 3;
  if (site == std::string::npos || site < server) {
    throw Error(ErrorKind::usage, fmt::format("{} names no archive", printable(text)),
                "an archive is STORE/SITE/NAME.tar.zst");
  }
  return StoredName{store_settings_of(text.substr(0, site), config), text.substr(site + 1)};
}

S3Share share_of(const std::vector<const StoreSettings*>& stores, const char* hint) {
  const auto in_bucket = [](const StoreSettings* store) { return store->url.starts_with("s3://"); };
  const S3Share share{static_cast<unsigned>(std::count_if(stores.begin(), stores.end(), in_bucket))};
  if (share.stores <= S3Share::kMostStores) return share;
  throw Error(ErrorKind::usage,
              fmt::format("more than {} S3 stores at once need too much memory", S3Share::kMostStores), hint);
}

ArchiveIdentity identity_of(const ObjectInfo& info) {
  // Listings may round the time.
  if (!info.version.empty()) return {info.size_bytes, 0, info.version};
  return {info.size_bytes, std::int64_t{info.modified.time_since_epoch().count()} * 1'000'000'000, {}};
}

OpenStore::OpenStore(const StoreSettings& settings, const StoreEnvironment& environment,
                     const std::function<bool()>& cancelled, const S3Share& share)
    : url_(settings.url),
      state_dir_(environment.config.state_dir),
      journal_(environment.config.state_dir / "uploads", installation_id(environment.config)) {
  attend(cancelled);
  const StorePlace place = parse_store_url(settings.url);
  if (const auto* local = std::get_if<LocalPlace>(&place)) {
    folder_ = local->folder;
    backend_ = std::make_unique<LocalBackend>(folder_, journal_.owner(), mark_of_folder(folder_, state_dir_));
  } else {
    const RetryPolicy policy = patience(environment.log, environment.attempts);
    const BackendSurroundings surroundings{environment.clock, pause_, cancellation_, policy, &journal_};
    std::unique_ptr<Backend> remote;
    if (const auto* s3 = std::get_if<S3Place>(&place)) {
      remote = std::make_unique<S3Backend>(s3_settings(settings, *s3, share), surroundings);
    } else {
      remote = std::make_unique<SftpBackend>(sftp_settings(settings, std::get<SftpPlace>(place)), surroundings);
    }
    backend_ = std::make_unique<RetryingBackend>(std::move(remote), Retry(policy, pause_, cancellation_));
  }
  if (environment.config.limit_rate > 0) {
    auto limit = std::make_shared<RateLimit>(environment.config.limit_rate, pause_, cancellation_);
    backend_ = std::make_unique<RateLimitedBackend>(std::move(backend_), std::move(limit), nullptr);
  }
}

void OpenStore::attend(const std::function<bool()>& cancelled) {
  watcher_.reset();
  if (cancelled)
    watcher_.emplace(
        "", [](Progress&) {}, cancellation_, cancelled, ProgressCallback());
}

void OpenStore::mark() {
  if (!folder_.empty()) mark_folder(folder_, state_dir_);
}

StoredArchive::StoredArchive(std::shared_ptr<OpenStore> store, const std::string& key) : store_(std::move(store)) {
  std::unique_ptr<OpenObject> object = store_->backend().open(key, {.tail_bytes = ReadAhead::kReadBytes});
  identity_ = identity_of(object->info());
  modified_ = static_cast<double>(object->info().modified.time_since_epoch().count());
  stored_ = std::make_shared<ReadAhead>(std::move(object));
}

const ArchiveFile& StoredArchive::content(const Keys& keys) {
  if (!content_) content_ = std::make_unique<const ArchiveFile>(stored_, keys);
  return *content_;
}

}  // namespace wobackup
