// Lines of text out of zstd frames.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace wobackup {

/// Decompresses frames that come in pieces, and cuts what they hold into lines. The bytes are untrusted: windows over
/// 8 MiB are refused, and no more than the longest line, the window and two buffers is held. Used from one thread.
class CompressedLines {
 public:
  /// `name`: of what the bytes are, for messages.
  CompressedLines(std::size_t longest_line_bytes, std::string name);
  CompressedLines(const CompressedLines&) = delete;
  CompressedLines& operator=(const CompressedLines&) = delete;
  ~CompressedLines();

  /// Takes the next bytes, and calls `visit` for each line that ends in them, without its newline, until it returns
  /// false; after that nothing may be fed. Throws Error verification for bytes that are not zstd, and for longer lines.
  void feed(ByteSpan compressed, const std::function<bool(std::string_view line)>& visit);

  /// Whether nothing is missing at the end: all frames and lines are whole.
  [[nodiscard]] bool at_end() const noexcept { return frame_ended_ && pending_.empty(); }

 private:
  bool take(std::string_view text, const std::function<bool(std::string_view)>& visit);

  struct Decompressor;
  std::unique_ptr<Decompressor> decompressor_;
  std::size_t longest_line_bytes_;
  std::string name_;
  std::string plain_;    // what comes out of the decompressor
  std::string pending_;  // the beginning of a line
  bool frame_ended_ = true;
};

}  // namespace wobackup
