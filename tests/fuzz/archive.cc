// A whole archive: index, frames, metadata, manifest, and the reading of other programs' archives.
#include "container/container_reader.h"
#include "fakes/memory_file.h"
#include "fuzz/require.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/archive_reader.h"
#include "store/archive/member_reading.h"
#include "store/archive/salvage_reading.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

void read_all(const RandomAccess& file) {
  const auto container = ContainerReader::open(file);
  if (!container) return;
  for (std::size_t i = 0; i < container->frames().size(); ++i) {
    const SeekFrame& frame = container->frames()[i];
    test::require(container->frame_at(frame.plain_offset) == i, "a frame is found by its first byte");
    test::require(container->read_frame(i).size() == frame.plain_bytes, "a frame has the length it claims");
  }
  container->read_manifest([](const ManifestEntry&) {});
}

// Takes what it is given, and requires that it is what was announced.
class Nowhere final : public MemberSink {
 public:
  class Receiver final : public FileReceiver {
   public:
    explicit Receiver(std::uint64_t size) : size_(size) {}
    void write(std::uint64_t offset, ByteSpan bytes) override {
      test::require(offset <= size_ && bytes.size() <= size_ - offset, "a file's bytes lie inside of it");
    }
    void finish() override {}

   private:
    std::uint64_t size_;
  };
  std::unique_ptr<FileReceiver> file(const Entry& entry, bool) override {
    return std::make_unique<Receiver>(entry.size);
  }
  void other(const Entry& entry) override {
    test::require(!entry.path.empty() && entry.path.front() != '/', "a path is relative");
  }
};

void read_members_of(const RandomAccess& file, bool go_on) {
  const auto container = ContainerReader::open(file);
  if (!container) return;
  Nowhere sink;
  ReadingCounters counters;
  ReadingOptions options;
  options.threads = 1;
  options.ends_too = true;
  if (go_on) options.on_damage = [](const Damage&) {};
  read_members(*container, sink, options, counters, Cancellation());
}

// By the seek table if there is one, and as if there were none.
void salvage(const RandomAccess& file, bool by_index) {
  const auto container = by_index ? ContainerReader::open(file) : std::nullopt;
  if (by_index && !container) return;
  Nowhere sink;
  ReadingCounters counters;
  const SalvageSummary summary =
      salvage_members(file, container ? &*container : nullptr, sink, {}, counters, Cancellation());
  test::require(summary.lost_bytes <= file.size(), "no more is lost than there was");
  test::require(summary.compared_files + summary.uncompared_files == counters.files, "every file counts once");
}

void read_through(const RandomAccess& file) {
  const ArchiveReader reader(file);
  reader.entries([&](const ManifestEntry& entry) {
    if (entry.entry.type != EntryType::file || !reader.indexed() || entry.entry.size > (1U << 20U)) return;
    std::uint64_t bytes = 0;
    reader.read_file(entry, [&](ByteSpan piece) { bytes += piece.size(); });
    test::require(bytes == entry.entry.size, "a file has the length that is listed");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const test::MemoryFile file(test::bytes_at(data, size));
  const auto tried = [](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      test::require(error.kind() == ErrorKind::verification, "a bad archive is a verification error");
    }
  };
  tried([&] { read_all(file); });
  tried([&] { read_members_of(file, false); });
  tried([&] { read_members_of(file, true); });
  tried([&] { read_through(file); });
  tried([&] { salvage(file, true); });
  tried([&] { salvage(file, false); });
  tried([&] { static_cast<void>(can_be_salvaged(file, Cancellation())); });
  for (const SearchDepth depth : {SearchDepth::beginning, SearchDepth::whole}) {
    tried([&] { static_cast<void>(read_metadata(file, depth)); });
  }
  return 0;
}
