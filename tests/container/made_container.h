// Containers put together by hand, so that every part of them can be made wrong.
#pragma once

#include <zstd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "container/locator.h"
#include "container/seek_table.h"

namespace wobackup::test {

struct FrameOptions {
  bool checksum = true;
  bool content_size = true;
  int window_log = 0;  ///< 0: zstd's choice
};

/// One zstd frame.
inline ByteVector zstd_frame(std::string_view text, const FrameOptions& options = {}) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, options.checksum ? 1 : 0);
  if (options.window_log > 0) ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, options.window_log);
  if (options.content_size) ZSTD_CCtx_setPledgedSrcSize(context.get(), text.size());
  ByteVector frame(ZSTD_compressBound(text.size()));
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer out{frame.data(), frame.size(), 0};
  // A stream whose end is not announced at once has neither its size in the header nor a window as small as itself.
  if (!options.content_size) ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_flush);
  while (ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_end) != 0) {
  }
  frame.resize(out.pos);
  return frame;
}

inline std::string filler(char letter, std::size_t bytes = 1024) {
  std::string text(bytes, letter);
  return text;
}

struct MadeContainer {
  std::vector<ByteVector> frames;
  std::vector<std::uint32_t> plain_bytes;
  ByteVector manifest;  ///< payload of the skippable frame
  Locator locator;

  void add_frame(std::string_view text) {
    frames.push_back(zstd_frame(text));
    plain_bytes.push_back(static_cast<std::uint32_t>(text.size()));
    locator.tar_bytes += text.size();
  }
  void add_manifest(std::string_view lines) {
    const ByteVector frame = zstd_frame(lines);
    manifest.insert(manifest.end(), frame.begin(), frame.end());
  }
  /// Sets what follows from the other parts.
  void settle() {
    locator.manifest_offset = 8;
    for (const ByteVector& frame : frames) locator.manifest_offset += frame.size();
    locator.manifest_bytes = manifest.size();
    locator.manifest_sha256 = sha256(manifest);
  }
  [[nodiscard]] ByteVector file() const {
    ByteVector out;
    SeekTableBuilder table;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      out.insert(out.end(), frames[i].begin(), frames[i].end());
      table.add(static_cast<std::uint32_t>(frames[i].size()), plain_bytes[i]);
    }
    append_le(out, std::uint32_t{0x184D2A5B});
    append_le(out, static_cast<std::uint32_t>(manifest.size()));
    out.insert(out.end(), manifest.begin(), manifest.end());
    table.add(static_cast<std::uint32_t>(manifest.size() + 8), 0);
    const ByteVector encoded = encode_locator(locator);
    out.insert(out.end(), encoded.begin(), encoded.end());
    table.add(static_cast<std::uint32_t>(encoded.size()), 0);
    const ByteVector seek_table = table.encode();
    out.insert(out.end(), seek_table.begin(), seek_table.end());
    return out;
  }
};

/// Three frames of 1024 bytes and a manifest of two entries.
inline MadeContainer small_container() {
  MadeContainer made;
  for (const char letter : {'a', 'b', 'c'}) made.add_frame(filler(letter));
  made.add_manifest("{\"format\":1,\"site\":\"example.com\",\"complete\":true,\"entries\":2}\n");
  made.add_manifest(
      "{\"path\":\"htdocs\",\"type\":\"dir\",\"mtime\":1,\"offset\":0}\n"
      "{\"path\":\"htdocs/x\",\"type\":\"file\",\"size\":3,\"mtime\":2,\"offset\":1024}\n");
  made.settle();
  return made;
}

}  // namespace wobackup::test
