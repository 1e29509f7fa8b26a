// Reading the members of whole, damaged and hostile archives.
#include "store/archive/member_reading.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <random>

#include "container/made_container.h"
#include "fakes/memory_file.h"
#include "fakes/refusal.h"
#include "store/archive/made_archive.h"
#include "store/archive/made_members.h"

namespace wobackup {
namespace {

using test::refuses;

// Keeps what it is given.
class KeepingSink final : public MemberSink {
 public:
  class Receiver final : public FileReceiver {
   public:
    Receiver(KeepingSink& sink, std::string path, std::uint64_t size)
        : sink_(sink), path_(std::move(path)), bytes_(size) {}
    void write(std::uint64_t offset, ByteSpan bytes) override {
      std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
    }
    void finish() override {
      const std::scoped_lock lock(sink_.mutex);
      sink_.files[path_] = std::string(text_of(bytes_));
    }

   private:
    KeepingSink& sink_;
    std::string path_;
    ByteVector bytes_;
  };
  std::unique_ptr<FileReceiver> file(const Entry& entry, bool) override {
    return std::make_unique<Receiver>(*this, entry.path, entry.size);
  }
  void other(const Entry& entry) override {
    const std::scoped_lock lock(mutex);
    others.push_back(entry.path);
  }

  std::mutex mutex;
  std::map<std::string, std::string> files;
  std::vector<std::string> others;
};

std::string noise(std::size_t size) {
  std::mt19937 random(3);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

KeepingSink& read(const test::MemoryFile& file, KeepingSink& sink, const ReadingOptions& options = {}) {
  const ContainerReader container(file);
  ReadingCounters counters;
  const Cancellation cancellation;
  read_members(container, sink, options, counters, cancellation);
  return sink;
}

TEST(MemberReading, AllMembersArrive_ByAnyNumberOfThreads) {
  test::Making making;
  making.files.clear();
  for (const char letter : std::string("abcdefgh"))
    making.files.emplace_back(std::string("htdocs/") + letter, noise(900'000));
  const test::MemoryFile file(test::made_archive(making));
  for (const unsigned threads : {1U, 2U, 5U}) {
    KeepingSink sink;
    read(file, sink, {.threads = threads, .ends_too = true});
    EXPECT_EQ(sink.files.size(), 9U);
    EXPECT_EQ(sink.files.at("htdocs/c"), noise(900'000));
    EXPECT_EQ(sink.files.at("vhost.json"), making.vhost);
  }
}

TEST(MemberReading, OnlyWantedFrames_AreRead) {
  test::Making making;
  making.files = {{"htdocs/a", noise(3'900'000)}, {"htdocs/b", noise(3'900'000)}, {"htdocs/c", "small"}};
  const test::MemoryFile file(test::made_archive(making));
  const ContainerReader container(file);
  KeepingSink sink;
  ReadingCounters counters;
  read_members(container, sink, {.wanted = [](const ManifestEntry& listed) { return listed.entry.path == "htdocs/c"; }},
               counters, Cancellation());
  EXPECT_EQ(sink.files.size(), 1U);
  EXPECT_EQ(counters.frames, 1U);
}

// An archive whose manifest says something else than its tar. `change` rewrites one line.
ByteVector lying_archive(const std::function<void(ManifestEntry&)>& change) {
  const test::MemoryFile honest(test::made_archive({.files = {{"htdocs/a", "aaaa"}, {"htdocs/b", "bbbb"}}}));
  const ContainerReader container(honest);
  std::string lines;
  container.read_manifest([&](const ManifestEntry& listed) {
    ManifestEntry copy = listed;
    if (copy.entry.path == "htdocs/a") change(copy);
    append_manifest_line(lines, copy);
  });
  test::MadeContainer made;
  for (std::size_t i = 0; i < container.frames().size(); ++i) made.add_frame(text_of(container.read_frame(i)));
  made.add_manifest(manifest_line(container.read_manifest_header()));
  made.add_manifest(lines);
  made.settle();
  return made.file();
}

TEST(MemberReading, ManifestThatLies_IsRefusedWithTheMembersName) {
  const auto refused = [](const std::function<void(ManifestEntry&)>& change, std::string_view part) {
    const test::MemoryFile file(lying_archive(change));
    KeepingSink sink;
    return refuses([&] { read(file, sink); }, part);
  };
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.mode = 04755; },
                      "htdocs/a: the tar and the manifest do not agree on its mode"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.size = 5; }, "htdocs/a"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.uid = 1; }, "its owner"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.mtime.seconds += 1; }, "its time"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.type = EntryType::fifo; }, "its type"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.path = "htdocs/A"; }, "its path"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.sha256->at(0) ^= std::byte{1}; }, "sha256"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.sha256.reset(); }, "sha256"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { *e.offset += 1; }, "offset"));
  // Of htdocs/a, where no header is, or of the member before it, whose length is another then: whichever thread finds
  // it first.
  EXPECT_TRUE(refused([](ManifestEntry& e) { *e.offset += 512; }, "the tar"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { *e.offset = 1U << 30U; }, "offset"));
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.entry.path = "htdocs/c"; }, "out of order at htdocs/b"));
  // Left out of the manifest, it would not be missed: so there may be no gaps in the tar.
  EXPECT_TRUE(refused([](ManifestEntry& e) { e.offset.reset(); }, "length in the tar"));
}

