#include "container/container_reader.h"

#include <gtest/gtest.h>

#include <tuple>
#include <utility>

#include "container/made_container.h"
#include "fakes/memory_file.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::filler;
using test::MadeContainer;
using test::MemoryFile;
using test::refuses;
using test::small_container;

auto opening(const ByteVector& bytes) {
  return [bytes] {
    const MemoryFile file(bytes);
    const ContainerReader reader(file);
  };
}

bool has_index(ByteSpan bytes) {
  const MemoryFile file(bytes);
  return ContainerReader::open(file).has_value();
}

std::vector<std::string> paths_of(const ContainerReader& reader) {
  std::vector<std::string> paths;
  reader.read_manifest([&](const ManifestEntry& line) { paths.push_back(line.entry.path); });
  return paths;
}

TEST(ContainerReader, FramesAndManifest_AreRead) {
  const MemoryFile file(small_container().file());
  const ContainerReader reader(file);
  ASSERT_EQ(reader.frames().size(), 3U);
  EXPECT_EQ(text_of(reader.read_frame(1)), filler('b'));
  EXPECT_EQ(reader.locator().tar_bytes, 3072U);
  EXPECT_EQ(reader.read_manifest_header().site, "example.com");
  EXPECT_EQ(paths_of(reader), (std::vector<std::string>{"htdocs", "htdocs/x"}));
}

TEST(ContainerReader, FrameOfAnOffset_IsTheOneThatHoldsIt) {
  const MemoryFile file(small_container().file());
  const ContainerReader reader(file);
  EXPECT_EQ(reader.frame_at(0), 0U);
  EXPECT_EQ(reader.frame_at(1023), 0U);
  EXPECT_EQ(reader.frame_at(1024), 1U);
  EXPECT_EQ(reader.frame_at(3071), 2U);
  EXPECT_TRUE(refuses([&] { static_cast<void>(reader.frame_at(3072)); }, "outside"));
}

TEST(ContainerReader, OpeningReadsOnce) {
  const MemoryFile file(small_container().file());
  const ContainerReader reader(file);
  EXPECT_EQ(file.reads().size(), 1U);
  static_cast<void>(reader.read_manifest_header());
  EXPECT_EQ(file.reads().size(), 2U);
}

TEST(ContainerReader, SmallManifest_IsReadOnce) {
  const MemoryFile file(small_container().file());
  const ContainerReader reader(file);
  const auto first = paths_of(reader);
  const std::size_t reads = file.reads().size();
  EXPECT_EQ(paths_of(reader), first);
  EXPECT_EQ(file.reads().size(), reads);
}

