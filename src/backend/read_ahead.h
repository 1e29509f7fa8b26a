// Small reads of something far away.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "backend/backend.h"
#include "base/random_access.h"

namespace wobackup {

/// Reads at least `kReadBytes` at a time and keeps the last `kKept` of such pieces, since what reads an archive asks
/// for many small pieces that lie side by side. Larger reads pass through. May be used from several threads at once, as
/// all RandomAccess.
class ReadAhead final : public RandomAccess {
 public:
  static constexpr std::size_t kReadBytes = std::size_t{128} << 10U;
  static constexpr std::size_t kKept = 16;

  explicit ReadAhead(std::unique_ptr<RandomAccess> source) : source_(std::move(source)) {}

  [[nodiscard]] std::uint64_t size() const override { return source_->size(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override;
  [[nodiscard]] const std::string& name() const override { return source_->name(); }

 private:
  struct Piece {
    std::uint64_t offset = 0;
    ByteVector bytes;
  };
  using SharedPiece = std::shared_ptr<const Piece>;

  [[nodiscard]] SharedPiece kept_piece(std::uint64_t offset, std::size_t size) const;
  void keep(SharedPiece piece) const;

  std::unique_ptr<RandomAccess> source_;
  mutable std::mutex mutex_;
  mutable std::list<SharedPiece> pieces_;  // the last used one first
};

/// An object opened so that its end comes along: an archive's headers are there.
[[nodiscard]] std::unique_ptr<RandomAccess> open_with_read_ahead(ObjectReader& reader, const std::string& key);

}  // namespace wobackup
