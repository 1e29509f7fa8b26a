#include "store/archive/unpacked_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <exception>
#include <new>
#include <string>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 17U;
constexpr unsigned kGzipWindow = 15 + 16;  // the largest window, with gzip's header and checksum

[[noreturn]] void damaged(const RandomAccess& file, const std::string& why) {
  throw Error(ErrorKind::verification, fmt::format("{} is no whole archive: {}", file.name(), why),
              "it may have been cut off or changed");
}

// By zlib itself: libarchive skips gzip's checksum. A file may be several streams in a row.
class GzipStream final : public UnpackedStream {
 public:
  explicit GzipStream(const RandomAccess& file) : file_(file), packed_(kPieceBytes), plain_(kPieceBytes) {
    if (::inflateInit2(&state_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() override { ::inflateEnd(&state_); }

  static bool is_one(const RandomAccess& file) {
    std::array<std::byte, 2> magic{};
    return file.read(0, magic) == magic.size() && magic[0] == std::byte{0x1f} && magic[1] == std::byte{0x8b};
  }

  [[nodiscard]] ByteSpan next() override {
    state_.next_out = reinterpret_cast<Bytef*>(plain_.data());
    state_.avail_out = static_cast<uInt>(plain_.size());
    while (!ended_ && state_.avail_out == plain_.size()) step();
    return ByteSpan(plain_).first(plain_.size() - state_.avail_out);
  }

 private:
  void step() {
    if (state_.avail_in == 0) fill();
    const bool at_end = state_.avail_in == 0;
    if (between_ && !begins_another()) {
      ended_ = true;  // padding of a tape, or whatever gzip ignores, too
      return;
    }
    between_ = false;
    const int code = ::inflate(&state_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      between_ = true;
      if (::inflateReset(&state_) != Z_OK) throw std::bad_alloc();
    } else if (code == Z_MEM_ERROR) {
      throw std::bad_alloc();
    } else if (code == Z_BUF_ERROR ? at_end : code != Z_OK) {
      damaged(file_, at_end ? "its end is missing" : state_.msg != nullptr ? state_.msg : "gzip's data makes no sense");
    }
  }
  bool begins_another() {
    constexpr Bytef kMagic = 0x1f;
    return state_.avail_in > 0 && *state_.next_in == kMagic;
  }
  void fill() {
    const std::size_t size = file_.read(at_, packed_);
    at_ += size;
    state_.next_in = reinterpret_cast<Bytef*>(packed_.data());
    state_.avail_in = static_cast<uInt>(size);
  }

  const RandomAccess& file_;
  ByteVector packed_, plain_;
  z_stream state_{};
  std::uint64_t at_ = 0;
  bool between_ = false;  // behind a whole stream
  bool ended_ = false;
};

// All others, by the libraries that libarchive calls: they compare what they have.
class FilteredStream final : public UnpackedStream {
 public:
  explicit FilteredStream(const RandomAccess& file)
      : file_(file), archive_(::archive_read_new(), ::archive_read_free), buffer_(kPieceBytes) {
    if (!archive_) throw std::bad_alloc();
    // Those only that are unpacked within this process: some filters start programs.
    ::archive_read_support_filter_zstd(archive_.get());
    ::archive_read_support_filter_bzip2(archive_.get());
    ::archive_read_support_filter_xz(archive_.get());
    ::archive_read_support_filter_lzma(archive_.get());
    ::archive_read_support_filter_lzip(archive_.get());
    ::archive_read_support_filter_lz4(archive_.get());
    ::archive_read_support_filter_compress(archive_.get());
    ::archive_read_support_format_raw(archive_.get());
    archive_entry* entry = nullptr;
    if (::archive_read_open2(archive_.get(), this, nullptr, read_piece, nullptr, nullptr) != ARCHIVE_OK ||
        ::archive_read_next_header(archive_.get(), &entry) != ARCHIVE_OK) {
      failed();
    }
  }

  [[nodiscard]] bool is_packed() const { return ::archive_filter_code(archive_.get(), 0) != ARCHIVE_FILTER_NONE; }

  [[nodiscard]] ByteSpan next() override {
    while (true) {
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int code = ::archive_read_data_block(archive_.get(), &bytes, &size, &offset);
      if (code == ARCHIVE_EOF) return {};
      if (code != ARCHIVE_OK) failed();
      if (size > 0) return {static_cast<const std::byte*>(bytes), size};
    }
  }

 private:
  static la_ssize_t read_piece(archive*, void* self, const void** buffer) {
    auto& stream = *static_cast<FilteredStream*>(self);
    try {
      const std::size_t size = stream.file_.read(stream.at_, stream.buffer_);
      stream.at_ += size;
      *buffer = stream.buffer_.data();
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      stream.read_error_ = std::current_exception();
      return -1;
    }
  }
  [[noreturn]] void failed() const {
    if (read_error_) std::rethrow_exception(read_error_);
    const char* why = ::archive_error_string(archive_.get());
    damaged(file_, why != nullptr ? printable(why) : "it cannot be unpacked");
  }

  const RandomAccess& file_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  ByteVector buffer_;
  std::uint64_t at_ = 0;
  std::exception_ptr read_error_;  // exceptions do not pass through C
};

}  // namespace

std::unique_ptr<UnpackedStream> UnpackedStream::open(const RandomAccess& file) {
  if (GzipStream::is_one(file)) return std::make_unique<GzipStream>(file);
  auto stream = std::make_unique<FilteredStream>(file);
  if (!stream->is_packed()) return nullptr;
  return stream;
}

}  // namespace wobackup
