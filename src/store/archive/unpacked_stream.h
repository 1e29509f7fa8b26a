// What other programs have compressed.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/random_access.h"

namespace wobackup {

/// The plain bytes of a file, front to back, with every checksum compared that its format has. libarchive's own readers
/// of compressed archives compare fewer: none of gzip's, and none of what lies behind the archive's last member.
class UnpackedStream {
 public:
  /// Null if the file is not compressed by zstd, gzip, bzip2, xz, lzma, lzip, lz4 or compress. The file is untrusted
  /// and outlives the stream. Throws Error verification.
  [[nodiscard]] static std::unique_ptr<UnpackedStream> open(const RandomAccess& file);
  virtual ~UnpackedStream() = default;

  /// The next bytes, which are valid until the next call; empty at the end, for good. Throws Error verification for
  /// what is damaged or cut off. Called from one thread.
  [[nodiscard]] virtual ByteSpan next() = 0;
};

}  // namespace wobackup
