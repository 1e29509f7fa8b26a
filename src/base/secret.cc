#include "wobackup/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/bytes.h"

namespace wobackup {

Secret::Secret(std::size_t size_bytes) : size_(size_bytes) {
  if (size_bytes == 0) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  mapped_bytes_ = (size_bytes + page - 1) / page * page;
  void* const pages = ::mmap(nullptr, mapped_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(pages);
  // Each is tried only: a container without the right to lock memory still makes backups.
  ::mlock(pages, mapped_bytes_);
  ::madvise(pages, mapped_bytes_, MADV_DONTDUMP);
  ::madvise(pages, mapped_bytes_, MADV_WIPEONFORK);
}

Secret::Secret(std::string_view text) : Secret(bytes_of(text)) {}

Secret::Secret(std::span<const std::byte> bytes) : Secret(bytes.size()) {
  std::copy(bytes.begin(), bytes.end(), data_);
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_bytes_(std::exchange(other.mapped_bytes_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  release();
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  mapped_bytes_ = std::exchange(other.mapped_bytes_, 0);
  return *this;
}

Secret::~Secret() { release(); }

void Secret::shorten(std::size_t size_bytes) noexcept {
  if (size_bytes >= size_) return;
  ::explicit_bzero(data_ + size_bytes, size_ - size_bytes);
  size_ = size_bytes;
}

void Secret::release() noexcept {
  if (data_ == nullptr) return;
  ::explicit_bzero(data_, mapped_bytes_);
  ::munmap(data_, mapped_bytes_);
  data_ = nullptr;
  size_ = mapped_bytes_ = 0;
}

}  // namespace wobackup
