#include "container/sparse_map.h"

#include <charconv>
#include <string_view>

#include "container/tar_encode.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kMostSegments = 1'000'000;

[[noreturn]] void damaged(const char* why) {
  throw Error(ErrorKind::verification, std::string("a sparse file's map is damaged: ") + why);
}

// A decimal line at `at`, which moves behind it.
std::uint64_t number_at(std::string_view text, std::size_t& at) {
  std::uint64_t value = 0;
  const char* const begin = text.data() + at;
  const char* const stop = text.data() + text.size();
  const auto [end, error] = std::from_chars(begin, stop, value);
  if (error != std::errc{} || end == stop || *end != '\n') damaged("a number is wrong or missing");
  at += static_cast<std::size_t>(end - begin) + 1;
  return value;
}

}  // namespace

SparseMap parse_sparse_map(ByteSpan data, std::uint64_t logical_bytes, std::uint64_t stored_bytes) {
  const std::string_view text = text_of(data);
  std::size_t at = 0;
  const std::uint64_t count = number_at(text, at);
  if (count > kMostSegments) damaged("it has too many segments");
  SparseMap map;
  std::uint64_t data_bytes = 0, last_end = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    SparseSegment segment;
    segment.offset = number_at(text, at);
    segment.length = number_at(text, at);
    if (segment.offset < last_end || segment.offset > logical_bytes ||
        segment.length > logical_bytes - segment.offset) {
      damaged("a segment lies outside of the file");
    }
    last_end = segment.offset + segment.length;
    data_bytes += segment.length;
    if (segment.length > 0) map.segments.push_back(segment);
  }
  map.map_bytes = at + padding_to_block(at);
  if (map.map_bytes > data.size() || map.map_bytes + data_bytes != stored_bytes) {
    damaged("it does not fit the length of the data");
  }
  return map;
}

}  // namespace wobackup
