#include "service/folder_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace wobackup {
namespace {

constexpr const char* kMark = ".wobackup-store";
constexpr std::string_view kMarkText =
    "wobackup keeps backups in this folder. If this file is missing, it takes the disk for not mounted.\n";

std::filesystem::path records(const std::filesystem::path& state_dir) { return state_dir / "folders"; }

std::string record_of(const std::filesystem::path& folder) {
  return hex(sha256(bytes_of(folder.string()))).substr(0, 32);
}

// Makes it, unless it is there.
void make_file(int directory_fd, const std::string& name, std::string_view text, const std::filesystem::path& shown) {
  const UniqueFd file(::openat(directory_fd, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file && errno == EEXIST) return;
  const std::string path = printable((shown / name).string());
  if (!file) throw system_error(fmt::format("cannot write {}", path), errno);
  write_all(file.get(), bytes_of(text), path);
  if (::fsync(file.get()) != 0) throw system_error(fmt::format("cannot write {}", path), errno);
  ::fsync(directory_fd);
}

}  // namespace

std::string mark_of_folder(const std::filesystem::path& folder, const std::filesystem::path& state_dir) {
  return ::access((records(state_dir) / record_of(folder)).c_str(), F_OK) == 0 ? kMark : "";
}

void mark_folder(const std::filesystem::path& folder, const std::filesystem::path& state_dir) {
  if (!mark_of_folder(folder, state_dir).empty()) return;  // whether it is there is looked at when the folder is opened
  make_file(open_trusted_directory(folder, false).get(), kMark, kMarkText, folder);
  const std::filesystem::path directory = records(state_dir);
  make_file(open_trusted_directory(directory, true).get(), record_of(folder), folder.string() + "\n", directory);
}

std::optional<std::string> others_may_write(int folder_fd) {
  struct stat status {};
  if (::fstat(folder_fd, &status) != 0) return std::nullopt;
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) return fmt::format("user {}", status.st_uid);
  const bool sticky = (status.st_mode & S_ISVTX) != 0;  // then what is there is its owner's alone
  if ((status.st_mode & S_IWOTH) != 0 && !sticky) return "anybody";
  if ((status.st_mode & S_IWGRP) != 0 && !sticky && status.st_gid != 0) return fmt::format("group {}", status.st_gid);
  return std::nullopt;
}

}  // namespace wobackup