TEST(ContainerReader, SeekTableOver64KiB_IsReadWhole) {
  MadeContainer made = small_container();
  for (int i = 0; i < 10'000; ++i) made.add_frame(filler('x', 512));
  made.settle();
  const MemoryFile file(made.file());
  const ContainerReader reader(file);
  EXPECT_EQ(file.reads().size(), 2U);
  EXPECT_EQ(reader.frames().size(), 10'003U);
  EXPECT_EQ(reader.frame_at(3072 + 512 * 9'999), 10'002U);
}

// The locator alone lies before the last 64 KiB.
TEST(ContainerReader, SeekTableOfAlmost64KiB_IsReadWithTheLocator) {
  MadeContainer made;
  constexpr std::size_t kFrames = (65536 - 17) / 8 - 2;
  for (std::size_t i = 0; i < kFrames; ++i) made.add_frame(filler('x', 512));
  made.add_manifest("{\"format\":1}\n");
  made.settle();
  const MemoryFile file(made.file());
  EXPECT_EQ(ContainerReader(file).frames().size(), kFrames);
}

TEST(ContainerReader, FilesOfOthers_HaveNoIndex) {
  EXPECT_FALSE(has_index({}));
  EXPECT_FALSE(has_index(ByteVector(5)));
  EXPECT_FALSE(has_index(ByteVector(100'000)));
  // A seekable file of another program.
  ByteVector bytes = test::zstd_frame(filler('x'));
  SeekTableBuilder table;
  table.add(static_cast<std::uint32_t>(bytes.size()), 1024);
  const ByteVector encoded = table.encode();
  bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  EXPECT_FALSE(has_index(bytes));
  EXPECT_TRUE(refuses(opening(bytes), "x.tar.zst is damaged"));
}

TEST(ContainerReader, TruncatedAnywhere_IsRefused) {
  const ByteVector bytes = small_container().file();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(refuses(opening({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}))) << size;
  }
}

TEST(ContainerReader, BytesMissingOrAddedInTheMiddle_AreNoticed) {
  ByteVector bytes = small_container().file();
  bytes.erase(bytes.begin() + 10);
  EXPECT_TRUE(refuses(opening(bytes), "do not fill"));
  bytes.insert(bytes.begin() + 10, 2, std::byte{0});
  EXPECT_TRUE(refuses(opening(bytes), "do not fill"));
}

// No byte of a container can change without its reader noticing, if all of it is read.
// Some bits of a zstd frame have no meaning: then what is read must be what was written.
TEST(ContainerReader, ChangedByte_NeverChangesWhatIsRead) {
  const ByteVector bytes = small_container().file();
  const auto everything = [](const ByteVector& file_bytes) {
    const MemoryFile file(file_bytes);
    const ContainerReader reader(file);
    ByteVector read;
    for (std::size_t i = 0; i < reader.frames().size(); ++i) {
      const ByteVector frame = reader.read_frame(i);
      read.insert(read.end(), frame.begin(), frame.end());
    }
    return std::tuple(read, reader.read_manifest_header().site, paths_of(reader));
  };
  const auto whole = everything(bytes);
  std::size_t unnoticed = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    ByteVector changed = bytes;
    changed[at] ^= std::byte{0x01};
    try {
      EXPECT_EQ(everything(changed), whole) << at << " of " << bytes.size();
      ++unnoticed;
    } catch (const Error&) {
    }
  }
  EXPECT_LT(unnoticed, 8U);
}

TEST(ContainerReader, LocatorThatContradictsTheSeekTable_IsRefused) {
  for (const int field : {0, 1, 2, 3}) {
    MadeContainer made = small_container();
    if (field == 0) ++made.locator.manifest_offset;
    if (field == 1) --made.locator.manifest_bytes;
    if (field == 2) made.locator.manifest_bytes = std::uint64_t{0} - 4;
    if (field == 3) made.locator.tar_bytes += 512;
    EXPECT_TRUE(refuses(opening(made.file()), "agree")) << field;
  }
}

TEST(ContainerReader, FramesOutOfRange_AreRefused) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, (std::size_t{8} << 20U) + 512}) {
    MadeContainer made = small_container();
    made.add_frame(filler('x', bytes));
    made.settle();
    EXPECT_TRUE(refuses(opening(made.file()), "out of range")) << bytes;
  }
}

TEST(ContainerReader, FrameLongerThanListed_IsRefused) {
  MadeContainer made = small_container();
  made.plain_bytes[1] = 512;
  made.locator.tar_bytes -= 512;
  const MemoryFile file(made.file());
  const ContainerReader reader(file);
  EXPECT_TRUE(refuses([&] { static_cast<void>(reader.read_frame(1)); }, "frame 1"));
  EXPECT_EQ(text_of(reader.read_frame(2)), filler('c'));
}

TEST(ContainerReader, ContainerWithoutFrames_IsRefused) {
  MadeContainer made;
  made.add_manifest("{\"format\":1}\n");
  made.settle();
  EXPECT_TRUE(refuses(opening(made.file()), "too few frames"));
}

TEST(ContainerReader, BadManifest_IsRefused) {
  const auto reading = [](const std::string& lines) {
    MadeContainer made = small_container();
    made.manifest.clear();
    made.add_manifest(lines);
    made.settle();
    return [bytes = made.file()] {
      const MemoryFile file(bytes);
      static_cast<void>(paths_of(ContainerReader(file)));
    };
  };
  EXPECT_TRUE(refuses(reading(""), "manifest is cut off"));
  EXPECT_TRUE(refuses(reading("{\"format\":1}"), "manifest is cut off"));
  EXPECT_TRUE(refuses(reading("{\"format\":1}\nx\n"), "not a JSON object"));
  EXPECT_TRUE(refuses(reading("{\"format\":1}\n" + std::string(std::size_t{33} << 20U, ' ') + "\n"), "too long"));
}

TEST(ContainerReader, ManifestWithAnotherHash_IsRefused) {
  MadeContainer made = small_container();
  made.locator.manifest_sha256[0] ^= std::byte{1};
  const MemoryFile file(made.file());
  const ContainerReader reader(file);
  EXPECT_EQ(reader.read_manifest_header().entries, 2U);
  EXPECT_TRUE(refuses([&] { static_cast<void>(paths_of(reader)); }, "hash"));
}

// Entries htdocs/y1000000 and so on, each with a hash, so that they do not compress well.
MadeContainer container_of_many(int count) {
  MadeContainer made = small_container();
  std::string lines;
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(1'000'000 + i);
    lines += "{\"path\":\"htdocs/y" + number + "\",\"type\":\"file\",\"sha256\":\"" + hex(sha256(bytes_of(number))) +
             "\",\"offset\":" + std::to_string(i * 512) + "}\n";
    if (lines.size() > 100'000) made.add_manifest(std::exchange(lines, {}));
  }
  if (!lines.empty()) made.add_manifest(lines);
  made.settle();
  return made;
}

TEST(ContainerReader, ManifestOfManyEntries_IsReadInPieces) {
  constexpr int kEntries = 300'000;
  const MadeContainer made = container_of_many(kEntries);
  ASSERT_GT(made.manifest.size(), std::size_t{8} << 20U);
  const MemoryFile file(made.file());
  const ContainerReader reader(file);
  EXPECT_EQ(paths_of(reader).size(), kEntries + 2U);
  for (const MemoryFile::Read& read : file.reads()) EXPECT_LE(read.bytes, (std::size_t{1} << 18U) + 8);
}

TEST(ContainerReader, ManifestOfManyEntries_HasThemInOrder) {
  MadeContainer made = container_of_many(300'000);
  ASSERT_GT(made.manifest.size(), std::size_t{8} << 20U);
  made.add_manifest("{\"path\":\"htdocs/a\",\"type\":\"file\",\"offset\":0}\n");
  made.settle();
  const MemoryFile file(made.file());
  const ContainerReader reader(file);
  EXPECT_TRUE(refuses([&] { static_cast<void>(paths_of(reader)); }, "out of order at htdocs/a"));
}

TEST(ContainerReader, VisitorsErrors_PassUnchanged) {
  const MemoryFile file(small_container().file());
  const ContainerReader reader(file);
  try {
    reader.read_manifest([](const ManifestEntry&) { throw Error(ErrorKind::no_space, "full"); });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_EQ(error.message(), "full");
  }
}

}  // namespace
}  // namespace wobackup
