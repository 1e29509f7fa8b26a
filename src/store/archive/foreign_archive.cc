#include "store/archive/foreign_archive.h"

#include <fmt/format.h>
#include <locale.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "base/text.h"
#include "store/archive/member_check.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 17U;
constexpr std::string_view kVhostName = "vhost.json";
constexpr std::string_view kUnsafeFlag = "unsafe";
constexpr const char* kHint =
    "it may be cut off or damaged, or is no tar, zip, cpio or 7z: repack others as one of these";

EntryType type_of(archive_entry* entry, std::string_view path) {
  if (::archive_entry_hardlink(entry) != nullptr) return EntryType::hardlink;
  switch (::archive_entry_filetype(entry)) {
    case AE_IFREG:
      return EntryType::file;
    case AE_IFDIR:
      return EntryType::directory;
    case AE_IFLNK:
      return EntryType::symlink;
    case AE_IFIFO:
      return EntryType::fifo;
    case AE_IFCHR:
      return EntryType::character_device;
    case AE_IFBLK:
      return EntryType::block_device;
    default:
      member_damaged(path, "it is of an unknown type");
  }
}

std::uint64_t not_negative(la_int64_t value) { return static_cast<std::uint64_t>(std::max<la_int64_t>(0, value)); }

// Formats that name in Unicode (zip at will, 7z always) are given in the thread's locale: this thread's is UTF-8 so
// long.
class Utf8Names {
 public:
  Utf8Names() : before_(::uselocale(utf8())) {}
  ~Utf8Names() { ::uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  // Null if it were missing (glibc has it built in): names stay what they are in the locale of the program.
  static locale_t utf8() {
    static const locale_t kept = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return kept;
  }
  locale_t before_;
};

// What sites are backed up in. Each further format is more code for a hostile file to reach, and an mtree names files
// of this machine as its contents.
void enable_formats(archive* reader) {
  ::archive_read_support_format_tar(reader);
  ::archive_read_support_format_zip(reader);
  ::archive_read_support_format_cpio(reader);
  ::archive_read_support_format_7zip(reader);
  // Names are bytes, whatever the locale.
  ::archive_read_set_options(reader, "tar:hdrcharset=BINARY,zip:hdrcharset=BINARY,cpio:hdrcharset=BINARY");
}

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::string acl_text(archive_entry* member, int type) {
  if ((::archive_entry_acl_types(member) & type) == 0) return {};
  const std::unique_ptr<char, void (*)(void*)> text(
      ::archive_entry_acl_to_text(member, nullptr, type | ARCHIVE_ENTRY_ACL_STYLE_SEPARATOR_COMMA), std::free);
  return text ? std::string(text.get()) : std::string();
}

void read_attributes(archive_entry* member, Entry& entry) {
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  ::archive_entry_xattr_reset(member);
  while (::archive_entry_xattr_next(member, &name, &value, &size) == ARCHIVE_OK) {
    if (name == nullptr || value == nullptr) continue;
    entry.xattrs.push_back({name, std::string(static_cast<const char*>(value), size)});
  }
  entry.acl_access = acl_text(member, ARCHIVE_ENTRY_ACL_TYPE_ACCESS);
  entry.acl_default = acl_text(member, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT);
}

}  // namespace

ForeignPath foreign_path(std::string_view stored, std::string_view top) {
  if (stored.starts_with('/')) return {std::string(stored), true};
  std::string path;
  for (const std::string_view name : split(stored, '/')) {
    if (name == "..") return {std::string(stored), true};
    if (name.empty() || name == ".") continue;
    if (!path.empty()) path += '/';
    path += name;
  }
  if (top.empty() || !path.starts_with(top)) return {std::move(path), false};
  if (path.size() == top.size()) return {};
  if (path[top.size()] == '/') path.erase(0, top.size() + 1);
  return {std::move(path), false};
}

bool is_unsafe(const ManifestEntry& listed) {
  return std::find(listed.flags.begin(), listed.flags.end(), kUnsafeFlag) != listed.flags.end();
}

ForeignArchive::ForeignArchive(const RandomAccess& file)
    : file_(file), archive_(::archive_read_new(), ::archive_read_free), buffer_(kPieceBytes) {
  if (!archive_) throw std::bad_alloc();
  if (file.size() == 0) throw Error(ErrorKind::verification, fmt::format("{} is empty", file.name()), kHint);
  const Utf8Names utf8_names;
  enable_formats(archive_.get());
  unpacked_ = UnpackedStream::open(file);
  // A zip's list of contents is at its end.
  if (!unpacked_) ::archive_read_set_seek_callback(archive_.get(), seek);
  if (::archive_read_open2(archive_.get(), this, nullptr, read_piece, unpacked_ ? nullptr : skip, nullptr) !=
      ARCHIVE_OK) {
    failed();
  }
}

