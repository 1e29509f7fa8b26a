#include "backend/conformance.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "backend/ordered_reading.h"
#include "backend/read_ahead.h"
#include "fakes/refusal.h"
#include "wobackup/error.h"

namespace wobackup::test {

ByteVector noise(std::size_t size, unsigned seed) {
  std::mt19937_64 random(seed);
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; i += 8) {
    std::uint64_t value = random();
    for (std::size_t j = i; j < std::min(i + 8, size); ++j, value >>= 8U) bytes[j] = static_cast<std::byte>(value);
  }
  return bytes;
}

std::size_t hidden_files(const std::filesystem::path& folder) {
  std::size_t count = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
    if (item.path().filename().string().starts_with('.')) ++count;
  }
  return count;
}

bool put(Backend& backend, const std::string& key, ByteSpan bytes, const PutOptions& options) {
  const std::unique_ptr<Upload> upload = backend.put(key, options);
  // Pieces of all sizes, as they come from a compressor.
  for (std::size_t size = 1; !bytes.empty(); size = size * 5 + 3) {
    const std::size_t count = std::min(size % 3'000'000, bytes.size());
    upload->write(bytes.first(count));
    bytes = bytes.subspan(count);
  }
  return upload->commit();
}

ByteVector content_of(ObjectReader& reader, const std::string& key) {
  const std::unique_ptr<OpenObject> object = reader.open(key, {});
  ByteVector bytes;
  read_in_order(*object, 0, object->size(), {.parallel = 3, .piece_bytes = 1'000'000},
                [&](ByteSpan piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  return bytes;
}

std::vector<std::string> keys_of(ObjectReader& reader, const std::string& prefix, const std::string& after) {
  std::vector<std::string> keys;
  reader.list(prefix, after, [&](const ObjectInfo& info) {
    keys.push_back(info.key);
    return true;
  });
  return keys;
}

namespace {

using Keys = std::vector<std::string>;

// More than one part of S3's, more than one window of SFTP's.
constexpr std::size_t kLarge = 13'000'001;

ByteVector text(std::string_view content) {
  const ByteSpan bytes = bytes_of(content);
  return {bytes.begin(), bytes.end()};
}

TEST_P(BackendConformance, WhatIsPutComesBack) {
  unsigned seed = 0;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{300'001}, kLarge}) {
    const std::string key = "sizes/" + std::to_string(size);
    const ByteVector bytes = noise(size, ++seed);
    ASSERT_TRUE(put(backend(), key, bytes));
    const auto other = another();
    const std::optional<ObjectInfo> info = other->stat(key);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->key, key);
    EXPECT_EQ(info->size_bytes, size);
    EXPECT_TRUE(content_of(*other, key) == bytes) << size;
  }
}

TEST_P(BackendConformance, NothingIsSeenBeforeCommit) {
  ASSERT_TRUE(put(backend(), "a/first", text("x")));
  const auto upload = backend().put("a/late", {});
  upload->write(noise(kLarge));
  const auto other = another();
  EXPECT_FALSE(other->stat("a/late"));
  EXPECT_EQ(keys_of(*other), Keys{"a/first"});
  EXPECT_NE(refusal([&] { static_cast<void>(other->open("a/late", {})); }, ErrorKind::not_found), "");
  ASSERT_TRUE(upload->commit());
  EXPECT_TRUE(other->stat("a/late"));
  EXPECT_EQ(keys_of(*other), (Keys{"a/first", "a/late"}));
}

TEST_P(BackendConformance, DroppedUpload_LeavesNothing) {
  ASSERT_TRUE(put(backend(), "kept", text("x")));
  backend().put("dropped/small", {})->write(noise(1000));
  backend().put("dropped/large", {})->write(noise(kLarge));
  EXPECT_EQ(keys_of(backend()), Keys{"kept"});
  EXPECT_FALSE(backend().stat("dropped/large"));
  EXPECT_TRUE(put(backend(), "dropped/large", text("again")));
}

TEST_P(BackendConformance, ExistingObject_IsNotReplacedUnlessAllowed) {
  for (const std::size_t size : {std::size_t{10}, kLarge}) {
    const std::string key = "taken-" + std::to_string(size);
    ASSERT_TRUE(put(backend(), key, text("old")));
    EXPECT_FALSE(put(backend(), key, noise(size)));
    EXPECT_EQ(content_of(backend(), key), text("old"));
    EXPECT_TRUE(put(backend(), key, noise(size), {.size_hint_bytes = size, .replace = true}));
    EXPECT_TRUE(content_of(backend(), key) == noise(size));
    EXPECT_TRUE(put(backend(), key, noise(size), {.size_hint_bytes = size, .replace = true})) << "by the same bytes";
    EXPECT_TRUE(content_of(backend(), key) == noise(size));
  }
}

TEST_P(BackendConformance, ReplacedObject_IsNeverReadMixed) {
  const ByteVector old = noise(4'000'000, 1);
  ASSERT_TRUE(put(backend(), "changing", old));
  const auto object = backend().open("changing", {});
  ByteVector part(1000);
  ASSERT_EQ(object->read(0, part), part.size());
  ASSERT_TRUE(put(*another(), "changing", noise(4'000'001, 2), {.size_hint_bytes = {}, .replace = true}));
  try {
    ASSERT_EQ(object->read(2'000'000, part), part.size());
    EXPECT_TRUE(std::equal(part.begin(), part.end(), old.begin() + 2'000'000));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification) << error.message();
  }
}

TEST_P(BackendConformance, RangesAreExact) {
  const ByteVector bytes = noise(700'000);
  ASSERT_TRUE(put(backend(), "ranges", bytes));
  const auto object = backend().open("ranges", {});
  ASSERT_EQ(object->size(), bytes.size());
  const auto expect_range = [&](std::size_t offset, std::size_t size) {
    ByteVector part(size);
    const std::size_t expected = offset >= bytes.size() ? 0 : std::min(size, bytes.size() - offset);
    ASSERT_EQ(object->read(offset, part), expected);
    EXPECT_TRUE(std::equal(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(expected),
                           bytes.begin() + static_cast<std::ptrdiff_t>(std::min(offset, bytes.size()))))
        << offset << " " << size;
  };
  for (const std::size_t offset : {0U, 1U, 32'767U, 65'536U, 699'999U, 700'000U, 700'001U}) {
    for (const std::size_t size : {0U, 1U, 32'768U, 100'000U, 700'000U, 800'000U}) {
      if (offset + size != 1 || place().has_sound_ranges()) expect_range(offset, size);
    }
  }
}

TEST_P(BackendConformance, SeveralThreadsReadOneObject) {
  const ByteVector bytes = noise(2'000'000);
  ASSERT_TRUE(put(backend(), "shared", bytes));
  const auto object = backend().open("shared", {});
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        for (std::size_t round = 0; round < 5; ++round) {
          const std::size_t offset = i * 300'000 + round * 1'000;
          ByteVector part(150'000);
          const bool right = object->read(offset, part) == part.size() &&
                             std::equal(part.begin(), part.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
          if (!right) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(BackendConformance, SeveralThreadsWriteTheirOwnObjects) {
  std::atomic<int> refused{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 5; ++i) {
      threads.emplace_back([&, i] {
        if (!put(backend(), "many/" + std::to_string(i), noise(2'500'000, i))) ++refused;
      });
    }
  }
  EXPECT_EQ(refused, 0);
  for (unsigned i = 0; i < 5; ++i) {
    EXPECT_TRUE(content_of(backend(), "many/" + std::to_string(i)) == noise(2'500'000, i)) << i;
  }
}

TEST_P(BackendConformance, TwoThatCommitOneKey_OneIsTold) {
  if (!place().has_atomic_commit()) GTEST_SKIP() << "this kind of backend says that it cannot";
  const auto other = another();
  for (int round = 0; round < 5; ++round) {
    const std::string key = "race/" + std::to_string(round);
    const auto mine = backend().put(key, {});
    const auto theirs = other->put(key, {});
    mine->write(text("mine"));
    theirs->write(text("theirs"));
    std::atomic<int> committed{0};
    {
      const std::jthread one([&] { committed += mine->commit() ? 1 : 0; });
      const std::jthread two([&] { committed += theirs->commit() ? 1 : 0; });
    }
    EXPECT_EQ(committed, 1);
  }
}

TEST_P(BackendConformance, MissingObject) {
  ASSERT_TRUE(put(backend(), "there/a", text("x")));
  for (const char* key : {"there/b", "there", "there/a/b", "not/there/at/all"}) {
    EXPECT_FALSE(backend().stat(key)) << key;
    EXPECT_NE(refusal([&] { static_cast<void>(backend().open(key, {})); }, ErrorKind::not_found), "") << key;
    EXPECT_NE(refusal([&] { static_cast<void>(backend().open(key, {.tail_bytes = 100})); }, ErrorKind::not_found), "");
    backend().remove(key);
  }
  EXPECT_EQ(keys_of(backend()), Keys{"there/a"});
}

TEST_P(BackendConformance, RemovedObject_IsGone) {
  ASSERT_TRUE(put(backend(), "gone/a", text("x")));
  ASSERT_TRUE(put(backend(), "gone/b", text("x")));
  another()->remove("gone/a");
  EXPECT_FALSE(backend().stat("gone/a"));
  EXPECT_EQ(keys_of(backend()), Keys{"gone/b"});
  EXPECT_TRUE(put(backend(), "gone/a", text("new")));
  EXPECT_EQ(content_of(backend(), "gone/a"), text("new"));
}

TEST_P(BackendConformance, ListingIsSorted_AndTakesPrefixes) {
  for (const char* key :
       {"b/2", "a.txt", "a/1", "a/10", "a/2/x", "a-b", "ab/1", "z", "example.com/1", "example.com.au/1"})
    ASSERT_TRUE(put(backend(), key, text(key)));
  EXPECT_EQ(keys_of(backend()),
            (Keys{"a-b", "a.txt", "a/1", "a/10", "a/2/x", "ab/1", "b/2", "example.com.au/1", "example.com/1", "z"}));
  EXPECT_EQ(keys_of(backend(), "example.com/"), Keys{"example.com/1"});
  EXPECT_EQ(keys_of(backend(), "a"), (Keys{"a-b", "a.txt", "a/1", "a/10", "a/2/x", "ab/1"}));
  EXPECT_EQ(keys_of(backend(), "a/1"), (Keys{"a/1", "a/10"}));
  EXPECT_EQ(keys_of(backend(), "nothing"), Keys{});
  EXPECT_EQ(keys_of(backend(), "nothing/at/all"), Keys{});
  EXPECT_EQ(keys_of(backend(), "../"), Keys{});
  EXPECT_EQ(keys_of(backend(), "", "a/10"), (Keys{"a/2/x", "ab/1", "b/2", "example.com.au/1", "example.com/1", "z"}));
  EXPECT_EQ(keys_of(backend(), "a/", "a/1"), (Keys{"a/10", "a/2/x"}));
  EXPECT_EQ(keys_of(backend(), "", "zz"), Keys{});
}

TEST_P(BackendConformance, ListingTellsSizes_AndEndsWhenItIsTold) {
  for (unsigned i = 0; i < 30; ++i) ASSERT_TRUE(put(backend(), "n/" + std::to_string(100 + i), noise(i)));
  std::vector<std::uint64_t> sizes;
  backend().list("n/", "", [&](const ObjectInfo& info) {
    sizes.push_back(info.size_bytes);
    // Asking meanwhile is allowed.
    const std::optional<ObjectInfo> alone = backend().stat(info.key);
    EXPECT_TRUE(alone && alone->size_bytes == info.size_bytes && alone->version == info.version) << info.key;
    return sizes.size() < 20;
  });
  ASSERT_EQ(sizes.size(), 20U);
  for (unsigned i = 0; i < 20; ++i) EXPECT_EQ(sizes[i], i);
  EXPECT_THROW(backend().list("", "", [](const ObjectInfo&) -> bool { throw std::runtime_error("the visitor's"); }),
               std::runtime_error);
}

TEST_P(BackendConformance, TimesAreThoseOfNow) {
  if (GetParam().name.starts_with("memory")) GTEST_SKIP();
  ASSERT_TRUE(put(backend(), "timed", text("x")));
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::optional<ObjectInfo> info = backend().stat("timed");
  ASSERT_TRUE(info);
  EXPECT_LT(std::chrono::abs(info->modified - now), std::chrono::minutes(5));
}

TEST_P(BackendConformance, OddButGoodKeys) {
  const Keys keys{"a b/c+d",
                  "percent%41%/x",
                  "question?and=amp&hash#",
                  "quote'\"<xml>&amp;",
                  "tilde~/(par),[br]*!$",
                  "umlaut-\xc3\xa4/\xe6\x97\xa5\xe6\x9c\xac",
                  std::string(200, 'n') + "/" + std::string(200, 'm')};
  for (const std::string& key : keys) {
    ASSERT_TRUE(put(backend(), key, text(key))) << key;
    EXPECT_EQ(content_of(*another(), key), text(key));
  }
  Keys sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(keys_of(backend()), sorted);
  EXPECT_EQ(keys_of(backend(), "percent%41%/"), Keys{"percent%41%/x"});
  for (const std::string& key : keys) backend().remove(key);
  EXPECT_EQ(keys_of(backend()), Keys{});
}

TEST_P(BackendConformance, KeysThatAreNone_AreRefused) {
  for (const std::string& key :
       {std::string(""), std::string("/etc/passwd"), std::string("a/../b"), std::string(".."), std::string("a//b"),
        std::string("a/"), std::string(".hidden"), std::string("a/.b"), std::string("line\nbreak"),
        std::string("zero\0byte", 9), std::string("back\\slash"), std::string("bad\xffutf8"), std::string(201, 'x')}) {
    EXPECT_NE(refusal([&] { static_cast<void>(backend().stat(key)); }, ErrorKind::usage), "");
    EXPECT_NE(refusal([&] { static_cast<void>(backend().open(key, {})); }, ErrorKind::usage), "");
    EXPECT_NE(refusal([&] { static_cast<void>(backend().put(key, {})); }, ErrorKind::usage), "");
    EXPECT_NE(refusal([&] { backend().remove(key); }, ErrorKind::usage), "");
  }
}

TEST_P(BackendConformance, TailComesAlong) {
  const ByteVector bytes = noise(500'000);
  ASSERT_TRUE(put(backend(), "tail", bytes));
  ASSERT_TRUE(put(backend(), "nothing", {}));
  for (const std::size_t tail : {1U, 1000U, 65'536U, 500'000U, 900'000U}) {
    const auto object = backend().open("tail", {.tail_bytes = tail});
    ASSERT_EQ(object->size(), bytes.size());
    ByteVector all(bytes.size());
    ASSERT_EQ(object->read(0, all), all.size());
    EXPECT_TRUE(all == bytes) << tail;
    ByteVector end(777);
    ASSERT_EQ(object->read(bytes.size() - 777, end), end.size());
    EXPECT_TRUE(std::equal(end.begin(), end.end(), bytes.end() - 777));
  }
  EXPECT_TRUE(read_object(backend(), "tail", 500'000) == bytes);
  if (place().has_sound_ranges()) {
    EXPECT_EQ(backend().open("nothing", {.tail_bytes = 100})->size(), 0U);
    EXPECT_TRUE(read_object(backend(), "nothing", 10).empty());
  }
  EXPECT_TRUE(refuses([&] { static_cast<void>(read_object(backend(), "tail", 499'999)); }, "larger"));
}

TEST_P(BackendConformance, ReadAheadGivesTheSameBytes) {
  const ByteVector bytes = noise(900'000);
  ASSERT_TRUE(put(backend(), "ahead", bytes));
  const ReadAhead ahead(backend().open("ahead", {.tail_bytes = 65'536}));
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    const std::size_t offset = random() % 900'100;
    ByteVector part(random() % (i % 10 == 0 ? 300'000 : 5'000));
    const std::size_t expected = offset >= bytes.size() ? 0 : std::min(part.size(), bytes.size() - offset);
    ASSERT_EQ(ahead.read(offset, part), expected);
    ASSERT_TRUE(std::equal(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(expected),
                           bytes.begin() + static_cast<std::ptrdiff_t>(std::min(offset, bytes.size()))));
  }
}

TEST_P(BackendConformance, CancelledUpload_LeavesNothing) {
  ASSERT_TRUE(put(backend(), "before", text("x")));
  Cancellation cancellation;
  const auto cancelled = place().connect(cancellation);
  {
    const auto upload = cancelled->put("cancelled", {});
    upload->write(noise(kLarge));
    cancellation.cancel();
    try {
      for (int i = 0; i < 8; ++i) upload->write(noise(6'000'000));
      // Local folders and memory do not ask; the operation does.
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted) << error.message();
    }
  }
  EXPECT_EQ(keys_of(backend()), Keys{"before"});
  EXPECT_EQ(place().unfinished(), 0U);
}

}  // namespace
}  // namespace wobackup::test