TEST(MemberReading, HonestCopy_IsFine) {
  const test::MemoryFile file(lying_archive([](ManifestEntry&) {}));
  KeepingSink sink;
  EXPECT_EQ(read(file, sink, {.ends_too = true}).files.at("htdocs/a"), "aaaa");
}

TEST(MemberReading, Cancelled_Ends) {
  const test::MemoryFile file(test::made_archive());
  const ContainerReader container(file);
  KeepingSink sink;
  ReadingCounters counters;
  Cancellation cancellation;
  cancellation.cancel();
  EXPECT_THROW(read_members(container, sink, {}, counters, cancellation), Error);
}

// A target that is full must end the reading, however many threads there are.
class FullSink final : public MemberSink {
 public:
  std::unique_ptr<FileReceiver> file(const Entry&, bool) override { throw Error(ErrorKind::no_space, "full"); }
  void other(const Entry&) override {}
};

TEST(MemberReading, ErrorOfTheTarget_IsTheOneThatIsThrown) {
  test::Making making;
  making.files.clear();
  for (const char letter : std::string("abcdefgh"))
    making.files.emplace_back(std::string("htdocs/") + letter, noise(2'000'000));
  const test::MemoryFile file(test::made_archive(making));
  const ContainerReader container(file);
  FullSink sink;
  ReadingCounters counters;
  try {
    read_members(container, sink, {.threads = 4, .on_damage = [](const Damage&) {}}, counters, Cancellation());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
  }
}

// A file of which one piece cannot be had, which shows only when another piece has been read.
class FileWithABadPiece final : public RandomAccess {
 public:
  FileWithABadPiece(const test::MemoryFile& file, std::uint64_t bad, std::uint64_t other)
      : file_(file), bad_(bad), other_(other) {}
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }
  [[nodiscard]] const std::string& name() const override { return file_.name(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    if (offset == bad_) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return other_was_read_; });
      throw Error(kind, "the piece is bad");
    }
    const std::size_t count = file_.read(offset, buffer);
    if (offset == other_) {
      const std::scoped_lock lock(mutex_);
      other_was_read_ = true;
      changed_.notify_all();
    }
    return count;
  }

  ErrorKind kind = ErrorKind::failed;

 private:
  const test::MemoryFile& file_;
  std::uint64_t bad_, other_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable bool other_was_read_ = false;
};

// Whoever reads the next part of the file must not wait for the first one forever.
TEST(MemberReading, FirstPartOfAFileIsLost_TheReadingEnds) {
  test::MadeMembers made;
  const std::string text = noise(10'000);
  made.add(test::MadeMembers::file("htdocs/x", text.size()), text);
  made.cut(4096);
  const test::MemoryFile whole(made.file_bytes());
  const std::vector<SeekFrame> frames = ContainerReader(whole).frames();
  for (const ErrorKind kind : {ErrorKind::failed, ErrorKind::verification}) {
    FileWithABadPiece file(whole, frames.at(1).offset, frames.at(2).offset);
    file.kind = kind;
    const ContainerReader container(file);
    KeepingSink sink;
    ReadingCounters counters;
    try {
      read_members(container, sink, {.threads = 2}, counters, Cancellation());
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind);
      EXPECT_NE(error.message().find("the piece is bad"), std::string::npos) << error.message();
    }
  }
}

}  // namespace
}  // namespace wobackup
