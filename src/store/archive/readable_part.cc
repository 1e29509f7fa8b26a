#include "store/archive/readable_part.h"

#include <algorithm>

#include "wobackup/error.h"

namespace wobackup {
namespace {
constexpr std::uint64_t kPieceBytes = std::uint64_t{64} << 10U;  // a chunk of age's
}

bool ReadablePart::try_read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& size) const {
  try {
    size = file_.read(offset, buffer);
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return false;
  }
}

std::size_t ReadablePart::read(std::uint64_t offset, MutableByteSpan buffer) const {
  std::size_t size = 0;
  if (try_read(offset, buffer, size)) return size;
  const std::uint64_t end = std::min<std::uint64_t>(file_.size(), offset + buffer.size());
  std::size_t done = 0;
  while (offset + done < end) {
    const std::uint64_t at = offset + done;
    const std::uint64_t piece_end = std::min(end, (at / kPieceBytes + 1) * kPieceBytes);
    const MutableByteSpan piece = buffer.subspan(done, static_cast<std::size_t>(piece_end - at));
    if (!try_read(at, piece, size)) {
      std::fill(piece.begin(), piece.end(), std::byte{0});
      size = piece.size();
    }
    done += size;
    if (size < piece.size()) break;
  }
  return done;
}

}  // namespace wobackup
