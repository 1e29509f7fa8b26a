// A file of which some parts may not be readable.
#pragma once

#include <cstdint>
#include <string>

#include "base/random_access.h"

namespace wobackup {

/// What cannot be read because it is damaged (a chunk of an encrypted file that is not what was written) is given as
/// zeros, in pieces of 64 KiB: whoever reads has checksums of his own that find them. Other errors are thrown as ever.
/// The file outlives the object.
class ReadablePart final : public RandomAccess {
 public:
  explicit ReadablePart(const RandomAccess& file) : file_(file) {}
  [[nodiscard]] std::uint64_t size() const override { return file_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override;
  [[nodiscard]] const std::string& name() const override { return file_.name(); }

 private:
  [[nodiscard]] bool try_read(std::uint64_t offset, MutableByteSpan buffer, std::size_t& size) const;

  const RandomAccess& file_;
};

}  // namespace wobackup
