// One member of an archive, to be read at any offset.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/random_access.h"
#include "base/unique_fd.h"
#include "container/entry.h"
#include "crypto/throwaway_cipher.h"
#include "store/archive/archive_reader.h"

namespace wobackup {

/// The logical bytes of one regular file (hard links resolved), for loading dumps. Of an indexed archive, frames are
/// decoded as they are needed, and the last four are kept; each thread that reads may hold one more. Of another
/// archive, the constructor copies the member into `spool`, an empty unnamed file (holes stay holes), enciphered: the
/// archive may be an encrypted one. The tar's header agrees with the manifest, and every frame's checksum is compared;
/// the sha256 is not: use ArchiveReader::read_file where the content must be proven. The reader (and its file) outlive
/// the object.
class MemberAccess final : public RandomAccess {
 public:
  /// Throws as ArchiveReader::read_file, and failed for a foreign archive without a spool.
  MemberAccess(const ArchiveReader& archive, const std::string& path, UniqueFd spool = {});
  MemberAccess(const ArchiveReader& archive, const ManifestEntry& entry, UniqueFd spool = {});

  [[nodiscard]] std::uint64_t size() const override { return size_bytes_; }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override;
  /// The archive's name and the member's.
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  using Frame = std::shared_ptr<const ByteVector>;

  void fill_spool(const ArchiveReader& archive, const std::string& path);
  void spool(std::uint64_t offset, ByteSpan bytes);
  void decipher(std::uint64_t offset, MutableByteSpan bytes) const;
  void read_tar(std::uint64_t tar_offset, MutableByteSpan buffer) const;
  [[nodiscard]] Frame frame(std::size_t index) const;

  const ContainerReader* container_ = nullptr;
  std::string name_;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t data_begin_ = 0;         // in the tar; of a sparse file, behind the map
  std::vector<SparseSegment> segments_;  // one for a file without holes
  std::vector<std::uint64_t> starts_;    // of each, behind data_begin_
  UniqueFd spool_;
  ThrowawayCipher cipher_;                 // of what is in it
  std::vector<SparseSegment> enciphered_;  // where there is something in it, in order

  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::size_t, Frame>> frames_;  // the last used first
};

}  // namespace wobackup
