// A file in memory that counts how it is read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/random_access.h"

namespace wobackup::test {

/// May be read from several threads; looked at when they have ended.
class MemoryFile final : public RandomAccess {
 public:
  struct Read {
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
  };

  explicit MemoryFile(ByteSpan bytes, std::string name = "x.tar.zst")
      : bytes_(bytes.begin(), bytes.end()), name_(std::move(name)) {}

  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    {
      const std::scoped_lock lock(mutex_);
      reads_.push_back({offset, buffer.size()});
    }
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(buffer.size(), bytes_.size() - offset);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
    return count;
  }
  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] const std::vector<Read>& reads() const { return reads_; }
  [[nodiscard]] ByteVector& bytes() { return bytes_; }

 private:
  ByteVector bytes_;
  std::string name_;
  mutable std::mutex mutex_;
  mutable std::vector<Read> reads_;
};

}  // namespace wobackup::test
