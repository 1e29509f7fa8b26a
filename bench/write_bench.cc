// An archive's bytes on their way to the disk, until they are there. Where it writes: TMPDIR.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/disk_stream.h"
#include "base/unique_fd.h"
#include "crypto/stream_hash.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;  // about a compressed frame
constexpr std::size_t kPieces = 256;

UniqueFd new_file(const std::filesystem::path& path) {
  return UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

// What an archive does: hashed beside, written past the page cache, synced.
void write_stream(benchmark::State& state) {
  const test::ScratchFolder folder;
  const ByteVector piece(kPieceBytes, std::byte{5});
  for (auto _ : state) {
    const std::filesystem::path path = folder / "archive";
    const UniqueFd fd = new_file(path);
    StreamHash hash;
    DiskStream stream(fd.get(), path.string(), hash);
    for (std::size_t i = 0; i < kPieces; ++i) stream.write(piece);
    stream.finish();
    benchmark::DoNotOptimize(hash.finish());
    std::filesystem::remove(path);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kPieces * kPieceBytes));
}
BENCHMARK(write_stream)->UseRealTime()->Unit(benchmark::kMillisecond);

// What the disk can do at best: the same bytes through the page cache, then synced, without a hash.
void write_plainly(benchmark::State& state) {
  const test::ScratchFolder folder;
  const ByteVector piece(kPieceBytes, std::byte{5});
  for (auto _ : state) {
    const std::filesystem::path path = folder / "archive";
    const UniqueFd fd = new_file(path);
    for (std::size_t i = 0; i < kPieces; ++i) {
      if (::write(fd.get(), piece.data(), piece.size()) < 0) state.SkipWithError("cannot write");
    }
    if (::fdatasync(fd.get()) != 0) state.SkipWithError("cannot sync");
    std::filesystem::remove(path);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kPieces * kPieceBytes));
}
BENCHMARK(write_plainly)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wobackup
