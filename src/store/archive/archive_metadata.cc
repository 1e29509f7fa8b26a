#include "store/archive/archive_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "container/container_reader.h"
#include "container/frame_decode.h"
#include "container/tar_decode.h"
#include "container/tar_encode.h"
#include "store/archive/vhost_search.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kQuickSearchBytes = std::uint64_t{8} << 20U;
constexpr std::size_t kBeginningBytes = std::size_t{256} << 10U;

// The first frame of an archive of this program holds the top folder and its vhost.json, and nothing else. Nothing if
// that is not so. Throws Error verification for what is no tar.
std::optional<std::string_view> vhost_of_first_frame(ByteSpan plain) {
  const auto top = decode_tar_member(plain);
  if (!top || top->entry.type != EntryType::directory) return std::nullopt;
  ByteSpan rest = plain.subspan(top->header_bytes);
  const auto vhost = decode_tar_member(rest);
  if (!vhost || vhost->entry.type != EntryType::file || vhost->entry.sparse ||
      vhost->entry.path != top->entry.path + "/vhost.json") {
    return std::nullopt;
  }
  rest = rest.subspan(vhost->header_bytes);
  if (vhost->data_bytes > rest.size() || vhost->data_bytes + padding_to_block(vhost->data_bytes) != rest.size()) {
    return std::nullopt;
  }
  return text_of(rest.first(static_cast<std::size_t>(vhost->data_bytes)));
}

}  // namespace

// Cut off at a frame's border, an archive of this program is still fine for zstd and even for tar. Its first frame,
// which no other program makes, tells where it comes from.
bool begins_like_ours(const RandomAccess& file) {
  ByteVector bytes(static_cast<std::size_t>(std::min<std::uint64_t>(kBeginningBytes, file.size())));
  bytes.resize(file.read(0, bytes));
  const std::size_t frame_bytes = frame_bytes_at(bytes);
  if (frame_bytes == 0) return false;
  try {
    const ByteSpan frame = ByteSpan(bytes).first(frame_bytes);
    const ByteVector plain = decode_frame(frame);
    return vhost_of_first_frame(plain).has_value();
  } catch (const Error&) {
    return false;
  }
}

Json vhost_from(const RandomAccess& file, std::string_view text) {
  std::optional<Json> vhost = untrusted_json(text);
  if (!vhost || !vhost->is_object()) {
    throw Error(ErrorKind::verification, fmt::format("{}: its vhost.json is not a usable JSON object", file.name()));
  }
  return *std::move(vhost);
}

Json vhost_of(const RandomAccess& file, const ContainerReader& container) {
  const ByteVector plain = container.read_frame(0);
  std::optional<std::string_view> text;
  try {
    text = vhost_of_first_frame(plain);
  } catch (const Error& error) {
    throw error.in(file.name());
  }
  if (!text) {
    throw Error(ErrorKind::verification, fmt::format("{} is damaged: its first frame has no vhost.json", file.name()));
  }
  return vhost_from(file, *text);
}

void require_foreign(const RandomAccess& file) {
  if (!begins_like_ours(file)) return;
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: its end is missing", file.name()),
              "it was cut off or overwritten; `restore --target DIR --salvage` brings back what is left of it");
}

ArchiveMetadata read_metadata(const RandomAccess& file, SearchDepth depth) {
  ArchiveMetadata metadata;
  if (const auto container = ContainerReader::open(file)) {
    metadata.vhost = vhost_of(file, *container);
    metadata.header = container->read_manifest_header();
    return metadata;
  }
  require_foreign(file);
  const VhostSearch search =
      find_vhost(file, depth == SearchDepth::whole ? std::nullopt : std::optional(kQuickSearchBytes));
  if (search.text) metadata.vhost = vhost_from(file, *search.text);
  if (!search.text && search.whole) {
    throw Error(ErrorKind::verification, fmt::format("{} has no vhost.json: it is no backup of a site", file.name()));
  }
  return metadata;
}

}  // namespace wobackup
