// The two-lane code against OpenSSL's.
#include "crypto/sha256_many.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace wobackup {
namespace {

std::string noise(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

void expect_same(const std::vector<std::string>& texts) {
  std::vector<ByteSpan> messages;
  for (const std::string& text : texts) messages.push_back(bytes_of(text));
  std::vector<Sha256Digest> digests(messages.size());
  sha256_many(messages, digests);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(hex(digests[i]), hex(sha256(messages[i]))) << i << " of " << texts.size() << ", " << texts[i].size();
  }
}

TEST(Sha256Many, NoMessage_IsFine) { expect_same({}); }

TEST(Sha256Many, EveryLengthAroundTheBlocks_IsAsOpenSslSays) {
  std::mt19937 random(1);
  std::vector<std::string> texts;
  for (std::size_t size = 0; size <= 260; ++size) texts.push_back(noise(random, size));
  expect_same(texts);
}

TEST(Sha256Many, OneMessage_IsHashedAlone) {
  std::mt19937 random(2);
  for (const std::size_t size : {0U, 55U, 56U, 63U, 64U, 65U, 100'000U}) expect_same({noise(random, size)});
}

TEST(Sha256Many, MixedLengths_AreAsOpenSslSays) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::string> texts;
    for (std::size_t i = random() % 9; i > 0; --i)
      texts.push_back(noise(random, random() % (round % 5 == 0 ? 200'000 : 700)));
    expect_same(texts);
  }
}

}  // namespace
}  // namespace wobackup
