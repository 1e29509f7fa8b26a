// A local file as RandomAccess.
#pragma once

#include <cstdint>
#include <string>

#include "base/random_access.h"
#include "base/unique_fd.h"

namespace wobackup {

/// Owns the descriptor. The size is that at construction.
class FileAccess final : public RandomAccess {
 public:
  FileAccess(UniqueFd fd, std::uint64_t size_bytes, std::string name);
  [[nodiscard]] std::uint64_t size() const override { return size_bytes_; }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override;
  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::uint64_t size_bytes_;
  std::string name_;
};

}  // namespace wobackup
