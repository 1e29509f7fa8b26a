#include "service/store_destination.h"

#include <fmt/format.h>

#include <utility>

#include "base/safe_path.h"
#include "base/text.h"
#include "service/leftovers.h"
#include "store/archive/partial_archive.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kCheckEveryBytes = std::uint64_t{8} << 20U;

}  // namespace

StoreDestination::StoreDestination(const StoreSettings& settings, std::string site, const StoreEnvironment& environment,
                                   const std::function<bool()>& cancelled, const S3Share& share)
    : site_(std::move(site)),
      config_(environment.config),
      log_(environment.log),
      store_(settings, environment, cancelled, share) {
  if (settings.url.starts_with('/')) folder_ = settings.url;
}

std::filesystem::path StoreDestination::address_of(const std::string& file_name) const {
  return store_.archive_of(site_ + "/" + file_name);
}

void StoreDestination::begin(const std::string& file_name, std::uint64_t size_hint_bytes) {
  remove_leftovers(store_, log_);
  const std::string key = site_ + "/" + file_name;
  // Better known now than after the last byte.
  if (store_.backend().stat(key)) {
    throw Error(ErrorKind::failed, fmt::format("{} is there already", printable(store_.archive_of(key).string())),
                "another server's backup of the same second? wobackup replaces nothing");
  }
  store_.mark();
  PutOptions options;
  if (size_hint_bytes > 0) options.size_hint_bytes = size_hint_bytes;
  upload_ = store_.backend().put(key, options);
  if (folder_.empty()) return;
  folder_fd_ = open_trusted_directory(folder_, false);
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
