// A stream hashed by others, and messages in slices, against OpenSSL.
#include "crypto/stream_hash.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crypto/sha256_many.h"

namespace wobackup {
namespace {

std::string noise(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// Offers of `piece` bytes.
void offer_all(StreamHash& hash, std::string_view bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) hash.offer(bytes_of(bytes.substr(at, piece)));
}

TEST(StreamHash, HashedByNobodyElse_CatchesUpAlone) {
  std::mt19937 random(1);
  for (const std::size_t size : {0U, 1U, 55U, 56U, 63U, 64U, 65U, 127U, 4096U, 100'000U}) {
    const std::string bytes = noise(random, size);
    StreamHash hash;
    offer_all(hash, bytes, 640);
    hash.catch_up(size);
    EXPECT_EQ(hash.passed_bytes(), size);
    EXPECT_EQ(hex(hash.finish()), hex(sha256(bytes_of(bytes)))) << size;
  }
}

TEST(StreamHash, CatchUp_GoesNoFurtherThanAsked) {
  std::mt19937 random(2);
  const std::string bytes = noise(random, 64'000);
  StreamHash hash;
  offer_all(hash, bytes, 6400);
  hash.catch_up(1);
  EXPECT_EQ(hash.passed_bytes(), 6400U);
  hash.catch_up(bytes.size());
  EXPECT_EQ(hex(hash.finish()), hex(sha256(bytes_of(bytes))));
}

TEST(StreamHash, BesideMessages_BothAreRight) {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const std::string bytes = noise(random, random() % 50'000);
    StreamHash hash;
    offer_all(hash, bytes, 64 * (random() % 100 + 1));
    std::vector<std::string> texts;
    for (std::size_t i = random() % 6; i > 0; --i) texts.push_back(noise(random, random() % 30'000));
    std::vector<ByteSpan> messages;
    for (const std::string& text : texts) messages.push_back(bytes_of(text));
    std::vector<Sha256Digest> digests(messages.size());
    sha256_many(messages, digests, &hash);
    for (std::size_t i = 0; i < messages.size(); ++i) EXPECT_EQ(hex(digests[i]), hex(sha256(messages[i])));
    if (sha256_has_lanes() && !messages.empty() && bytes.size() >= 64) {
      EXPECT_GT(hash.passed_bytes(), 0U);
    }
    hash.catch_up(bytes.size());
    EXPECT_EQ(hex(hash.finish()), hex(sha256(bytes_of(bytes))));
  }
}

TEST(StreamHash, ManyThreadsAtOnce_EverySumIsRight) {
  std::mt19937 random(4);
  const std::string bytes = noise(random, 8'000'003);
  StreamHash hash;
  std::atomic<bool> ended{false};
  std::vector<std::jthread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&hash, &ended, seed] {
      std::mt19937 own(seed);
      const std::string text = noise(own, 300'000);
      const std::string expected = hex(sha256(bytes_of(text)));
      while (!ended) {
        Sha256Digest digest{};
        const ByteSpan message = bytes_of(text);
        sha256_many({&message, 1}, {&digest, 1}, &hash);
        EXPECT_EQ(hex(digest), expected);
      }
    });
  }
  for (std::size_t at = 0; at < bytes.size(); at += 64'000) {
    hash.offer(bytes_of(std::string_view(bytes).substr(at, 64'000)));
    if (at % 640'000 == 0) hash.catch_up(at);
  }
  hash.catch_up(bytes.size());
  ended = true;
  threads.clear();
  EXPECT_EQ(hex(hash.finish()), hex(sha256(bytes_of(bytes))));
}

TEST(SlicedSha256, Slices_AreOneMessage) {
  std::mt19937 random(5);
  for (const std::size_t size : {0U, 1U, 63U, 64U, 640U, 641U, 100'000U}) {
    const std::string bytes = noise(random, size), other = noise(random, 50'000);
    StreamHash beside;
    offer_all(beside, other, 6400);
    SlicedSha256 hash;
    for (std::size_t at = 0; at < size; at += 640) {
      hash.update(bytes_of(std::string_view(bytes).substr(at, 640)), at % 1280 == 0 ? &beside : nullptr);
    }
    EXPECT_EQ(hex(hash.finish()), hex(sha256(bytes_of(bytes)))) << size;
    beside.catch_up(other.size());
    EXPECT_EQ(hex(beside.finish()), hex(sha256(bytes_of(other))));
  }
}

}  // namespace
}  // namespace wobackup
