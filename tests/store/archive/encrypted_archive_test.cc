// An encrypted archive is read in part: a few chunks, however large it is.
#include <gtest/gtest.h>

#include "age/made_age.h"
#include "fakes/memory_file.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/archive_reader.h"
#include "store/archive/made_archive.h"

namespace wobackup {
namespace {

class EncryptedArchive : public ::testing::Test {
 protected:
  EncryptedArchive() {
    test::Making making;
    making.files.clear();
    for (int i = 0; i < 40; ++i) {
      const ByteVector noise =
          test::made_bytes(400'000 + static_cast<std::size_t>(i), static_cast<std::uint32_t>(i) * 7919);
      making.files.emplace_back("htdocs/f" + std::to_string(10 + i), std::string(text_of(noise)));
    }
    plain_ = test::made_archive(making);
    file_ = std::make_unique<test::MemoryFile>(test::encrypted(plain_, test::recipients_for(identity_)));
  }
  [[nodiscard]] std::uint64_t bytes_read() const {
    std::uint64_t bytes = 0;
    for (const auto& read : file_->reads()) bytes += read.bytes;
    return bytes;
  }

  X25519Identity identity_ = X25519Identity::generate();
  ByteVector plain_;
  std::unique_ptr<test::MemoryFile> file_;
};

TEST_F(EncryptedArchive, MetadataAndList_ReadAFewChunks) {
  ASSERT_GT(file_->size(), 15'000'000U);
  const auto content = test::opened(*file_, identity_);
  ASSERT_EQ(content->size(), plain_.size());
  EXPECT_EQ(read_metadata(*content, SearchDepth::beginning).vhost["backup_reason"], "test");
  EXPECT_LE(bytes_read(), 8 * kSealedChunkBytes);
  const ArchiveReader reader(*content);
  std::size_t entries = 0;
  reader.entries([&](const ManifestEntry&) { ++entries; });
  EXPECT_EQ(entries, 41U);
  EXPECT_LE(bytes_read(), 12 * kSealedChunkBytes);
}

TEST_F(EncryptedArchive, OneFile_ReadsItsFramesOnly) {
  const auto content = test::opened(*file_, identity_);
  const ArchiveReader reader(*content);
  std::uint64_t bytes = 0;
  reader.read_file("htdocs/f20", [&](ByteSpan piece) { bytes += piece.size(); });
  EXPECT_EQ(bytes, 400'010U);
  EXPECT_LE(bytes_read(), (std::size_t{5} << 20U) + 12 * kSealedChunkBytes);  // a bundle has about 4 MiB
}

}  // namespace
}  // namespace wobackup
