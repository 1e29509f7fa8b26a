#include "base/disk_stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "base/file_io.h"
#include "base/system_error.h"

namespace wobackup {
namespace {

// Disks have sectors of 512 or 4096 bytes; memory, offset and length of a direct write are multiples of them.
constexpr std::size_t kAlignment = 4096;

bool set_direct(int fd, bool direct) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return false;
  return ::fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

}  // namespace

void DiskStream::FreeMemory::operator()(std::byte* memory) const noexcept { std::free(memory); }

DiskStream::DiskStream(int fd, std::string name, ByteObserver& observer)
    : fd_(fd),
      name_(std::move(name)),
      observer_(observer),
      direct_(set_direct(fd, true)),
      spare_(kBlocks),
      thread_([this](const std::stop_token& stop) { work(stop); }) {}

DiskStream::~DiskStream() { thread_.request_stop(); }

void DiskStream::check_locked() const {
  if (error_) std::rethrow_exception(error_);
}

// Waits until at most so many blocks are under way. What only the observer holds up is worked off here.
void DiskStream::make_room(std::unique_lock<std::mutex>& lock, std::size_t under_way) {
  while (true) {
    check_locked();
    while (written_ > 0 && observer_.passed_bytes() >= under_way_.front().end) {
      spare_.push_back(std::move(under_way_.front()));
      under_way_.pop_front();
      --written_;
    }
    if (under_way_.size() <= under_way) return;
    if (written_ > 0) {
      const std::uint64_t end = under_way_.front().end;
      lock.unlock();
      observer_.catch_up(end);
      lock.lock();
    } else {
      changed_.wait(lock, [this] { return written_ > 0 || error_; });
    }
  }
}

void DiskStream::take_block() {
  {
    std::unique_lock lock(mutex_);
    make_room(lock, kBlocks - 1);
    block_ = std::move(spare_.front());
    spare_.pop_front();
  }
  block_.size = 0;
  if (block_.memory) return;
  block_.memory.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, kBlockBytes)));
  if (!block_.memory) throw std::bad_alloc();
}

void DiskStream::hand_over() {
  handed_over_bytes_ += block_.size;
  block_.end = handed_over_bytes_;
  const std::scoped_lock lock(mutex_);
  under_way_.push_back(std::exchange(block_, {}));
  const Block& block = under_way_.back();
  observer_.offer({block.memory.get(), block.size});
  changed_.notify_all();
}

void DiskStream::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    if (!block_.memory) take_block();
    const std::size_t count = std::min(bytes.size(), kBlockBytes - block_.size);
    std::memcpy(block_.memory.get() + block_.size, bytes.data(), count);
    block_.size += count;
    bytes = bytes.subspan(count);
    if (block_.size == kBlockBytes) hand_over();
  }
}

void DiskStream::finish() {
  if (block_.memory) hand_over();
  {
    std::unique_lock lock(mutex_);
    make_room(lock, 0);
  }
  if (::fdatasync(fd_) != 0) throw system_error(fmt::format("cannot write {}", name_), errno);
}

void DiskStream::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return written_ < under_way_.size(); };
  while (changed_.wait(lock, stop, has_work) && !stop.stop_requested()) {
    const Block& block = under_way_[written_];  // stays where it is until it was written
    lock.unlock();
    std::exception_ptr error;
    try {
      put({block.memory.get(), block.size});
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error) {
      error_ = error;
      changed_.notify_all();
      return;
    }
    ++written_;
    changed_.notify_all();
  }
}

void DiskStream::put(ByteSpan bytes) {
  if (direct_) bytes = bytes.subspan(put_directly(bytes));
  if (bytes.empty()) return;
  leave_direct();
  write_all(fd_, bytes, name_);
  written_bytes_ += bytes.size();
  // Starts the transfer to the disk now; without it the final sync waits for everything at once.
  ::sync_file_range(fd_, static_cast<off64_t>(flush_from_bytes_),
                    static_cast<off64_t>(written_bytes_ - flush_from_bytes_), SYNC_FILE_RANGE_WRITE);
  flush_from_bytes_ = written_bytes_;
}

// Returns how much of it was written. What is left, the file's last piece and what this file system does not take, goes
// through the page cache.
std::size_t DiskStream::put_directly(ByteSpan bytes) {
  std::size_t done = 0;
  while (bytes.size() - done >= kAlignment) {
    const std::size_t size = (bytes.size() - done) / kAlignment * kAlignment;
    const ssize_t count = ::write(fd_, bytes.data() + done, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EINVAL) break;
    if (count < 0) throw system_error(fmt::format("cannot write {}", name_), errno);
    done += static_cast<std::size_t>(count);
    written_bytes_ += static_cast<std::uint64_t>(count);
    if (count == 0 || static_cast<std::size_t>(count) % kAlignment != 0) break;
  }
  flush_from_bytes_ = written_bytes_;
  return done;
}

void DiskStream::leave_direct() {
  if (!direct_) return;
  direct_ = false;
  if (!set_direct(fd_, false)) throw system_error(fmt::format("cannot write {}", name_), errno);
}

}  // namespace wobackup
