// Archives whose end is gone: every member whose frames are whole comes back, none comes back wrong or in part.
#include "store/archive/salvage_reading.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "age/made_age.h"
#include "container/container_reader.h"
#include "fakes/memory_file.h"
#include "store/archive/made_archive.h"
#include "store/archive/made_members.h"
#include "store/archive/tar_order.h"

namespace wobackup {
namespace {

// Keeps contents by path, and only of what was finished.
class MemorySink final : public MemberSink {
 public:
  std::unique_ptr<FileReceiver> file(const Entry& entry, bool) override {
    return std::make_unique<Receiver>(*this, entry);
  }
  void other(const Entry& entry) override { others.insert(entry.path); }

  std::map<std::string, std::string> files;
  std::set<std::string> others;

 private:
  class Receiver final : public FileReceiver {
   public:
    Receiver(MemorySink& sink, const Entry& entry)
        : sink_(sink), path_(entry.path), content_(static_cast<std::size_t>(entry.size), '\0') {}
    void write(std::uint64_t offset, ByteSpan bytes) override {
      content_.replace(static_cast<std::size_t>(offset), bytes.size(), text_of(bytes));
    }
    void finish() override { EXPECT_TRUE(sink_.files.emplace(path_, std::move(content_)).second) << path_; }

   private:
    MemorySink& sink_;
    std::string path_, content_;
  };
};

struct Salvaged {
  std::map<std::string, std::string> files;
  std::set<std::string> others;
  SalvageSummary summary;
  std::set<std::string> lost;
};

std::string noise(std::size_t size, std::uint32_t seed) { return std::string(text_of(test::made_bytes(size, seed))); }

class SalvageReading : public ::testing::Test {
 protected:
  // Bundles, a file of three frames, bundles again, and a dump's place at the end.
  SalvageReading() {
    making_.files.clear();
    for (std::uint32_t i = 0; i < 12; ++i) {
      making_.files.emplace_back("htdocs/a" + std::to_string(10 + i), noise(500'000 + i, i * 7919));
    }
    making_.files.emplace_back("htdocs/b-empty", "");
    making_.files.emplace_back("htdocs/large", noise(std::size_t{9} << 20U, 99));
    for (std::uint32_t i = 0; i < 5; ++i) {
      making_.files.emplace_back("htdocs/x" + std::to_string(i), noise(1'000'000 + i, i * 104'729));
    }
    for (std::uint32_t i = 0; i < 2000; ++i) {
      making_.files.emplace_back("htdocs/y" + std::to_string(10'000 + i), std::to_string(i));
    }
    original_ = test::made_archive(making_);
    const test::MemoryFile file(original_);
    const ContainerReader container(file);
    frames_ = container.frames();
    manifest_begin_ = container.locator().manifest_offset;
    manifest_end_ = manifest_begin_ + container.locator().manifest_bytes;
    static_cast<void>(visit_in_tar_order(container, [&](const ManifestEntry& listed, const TarExtent& extent) {
      extents_[listed.entry.path] = {container.frame_at(extent.begin), container.frame_at(extent.end - 1)};
    }));
    for (const auto& [path, content] : making_.files) contents_[path] = content;
    contents_["vhost.json"] = making_.vhost;
  }

  static Salvaged salvage(const RandomAccess& file, const ContainerReader* index = nullptr) {
    Salvaged salvaged;
    MemorySink sink;
    ReadingCounters counters;
    SalvageOptions options;
    options.on_lost = [&](const std::string& path, const std::string&) { salvaged.lost.insert(path); };
    salvaged.summary = salvage_members(file, index, sink, options, counters, Cancellation());
    salvaged.files = std::move(sink.files);
    salvaged.others = std::move(sink.others);
    return salvaged;
  }
  static Salvaged salvage(ByteSpan bytes) { return salvage(test::MemoryFile(bytes)); }

  // Which are not as they were.
  static std::set<std::size_t> damaged_frames(ByteSpan bytes, ByteSpan original, const std::vector<SeekFrame>& frames) {
    std::set<std::size_t> damaged;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const std::size_t end = frames[i].offset + frames[i].bytes;
      const auto begin = static_cast<std::ptrdiff_t>(frames[i].offset);
      if (end > bytes.size() ||
          !std::equal(original.begin() + begin, original.begin() + static_cast<std::ptrdiff_t>(end),
                      bytes.begin() + begin)) {
        damaged.insert(i);
      }
    }
    return damaged;
  }

  void expect_all_that_is_whole(ByteSpan bytes, const std::string& what, const ContainerReader* index = nullptr) const {
    const test::MemoryFile file(bytes);
    const Salvaged salvaged = salvage(file, index);
    const std::set<std::size_t> damaged = damaged_frames(bytes, original_, frames_);
    for (const auto& [path, frames] : extents_) {
      bool whole = true;
      for (std::size_t i = frames.first; i <= frames.second; ++i) whole = whole && !damaged.contains(i);
      const auto found = salvaged.files.find(path);
      ASSERT_EQ(found != salvaged.files.end(), whole) << what << ": " << path;
      ASSERT_FALSE(whole && salvaged.lost.contains(path)) << what << ": " << path;
      if (whole) {
        ASSERT_EQ(found->second, contents_.at(path)) << what << ": " << path;
      }
      if (!whole && salvaged.summary.list_whole) {
        ASSERT_TRUE(salvaged.lost.contains(path)) << what << ": " << path;
      }
    }
    ASSERT_LE(salvaged.files.size(), extents_.size()) << what;
    ASSERT_TRUE(can_be_salvaged(file, Cancellation())) << what;
  }
  [[nodiscard]] ByteVector cut(std::size_t size) const {
    return {original_.begin(), original_.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  test::Making making_;
  ByteVector original_;
  std::vector<SeekFrame> frames_;
  std::uint64_t manifest_begin_ = 0, manifest_end_ = 0;
  std::map<std::string, std::pair<std::size_t, std::size_t>> extents_;
  std::map<std::string, std::string> contents_;
};

TEST_F(SalvageReading, CutAtAndAroundEveryFramesBorder) {
  ASSERT_GE(frames_.size(), 9U);
  for (const SeekFrame& frame : frames_) {
    const std::size_t end = frame.offset + frame.bytes;
    for (const std::size_t size : {end - frame.bytes / 2, end - 1, end, end + 1, end + 7}) {
      if (size > frames_[0].bytes) expect_all_that_is_whole(cut(size), "cut at " + std::to_string(size));
    }
  }
}

TEST_F(SalvageReading, CutWithinTheIndex_LosesNothing) {
  for (std::size_t size = manifest_begin_ - 8; size < original_.size(); size += 1 + size % 4001) {
    const Salvaged salvaged = salvage(cut(size));
    ASSERT_EQ(salvaged.files, contents_) << size;
    ASSERT_TRUE(salvaged.lost.empty()) << size << " " << *salvaged.lost.begin();
    ASSERT_TRUE(salvaged.summary.tar_ended) << size;
    ASSERT_EQ(salvaged.summary.lost_bytes, 0U) << size;
  }
}

TEST_F(SalvageReading, LastByteGone_StillComparesAllHashes) {
  const Salvaged salvaged = salvage(cut(original_.size() - 1));
  EXPECT_EQ(salvaged.files, contents_);
  EXPECT_TRUE(salvaged.summary.list_whole);
  EXPECT_EQ(salvaged.summary.compared_files, contents_.size());
  EXPECT_EQ(salvaged.summary.uncompared_files, 0U);
}

// Of a list that was cut off, what is there is compared.
TEST_F(SalvageReading, ManifestCutInItsMiddle_ComparesWhatItHas) {
  const Salvaged salvaged = salvage(cut((manifest_begin_ + manifest_end_) / 2));
  EXPECT_EQ(salvaged.files, contents_);
  EXPECT_TRUE(salvaged.summary.list_found);
  EXPECT_FALSE(salvaged.summary.list_whole);
  EXPECT_GT(salvaged.summary.compared_files, 300U);
  EXPECT_GT(salvaged.summary.uncompared_files, 300U);
}

TEST_F(SalvageReading, OneChangedBitInTheIndex_LosesNothing) {
  std::mt19937 random(3);
  for (int i = 0; i < 60; ++i) {
    ByteVector bytes = original_;
    const std::size_t begin = manifest_begin_ - 8;
    const std::size_t tail = original_.size() - 200;  // locator and table are short
    const std::size_t at = i % 2 == 0 ? begin + random() % (original_.size() - begin) : tail + random() % 200;
    bytes[at] ^= std::byte{1} << (random() % 8);
    const Salvaged salvaged = salvage(bytes);
    ASSERT_EQ(salvaged.files, contents_) << at;
    ASSERT_EQ(salvaged.summary.lost_bytes, 0U) << at;
  }
}

TEST_F(SalvageReading, DamagedManifestWithASeekTable_GoesByTheTable) {
  ByteVector bytes = original_;
  bytes[(manifest_begin_ + manifest_end_) / 2] ^= std::byte{0x10};
  bytes[frames_[5].offset + frames_[5].bytes / 2] ^= std::byte{0x10};
  const test::MemoryFile file(bytes);
  const ContainerReader container(file);
  expect_all_that_is_whole(bytes, "a frame and the manifest", &container);
}

TEST_F(SalvageReading, DamagedFrameAndCutEnd) {
  const std::size_t size = frames_[frames_.size() - 2].offset + 100;
  for (std::size_t i = 0; i < frames_.size() - 2; ++i) {
    for (const std::size_t at :
         {std::size_t{5}, std::size_t{frames_[i].bytes} / 2, std::size_t{frames_[i].bytes} - 2}) {
      ByteVector bytes = cut(size);
      bytes[frames_[i].offset + at] ^= std::byte{0x20};
      expect_all_that_is_whole(bytes, "frame " + std::to_string(i) + " at " + std::to_string(at));
    }
  }
}

TEST_F(SalvageReading, OverwrittenBlocks) {
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    ByteVector bytes = cut(original_.size() - random() % (original_.size() / 4));
    const std::size_t from = frames_[0].bytes + random() % (bytes.size() - frames_[0].bytes);
    const std::size_t end = std::min(bytes.size(), from + (i % 2 == 0 ? 4096 : random() % 6'000'000));
    for (std::size_t at = from; at < end; ++at)
      bytes[at] = i % 3 == 0 ? std::byte{0} : static_cast<std::byte>(random());
    expect_all_that_is_whole(bytes, std::to_string(end - from) + " bytes at " + std::to_string(from));
  }
}

TEST_F(SalvageReading, MissingAndInsertedBytes) {
  ByteVector bytes = original_;
  const auto middle = bytes.begin() + static_cast<std::ptrdiff_t>(frames_[4].offset + 1000);
  bytes.erase(middle, middle + 5000);
  const Salvaged shorter = salvage(bytes);
  std::size_t whole = 0;
  for (const auto& [path, frames] : extents_) {
    const bool hit = frames.first <= 4 && frames.second >= 4;
    EXPECT_EQ(shorter.files.contains(path), !hit) << path;
    if (!hit && shorter.files.at(path) == contents_.at(path)) ++whole;
  }
  EXPECT_EQ(shorter.files.size(), whole);
  bytes = original_;
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(frames_[4].offset), 5000, std::byte{7});
  EXPECT_EQ(salvage(bytes).files, contents_);
}

// An archive within the archive, in a frame that is damaged: its members are not the site's.
TEST_F(SalvageReading, ArchiveWithinADamagedFile_IsNotTakenForThisOne) {
  test::MadeMembers inner;
  inner.add(test::MadeMembers::file("htdocs/inner", 3), "bad");
  const ByteVector inner_bytes = inner.file_bytes();
  test::MadeMembers outer;
  outer.cut();
  std::string content = noise(100'000, 1) + std::string(text_of(inner_bytes)) + noise(9'000'000, 2);
  outer.add(test::MadeMembers::file("htdocs/backup.tar.zst", content.size()), content);
  outer.cut();
  outer.add(test::MadeMembers::file("htdocs/zz", 4), "good");
  outer.cut();
  ByteVector bytes = outer.file_bytes();
  const test::MemoryFile whole(bytes);
  const std::vector<SeekFrame> frames = ContainerReader(whole).frames();
  bytes[frames[1].offset + 20] ^= std::byte{1};
  bytes.resize(bytes.size() - 30);
  const Salvaged salvaged = salvage(bytes);
  EXPECT_EQ(salvaged.files.at("htdocs/zz"), "good");
  EXPECT_FALSE(salvaged.files.contains("htdocs/inner"));
  EXPECT_FALSE(salvaged.files.contains("htdocs/backup.tar.zst"));
}

TEST_F(SalvageReading, MembersThatLeadOutside_AreLeftOut) {
  test::MadeMembers made;
  for (const char* path : {"../evil", "htdocs/../../evil", "htdocs//double", "htdocs/./dot"}) {
    made.add(test::MadeMembers::file(path, 3), "bad");
  }
  Entry link = test::MadeMembers::file("htdocs/hard", 0);
  link.type = EntryType::hardlink;
  link.link = "../../etc/passwd";
  made.add(link);
  link.path = "htdocs/to-nothing";
  link.link = "htdocs/never-there";
  made.add(link);
  made.add(test::MadeMembers::file("htdocs/twice", 5), "first");
  made.add(test::MadeMembers::file("htdocs/twice", 6), "second");
  made.add(test::MadeMembers::file("htdocs/fine", 4), "good");
  made.cut();
  ByteVector bytes = made.file_bytes();
  bytes.resize(ContainerReader(test::MemoryFile(bytes)).locator().manifest_offset - 8);
  const Salvaged salvaged = salvage(bytes);
  EXPECT_EQ(salvaged.files,
            (std::map<std::string, std::string>{
                {"vhost.json", R"({"sitename":"example.com"})"}, {"htdocs/fine", "good"}, {"htdocs/twice", "first"}}));
  EXPECT_TRUE(salvaged.others.empty());
  EXPECT_TRUE(salvaged.lost.contains("htdocs/to-nothing"));
}

// A stranger's file full of what only seems to be frames must not take for ever.
TEST_F(SalvageReading, BeginningsOfFramesWithoutEnd_AreGivenUp) {
  ByteVector bytes = cut(frames_[0].bytes);
  const ByteSpan head = ByteSpan(original_).subspan(frames_[1].offset, 12);
  while (bytes.size() < (std::size_t{24} << 20U)) bytes.insert(bytes.end(), head.begin(), head.end());
  const Salvaged salvaged = salvage(bytes);
  EXPECT_TRUE(salvaged.files.contains("vhost.json"));
  EXPECT_EQ(salvaged.files.size(), 1U);
}

TEST_F(SalvageReading, OtherPrograms_AreNotSalvaged) {
  EXPECT_FALSE(can_be_salvaged(test::MemoryFile(bytes_of("no archive at all")), Cancellation()));
  EXPECT_FALSE(can_be_salvaged(test::MemoryFile(ByteSpan()), Cancellation()));
}

// Chunks are authenticated one by one: those that are whole are read.
TEST_F(SalvageReading, EncryptedAndCut) {
  const X25519Identity identity = X25519Identity::generate();
  const ByteVector sealed = test::encrypted(original_, test::recipients_for(identity));
  const auto left_of = [&](ByteSpan bytes) {
    const test::MemoryFile file(bytes);
    const AgeStructure structure = read_age_structure(file, AgeEnd::may_be_missing);
    const AgeRandomAccess plain(file, structure, identity.unwrap(structure.header.stanzas).value(),
                                AgeEnd::may_be_missing);
    return std::pair(salvage(plain), plain.size());
  };
  const std::size_t begin = read_age_structure(test::MemoryFile(sealed)).chunks_begin;
  for (const std::size_t size :
       {begin + 20 * kSealedChunkBytes, begin + 20 * kSealedChunkBytes + 5, begin + 20 * kSealedChunkBytes - 5,
        begin + 90 * kSealedChunkBytes + 40'000, sealed.size() - 1, sealed.size() - kAeadTagBytes, begin, begin + 10}) {
    const auto [salvaged, bytes] = left_of(ByteSpan(sealed).first(size));
    const std::size_t chunks = (size - begin) / kSealedChunkBytes;
    ASSERT_EQ(bytes, chunks * kAgeChunkBytes) << size;
    for (const auto& [path, frames] : extents_) {
      const bool whole = frames_[frames.second].offset + frames_[frames.second].bytes <= bytes;
      ASSERT_EQ(salvaged.files.contains(path), whole) << size << " " << path;
      if (whole) {
        ASSERT_EQ(salvaged.files.at(path), contents_.at(path)) << size << " " << path;
      }
    }
  }
  // One chunk damaged within, and the end gone.
  ByteVector bytes(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(begin + 300 * kSealedChunkBytes + 77));
  bytes[begin + 30 * kSealedChunkBytes + 99] ^= std::byte{1};
  const auto [salvaged, size] = left_of(bytes);
  for (const auto& [path, frames] : extents_) {
    const std::uint64_t from = frames_[frames.first].offset,
                        to = frames_[frames.second].offset + frames_[frames.second].bytes;
    const bool hit = to > size || (from < 31 * kAgeChunkBytes && to > 30 * kAgeChunkBytes);
    ASSERT_EQ(salvaged.files.contains(path), !hit) << path;
  }
}

}  // namespace
}  // namespace wobackup
