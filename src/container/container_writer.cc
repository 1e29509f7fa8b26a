#include "container/container_writer.h"

#include <fmt/format.h>

#include <limits>

#include "container/locator.h"
#include "container/seek_table.h"
#include "container/skippable_frame.h"
#include "crypto/sha256.h"

namespace wobackup {
namespace {

std::uint32_t narrow(std::uint64_t bytes, const char* what) {
  if (bytes > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::failed, fmt::format("the {} is larger than 4 GiB, which its format does not allow", what));
  }
  return static_cast<std::uint32_t>(bytes);
}

}  // namespace

ContainerWriter::ContainerWriter(ByteOutput& output)
    : output_(output), seek_table_(std::make_unique<SeekTableBuilder>()) {}

ContainerWriter::~ContainerWriter() = default;

void ContainerWriter::write(ByteSpan bytes) {
  output_.write(bytes);
  written_bytes_ += bytes.size();
}

FramePlace ContainerWriter::take(ByteSpan compressed, std::uint64_t plain_bytes) {
  return append_frame(compressed.size(), plain_bytes, [&](const auto& sink) { sink(compressed); });
}

FramePlace ContainerWriter::append_frame(std::uint64_t compressed_bytes, std::uint64_t plain_bytes,
                                         const std::function<void(const std::function<void(ByteSpan)>&)>& copy) {
  const FramePlace place{plain_bytes_};
  copy([this](ByteSpan piece) { write(piece); });
  seek_table_->add(narrow(compressed_bytes, "frame"), narrow(plain_bytes, "frame"));
  plain_bytes_ += plain_bytes;
  return place;
}

void ContainerWriter::finish(std::uint64_t manifest_bytes, const ManifestPayload& manifest) {
  Sha256 hash;
  manifest([&](ByteSpan piece) { hash.update(piece); });

  manifest_sha256_ = hash.finish();
  ByteVector header;
  append_le(header, kSkippableMagic);
  append_le(header, narrow(manifest_bytes, "manifest"));
  const Locator locator{.manifest_offset = written_bytes_ + kSkippableHeaderBytes,
                        .manifest_bytes = manifest_bytes,
                        .manifest_sha256 = manifest_sha256_,
                        .tar_bytes = plain_bytes_};
  write(header);
  manifest([this](ByteSpan piece) { write(piece); });
  seek_table_->add(narrow(manifest_bytes + kSkippableHeaderBytes, "manifest"), 0);
  const ByteVector encoded = encode_locator(locator);
  write(encoded);
  seek_table_->add(static_cast<std::uint32_t>(encoded.size()), 0);
  write(seek_table_->encode());
}

}  // namespace wobackup