int ForeignArchive::format() const { return ::archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK; }

ByteSpan ForeignArchive::next_piece() {
  ByteSpan piece;
  if (unpacked_) {
    piece = unpacked_->next();
  } else {
    piece = ByteSpan(buffer_).first(file_.read(at_, buffer_));
  }
  at_ += piece.size();
  const auto last = std::find_if(piece.rbegin(), piece.rend(), [](std::byte byte) { return byte != std::byte{0}; });
  if (last != piece.rend()) content_end_ = at_ - static_cast<std::uint64_t>(last - piece.rbegin());
  return piece;
}

la_ssize_t ForeignArchive::read_piece(archive*, void* self, const void** buffer) {
  auto& foreign = *static_cast<ForeignArchive*>(self);
  try {
    const ByteSpan piece = foreign.next_piece();
    *buffer = piece.data();
    return static_cast<la_ssize_t>(piece.size());
  } catch (...) {
    foreign.read_error_ = std::current_exception();
    return -1;
  }
}

la_int64_t ForeignArchive::skip(archive*, void* self, la_int64_t bytes) {
  auto& foreign = *static_cast<ForeignArchive*>(self);
  const std::uint64_t rest = foreign.file_.size() - std::min(foreign.file_.size(), foreign.at_);
  const std::uint64_t skipped = std::min(not_negative(bytes), rest);
  foreign.at_ += skipped;
  return static_cast<la_int64_t>(skipped);
}

la_int64_t ForeignArchive::seek(archive*, void* self, la_int64_t offset, int whence) {
  auto& foreign = *static_cast<ForeignArchive*>(self);
  const auto size = static_cast<la_int64_t>(foreign.file_.size());
  const la_int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_END ? size : static_cast<la_int64_t>(foreign.at_);
  if (offset < -base || offset > size - base) return ARCHIVE_FATAL;
  foreign.at_ = static_cast<std::uint64_t>(base + offset);
  return base + offset;
}

void ForeignArchive::damaged(const char* why) const {
  throw Error(ErrorKind::verification, fmt::format("{} is no whole archive: {}", file_.name(), why), kHint);
}

void ForeignArchive::failed() const {
  if (read_error_) std::rethrow_exception(read_error_);
  const char* why = ::archive_error_string(archive_.get());
  damaged(why != nullptr ? printable(why).c_str() : "it cannot be read");
}

std::uint64_t ForeignArchive::consumed() const { return not_negative(::archive_filter_bytes(archive_.get(), 0)); }

// libarchive takes what it cannot read, the end of the file, and a single block of zeros, for the end of a tar.
void ForeignArchive::require_end() {
  if (read_error_) std::rethrow_exception(read_error_);
  if (members_ == 0) damaged("it holds nothing");
  // What the rest holds counts for the checksums, too.
  const bool goes_on = unpacked_ || format() == ARCHIVE_FORMAT_TAR;
  while (goes_on && !next_piece().empty()) {
  }
  if (format() != ARCHIVE_FORMAT_TAR) return;
  const std::uint64_t end = not_negative(::archive_read_header_position(archive_.get()));
  if (at_ <= end) damaged("the end of the tar is missing");
  if (content_end_ > end) damaged("the tar goes on behind a block of zeros");
}

bool ForeignArchive::next() {
  const Utf8Names utf8_names;
  const int code = ::archive_read_next_header(archive_.get(), &entry_);
  if (code == ARCHIVE_EOF) {
    require_end();
    return false;
  }
  if (code < ARCHIVE_WARN || entry_ == nullptr) failed();
  const char* path = ::archive_entry_pathname(entry_);
  stored_path_ = path == nullptr ? std::string_view() : path;
  if (stored_path_.empty()) damaged("a member has no usable path");
  ++members_;
  passed_bytes_ += not_negative(::archive_entry_size(entry_));
  return true;
}

std::string_view ForeignArchive::stored_path() const { return stored_path_; }

bool ForeignArchive::is_file() const {
  return ::archive_entry_filetype(entry_) == AE_IFREG && ::archive_entry_hardlink(entry_) == nullptr;
}

