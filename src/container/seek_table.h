// The zstd seekable format's table at the end of a container (contrib/seekable_format of zstd, version 0.1.0).
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace wobackup {

/// One frame of the file, data or skippable (those have no plaintext).
struct SeekFrame {
  std::uint64_t offset = 0;        ///< in the file
  std::uint64_t plain_offset = 0;  ///< in the tar
  std::uint32_t bytes = 0;
  std::uint32_t plain_bytes = 0;
};

class SeekTableBuilder {
 public:
  void add(std::uint32_t compressed_bytes, std::uint32_t plain_bytes);
  /// The whole skippable frame. Throws Error failed for more than 2,097,152 frames.
  [[nodiscard]] ByteVector encode() const;

 private:
  std::vector<std::pair<std::uint32_t, std::uint32_t>> frames_;
};

/// Length of the table's fixed end.
constexpr std::size_t kSeekFooterBytes = 9;

/// How long the whole skippable frame is (at most 24 MiB), from a file's last bytes. 0 if they are no such footer.
[[nodiscard]] std::uint64_t seek_table_bytes(ByteSpan last_bytes);

/// Parses the whole skippable frame, which stands at the end of a file of this size. Untrusted: throws Error
/// verification unless the frames and the table fill the file exactly.
[[nodiscard]] std::vector<SeekFrame> parse_seek_table(ByteSpan frame, std::uint64_t file_bytes);

}  // namespace wobackup
