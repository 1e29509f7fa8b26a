#include "backend/sftp/sftp_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/partial_name.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Not more: OpenSSH's server copies all that it has not written yet with each packet that arrives, and falls behind for
// good once there is much of it.
constexpr std::size_t kUnderWayBytes = std::size_t{512} << 10U;
// A server that says no more than "failure" when it is full.
constexpr std::uint64_t kAlmostFullBytes = std::uint64_t{1} << 20U;
constexpr std::chrono::seconds kQuickStall{5};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

}  // namespace

SftpUpload::SftpUpload(SftpPool& pool, const BackendSurroundings& surroundings, SftpTarget target, bool replace)
    : pool_(pool),
      target_(std::move(target)),
      retry_(surroundings.upload_retry, surroundings.pause, surroundings.cancellation),
      replace_(replace) {
  const std::string folder = folder_of(target_.path);
  const UploadJournal* const journal = surroundings.journal;
  const std::string owner = journal != nullptr ? journal->owner() : "";
  path_ = folder + partial_name(std::string_view(target_.path).substr(folder.size()), owner);
  if (journal != nullptr) {
    const auto now = std::chrono::floor<std::chrono::seconds>(surroundings.clock.now());
    journaled_ = journal->begin(target_.place, target_.key, path_, now);
  }
  retry_([&] { connect(); });
}

SftpUpload::~SftpUpload() {
  if (!path_.empty()) remove_file();
}

// Has a connection with the file open on it, and everything that is not acknowledged under way.
void SftpUpload::connect() {
  if (lease_ && lease_.client().connected() && !handle_.empty()) return;
  lose_connection();
  lease_ = pool_.take_for_upload();
  piece_bytes_ = std::max<std::size_t>(1, lease_.client().write_bytes());
  open_file();
  const std::uint64_t there = lease_.client().fstat(handle_, target_.shown).size_bytes.value_or(0);
  if (there < acknowledged_bytes_) {
    throw Error(ErrorKind::failed, fmt::format("the SFTP server has lost what it had taken of {}", target_.shown),
                "was it restarted? Back up again");
  }
  for (Piece& piece : under_way_) start(piece);
}

void SftpUpload::lose_connection() noexcept {
  handle_.clear();
  lease_.give_back();
}

void SftpUpload::open_file() {
  // Without kSftpExclusive: the answer to an earlier attempt may have been lost, and nobody else knows the name.
  std::optional<SftpClient::Handle> handle = lease_.client().open(path_, kSftpWrite | kSftpCreate);
  if (!handle) {
    make_folders();
    handle = lease_.client().open(path_, kSftpWrite | kSftpCreate);
  }
  if (!handle) {
    throw Error(ErrorKind::not_found, fmt::format("cannot make the folder of {}", target_.shown),
                "make the store's folder on the server");
  }
  handle_ = std::move(*handle);
}

void SftpUpload::make_folders() {
  const std::string folder = folder_of(path_);
  for (std::size_t slash = folder.find('/', 1); slash != std::string::npos; slash = folder.find('/', slash + 1)) {
    // Most of them exist; whether all do is seen when the file is opened.
    static_cast<void>(lease_.client().make_folder(folder.substr(0, slash)));
  }
}

void SftpUpload::start(Piece& piece) { piece.id = lease_.client().start_write(handle_, piece.offset, piece.bytes); }

void SftpUpload::finish_oldest() {
  const SftpResult result = lease_.client().finish(under_way_.front().id);
  if (!result.ok()) require_free_space(result);
  acknowledged_bytes_ += under_way_.front().bytes.size();
  under_way_.pop_front();
}

