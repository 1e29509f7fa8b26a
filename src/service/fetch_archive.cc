#include "service/fetch_archive.h"

#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "backend/ordered_reading.h"
#include "base/cancellation.h"
#include "base/file_access.h"
#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "service/stored_trust.h"
#include "snapshot/run_monitor.h"
#include "store/archive/partial_archive.h"

namespace wobackup {

std::shared_ptr<const RandomAccess> fetch_archive(const RandomAccess& stored, const std::filesystem::path& archive,
                                                  const Config& config, const FetchOptions& options) {
  const std::filesystem::path& place = config.scratch_dir;
  const UniqueFd folder = open_trusted_directory(place, false);
  const Space space = space_of(folder.get(), place);
  require_space(space, min_free_in(space, config.min_free_bytes), stored.size(), place);
  UniqueFd fd = unnamed_file(folder.get(), place.string());
  // What others write meanwhile does not take the room away. Where that cannot be had, writing tells.
  if (stored.size() > 0 && ::fallocate(fd.get(), 0, 0, static_cast<off_t>(stored.size())) != 0 && errno == ENOSPC) {
    throw system_error("cannot make room in " + printable(place.string()), errno);
  }
  Cancellation cancellation;
  std::atomic<std::uint64_t> done{0};
  RunMonitor monitor(
      archive.filename().string(),
      [&](Progress& progress) {
        progress.bytes_done = done;
        progress.bytes_total = stored.size();
      },
      cancellation, options.cancelled, options.on_progress);
  monitor.enter_phase("fetch");
  read_in_order(stored, 0, stored.size(), {}, [&](ByteSpan piece) {
    cancellation.check();
    write_all(fd.get(), piece, place.string());
    done += piece.size();
  });
  monitor.finish();
  return std::make_shared<const FileAccess>(std::move(fd), stored.size(), archive.string());
}

std::shared_ptr<const RandomAccess> fetch_expected(StoredArchive& stored, const std::filesystem::path& archive,
                                                   const Config& config, const FetchOptions& options,
                                                   bool accept_changed) {
  if (!accept_changed) require_expected(archive, stored.content(config.keys), config);
  // Read once: what was proven is what is restored, and a server that goes away later does no harm.
  return fetch_archive(*stored.stored(), archive, config, options);
}

}  // namespace wobackup
