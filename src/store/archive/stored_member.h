// One regular file in the tar of an indexed archive.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "container/container_reader.h"
#include "container/sparse_map.h"
#include "container/tar_decode.h"

namespace wobackup {

/// Finds a member by the manifest and reads it by the tar, which must agree. All functions throw Error verification,
/// naming the member. The container outlives the object.
class StoredMember {
 public:
  /// Reads the frame that holds the member's headers. `top`: the archive's top folder.
  StoredMember(const ContainerReader& container, const ManifestEntry& listed, std::string_view top);
  StoredMember(const StoredMember&) = delete;
  StoredMember& operator=(const StoredMember&) = delete;
  ~StoredMember() = default;

  /// As the tar tells it, extended attributes included.
  [[nodiscard]] const TarMember& header() const noexcept { return header_; }
  /// Where its stored bytes begin in the tar.
  [[nodiscard]] std::uint64_t data_begin() const noexcept { return data_begin_; }

  /// The bytes as stored, in pieces. Their hash is the manifest's, or an error comes at the end.
  void read_stored(const std::function<void(ByteSpan)>& sink) const;
  /// The logical bytes, holes as zeros; proven in the same way.
  void read(const std::function<void(ByteSpan)>& sink) const;
  /// A sparse file's map. REQUIRES: header().entry.sparse.
  [[nodiscard]] SparseMap sparse_map() const;

 private:
  void read_first(std::uint64_t end);
  void read_range(std::uint64_t begin, std::uint64_t end, const std::function<bool(ByteSpan)>& sink) const;
  void read_sparse(const std::function<void(ByteSpan)>& sink) const;

  const ContainerReader& container_;
  ManifestEntry listed_;
  std::size_t frame_ = 0;
  FrameScratch scratch_;
  ByteSpan first_;  // the frame's plaintext, as far as it is needed
  TarMember header_;
  std::uint64_t data_begin_ = 0;
};

}  // namespace wobackup
