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

void append_synced(int fd, const Json& line, const std::string& folder) {
  write_all(fd, bytes_of(line.dump() + "\n"), folder);
  if (::fdatasync(fd) != 0) throw system_error(fmt::format("cannot write to {}", folder), errno);
}

struct Record {
  std::string store;
  std::string owner;
  AbandonedUpload upload;
};

// The first line is what was meant, the second how it is found. A second line that was cut off by a kill is as none.
std::optional<Record> record_in(int fd, const std::string& name) {
  const std::string text = read_small_file(fd, kLargestRecordBytes, name);
  const std::size_t end = text.find('\n');
  const std::optional<Json> meant = untrusted_json(text.substr(0, end));
  if (!meant || !meant->is_object()) return std::nullopt;
  Record record;
  record.store = text_member(*meant, "store").value_or("");
  record.owner = text_member(*meant, "owner").value_or("");
  record.upload.key = text_member(*meant, "key").value_or("");
  record.upload.handle = text_member(*meant, "handle").value_or("");
  if (const auto begun = meant->find("begun"); begun != meant->end() && begun->is_number_integer()) {
    record.upload.begun = std::chrono::sys_seconds(std::chrono::seconds(begun->get<std::int64_t>()));
  }
  const std::optional<Json> found = untrusted_json(end == std::string::npos ? "" : text.substr(end + 1));
  if (found && found->is_object()) {
    record.upload.handle = text_member(*found, "handle").value_or("");
    record.upload.alone = found->value("alone", Json(false)) == true;
  }
  if (record.upload.handle.empty()) record.upload.alone = false;
  return record;
}

UniqueFd open_record(int folder_fd, const std::string& name) {
  return UniqueFd(::openat(folder_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

// Another record of the same object that somebody holds.
bool is_under_way(int folder_fd, const Record& same_as, const std::string& but_not) {
  for (const std::string& name : record_names(folder_fd)) {
    if (name == but_not) continue;
    const UniqueFd fd = open_record(folder_fd, name);
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) continue;
    const std::optional<Record> record = record_in(fd.get(), name);
    if (record && record->store == same_as.store && record->upload.key == same_as.upload.key) return true;
  }
  return false;
}

}  // namespace

JournaledUpload::JournaledUpload(UniqueFd folder, UniqueFd fd, std::string file_name)
    : folder_(std::move(folder)), fd_(std::move(fd)), file_name_(std::move(file_name)) {}

void JournaledUpload::forget() noexcept {
  if (!fd_) return;
  ::unlinkat(folder_.get(), file_name_.c_str(), 0);
  fd_.reset();
}

void JournaledUpload::found_by(const std::string& handle, bool alone) {
  if (!fd_) return;
  append_synced(fd_.get(), {{"handle", handle}, {"alone", alone}}, "the journal of uploads");
}

JournaledUpload UploadJournal::begin(const std::string& store, const std::string& key, const std::string& handle,
                                     std::chrono::sys_seconds begun) const {
  UniqueFd folder = open_trusted_directory(folder_, true);
  // It gets its name when it is complete and locked: an unlocked one is always abandoned.
  UniqueFd fd = unnamed_file(folder.get(), folder_.string());
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    throw system_error(fmt::format("cannot lock a file in {}", folder_.string()), errno);
  }
  const Json record{{"store", store},
                    {"owner", owner_},
                    {"key", key},
                    {"handle", handle},
                    {"begun", std::int64_t{begun.time_since_epoch().count()}}};
  append_synced(fd.get(), record, folder_.string());
  std::string name = new_file_name();
  if (::linkat(AT_FDCWD, fmt::format("/proc/self/fd/{}", fd.get()).c_str(), folder.get(), name.c_str(),
               AT_SYMLINK_FOLLOW) != 0) {
    throw system_error(fmt::format("cannot write to {}", folder_.string()), errno);
  }
  ::fsync(folder.get());  // where folders can be synced
  return {std::move(folder), std::move(fd), std::move(name)};
}

void UploadJournal::visit_abandoned(const std::string& store,
                                    const std::function<bool(const AbandonedUpload&)>& take_away) const {
  UniqueFd folder;
  try {
    folder = open_trusted_directory(folder_, false);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return;  // nothing was ever uploaded
    throw;
  }
  std::optional<Error> failed;  // one that cannot be taken away does not keep the others
  for (const std::string& name : record_names(folder.get())) {
    UniqueFd fd = open_record(folder.get(), name);
    if (!fd || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;  // under way, or gone
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || status.st_nlink == 0) continue;  // gone before it was locked
    std::optional<Record> record = record_in(fd.get(), name);
    if (!record || record->store != store || record->owner != owner_) continue;
    const int folder_fd = folder.get();
    record->upload.has_rival = [&record, &name, folder_fd] { return is_under_way(folder_fd, *record, name); };
    JournaledUpload abandoned(UniqueFd(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0)), std::move(fd), name);
    try {
      if (take_away(record->upload)) abandoned.forget();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.retryable()) throw;
      if (!failed) failed = error;
    }
  }
  if (failed) throw Error(*failed);
}

}  // namespace wobackup
