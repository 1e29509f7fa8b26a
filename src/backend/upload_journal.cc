#include "backend/upload_journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/file_io.h"
#include "base/json_text.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestRecordBytes = 16384;
constexpr std::string_view kSuffix = ".upload";

// 128 bits: nobody else's name.
std::string new_file_name() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}{}", random(), random(), random(), random(), kSuffix);
}

std::vector<std::string> record_names(int folder_fd) {
  std::vector<std::string> names;
  const int listing_fd = ::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (listing_fd < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(listing_fd), ::closedir);
  if (!listing) return names;
  while (const dirent* item = ::readdir(listing.get())) {
    if (std::string_view(item->d_name).ends_with(kSuffix)) names.emplace_back(item->d_name);
  }
  return names;
}

// A member of a record; empty if it is missing, or no text.
std::string text_in(const Json& record, const char* name) {
  const auto place = record.find(name);
  return place != record.end() && place->is_string() ? place->get<std::string>() : std::string();
}

}  // namespace

JournaledUpload::JournaledUpload(UniqueFd folder, UniqueFd fd, std::string file_name)
    : folder_(std::move(folder)), fd_(std::move(fd)), file_name_(std::move(file_name)) {}

void JournaledUpload::forget() noexcept {
  if (!fd_) return;
  ::unlinkat(folder_.get(), file_name_.c_str(), 0);
  fd_.reset();
}

JournaledUpload UploadJournal::begin(const std::string& store, const std::string& key,
                                     const std::string& handle) const {
  UniqueFd folder = open_trusted_directory(folder_, true);
  // It gets its name when it is complete and locked: an unlocked one is always abandoned.
  UniqueFd fd = unnamed_file(folder.get(), folder_.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    throw system_error(fmt::format("cannot lock a file in {}", folder_.string()), errno);
  }
  const Json record{{"store", store}, {"key", key}, {"handle", handle}};
  write_all(fd.get(), bytes_of(record.dump()), folder_.string());
  std::string name = new_file_name();
  if (::linkat(AT_FDCWD, fmt::format("/proc/self/fd/{}", fd.get()).c_str(), folder.get(), name.c_str(),
               AT_SYMLINK_FOLLOW) != 0) {
    throw system_error(fmt::format("cannot write to {}", folder_.string()), errno);
  }
  return {std::move(folder), std::move(fd), std::move(name)};
}

void UploadJournal::visit_abandoned(
    const std::string& store,
    const std::function<bool(const std::string& key, const std::string& handle)>& take_away) const {
  UniqueFd folder;
  try {
    folder = open_trusted_directory(folder_, false);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return;  // nothing was ever uploaded
    throw;
  }
  for (const std::string& name : record_names(folder.get())) {
    UniqueFd fd(::openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;  // under way, or gone
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || status.st_nlink == 0) continue;  // gone before it was locked
    const std::optional<Json> record = untrusted_json(read_small_file(fd.get(), kLargestRecordBytes, name));
    if (!record || !record->is_object() || text_in(*record, "store") != store) continue;
    JournaledUpload abandoned(UniqueFd(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0)), std::move(fd), name);
    if (take_away(text_in(*record, "key"), text_in(*record, "handle"))) abandoned.forget();
  }
}

}  // namespace wobackup
