// SHA-256: one message, as an archive's sum, and many, as the files of a frame.
#include <benchmark/benchmark.h>

#include <vector>

#include "crypto/sha256_many.h"

namespace wobackup {
namespace {

void one(benchmark::State& state) {
  const ByteVector bytes(std::size_t{4} << 20U, std::byte{7});
  for (auto _ : state) benchmark::DoNotOptimize(sha256(bytes));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(one);

void many(benchmark::State& state) {
  const ByteVector bytes(std::size_t{4} << 20U, std::byte{7});
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<ByteSpan> messages;
  for (std::size_t at = 0; at + size <= bytes.size(); at += size) messages.push_back(ByteSpan(bytes).subspan(at, size));
  std::vector<Sha256Digest> digests(messages.size());
  for (auto _ : state) {
    sha256_many(messages, digests);
    benchmark::DoNotOptimize(digests.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(messages.size() * size));
}
BENCHMARK(many)->Arg(4096)->Arg(65536)->Arg(1 << 20);

}  // namespace
}  // namespace wobackup
