#include "store/archive/archive_reader.h"

#include <gtest/gtest.h>

#include "base/file_access.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "store/archive/archive_file.h"
#include "store/archive/made_archive.h"
#include "store/archive/made_members.h"
#include "store/archive/member_access.h"
#include "store/archive/read_back.h"

namespace wobackup {
namespace {

using test::content_of;
using test::MadeMembers;
using test::MemoryFile;
using test::part_of;
using test::paths_of;

std::string letters(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>('a' + (i * 7 + i / 1000) % 26);
  return text;
}

// The error of reading one member of an archive that was made wrong.
std::string refusal_of(MadeMembers& made, const std::string& path = "htdocs/x") {
  const MemoryFile file(made.file_bytes());
  const ArchiveReader archive(file);
  return test::refusal([&] { static_cast<void>(content_of(archive, path)); }, ErrorKind::verification);
}

TEST(ArchiveReader, IndexedArchive_GivesWhatTheWriterStored) {
  const MemoryFile file(test::made_archive({.files = {{"htdocs/a", "first"}, {"htdocs/b", letters(100'000)}}}));
  const ArchiveReader archive(file);
  EXPECT_TRUE(archive.indexed());
  EXPECT_EQ(archive.vhost()["sitename"], "example.com");
  EXPECT_EQ(archive.top(), test::kMadeName);
  EXPECT_EQ(paths_of(archive), (std::vector<std::string>{"htdocs/a", "htdocs/b", "vhost.json"}));
  EXPECT_EQ(content_of(archive, "htdocs/a"), "first");
  EXPECT_EQ(content_of(archive, "htdocs/b"), letters(100'000));
  EXPECT_EQ(test::refusal([&] { static_cast<void>(content_of(archive, "htdocs/c")); }, ErrorKind::not_found),
            "htdocs/c is not in x.tar.zst");
}

TEST(ArchiveReader, LargeFile_IsReadFrameByFrame_AtAnyOffset) {
  MadeMembers made;
  const std::string text = letters(10'000);
  made.add(MadeMembers::file("htdocs/x", text.size()), text);
  made.cut(1536);  // the headers are the first frame
  const MemoryFile file(made.file_bytes());
  const ArchiveReader archive(file);
  EXPECT_EQ(content_of(archive, "htdocs/x"), text);
  const MemberAccess member(archive, "htdocs/x");
  EXPECT_EQ(member.size(), text.size());
  for (const std::size_t offset : {0U, 511U, 512U, 3000U, 9990U}) {
    EXPECT_EQ(part_of(member, offset, 2000), text.substr(offset, 2000)) << offset;
  }
  EXPECT_EQ(part_of(member, text.size(), 10), "");
  // What was read last is not decoded again.
  static_cast<void>(part_of(member, 2000, 10));
  const std::size_t reads = file.reads().size();
  EXPECT_EQ(part_of(member, 2010, 20), text.substr(2010, 20));
  EXPECT_EQ(file.reads().size(), reads);
}

TEST(ArchiveReader, OneSmallFile_ReadsOneFrame) {
  MadeMembers made;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    made.add(MadeMembers::file(std::string("htdocs/") + name, 100'000), std::string(100'000, name));
    made.cut();
  }
  const MemoryFile file(made.file_bytes());
  const ArchiveReader archive(file);
  const ManifestEntry entry = archive.entry("htdocs/c").value();
  const std::size_t before = file.reads().size();
  std::size_t bytes = 0;
  archive.read_file(entry, [&](ByteSpan piece) { bytes += piece.size(); });
  EXPECT_EQ(bytes, 100'000U);
  EXPECT_EQ(file.reads().size() - before, 1U);
}

TEST(ArchiveReader, SparseFile_HolesAreZeros) {
  Entry entry = MadeMembers::file("htdocs/x", 5000);
  entry.sparse = true;
  entry.segments = {{1024, 512}, {4096, 10}};
  ByteVector map;
  append_sparse_map(map, entry);
  const std::string stored = std::string(text_of(map)) + std::string(512, 'a') + std::string(10, 'b');
  MadeMembers made;
  made.add(entry, stored);
  made.cut(1536);  // the headers are the first frame
  const MemoryFile file(made.file_bytes());
  const ArchiveReader archive(file);
  std::string expected(5000, '\0');
  expected.replace(1024, 512, std::string(512, 'a'));
  expected.replace(4096, 10, std::string(10, 'b'));
  EXPECT_EQ(content_of(archive, "htdocs/x"), expected);
  const MemberAccess member(archive, "htdocs/x");
  for (const std::size_t offset : {0U, 1000U, 1030U, 1536U, 4100U, 4999U}) {
    EXPECT_EQ(part_of(member, offset, 3200), expected.substr(offset, 3200)) << offset;
  }
}

TEST(ArchiveReader, HardLink_GivesItsFirstMember) {
  MadeMembers made;
  made.add(MadeMembers::file("htdocs/a", 3), "one");
  Entry link = MadeMembers::file("htdocs/x", 0);
  link.type = EntryType::hardlink;
  link.link = "htdocs/a";
  made.add(link);
  link.path = "htdocs/y";
  link.link = "htdocs/x";
  made.add(link);
  const MemoryFile file(made.file_bytes());
  const ArchiveReader archive(file);
  EXPECT_EQ(content_of(archive, "htdocs/x"), "one");
  EXPECT_EQ(test::refusal([&] { static_cast<void>(content_of(archive, "htdocs/y")); }, ErrorKind::verification),
            "htdocs/y: it is a hard link to a file that is not in the archive");
}

TEST(ArchiveReader, TarAndManifestDisagree_NamesTheMember) {
  const std::vector<std::pair<const char*, std::function<void(ManifestEntry&)>>> lies{
      {"size", [](ManifestEntry& listed) { listed.entry.size = 4; }},
      {"mode", [](ManifestEntry& listed) { listed.entry.mode = 0777; }},
      {"owner", [](ManifestEntry& listed) { listed.entry.uid = 33; }},
      {"time", [](ManifestEntry& listed) { listed.entry.mtime.nanoseconds = 0; }},
      {"size", [](ManifestEntry& listed) { listed.entry.sparse = true; }},
      {"path", [](ManifestEntry& listed) { listed.offset = 0; }},
      {"block", [](ManifestEntry& listed) { listed.offset = 3; }},
      {"hash", [](ManifestEntry& listed) { listed.sha256 = sha256(bytes_of("two")); }},
      {"no hash", [](ManifestEntry& listed) { listed.sha256.reset(); }},
      {"not in the archive", [](ManifestEntry& listed) { listed.offset.reset(); }},
  };
  for (const auto& [what, lie] : lies) {
    MadeMembers made;
    made.add(MadeMembers::file("htdocs/x", 3), "one", lie);
    const std::string message = refusal_of(made);
    EXPECT_NE(message.find(what), std::string::npos) << message;
    EXPECT_NE(message.find("htdocs/x"), std::string::npos) << message;
  }
  MadeMembers made;
  made.add(MadeMembers::file("htdocs/x", 3), "one", [](ManifestEntry& listed) { listed.offset = 1ULL << 62U; });
  EXPECT_NE(refusal_of(made).find("outside"), std::string::npos);
}

TEST(ArchiveReader, SizeThatBothClaim_EndsWithTheTar) {
  MadeMembers made;
  made.add(MadeMembers::file("htdocs/x", 1ULL << 60U), "one");
  EXPECT_EQ(refusal_of(made), "htdocs/x: it is longer than the tar");
}

TEST(ArchiveReader, ManifestOutOfOrder_IsRefused) {
  for (const char* second : {"htdocs/a", "htdocs/b"}) {
    MadeMembers made;
    made.add(MadeMembers::file("htdocs/b", 3), "one");
    made.add(MadeMembers::file(second, 3), "two");
    const MemoryFile file(made.file_bytes());
    const ArchiveReader archive(file);
    EXPECT_NE(test::refusal([&] { static_cast<void>(paths_of(archive)); }, ErrorKind::verification).find("order"),
              std::string::npos);
  }
}

TEST(ArchiveReader, ArchiveThatLostItsEnd_IsRefused) {
  ByteVector bytes = test::made_archive();
  bytes.resize(bytes.size() - 1);
  const MemoryFile file(bytes);
  EXPECT_NE(test::refusal([&] { const ArchiveReader archive(file); }, ErrorKind::verification).find("end is missing"),
            std::string::npos);
}

TEST(OpenArchive, LinkThatSomebodyElseMadeIsNotFollowed) {
  const test::ScratchFolder folder;
  const auto real = folder.write("site/real.tar.zst", "x");
  std::filesystem::create_symlink("real.tar.zst", folder / "site/link.tar.zst");
  EXPECT_EQ(open_archive(folder / "site/link.tar.zst", {})->size(), 1U);  // ours
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(::chown((folder / "site").c_str(), 33, 33), 0);
  EXPECT_EQ(open_archive(real, {})->size(), 1U);
  EXPECT_NE(test::refusal([&] { static_cast<void>(open_archive(folder / "site/link.tar.zst", {})); }, ErrorKind::failed)
                .find("symbolic link"),
            std::string::npos);
  EXPECT_EQ(test::refusal([&] { static_cast<void>(open_archive(folder / "none/x", {})); }, ErrorKind::not_found),
            "there is no archive " + (folder / "none/x").string());
}

}  // namespace
}  // namespace wobackup
