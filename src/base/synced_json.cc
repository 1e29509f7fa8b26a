#include "base/synced_json.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

void sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) throw system_error(fmt::format("cannot sync {}", folder.string()), errno);
}

}  // namespace

SyncedJson::SyncedJson(std::filesystem::path path, std::size_t limit_bytes)
    : path_(std::move(path)), limit_bytes_(limit_bytes) {}

std::optional<Json> SyncedJson::load() const {
  std::string text;
  try {
    text = read_small_file(path_, limit_bytes_);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return std::nullopt;
    throw;
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::failed, printable(error.what()));
  }
}

void SyncedJson::save(const Json& json) const {
  const std::filesystem::path folder = path_.parent_path();
  if (::mkdir(folder.c_str(), 0700) == 0) {
    sync_folder(folder.parent_path());
  } else if (errno != EEXIST) {
    throw system_error(fmt::format("cannot make the folder {}", folder.string()), errno);
  }
  const std::string text = json.dump(1) + "\n";
  if (text.size() > limit_bytes_) {
    throw Error(ErrorKind::failed, fmt::format("{} would be larger than {}", path_.string(), human_size(limit_bytes_)));
  }
  replace_file(path_, text, 0600);
}

void SyncedJson::remove() const {
  if (::unlink(path_.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw system_error(fmt::format("cannot remove {}", path_.string()), errno);
  }
  sync_folder(path_.parent_path());
}

}  // namespace wobackup
