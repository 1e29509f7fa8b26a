// The seek table: what it accepts fills the file exactly, and encodes to the same bytes.
#include "container/seek_table.h"

#include <algorithm>

#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The frames' length is not part of the table: it comes first in the input.
  if (size < 8) return 0;
  const ByteSpan input = test::bytes_at(data, size);
  const ByteSpan table = input.subspan(8);
  try {
    const std::uint64_t frames_bytes = load_le<std::uint64_t>(input) >> 8U;
    const auto frames = parse_seek_table(table, frames_bytes + table.size());
    std::uint64_t offset = 0, plain_offset = 0;
    SeekTableBuilder builder;
    for (const SeekFrame& frame : frames) {
      test::require(frame.offset == offset && frame.plain_offset == plain_offset, "frames follow one another");
      offset += frame.bytes;
      plain_offset += frame.plain_bytes;
      builder.add(frame.bytes, frame.plain_bytes);
    }
    test::require(offset == frames_bytes, "frames fill the file");
    const ByteVector again = builder.encode();
    const bool has_checksums = (std::to_integer<unsigned>(table[table.size() - 5]) & 0x80U) != 0;
    if (!has_checksums) {
      // The two lowest bits of the descriptor are unused: any value is accepted.
      test::require(again.size() == table.size() && std::equal(again.begin(), again.end() - 5, table.begin()),
                    "a table encodes to what it was read from");
    }
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::verification, "a bad table is a verification error");
  }
  return 0;
}
