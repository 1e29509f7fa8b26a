// Memory for keys and passphrases.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace wobackup {

/// Bytes that nobody else shall see: in pages of their own, which are wiped when the object goes, stay out of core
/// files and forked processes, and out of swap where the system allows. Movable, empty after a move; not copied by
/// accident.
class Secret {
 public:
  Secret() = default;
  /// Zeros. Throws std::bad_alloc.
  explicit Secret(std::size_t size_bytes);
  /// A copy. Wiping the original is up to the caller.
  explicit Secret(std::string_view text);
  explicit Secret(std::span<const std::byte> bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  [[nodiscard]] Secret copy() const { return Secret(bytes()); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::span<std::byte> bytes() noexcept { return {data_, size_}; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size_}; }
  /// Forgets what lies behind. REQUIRES: not longer than it is.
  void shorten(std::size_t size_bytes) noexcept;

 private:
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace wobackup
