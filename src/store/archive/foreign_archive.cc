#include "store/archive/foreign_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 17U;
constexpr std::size_t kLargestVhost = std::size_t{4} << 20U;

// libarchive's view of the file.
struct Source {
  const RandomAccess& file;
  ByteVector buffer = ByteVector(kPieceBytes);
  std::uint64_t at = 0;

  static la_ssize_t read(archive*, void* data, const void** buffer) {
    auto& source = *static_cast<Source*>(data);
    try {
      const std::size_t size = source.file.read(source.at, source.buffer);
      source.at += size;
      *buffer = source.buffer.data();
      return static_cast<la_ssize_t>(size);
    } catch (const Error&) {
      return -1;
    }
  }
};

using Archive = std::unique_ptr<archive, int (*)(archive*)>;

[[noreturn]] void damaged(const RandomAccess& file, archive* reader) {
  const char* why = ::archive_error_string(reader);
  throw Error(
      ErrorKind::verification,
      fmt::format("{} is no whole archive: {}", file.name(), why != nullptr ? printable(why) : "it cannot be read"),
      "it may be cut off, damaged, or no .tar.zst at all");
}

bool is_vhost(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  constexpr std::string_view kName = "vhost.json";
  if (path == kName) return true;
  const std::size_t slash = path.find('/');
  return slash != std::string_view::npos && path.substr(slash + 1) == kName;
}

std::string read_member(const RandomAccess& file, archive* reader) {
  std::string content;
  std::array<char, 16384> buffer{};
  while (true) {
    const la_ssize_t size = ::archive_read_data(reader, buffer.data(), buffer.size());
    if (size < 0) damaged(file, reader);
    if (size == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(size));
    if (content.size() > kLargestVhost) {
      throw Error(ErrorKind::verification, fmt::format("{}: its vhost.json is too large", file.name()));
    }
  }
}

}  // namespace

std::optional<std::string> find_vhost_json(const RandomAccess& file, std::optional<std::uint64_t> limit_bytes) {
  if (file.size() == 0) throw Error(ErrorKind::verification, fmt::format("{} is empty", file.name()));
  const Archive reader(::archive_read_new(), ::archive_read_free);
  if (!reader) throw std::bad_alloc();
  // Only what such archives are made of: every further format is more code for a hostile file to reach.
  ::archive_read_support_filter_zstd(reader.get());
  ::archive_read_support_filter_gzip(reader.get());
  ::archive_read_support_format_tar(reader.get());
  Source source{file};
  if (::archive_read_open(reader.get(), &source, nullptr, Source::read, nullptr) != ARCHIVE_OK) {
    damaged(file, reader.get());
  }
  archive_entry* entry = nullptr;
  while (true) {
    const int code = ::archive_read_next_header(reader.get(), &entry);
    if (code == ARCHIVE_EOF) break;
    if (code < ARCHIVE_WARN || entry == nullptr) damaged(file, reader.get());
    const char* path = ::archive_entry_pathname(entry);
    if (path != nullptr && is_vhost(path)) return read_member(file, reader.get());
    const auto done = static_cast<std::uint64_t>(::archive_filter_bytes(reader.get(), 0));
    if (limit_bytes && done > *limit_bytes) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace wobackup
