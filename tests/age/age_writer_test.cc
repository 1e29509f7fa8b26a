// What is written can be read, whatever its length and however it came.
#include "age/age_writer.h"

#include <gtest/gtest.h>

#include "age/made_age.h"
#include "age/scrypt_passphrase.h"
#include "fakes/memory_file.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLengths[] = {0,
                                    1,
                                    65535,
                                    65536,
                                    65537,
                                    131072,
                                    (std::size_t{1} << 20U) - 1,
                                    std::size_t{1} << 20U,
                                    (std::size_t{1} << 20U) + 1,
                                    5'000'000};

TEST(AgeWriter, AnyLengthInAnyPieces_ComesBack) {
  const X25519Identity identity = X25519Identity::generate();
  for (const unsigned threads : {0U, 1U, 3U}) {
    for (const std::size_t length : kLengths) {
      const ByteVector plain = test::made_bytes(length);
      for (const std::size_t pieces : {std::size_t{65536}, std::size_t{100'003}, std::size_t{10'000'000}}) {
        SCOPED_TRACE(testing::Message() << length << " bytes in pieces of " << pieces << ", " << threads << " threads");
        const test::MemoryFile file(test::encrypted(plain, test::recipients_for(identity), threads, pieces));
        EXPECT_EQ(test::decrypted(file, identity), plain);
        const AgeStructure structure = read_age_structure(file);
        EXPECT_EQ(structure.shape.plain_bytes, length);
        EXPECT_EQ(file.size(),
                  structure.header.bytes + 16 + length + 16 * std::max<std::size_t>(1, (length + 65535) / 65536));
      }
    }
  }
}

TEST(AgeWriter, SeveralRecipients_EachOpensIt) {
  const X25519Identity first = X25519Identity::generate(), second = X25519Identity::generate(),
                       stranger = X25519Identity::generate();
  Recipients recipients = test::recipients_for(first);
  recipients.push_back(std::move(test::recipients_for(second).front()));
  const ByteVector plain = test::made_bytes(100);
  const test::MemoryFile file(test::encrypted(plain, recipients));
  EXPECT_EQ(test::decrypted(file, first), plain);
  EXPECT_EQ(test::decrypted(file, second), plain);
  EXPECT_FALSE(stranger.unwrap(read_age_header(file).stanzas));
}

TEST(AgeWriter, Passphrase_OpensIt) {
  Recipients recipients;
  recipients.push_back(std::make_unique<const ScryptPassphrase>(Secret(std::string_view("correct horse")), 10));
  const ByteVector plain = test::made_bytes(70'000);
  const test::MemoryFile file(test::encrypted(plain, recipients));
  const AgeStructure structure = read_age_structure(file);
  EXPECT_TRUE(structure.header.has_passphrase());
  EXPECT_FALSE(ScryptPassphrase(Secret(std::string_view("wrong horse"))).unwrap(structure.header.stanzas));
  const auto key = ScryptPassphrase(Secret(std::string_view("correct horse"))).unwrap(structure.header.stanzas);
  ASSERT_TRUE(key);
  const AgeRandomAccess access(file, structure, *key);
  ByteVector bytes(plain.size());
  ASSERT_EQ(access.read(0, bytes), plain.size());
  EXPECT_EQ(bytes, plain);
}

TEST(AgeWriter, SameContentTwice_IsDifferentInEveryByteThatMatters) {
  const X25519Identity identity = X25519Identity::generate();
  const ByteVector plain(200'000);
  const ByteVector one = test::encrypted(plain, test::recipients_for(identity)),
                   two = test::encrypted(plain, test::recipients_for(identity));
  ASSERT_EQ(one.size(), two.size());
  EXPECT_FALSE(std::equal(one.end() - 200'000, one.end() - 199'900, two.end() - 200'000));
}

TEST(AgeWriter, OutputThatFails_EndsTheWriting) {
  class Full final : public ByteOutput {
   public:
    void write(ByteSpan bytes) override {
      written += bytes.size();
      if (written > 3'000'000) throw Error(ErrorKind::no_space, "the disk is full");
    }
    std::size_t written = 0;
  };
  const X25519Identity identity = X25519Identity::generate();
  for (const unsigned threads : {0U, 2U}) {
    Full output;
    const ByteVector plain = test::made_bytes(9'000'000);
    EXPECT_THROW(
        {
          AgeWriter writer(output, test::recipients_for(identity), threads);
          writer.write(plain);
          writer.finish();
        },
        Error);
  }
}

}  // namespace
}  // namespace wobackup
