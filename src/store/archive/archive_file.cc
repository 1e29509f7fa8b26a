#include "store/archive/archive_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <utility>

#include "age/age_random_access.h"
#include "age/unlock.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr int kMostLinks = 8;

[[noreturn]] void missing(const std::string& name) {
  throw Error(ErrorKind::not_found, fmt::format("there is no archive {}", name), "`wobackup list` shows what there is");
}

UniqueFd open_folder_of(const std::filesystem::path& path, const std::string& name) {
  try {
    return open_trusted_directory(path.parent_path(), false);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) missing(name);
    throw;
  }
}

ByteVector beginning_of(const RandomAccess& stored) {
  ByteVector bytes(kAgeBeginningBytes);
  bytes.resize(stored.read(0, bytes));
  return bytes;
}

std::unique_ptr<const AgeRandomAccess> decrypted(const RandomAccess& stored, const Keys& keys, AgeEnd end) {
  const std::string& name = stored.name();
  const ByteVector beginning = beginning_of(stored);
  if (begins_like_age(beginning)) {
    const AgeStructure structure = read_age_structure(stored, end);
    return std::make_unique<const AgeRandomAccess>(stored, structure, unlock(keys, structure.header, name), end);
  }
  if (begins_like_armored_age(beginning)) {
    throw Error(ErrorKind::verification,
                fmt::format("{} is encrypted in age's text form, which is not read here", name),
                "decrypt it with `age -d`");
  }
  if (name.ends_with(".age")) {
    throw Error(ErrorKind::verification, fmt::format("{} is not encrypted, although its name says so", name),
                "somebody put another file in its place, or renamed one");
  }
  return nullptr;
}

}  // namespace

bool is_encrypted(const RandomAccess& stored) { return begins_like_age(beginning_of(stored)); }

ArchiveFile::ArchiveFile(std::shared_ptr<const RandomAccess> stored, const Keys& keys, AgeEnd end)
    : stored_(std::move(stored)), decrypted_(decrypted(*stored_, keys, end)) {}

ArchiveFile::~ArchiveFile() = default;

bool ArchiveFile::lost_end() const noexcept { return decrypted_ && !decrypted_->has_end(); }

const RandomAccess& ArchiveFile::content() const noexcept {
  if (decrypted_) return *decrypted_;
  return *stored_;
}

std::unique_ptr<ArchiveFile> open_archive(const std::filesystem::path& path, const Keys& keys) {
  return std::make_unique<ArchiveFile>(open_stored_archive(path), keys);
}

std::unique_ptr<ArchiveFile> open_archive(const std::filesystem::path& path, std::shared_ptr<const RandomAccess> stored,
                                          const Keys& keys, AgeEnd end) {
  if (!stored) stored = open_stored_archive(path);
  return std::make_unique<ArchiveFile>(std::move(stored), keys, end);
}

std::unique_ptr<FileAccess> open_stored_archive(const std::filesystem::path& path) {
  const std::string name = printable(path.string());
  std::filesystem::path at = std::filesystem::absolute(path);
  for (int links = 0; links <= kMostLinks; ++links) {
    const UniqueFd folder = open_folder_of(at, name);
    const std::string file_name = at.filename().string();
    UniqueFd fd(::openat(folder.get(), file_name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!fd && errno == ELOOP) {
      at = at.parent_path() / trusted_link_target(folder.get(), file_name, name);
      continue;
    }
    if (!fd && (errno == ENOENT || errno == ENOTDIR)) missing(name);
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) throw system_error(fmt::format("cannot open {}", name), errno);
    if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::verification, fmt::format("{} is not a regular file", name));
    return std::make_unique<FileAccess>(std::move(fd), static_cast<std::uint64_t>(status.st_size), name);
  }
  throw system_error(fmt::format("cannot open {}", name), ELOOP);
}

}  // namespace wobackup
