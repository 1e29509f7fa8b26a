// Tar headers: what is decoded can be encoded, and then decodes to the same.
#include "container/tar_decode.h"
#include "container/tar_encode.h"
#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

constexpr std::string_view kTop = "2025-01-20_14-25-30";

// Mutations break the checksum of a header; without this nothing behind that check would ever run.
ByteVector with_checksums(ByteSpan input) {
  ByteVector blocks(input.begin(), input.end());
  for (std::size_t at = 0; at + kTarBlockBytes <= blocks.size(); at += kTarBlockBytes) {
    const std::string_view magic = text_of(ByteSpan(blocks).subspan(at + 257, 5));
    if (magic != "ustar") continue;
    unsigned sum = 0;
    for (std::size_t i = 0; i < kTarBlockBytes; ++i) {
      sum += i >= 148 && i < 156 ? 32U : std::to_integer<unsigned>(blocks[at + i]);
    }
    for (std::size_t i = 0; i < 6; ++i) {
      blocks[at + 148 + i] = static_cast<std::byte>('0' + ((sum >> (15 - 3 * i)) & 7U));
    }
    blocks[at + 154] = std::byte{0};
    blocks[at + 155] = std::byte{' '};
  }
  return blocks;
}

void check_round_trip(TarMember member) {
  Entry& entry = member.entry;
  if (entry.sparse) return;  // its segments are in its data
  if (entry.type == EntryType::hardlink && entry.link.empty()) return;
  ByteVector blocks;
  append_tar_header(blocks, entry, kTop);
  const auto again = decode_tar_member(blocks);
  test::require(again.has_value() && again->header_bytes == blocks.size(), "an encoded header decodes");
  const Entry& result = again->entry;
  const std::string top(kTop);
  test::require(result.path == top + "/" + entry.path, "path");
  test::require(result.link == (entry.type == EntryType::hardlink ? top + "/" + entry.link : entry.link), "link");
  test::require(result.type == entry.type && result.mode == entry.mode, "type and mode");
  test::require(result.size == entry.size && again->data_bytes == stored_size(entry), "size");
  test::require(result.mtime == entry.mtime, "mtime");
  test::require(result.uid == entry.uid && result.gid == entry.gid, "owner");
  test::require(result.user == entry.user && result.group == entry.group, "owner's names");
  test::require(result.acl_access == entry.acl_access && result.acl_default == entry.acl_default, "ACLs");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteVector blocks = with_checksums(test::bytes_at(data, size));
  ByteSpan rest = blocks;
  try {
    for (int members = 0; members < 64; ++members) {
      auto member = decode_tar_member(rest);
      if (!member) return 0;
      test::require(member->header_bytes <= rest.size() && member->header_bytes % kTarBlockBytes == 0, "header length");
      test::require(!member->entry.path.empty(), "a member has a path");
      rest = rest.subspan(member->header_bytes);
      const std::uint64_t padding = padding_to_block(member->data_bytes);
      const std::uint64_t data_bytes = member->data_bytes;
      try {
        check_round_trip(std::move(*member));
      } catch (const Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        test::require(false, "an encoded header decodes");
      }
      if (data_bytes > rest.size() || padding > rest.size() - data_bytes) return 0;
      rest = rest.subspan(static_cast<std::size_t>(data_bytes + padding));
    }
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::verification, "a bad header is a verification error");
  }
  return 0;
}
