// A whole archive: index, frames, metadata, manifest, and the reading of other programs' archives.
#include "container/container_reader.h"
#include "fakes/memory_file.h"
#include "fuzz/require.h"
#include "store/archive/archive_metadata.h"
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
  for (const SearchDepth depth : {SearchDepth::beginning, SearchDepth::whole}) {
    tried([&] { static_cast<void>(read_metadata(file, depth)); });
  }
  return 0;
}
