// From members to compressed frames.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "base/cancellation.h"
#include "container/container_writer.h"
#include "container/tar_encode.h"

namespace wobackup {
namespace {

constexpr std::size_t kFrameBytes = std::size_t{4} << 20U;
constexpr int kFrames = 32;

// Tar headers a second, with a path as uploads have it.
void frame_headers(benchmark::State& state) {
  Entry entry;
  entry.path = "htdocs/wp-content/uploads/2025/01/a-picture-with-a-usual-name-1024x768.jpg";
  entry.mode = 0644;
  entry.size = 123'456;
  entry.mtime = {1'737'383'130, 123'456'789};
  entry.user = entry.group = "www-data";
  ByteVector out;
  for (auto _ : state) {
    out.clear();
    append_tar_header(out, entry, "2025-01-20_14-25-30");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(frame_headers);

class Discard final : public ByteOutput {
 public:
  void write(ByteSpan bytes) override { bytes_ += bytes.size(); }
  std::uint64_t bytes_ = 0;
};

class CopyTask final : public FrameTask {
 public:
  explicit CopyTask(ByteSpan bytes) : bytes_(bytes) {}
  void fill(FrameBuffer& plain) override { plain.append(bytes_); }
  void placed(const FramePlace&) override {}

 private:
  ByteSpan bytes_;
};

// Words of a small vocabulary, seeded: about as compressible as PHP.
std::string words() {
  std::mt19937 random(7);
  std::vector<std::string> vocabulary;
  for (int i = 0; i < 2000; ++i) {
    std::string& word = vocabulary.emplace_back();
    for (auto length = random() % 9 + 2; length > 0; --length) word += static_cast<char>('a' + random() % 26);
  }
  std::string text;
  while (text.size() < kFrameBytes) {
    text += vocabulary[random() % vocabulary.size()];
    text += " $_();=>\n"[random() % 9];
  }
  text.resize(kFrameBytes);
  return text;
}

std::string noise() {
  std::mt19937_64 random(7);
  std::string text;
  while (text.size() < kFrameBytes) {
    const std::uint64_t number = random();
    text.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return text;
}

// Plain bytes a second through the pool at level 3, into a container that goes nowhere.
void compress(benchmark::State& state, const std::string& text) {
  const auto threads = static_cast<unsigned>(state.range(0));
  const Cancellation cancellation;
  double ratio = 0;
  for (auto _ : state) {
    Discard output;
    ContainerWriter container(output);
    FramePool pool(threads, 3, cancellation);
    FrameStream stream(pool, container, threads + 2);
    for (int i = 0; i < kFrames; ++i) stream.submit(std::make_unique<CopyTask>(bytes_of(text)));
    stream.finish();
    ratio = static_cast<double>(output.bytes_) / static_cast<double>(kFrames * kFrameBytes);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kFrames * kFrameBytes));
  state.counters["size_ratio"] = ratio;
}
void compress_text(benchmark::State& state) { compress(state, words()); }
void compress_noise(benchmark::State& state) { compress(state, noise()); }
BENCHMARK(compress_text)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(compress_noise)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wobackup