// vhost.json, or top/vhost.json; but not that of a website, in a tar without top folder.
bool ForeignArchive::is_vhost() const {
  if (!is_file()) return false;
  const ForeignPath path = foreign_path(stored_path(), {});
  if (path.unsafe) return false;
  if (path.path == kVhostName) return true;
  const std::size_t slash = path.path.find('/');
  return slash != std::string::npos && path.path.compare(0, slash, "htdocs") != 0 &&
         std::string_view(path.path).substr(slash + 1) == kVhostName;
}

ManifestEntry ForeignArchive::entry(std::string_view top) const {
  const Utf8Names utf8_names;
  ManifestEntry listed;
  Entry& entry = listed.entry;
  ForeignPath place = foreign_path(stored_path(), top);
  bool unsafe = place.unsafe;
  entry.path = std::move(place.path);
  entry.type = type_of(entry_, stored_path());
  entry.mode = static_cast<std::uint32_t>(::archive_entry_perm(entry_)) & 07777U;
  entry.uid = not_negative(::archive_entry_uid(entry_));
  entry.gid = not_negative(::archive_entry_gid(entry_));
  entry.user = text_or_empty(::archive_entry_uname(entry_));
  entry.group = text_or_empty(::archive_entry_gname(entry_));
  if (entry.type == EntryType::file) entry.size = not_negative(::archive_entry_size(entry_));
  read_attributes(entry_, entry);
  entry.mtime.seconds = ::archive_entry_mtime(entry_);
  entry.mtime.nanoseconds = static_cast<std::uint32_t>(::archive_entry_mtime_nsec(entry_)) % 1'000'000'000U;
  if (entry.type == EntryType::symlink) entry.link = text_or_empty(::archive_entry_symlink(entry_));
  if (entry.type == EntryType::hardlink) {
    // Only with the last name: the file, met before, seems to be empty.
    if (format() == ARCHIVE_FORMAT_CPIO && ::archive_entry_size(entry_) > 0) {
      member_damaged(entry.path,
                     "a hard link with contents, as cpio has them, cannot be restored: unpack it with cpio "
                     "and pack it as a tar");
    }
    ForeignPath target = foreign_path(text_or_empty(::archive_entry_hardlink(entry_)), top);
    unsafe = unsafe || target.unsafe;
    entry.link = std::move(target.path);
  }
  entry.device_major = static_cast<std::uint32_t>(::archive_entry_rdevmajor(entry_));
  entry.device_minor = static_cast<std::uint32_t>(::archive_entry_rdevminor(entry_));
  if (unsafe) listed.flags.emplace_back(kUnsafeFlag);
  return listed;
}

std::uint64_t ForeignArchive::data_end() const {
  switch (format()) {
    case ARCHIVE_FORMAT_TAR:
    case ARCHIVE_FORMAT_CPIO:
      return consumed() + not_negative(::archive_entry_size(entry_));
    case ARCHIVE_FORMAT_ZIP:
      return 0;
    default:
      return passed_bytes_;
  }
}

void ForeignArchive::read(const std::function<void(std::uint64_t offset, ByteSpan)>& sink) {
  std::uint64_t end = 0;
  while (true) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int code = ::archive_read_data_block(archive_.get(), &bytes, &size, &offset);
    if (code == ARCHIVE_EOF) break;
    // A warning is a checksum that differs.
    if (code != ARCHIVE_OK || offset < 0) failed();
    if (size == 0) continue;
    sink(static_cast<std::uint64_t>(offset), {static_cast<const std::byte*>(bytes), size});
    end = static_cast<std::uint64_t>(offset) + size;
  }
  // A tar's member may end with a hole, and libarchive looks itself at where a tar's ends.
  if (format() != ARCHIVE_FORMAT_TAR && end != not_negative(::archive_entry_size(entry_)))
    member_damaged(stored_path_, "it is not as long as the archive says");
}

std::string ForeignArchive::content(std::size_t limit_bytes) {
  std::string text;
  read([&](std::uint64_t offset, ByteSpan bytes) {
    if (offset > limit_bytes || bytes.size() > limit_bytes - offset) {
      throw Error(ErrorKind::verification,
                  fmt::format("{}: its {} is too large", file_.name(), printable(stored_path())));
    }
    text.resize(static_cast<std::size_t>(offset));
    text += text_of(bytes);
  });
  return text;
}

}  // namespace wobackup
