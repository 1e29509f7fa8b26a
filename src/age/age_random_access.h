// The plaintext of an age file, read at any offset.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "age/age_structure.h"
#include "base/random_access.h"
#include "crypto/aead.h"

namespace wobackup {

/// Decrypts the 64 KiB chunks that a read touches, and keeps the last few of those that were read in part. Every byte
/// that is handed out was authenticated; what was not is wiped, and Error verification is thrown. Holds 2 MiB at most
/// for each thread that reads. From several threads at once.
class AgeRandomAccess final : public RandomAccess {
 public:
  /// `file` and the header that was read from it; `file` outlives the object. Opens the last chunk, without which the
  /// file's length proves nothing. Throws Error verification for an HMAC that is not that of this key; and for a last
  /// chunk that is not the last one, unless the end may be missing: then a chunk that does not open there is left out.
  AgeRandomAccess(const RandomAccess& file, const AgeStructure& structure, const FileKey& key,
                  AgeEnd end = AgeEnd::required);
  ~AgeRandomAccess() override;

  [[nodiscard]] std::uint64_t size() const override { return shape_.plain_bytes; }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override;
  [[nodiscard]] const std::string& name() const override { return file_.name(); }
  /// Whether the last chunk is the one that was written as such: nothing is missing behind it.
  [[nodiscard]] bool has_end() const noexcept { return has_end_; }

 private:
  using Chunk = std::shared_ptr<const ByteVector>;
  class Opener;

  void check_last(AgeEnd end);
  [[nodiscard]] Chunk kept(std::uint64_t index) const;
  void keep(std::uint64_t index, Chunk chunk) const;
  void read_part(Opener& opener, std::uint64_t index, std::size_t begin, MutableByteSpan out) const;
  [[noreturn]] void damaged(const std::string& why) const;

  const RandomAccess& file_;
  std::uint64_t chunks_begin_;
  PayloadShape shape_;
  bool has_end_ = true;  // its last chunk is the one that was written as such
  Secret payload_key_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::uint64_t, Chunk>> chunks_;  // the last used first
  mutable std::vector<std::unique_ptr<Opener>> openers_;       // not in use
};

}  // namespace wobackup
