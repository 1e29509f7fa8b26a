#include "container/known_manifest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "container/container_reader.h"
#include "container/made_container.h"
#include "fakes/memory_file.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::refuses;
using test::zstd_frame;

constexpr const char* kName = "x.tar.zst";

std::string line(const std::string& path) { return R"({"path":")" + path + R"(","type":"file","offset":512})" + "\n"; }

// Frames of the lines of these paths, after one of the header.
KnownManifest manifest_of(const std::vector<std::vector<std::string>>& frames) {
  ByteVector payload = zstd_frame("{\"format\":1}\n");
  for (const auto& paths : frames) {
    std::string lines;
    for (const std::string& path : paths) lines += line(path);
    const ByteVector frame = zstd_frame(lines);
    payload.insert(payload.end(), frame.begin(), frame.end());
  }
  return {std::move(payload), kName};
}

std::vector<std::string> paths_in(const KnownManifest& manifest, const PathRange& range) {
  std::vector<std::string> paths;
  manifest.lines(range, [&](std::string_view text) {
    paths.push_back(manifest_entry_from(text).entry.path);
    return true;
  });
  return paths;
}

using Paths = std::vector<std::string>;

TEST(KnownManifest, APath_IsFoundInWhateverFrameItIs) {
  std::vector<Paths> frames;
  Paths all;
  for (int i = 100; i < 200; ++i) {
    if (i % 7 == 0 || frames.empty()) frames.emplace_back();
    frames.back().push_back("htdocs/" + std::to_string(i));
    all.push_back(frames.back().back());
  }
  const KnownManifest manifest = manifest_of(frames);
  EXPECT_EQ(paths_in(manifest, PathRange::all()), all);
  for (const std::string& path : all) EXPECT_EQ(paths_in(manifest, PathRange::only(path)), Paths{path});
  for (const char* absent : {"a", "htdocs", "htdocs/10", "htdocs/1000", "htdocs/200", "z"}) {
    EXPECT_EQ(paths_in(manifest, PathRange::only(absent)), Paths{}) << absent;
  }
}

TEST(KnownManifest, AFolder_HasAllThatIsBelowIt) {
  const KnownManifest manifest = manifest_of({{"a", "a-b", "a.txt"}, {"a/1", "a/2"}, {"a/3/x", "a0"}, {"b"}});
  EXPECT_EQ(paths_in(manifest, PathRange::below("a")), (Paths{"a", "a-b", "a.txt", "a/1", "a/2", "a/3/x"}));
  EXPECT_EQ(paths_in(manifest, PathRange::below("a/3")), Paths{"a/3/x"});
  EXPECT_EQ(paths_in(manifest, PathRange::below("b")), Paths{"b"});
}

TEST(KnownManifest, Frames_AreNotUnpackedForOtherPaths) {
  ByteVector payload = zstd_frame("{\"format\":1}\n" + line("a"));
  std::string long_lines = line("b");
  for (int i = 1000; i < 9000; ++i) long_lines += line("b" + std::to_string(i));
  ByteVector damaged = zstd_frame(long_lines, {.checksum = true});
  damaged.back() ^= std::byte{1};  // its checksum, which is read at its end
  payload.insert(payload.end(), damaged.begin(), damaged.end());
  const ByteVector last = zstd_frame(line("c"));
  payload.insert(payload.end(), last.begin(), last.end());
  const KnownManifest manifest(std::move(payload), kName);
  EXPECT_EQ(paths_in(manifest, PathRange::only("a")), Paths{"a"});
  EXPECT_EQ(paths_in(manifest, PathRange::only("c")), Paths{"c"});
  EXPECT_TRUE(refuses([&] { static_cast<void>(paths_in(manifest, PathRange::only("b9"))); }, kName));
}

TEST(KnownManifest, NoLineIsReadOn_OnceTheVisitorHasEnough) {
  const KnownManifest manifest = manifest_of({{"a", "b"}, {"c"}});
  int visits = 0;
  manifest.lines(PathRange::all(), [&](std::string_view) { return ++visits < 2; });
  EXPECT_EQ(visits, 2);
}

TEST(KnownManifest, ThatCannotBeSearched_IsRefused) {
  const auto reading = [](const KnownManifest& manifest, const PathRange& range) {
    return [&manifest, range] { static_cast<void>(paths_in(manifest, range)); };
  };
  const KnownManifest disordered = manifest_of({{"b", "a"}});
  EXPECT_TRUE(refuses(reading(disordered, PathRange::all()), "out of order at a"));
  const KnownManifest twice = manifest_of({{"a"}, {"a"}});
  EXPECT_TRUE(refuses(reading(twice, PathRange::all()), "out of order at a"));
  const KnownManifest gap = manifest_of({{"a"}, {}, {"c"}});
  EXPECT_TRUE(refuses(reading(gap, PathRange::only("c")), "empty part"));

  ByteVector payload = zstd_frame("{\"format\":1}\n");
  const ByteVector half = zstd_frame(R"({"path":"a")");
  payload.insert(payload.end(), half.begin(), half.end());
  const KnownManifest cut(payload, kName);
  EXPECT_TRUE(refuses(reading(cut, PathRange::all()), "cut off"));
  payload.pop_back();
  EXPECT_TRUE(refuses([&] { const KnownManifest broken(payload, kName); }, kName));
}

TEST(PathRange, Several_AreUnited) {
  const auto united_of = [](std::vector<PathRange> ranges) {
    std::string text;
    for (const PathRange& range : united(std::move(ranges))) text += "[" + range.begin + "," + range.end + ")";
    return text;
  };
  EXPECT_EQ(united_of({}), "");
  EXPECT_EQ(united_of({{"c", "d"}, {"a", "b"}}), "[a,b)[c,d)");
  EXPECT_EQ(united_of({{"a", "c"}, {"b", "d"}}), "[a,d)");
  EXPECT_EQ(united_of({{"a", "d"}, {"b", "c"}}), "[a,d)");
  EXPECT_EQ(united_of({{"a", ""}, {"b", "c"}}), "[a,)");
  EXPECT_EQ(united_of({{"b", ""}, {"a", "b"}}), "[a,)");
}

}  // namespace
}  // namespace wobackup
