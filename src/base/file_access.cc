#include "base/file_access.h"

#include <utility>

#include "base/file_io.h"

namespace wobackup {

FileAccess::FileAccess(UniqueFd fd, std::uint64_t size_bytes, std::string name)
    : fd_(std::move(fd)), size_bytes_(size_bytes), name_(std::move(name)) {}

std::size_t FileAccess::read(std::uint64_t offset, MutableByteSpan buffer) const {
  return pread_up_to(fd_.get(), buffer, offset, name_);
}

}  // namespace wobackup
