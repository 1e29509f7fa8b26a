// The way of files into a backup: found by the walk, then opened, looked at and read.
#include <benchmark/benchmark.h>
#include <fcntl.h>

#include <vector>

#include "base/safe_path.h"
#include "fakes/scratch_folder.h"
#include "source/files/tree_walker.h"

namespace wobackup {
namespace {

constexpr int kFolders = 100;
constexpr int kFilesInFolder = 100;

// 10,000 files, warm in the page cache. Where it lies: TMPDIR.
class Tree {
 public:
  explicit Tree(std::size_t file_bytes) {
    const std::string content(file_bytes, 'x');
    for (int folder = 0; folder < kFolders; ++folder) {
      for (int file = 0; file < kFilesInFolder; ++file) {
        folder_.write("htdocs/" + std::to_string(folder) + "/file-" + std::to_string(file) + ".php", content);
      }
    }
  }

  [[nodiscard]] TreeWalker walker(OwnerNames& names) const {
    WalkOptions options;
    options.roots = {"htdocs"};
    options.on_note = [](std::string_view, const std::string&) {};
    options.on_unreadable = options.on_note;
    return {file_root(open_trusted_directory(folder_.path(), false)), names, std::move(options)};
  }

 private:
  test::ScratchFolder folder_;
};

// Members a second, with their attributes.
void walk(benchmark::State& state) {
  const Tree tree(0);
  OwnerNames names;
  std::int64_t members = 0;
  for (auto _ : state) {
    TreeWalker walker = tree.walker(names);
    while (const auto member = walker.next()) ++members;
  }
  state.SetItemsProcessed(members);
}
BENCHMARK(walk)->Unit(benchmark::kMillisecond);

// Walked, opened, read and looked at again, by one thread.
void read(benchmark::State& state) {
  const auto file_bytes = static_cast<std::size_t>(state.range(0));
  const Tree tree(file_bytes);
  OwnerNames names;
  ByteVector buffer(file_bytes);
  std::int64_t bytes = 0, files = 0;
  for (auto _ : state) {
    TreeWalker walker = tree.walker(names);
    while (auto member = walker.next()) {
      if (!member->content) continue;
      std::size_t count = 0;
      const bool read = !member->content->open(member->entry) && !member->content->read(0, buffer, count);
      if (!read || member->content->stability() != Stability::same) state.SkipWithError("a file could not be read");
      bytes += static_cast<std::int64_t>(count);
      ++files;
    }
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(files);
}
BENCHMARK(read)->Arg(4096)->Arg(65536)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wobackup
