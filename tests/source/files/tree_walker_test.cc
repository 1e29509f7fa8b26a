#include "source/files/tree_walker.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/file_io.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

class TreeWalkerTest : public ::testing::Test {
 protected:
  TreeWalkerTest() {
    options_.roots = {"htdocs"};
    options_.on_note = [this](std::string_view path, std::string what) { notes_[std::string(path)] = std::move(what); };
    options_.on_unreadable = [this](std::string_view path, std::string what) {
      unreadable_[std::string(path)] = std::move(what);
    };
    options_.make_spool = [this] {
      const UniqueFd folder(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      return unnamed_file(folder.get(), "scratch");
    };
    std::filesystem::create_directory(site() / "");
  }
  std::filesystem::path site() { return folder_ / "site"; }
  void write(const std::string& path, const std::string& text = "x") { folder_.write("site/" + path, text); }

  std::vector<std::string> walk() {
    members_.clear();
    TreeWalker walker(file_root(UniqueFd(::open(site().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))), names_,
                      options_);
    std::vector<std::string> paths;
    while (auto member = walker.next()) {
      paths.push_back(member->entry.path);
      members_[member->entry.path] = std::move(*member);
    }
    return paths;
  }

  test::ScratchFolder folder_;
  OwnerNames names_;
  WalkOptions options_;
  std::map<std::string, std::string> notes_, unreadable_;
  std::map<std::string, SourceMember> members_;
};

TEST_F(TreeWalkerTest, PathsComeInBytewiseOrder_FoldersBeforeWhatTheyHold) {
  for (const char* path : {"htdocs/a/z", "htdocs/a-b", "htdocs/a.txt", "htdocs/a/b/c", "other/file"}) write(path);
  const auto paths = walk();
  EXPECT_EQ(paths, (std::vector<std::string>{"htdocs", "htdocs/a", "htdocs/a-b", "htdocs/a.txt", "htdocs/a/b",
                                             "htdocs/a/b/c", "htdocs/a/z"}));
  EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
}

TEST_F(TreeWalkerTest, IncludedFolders_ComeAlong_OthersDoNot) {
  for (const char* path : {"htdocs/a", "conf/nginx/x", "private/keys/k", "private/other", "wp-config.php"}) write(path);
  options_.roots = {"htdocs", "conf", "private/keys"};
  EXPECT_EQ(walk(), (std::vector<std::string>{"conf", "conf/nginx", "conf/nginx/x", "htdocs", "htdocs/a", "private",
                                              "private/keys", "private/keys/k"}));
}

TEST_F(TreeWalkerTest, Excluded_WithEverythingBelow) {
  for (const char* path : {"htdocs/cache/a", "htdocs/b/cache/c", "htdocs/b/keep"}) write(path);
  options_.exclude = path_patterns({"cache"});
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/b", "htdocs/b/keep"}));
}

TEST_F(TreeWalkerTest, Caches_KeepTheirFolderButNotWhatItHolds) {
  write("htdocs/tmp/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n");
  write("htdocs/tmp/big");
  write("htdocs/wp-content/cache/page.html");
  options_.exclude_caches = true;
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/tmp", "htdocs/wp-content", "htdocs/wp-content/cache"}));
}

TEST_F(TreeWalkerTest, LinksAreStored_AndThoseToTheOutsideTold) {
  write("htdocs/real");
  std::filesystem::create_directories(folder_ / "outside");
  std::filesystem::create_symlink("real", site() / "htdocs/inside");
  std::filesystem::create_symlink("nowhere", site() / "htdocs/dangling");
  std::filesystem::create_directory_symlink(folder_ / "outside", site() / "htdocs/out");
  walk();
  EXPECT_EQ(members_.at("htdocs/inside").entry.link, "real");
  EXPECT_EQ(members_.at("htdocs/dangling").entry.type, EntryType::symlink);
  EXPECT_EQ(members_.at("htdocs/out").entry.type, EntryType::symlink);
  EXPECT_EQ(notes_.size(), 1U);
  EXPECT_NE(notes_.at("htdocs/out").find("outside the site"), std::string::npos);
}

TEST_F(TreeWalkerTest, FollowedLink_BecomesAFolderWithItsContent) {
  folder_.write("outside/photo", "x");
  write("htdocs/a");
  std::filesystem::create_directory_symlink(folder_ / "outside", site() / "htdocs/up");
  options_.follow = {"htdocs/up"};
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/a", "htdocs/up", "htdocs/up/photo"}));
  EXPECT_EQ(members_.at("htdocs/up").entry.type, EntryType::directory);
  Entry entry;
  EXPECT_FALSE(members_.at("htdocs/up/photo").content->open(entry));
}

TEST_F(TreeWalkerTest, SymlinkedHtdocs_IsFollowed) {
  folder_.write("data/index.php", "x");
  std::filesystem::create_directory_symlink(folder_ / "data", site() / "htdocs");
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/index.php"}));
}

TEST_F(TreeWalkerTest, HtdocsLinkedByAnotherUserToRootsFolder_IsNotFollowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  folder_.write("data/secret", "x");
  std::filesystem::create_directory_symlink(folder_ / "data", site() / "htdocs");
  ASSERT_EQ(::lchown((site() / "htdocs").c_str(), 65534, 65534), 0);
  walk();
  EXPECT_FALSE(members_.contains("htdocs/secret"));
  EXPECT_TRUE(unreadable_.contains("htdocs"));
}

TEST_F(TreeWalkerTest, FoldersFromElsewhere_StandInForThoseOfTheirName) {
  for (const char* path : {"htdocs/a/old", "htdocs/b"}) write(path);
  folder_.write("other/deep/file", "x");
  folder_.write("third/x", "x");
  const UniqueFd other(::open((folder_ / "other").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd third(::open((folder_ / "third").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::filesystem::permissions(folder_ / "other", std::filesystem::perms(0711));
  options_.elsewhere = {{"htdocs/a", other.get()}, {"htdocs/a/deep", third.get()}};
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/a", "htdocs/a/deep", "htdocs/a/deep/x", "htdocs/b"}));
  EXPECT_EQ(members_["htdocs/a"].entry.mode, 0711U);
}

TEST_F(TreeWalkerTest, RestoresOwnFolders_BelongToNoSite) {
  write("htdocs/.wobackup-restore-0123/htdocs/x");
  write("htdocs/.wobackup-restore-open/x");
  std::filesystem::permissions(site() / "htdocs/.wobackup-restore-0123", std::filesystem::perms(0700));
  EXPECT_EQ(walk(),
            (std::vector<std::string>{"htdocs", "htdocs/.wobackup-restore-open", "htdocs/.wobackup-restore-open/x"}));
}

TEST_F(TreeWalkerTest, LinkBackToAFolderAbove_EndsTheWalk) {
  write("htdocs/a/b");
  std::filesystem::create_directory_symlink(site() / "htdocs", site() / "htdocs/a/loop");
  options_.follow = {"htdocs/a/loop"};
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/a", "htdocs/a/b", "htdocs/a/loop"}));
  EXPECT_TRUE(notes_.contains("htdocs/a/loop"));
}

TEST_F(TreeWalkerTest, HardLinks_ReferToTheFirstPath) {
  write("htdocs/b", "same");
  std::filesystem::create_hard_link(site() / "htdocs/b", site() / "htdocs/c");
  std::filesystem::create_hard_link(site() / "htdocs/b", site() / "htdocs/a");
  walk();
  EXPECT_EQ(members_.at("htdocs/a").entry.type, EntryType::file);
  EXPECT_TRUE(members_.at("htdocs/a").keep_place);
  EXPECT_EQ(members_.at("htdocs/b").entry.type, EntryType::hardlink);
  EXPECT_EQ(members_.at("htdocs/c").entry.link, "htdocs/a");
}

TEST_F(TreeWalkerTest, SpecialFiles_AreKeptButSockets) {
  write("htdocs/x");
  ASSERT_EQ(::mkfifo((site() / "htdocs/fifo").c_str(), 0640), 0);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (site() / "htdocs/sock").string().copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(walk(), (std::vector<std::string>{"htdocs", "htdocs/fifo", "htdocs/x"}));
  EXPECT_EQ(members_.at("htdocs/fifo").entry.type, EntryType::fifo);
  EXPECT_TRUE(notes_.contains("htdocs/sock"));
}

TEST_F(TreeWalkerTest, UnreadableFolder_IsTold) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root reads everything";
  }
  write("htdocs/closed/x");
  ::chmod((site() / "htdocs/closed").c_str(), 0);
  walk();
  ::chmod((site() / "htdocs/closed").c_str(), 0700);
  EXPECT_TRUE(unreadable_.contains("htdocs/closed"));
}

TEST_F(TreeWalkerTest, DeepTree_NeedsFewDescriptors) {
  std::string path = "htdocs";
  std::filesystem::create_directories(site() / "htdocs");
  int fd = ::open((site() / "htdocs").c_str(), O_RDONLY | O_DIRECTORY);
  constexpr int kDepth = 1500;  // beyond PATH_MAX and the usual limit of descriptors
  for (int i = 0; i < kDepth; ++i) {
    ASSERT_EQ(::mkdirat(fd, "deep", 0700), 0);
    const int next = ::openat(fd, "deep", O_RDONLY | O_DIRECTORY);
    const UniqueFd beside(::openat(fd, "zz", O_WRONLY | O_CREAT, 0600));
    ::close(fd);
    fd = next;
  }
  ::close(fd);
  const auto paths = walk();
  EXPECT_EQ(paths.size(), 1U + 2U * kDepth);
  EXPECT_TRUE(unreadable_.empty());
  EXPECT_TRUE(notes_.empty());
  const std::string& deepest =
      *std::max_element(paths.begin(), paths.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  Entry entry;
  std::string file = deepest.substr(0, deepest.size() - 4) + "zz";
  ASSERT_TRUE(members_.contains(file));
  EXPECT_FALSE(members_.at(file).content->open(entry));
}

TEST_F(TreeWalkerTest, ReplacedFile_GivesTheCopysBytes) {
  write("htdocs/db.sqlite", "live and changing");
  folder_.write("copy", "consistent");
  const UniqueFd copy(::open((folder_ / "copy").c_str(), O_RDONLY));
  options_.replaced_path = "htdocs/db.sqlite";
  options_.replaced_fd = copy.get();
  options_.replaced_size_bytes = 10;
  walk();
  SourceMember& member = members_.at("htdocs/db.sqlite");
  EXPECT_EQ(member.entry.size, 10U);
  std::string text(10, '\0');
  std::size_t count = 0;
  ASSERT_FALSE(member.content->open(member.entry));
  ASSERT_FALSE(member.content->read(0, {reinterpret_cast<std::byte*>(text.data()), 10}, count));
  EXPECT_EQ(text, "consistent");
}

}  // namespace
}  // namespace wobackup
