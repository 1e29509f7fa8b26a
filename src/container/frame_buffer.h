// Memory for one frame.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "base/bytes.h"

namespace wobackup {

/// A growing run of bytes that, unlike std::vector, does not set new bytes to zero before they are filled: a frame's
/// bytes are written once. Keeps its memory when cleared.
class FrameBuffer {
 public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] ByteSpan bytes() const noexcept { return {memory_.get(), size_}; }
  void clear() noexcept { size_ = 0; }
  /// Forgets what lies behind. REQUIRES: size <= this->size().
  void shrink(std::size_t size) noexcept { size_ = size; }

  /// Makes room for `count` more bytes and returns it. What it holds is undefined until it is filled.
  [[nodiscard]] MutableByteSpan grow(std::size_t count) {
    reserve(size_ + count);
    const MutableByteSpan added(memory_.get() + size_, count);
    size_ += count;
    return added;
  }
  void append(ByteSpan bytes) {
    if (bytes.empty()) return;
    const MutableByteSpan to = grow(bytes.size());
    std::memcpy(to.data(), bytes.data(), bytes.size());
  }
  void append_zeros(std::size_t count) {
    const MutableByteSpan to = grow(count);
    std::fill(to.begin(), to.end(), std::byte{0});
  }
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    const std::size_t wanted = std::max(capacity, capacity_ + capacity_ / 2);
    auto memory = std::make_unique_for_overwrite<std::byte[]>(wanted);
    if (size_ > 0) std::memcpy(memory.get(), memory_.get(), size_);
    memory_ = std::move(memory);
    capacity_ = wanted;
  }

 private:
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace wobackup
