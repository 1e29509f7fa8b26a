// Reading a part, and everything that can happen to a file.
#include "age/age_random_access.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "age/made_age.h"
#include "fakes/memory_file.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::refuses;

constexpr std::size_t kSealed = kSealedChunkBytes;

// Five and a half chunks.
class AgeRandomAccessTest : public testing::Test {
 protected:
  [[nodiscard]] std::size_t chunks_begin() const { return read_age_structure(file_).chunks_begin; }
  [[nodiscard]] ByteVector::iterator chunk(std::size_t index) {
    return file_.bytes().begin() + static_cast<std::ptrdiff_t>(chunks_begin() + index * kSealed);
  }
  void read_all() const { static_cast<void>(test::decrypted(file_, identity_)); }

  X25519Identity identity_ = X25519Identity::generate();
  ByteVector plain_ = test::made_bytes(5 * kAgeChunkBytes + 30'000);
  test::MemoryFile file_{test::encrypted(plain_, test::recipients_for(identity_))};
};

TEST_F(AgeRandomAccessTest, AnyRange_IsTheSameAsInThePlaintext) {
  const auto access = test::opened(file_, identity_);
  ASSERT_EQ(access->size(), plain_.size());
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    const std::size_t offset = random() % (plain_.size() + 10);
    ByteVector bytes(random() % 200'000);
    const std::size_t expected = offset >= plain_.size() ? 0 : std::min(bytes.size(), plain_.size() - offset);
    ASSERT_EQ(access->read(offset, bytes), expected);
    ASSERT_TRUE(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(expected),
                           plain_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, plain_.size()))));
  }
}

TEST_F(AgeRandomAccessTest, SmallRead_TouchesOneChunk) {
  const auto access = test::opened(file_, identity_);
  const std::size_t before = file_.reads().size();
  ByteVector bytes(100);
  for (std::size_t i = 0; i < 50; ++i) ASSERT_EQ(access->read(2 * kAgeChunkBytes + i * 100, bytes), bytes.size());
  ASSERT_EQ(file_.reads().size(), before + 1);
  EXPECT_EQ(file_.reads().back().bytes, kSealed);
}

TEST_F(AgeRandomAccessTest, SeveralThreads_SeeTheSame) {
  const auto access = test::opened(file_, identity_);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        std::mt19937 random(i);
        for (int round = 0; round < 100; ++round) {
          const std::size_t offset = random() % (plain_.size() - 1);
          ByteVector bytes(std::min<std::size_t>(random() % 150'000, plain_.size() - offset));
          if (access->read(offset, bytes) != bytes.size() ||
              !std::equal(bytes.begin(), bytes.end(), plain_.begin() + static_cast<std::ptrdiff_t>(offset))) {
            ++wrong;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(AgeRandomAccessTest, ChangedByte_RefusesItsChunkAndGivesOutNothingOfIt) {
  chunk(2)[1000] ^= std::byte{1};
  const auto access = test::opened(file_, identity_);
  ByteVector bytes(kAgeChunkBytes);
  EXPECT_EQ(access->read(kAgeChunkBytes, bytes), bytes.size());
  bytes.assign(bytes.size(), std::byte{0x55});
  EXPECT_TRUE(refuses([&] { static_cast<void>(access->read(2 * kAgeChunkBytes, bytes)); }, "chunk 2"));
  const ByteVector wiped(bytes.size());
  EXPECT_EQ(bytes, wiped) << "bytes that were not authenticated must not stay in the caller's buffer";
  EXPECT_TRUE(refuses([&] { static_cast<void>(access->read(2 * kAgeChunkBytes + 5, MutableByteSpan(bytes).first(5))); },
                      "chunk 2"));
  EXPECT_EQ(access->read(3 * kAgeChunkBytes, bytes), bytes.size());
}

TEST_F(AgeRandomAccessTest, ChunksSwapped_AreRefused) {
  std::swap_ranges(chunk(1), chunk(2), chunk(2));
  EXPECT_TRUE(refuses([&] { read_all(); }, "chunk 1 is not the one that was written there"));
}

TEST_F(AgeRandomAccessTest, ChunkDuplicated_IsRefused) {
  const ByteVector copy(chunk(1), chunk(2));
  file_.bytes().insert(chunk(2), copy.begin(), copy.end());
  EXPECT_TRUE(refuses([&] { read_all(); }, "the encrypted data is damaged"));
}

TEST_F(AgeRandomAccessTest, ChunkRemoved_IsRefused) {
  file_.bytes().erase(chunk(1), chunk(2));
  EXPECT_TRUE(refuses([&] { read_all(); }, "the encrypted data is damaged"));
}

TEST_F(AgeRandomAccessTest, CutOff_IsRefusedWhereverItIs) {
  const ByteVector whole = file_.bytes();
  const std::size_t begin = chunks_begin();
  for (const std::size_t size : {begin + 5 * kSealed, begin + kSealed, begin + 5 * kSealed + 16, begin + 16, begin + 3,
                                 begin, whole.size() - 1}) {
    SCOPED_TRACE(size);
    file_.bytes().assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(refuses([&] { read_all(); }, "the encrypted data is damaged"));
  }
  file_.bytes().assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(begin + 3 * kSealed));
  EXPECT_TRUE(refuses([&] { read_all(); }, "it is cut off: its last chunk is missing"));
  for (std::size_t size = 0; size < begin; ++size) {
    file_.bytes().assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(refuses([&] { read_all(); }, "the age header is malformed")) << size;
  }
}

TEST_F(AgeRandomAccessTest, Appended_IsRefused) {
  for (const std::size_t more : {std::size_t{1}, std::size_t{16}, std::size_t{40'000}, kSealed}) {
    SCOPED_TRACE(more);
    const ByteVector whole = file_.bytes();
    file_.bytes().resize(whole.size() + more);
    EXPECT_TRUE(refuses([&] { read_all(); }, "the encrypted data is damaged"));
    file_.bytes() = whole;
  }
}

TEST_F(AgeRandomAccessTest, HeaderWithOneMoreRecipient_IsRefused) {
  const std::string mark = "---";
  const auto place =
      std::search(file_.bytes().begin(), file_.bytes().end(), bytes_of(mark).begin(), bytes_of(mark).end());
  const ByteSpan stanza = bytes_of("-> joint\n\n");
  file_.bytes().insert(place, stanza.begin(), stanza.end());
  EXPECT_TRUE(refuses([&] { read_all(); }, "HMAC is wrong"));
}

TEST_F(AgeRandomAccessTest, HeaderOfAThousandRecipients_IsRead) {
  Recipients recipients = test::recipients_for(identity_);
  for (int i = 0; i < 1000; ++i) {
    recipients.push_back(std::move(test::recipients_for(X25519Identity::generate()).front()));
  }
  const test::MemoryFile file(test::encrypted(plain_, recipients));
  EXPECT_EQ(test::decrypted(file, identity_), plain_);
}

TEST_F(AgeRandomAccessTest, HeaderWithoutEnd_IsRefusedWithoutReadingTheFile) {
  std::string text = "age-encryption.org/v1\n-> X25519 abc\n";
  for (int i = 0; i < 20'000; ++i) text += std::string(64, 'A') + "\n";
  const test::MemoryFile file(bytes_of(text));
  EXPECT_TRUE(refuses([&] { static_cast<void>(read_age_header(file)); }, "the age header is malformed"));
  for (const auto& read : file.reads()) EXPECT_LE(read.offset + read.bytes, kLongestAgeHeader);
}

}  // namespace
}  // namespace wobackup
