// The tar of a damaged archive, frame by frame.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "container/member_sink.h"
#include "container/tar_decode.h"
#include "crypto/sha256.h"
#include "store/archive/manifest_remains.h"
#include "store/archive/salvage_reading.h"
#include "store/archive/stored_file.h"

namespace wobackup {

/// The path below the top folder; empty for the top folder itself. Nothing for one that lies elsewhere, or that no
/// archive of this program has (with empty, "." or ".." parts, or longer than 64 KiB).
[[nodiscard]] std::optional<std::string> path_below(std::string_view path, std::string_view top);

/// The top folder that the first member of a frame lies in, if the frame is one of whole members, or begins one that
/// goes on in the next.
[[nodiscard]] std::optional<std::string> top_of_frame(ByteSpan plain);

/// Takes frames one after the other, and delivers members. Used from one thread; what is given to it outlives it.
class TarSalvage {
 public:
  /// `top`: empty if it is not known; then it is that of the first frame that has one.
  TarSalvage(std::string top, ListedMembers& listed, MemberSink& sink, const SalvageOptions& options,
             SalvageSummary& summary, ReadingCounters& counters);

  /// A whole frame's plaintext. False if nothing in it could be used.
  [[nodiscard]] bool take(ByteSpan plain);
  /// Something is missing here; as much of the tar, if that is known.
  void miss(std::optional<std::uint64_t> plain_bytes);
  /// The end of the tar was met.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// No more frames come.
  void finish();

 private:
  enum class Place { border, inside, unknown };
  // A member that goes on in the next frame.
  struct Spanning {
    std::string path;
    std::uint64_t rest_bytes = 0;  // of it in the tar, with its padding
    std::uint64_t data_bytes = 0, data_done = 0;
    bool delivered = false;  // it is not lost so far, and wanted
    std::optional<StoredFile> layout;
    std::unique_ptr<FileReceiver> receiver;
    Sha256 hash;
    std::optional<Sha256Digest> expected;
    bool strict = false;  // the hash is known to be the one that was written
  };

  void go_on(ByteSpan& plain);
  [[nodiscard]] bool member(ByteSpan& plain);
  void deliver(TarMember& member, ByteSpan data, std::uint64_t padded_bytes, const ManifestEntry* listed);
  void deliver_file(TarMember& member, ByteSpan data, std::uint64_t padded_bytes, const ManifestEntry* listed);
  [[nodiscard]] const ManifestEntry* agreeing(TarMember& member, const std::string& path);
  [[nodiscard]] bool is_new(const std::string& path);
  void count(bool is_file, bool compared);
  void lost(const std::string& path, const std::string& why) const;
  void lose_spanning(const std::string& why);

  std::string top_;
  ListedMembers& listed_;
  MemberSink& sink_;
  const SalvageOptions& options_;
  SalvageSummary& summary_;
  ReadingCounters& counters_;
  Place place_ = Place::unknown;
  Spanning spanning_;
  bool ended_ = false;
  std::unordered_set<std::uint64_t> delivered_;  // hashes of paths
};

}  // namespace wobackup