void SftpUpload::require_free_space(const SftpResult& result) {
  const std::string purpose = fmt::format("cannot write {}", target_.shown);
  const Error failure = sftp_failure(purpose, result);
  if (result.status != SftpStatus::failure) throw Error(failure);
  const std::optional<std::uint64_t> free = lease_.client().free_bytes(folder_of(path_) + ".");
  if (free && *free < kAlmostFullBytes) {
    throw Error(ErrorKind::no_space, fmt::format("{}: the SFTP server is full", purpose),
                "free some space there, or choose another store");
  }
  throw failure.with_hint("is its disk full, or a quota used up?");
}

void SftpUpload::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    if (filling_.empty()) filling_.reserve(piece_bytes_);
    const std::size_t count = std::min(bytes.size(), piece_bytes_ - std::min(piece_bytes_, filling_.size()));
    filling_.insert(filling_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    if (filling_.size() >= piece_bytes_) send_filled();
  }
}

void SftpUpload::send_filled() {
  const std::size_t most = std::max<std::size_t>(1, kUnderWayBytes / filling_.size());
  retry_([&] {
    connect();
    while (under_way_.size() >= most) finish_oldest();
  });
  under_way_.push_back({size_bytes_, std::exchange(filling_, {}), 0});
  size_bytes_ += under_way_.back().bytes.size();
  try {
    start(under_way_.back());
  } catch (const Error& error) {
    if (!error.retryable()) throw;
    lose_connection();  // it is sent again by the next `connect`
  }
}

void SftpUpload::finish_file() {
  connect();
  while (!under_way_.empty()) finish_oldest();
  SftpClient& client = lease_.client();
  if (client.has_fsync()) {
    const SftpResult result = client.fsync(handle_);
    if (!result.ok()) throw sftp_failure(fmt::format("cannot sync {}", target_.shown), result);
  }
  const std::uint64_t there = client.fstat(handle_, target_.shown).size_bytes.value_or(0);
  if (there != size_bytes_) {
    throw Error(ErrorKind::failed,
                fmt::format("{}: {} bytes were sent, but the SFTP server has {}", target_.shown, size_bytes_, there));
  }
  const SftpResult result = client.close(handle_);
  handle_.clear();
  if (!result.ok()) throw sftp_failure(fmt::format("cannot write {}", target_.shown), result);
}

bool SftpUpload::rename() {
  SftpClient& client = lease_.client();
  const bool taken = client.lstat(target_.path).has_value();
  // The answer to an earlier attempt may have been lost.
  if (taken && rename_begun_ && !client.lstat(path_)) return true;
  if (taken && !replace_) return false;
  rename_begun_ = true;
  SftpResult result;
  if (replace_ && client.has_posix_rename()) {
    result = client.posix_rename(path_, target_.path);
  } else {
    if (taken) static_cast<void>(client.remove(target_.path));
    result = client.rename(path_, target_.path);
  }
  if (result.ok()) return true;
  if (!replace_ && client.lstat(target_.path)) return false;  // somebody was faster
  throw sftp_failure(fmt::format("cannot publish {}", target_.shown), result);
}

bool SftpUpload::publish() {
  return retry_([&] {
    if (!lease_ || !lease_.client().usable()) {
      lose_connection();
      lease_ = pool_.take_for_upload();
    }
    return rename();
  });
}

bool SftpUpload::commit() {
  if (!filling_.empty()) send_filled();
  retry_([&] { finish_file(); });
  if (!publish()) return false;
  path_.clear();
  journaled_.forget();
  lease_.give_back();
  return true;
}

void SftpUpload::remove_file() noexcept {
  if (!lease_ || !lease_.client().connected()) return;  // it stays in the journal for the next run
  const Cancellation never;
  SshSession& session = lease_.connection().session;
  session.be_quick(never, kQuickStall);
  try {
    const SftpResult result = lease_.client().remove(path_);
    if (result.ok() || result.status == SftpStatus::no_such_file) journaled_.forget();
  } catch (const std::exception&) {
    // It stays in the journal for the next run.
  }
  session.be_quick(pool_.cancellation(), pool_.settings().stall);  // others may use it after `never` is gone
}

}  // namespace wobackup
