#include "service/store_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/safe_path.h"
#include "base/text.h"
#include "service/folder_store.h"
#include "service/leftovers.h"
#include "store/archive/partial_archive.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kCheckEveryBytes = std::uint64_t{8} << 20U;

// One that was not there for the site before gets a second chance, and no more.
constexpr unsigned kAttemptsAtUnreachable = 2;

StoreEnvironment with_less_patience(StoreEnvironment environment, const std::string& url) {
  if (environment.unreachable != nullptr && environment.unreachable->has(url)) {
    environment.attempts = std::min(environment.attempts, kAttemptsAtUnreachable);
  }
  return environment;
}

}  // namespace

StoreDestination::StoreDestination(const StoreSettings& settings, std::string site, const StoreEnvironment& environment,
                                   const std::function<bool()>& cancelled, const S3Share& share)
    : site_(std::move(site)),
      config_(environment.config),
      log_(environment.log),
      url_(settings.url),
      unreachable_(environment.unreachable),
      store_(settings, with_less_patience(environment, settings.url), cancelled, share) {
  if (settings.url.starts_with('/')) folder_ = settings.url;
}

std::filesystem::path StoreDestination::address_of(const std::string& file_name) const {
  return store_.archive_of(site_ + "/" + file_name);
}

void StoreDestination::begin(const std::string& file_name, std::uint64_t size_hint_bytes) {
  const std::string key = site_ + "/" + file_name;
  std::optional<ObjectInfo> there;
  try {
    there = store_.backend().stat(key);
  } catch (const Error& error) {
    if (unreachable_ != nullptr && error.kind() != ErrorKind::interrupted) unreachable_->set(url_, true);
    throw;
  }
  if (unreachable_ != nullptr) unreachable_->set(url_, false);
  // Better known now than after the last byte.
  if (there) {
    throw Error(ErrorKind::failed, fmt::format("{} is there already", printable(store_.archive_of(key).string())),
                "another server's backup of the same second? wobackup replaces nothing");
  }
  remove_leftovers(store_, log_);
  store_.mark();
  PutOptions options;
  if (size_hint_bytes > 0) options.size_hint_bytes = size_hint_bytes;
  upload_ = store_.backend().put(key, options);
  if (folder_.empty()) return;
  folder_fd_ = open_trusted_directory(folder_, false);
  if (const auto who = others_may_write(folder_fd_.get()); who && log_) {
    log_(LogLevel::warning, fmt::format("{} may write to {}, and could exchange or remove backups there", *who,
                                        printable(folder_.string())));
  }
  require_folder_space();
}

void StoreDestination::require_folder_space() {
  const Space space = space_of(folder_fd_.get(), folder_);
  require_space(space, min_free_in(space, config_.min_free_bytes), 0, folder_);
}

void StoreDestination::write(ByteSpan bytes) {
  store_.cancellation().check();
  unchecked_bytes_ += bytes.size();
  if (folder_fd_ && unchecked_bytes_ >= kCheckEveryBytes) {
    require_folder_space();
    unchecked_bytes_ = 0;
  }
  upload_->write(bytes);
}

bool StoreDestination::publish() {
  if (!upload_->commit()) return false;
  upload_.reset();
  return true;
}

void StoreDestination::give_up() noexcept { upload_.reset(); }

void StoreDestination::cancel() noexcept { store_.cancel(); }

}  // namespace wobackup
