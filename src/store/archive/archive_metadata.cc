#include "store/archive/archive_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "container/container_reader.h"
#include "container/tar_decode.h"
#include "container/tar_encode.h"
#include "store/archive/foreign_archive.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kQuickSearchBytes = std::uint64_t{8} << 20U;

Json parse_vhost(const RandomAccess& file, std::string_view text) {
  Json vhost = Json::parse(text, nullptr, false);
  if (!vhost.is_object()) {
    throw Error(ErrorKind::verification, fmt::format("{}: its vhost.json is not a JSON object", file.name()));
  }
  return vhost;
}

// The first frame of an archive holds the top folder and vhost.json.
Json vhost_of_first_frame(const RandomAccess& file, const ContainerReader& container) {
  const ByteVector plain = container.read_frame(0);
  ByteSpan rest = plain;
  while (!rest.empty()) {
    const auto member = decode_tar_member(rest);
    if (!member) break;
    rest = rest.subspan(member->header_bytes);
    if (member->data_bytes > rest.size()) break;
    if (member->entry.path.ends_with("/vhost.json")) {
      return parse_vhost(file, text_of(rest.first(static_cast<std::size_t>(member->data_bytes))));
    }
    const std::uint64_t data = member->data_bytes + padding_to_block(member->data_bytes);
    rest = rest.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(data, rest.size())));
  }
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: its first frame has no vhost.json", file.name()));
}

}  // namespace

ArchiveMetadata read_metadata(const RandomAccess& file, SearchDepth depth) {
  ArchiveMetadata metadata;
  if (ContainerReader::looks_indexed(file)) {
    const ContainerReader container(file);
    metadata.vhost = vhost_of_first_frame(file, container);
    metadata.header = container.read_manifest_header();
    return metadata;
  }
  const auto text =
      find_vhost_json(file, depth == SearchDepth::whole ? std::nullopt : std::optional(kQuickSearchBytes));
  if (text) {
    metadata.vhost = parse_vhost(file, *text);
  } else if (depth == SearchDepth::whole) {
    throw Error(ErrorKind::verification, fmt::format("{} has no vhost.json: it is no backup of a site", file.name()));
  }
  return metadata;
}

}  // namespace wobackup
