#include "store/archive/foreign_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <new>
#include <string_view>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 17U;
constexpr std::size_t kLargestVhost = std::size_t{4} << 20U;
constexpr std::string_view kVhostName = "vhost.json";
constexpr const char* kHint = "it may be cut off, damaged, or no .tar.zst at all";

// A tar read by libarchive.
class ForeignTar {
 public:
  explicit ForeignTar(const RandomAccess& file);

  // False at the end of the tar.
  bool next();
  [[nodiscard]] bool is_vhost() const;
  // Where the data of the member ends, in the tar.
  [[nodiscard]] std::uint64_t data_end() const;
  [[nodiscard]] std::string content();

 private:
  static la_ssize_t read(archive*, void* self, const void** buffer);
  [[noreturn]] void damaged(const char* why) const;
  [[noreturn]] void failed() const;
  [[nodiscard]] std::uint64_t consumed() const {
    return static_cast<std::uint64_t>(std::max<la_int64_t>(0, ::archive_filter_bytes(archive_.get(), 0)));
  }

  const RandomAccess& file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  archive_entry* entry_ = nullptr;
  ByteVector buffer_ = ByteVector(kPieceBytes);
  std::uint64_t at_ = 0;
  std::exception_ptr read_error_;  // exceptions do not pass through C
};

ForeignTar::ForeignTar(const RandomAccess& file) : file_(file), archive_(::archive_read_new(), ::archive_read_free) {
  if (!archive_) throw std::bad_alloc();
  // Only what such archives are made of: every further format is more code for a hostile file to reach.
  ::archive_read_support_filter_zstd(archive_.get());
  ::archive_read_support_filter_gzip(archive_.get());
  ::archive_read_support_format_tar(archive_.get());
  if (::archive_read_open(archive_.get(), this, nullptr, read, nullptr) != ARCHIVE_OK) failed();
}

la_ssize_t ForeignTar::read(archive*, void* self, const void** buffer) {
  auto& tar = *static_cast<ForeignTar*>(self);
  try {
    const std::size_t size = tar.file_.read(tar.at_, tar.buffer_);
    tar.at_ += size;
    *buffer = tar.buffer_.data();
    return static_cast<la_ssize_t>(size);
  } catch (...) {
    tar.read_error_ = std::current_exception();
    return -1;
  }
}

void ForeignTar::damaged(const char* why) const {
  throw Error(ErrorKind::verification, fmt::format("{} is no whole archive: {}", file_.name(), why), kHint);
}

void ForeignTar::failed() const {
  if (read_error_) std::rethrow_exception(read_error_);
  const char* why = ::archive_error_string(archive_.get());
  damaged(why != nullptr ? printable(why).c_str() : "it cannot be read");
}

bool ForeignTar::next() {
  const int code = ::archive_read_next_header(archive_.get(), &entry_);
  if (code == ARCHIVE_EOF) {
    // libarchive takes the end of the file for the end of the tar. A tar ends with blocks of zeros, read just now.
    const la_int64_t end = ::archive_read_header_position(archive_.get());
    if (consumed() <= static_cast<std::uint64_t>(std::max<la_int64_t>(0, end)))
      damaged("the end of the tar is missing");
    return false;
  }
  if (code < ARCHIVE_WARN || entry_ == nullptr) failed();
  return true;
}

// vhost.json, or top/vhost.json; but not that of a website, in a tar without top folder.
bool ForeignTar::is_vhost() const {
  const char* text = ::archive_entry_pathname(entry_);
  if (text == nullptr || ::archive_entry_filetype(entry_) != AE_IFREG) return false;
  std::string_view path = text;
  while (path.starts_with("./")) path.remove_prefix(2);
  if (path == kVhostName) return true;
  const std::size_t slash = path.find('/');
  return slash != std::string_view::npos && path.substr(0, slash) != "htdocs" && path.substr(slash + 1) == kVhostName;
}

std::uint64_t ForeignTar::data_end() const {
  return consumed() + static_cast<std::uint64_t>(std::max<la_int64_t>(0, ::archive_entry_size(entry_)));
}

std::string ForeignTar::content() {
  std::string content;
  std::array<char, 16384> buffer{};
  while (true) {
    const la_ssize_t size = ::archive_read_data(archive_.get(), buffer.data(), buffer.size());
    if (size < 0) failed();
    if (size == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(size));
    if (content.size() > kLargestVhost) {
      throw Error(ErrorKind::verification, fmt::format("{}: its vhost.json is too large", file_.name()));
    }
  }
}

}  // namespace

std::optional<std::string> find_vhost_json(const RandomAccess& file, std::optional<std::uint64_t> limit_bytes) {
  if (file.size() == 0) throw Error(ErrorKind::verification, fmt::format("{} is empty", file.name()), kHint);
  ForeignTar tar(file);
  while (tar.next()) {
    if (tar.is_vhost()) return tar.content();
    // The next header comes behind this member's data, which would have to be decompressed to get there.
    if (limit_bytes && tar.data_end() > *limit_bytes) return std::nullopt;
  }
  throw Error(ErrorKind::verification, fmt::format("{} has no vhost.json: it is no backup of a site", file.name()));
}

}  // namespace wobackup
