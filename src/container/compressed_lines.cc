#include "container/compressed_lines.h"

#include <fmt/format.h>
#include <zstd.h>

#include <new>
#include <utility>

#include "wobackup/error.h"

namespace wobackup {
namespace {
constexpr int kLargestWindowLog = 23;
}

struct CompressedLines::Decompressor {
  Decompressor() : context(ZSTD_createDCtx(), ZSTD_freeDCtx) {
    if (!context) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kLargestWindowLog);
  }
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context;
};

CompressedLines::CompressedLines(std::size_t longest_line_bytes, std::string name)
    : decompressor_(std::make_unique<Decompressor>()),
      longest_line_bytes_(longest_line_bytes),
      name_(std::move(name)),
      plain_(ZSTD_DStreamOutSize(), '\0') {}

CompressedLines::~CompressedLines() = default;

void CompressedLines::feed(ByteSpan compressed, const std::function<bool(std::string_view)>& visit) {
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  bool more = in.size > 0;
  while (more) {
    ZSTD_outBuffer out{plain_.data(), plain_.size(), 0};
    const std::size_t result = ZSTD_decompressStream(decompressor_->context.get(), &out, &in);
    if (ZSTD_isError(result) != 0) {
      throw Error(ErrorKind::verification, fmt::format("{} is damaged: {}", name_, ZSTD_getErrorName(result)));
    }
    frame_ended_ = result == 0;
    if (!take(std::string_view(plain_.data(), out.pos), visit)) return;
    // A full buffer may mean that there is more to come of this frame. Asking after its end would begin a new one.
    more = in.pos < in.size || (out.pos == out.size && !frame_ended_);
  }
}

bool CompressedLines::take(std::string_view text, const std::function<bool(std::string_view)>& visit) {
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    const std::string_view part = text.substr(0, newline);
    if (pending_.size() + part.size() > longest_line_bytes_) {
      throw Error(ErrorKind::verification, fmt::format("{} is damaged: a line is too long", name_));
    }
    if (newline == std::string_view::npos) {
      pending_ += part;
      return true;
    }
    text.remove_prefix(newline + 1);
    bool go_on = true;
    if (pending_.empty()) {
      go_on = visit(part);
    } else {
      pending_ += part;
      go_on = visit(pending_);
      pending_.clear();
    }
    if (!go_on) return false;
  }
  return true;
}

}  // namespace wobackup
