#include "source/database/sqlite_copy_target.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "wobackup/error.h"

namespace wobackup {
namespace {

// What SQLite allocates for an open file; it knows the first member only.
struct TargetFile {
  sqlite3_file base;
  const SqliteTarget* target;
};

const SqliteTarget& target_of(sqlite3_file* file) { return *reinterpret_cast<TargetFile*>(file)->target; }

int close_file(sqlite3_file*) { return SQLITE_OK; }

int read_file(sqlite3_file* file, void* buffer, int amount, sqlite3_int64 offset) {
  auto* bytes = static_cast<char*>(buffer);
  auto left = static_cast<std::size_t>(amount);
  while (left > 0) {
    const ssize_t size = ::pread(target_of(file).fd(), bytes, left, offset);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SQLITE_IOERR_READ;
    if (size == 0) {
      std::memset(bytes, 0, left);  // as SQLite demands
      return SQLITE_IOERR_SHORT_READ;
    }
    bytes += size;
    offset += size;
    left -= static_cast<std::size_t>(size);
  }
  return SQLITE_OK;
}

int write_file(sqlite3_file* file, const void* buffer, int amount, sqlite3_int64 offset) {
  const auto* bytes = static_cast<const char*>(buffer);
  auto left = static_cast<std::size_t>(amount);
  while (left > 0) {
    const ssize_t size = ::pwrite(target_of(file).fd(), bytes, left, offset);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    bytes += size;
    offset += size;
    left -= static_cast<std::size_t>(size);
  }
  return SQLITE_OK;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  return ::ftruncate(target_of(file).fd(), size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  struct stat status {};
  if (::fstat(target_of(file).fd(), &status) != 0) return SQLITE_IOERR_FSTAT;
  *size = status.st_size;
  return SQLITE_OK;
}

int sync_file(sqlite3_file*, int) { return SQLITE_OK; }
int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* locked) {
  *locked = 0;
  return SQLITE_OK;
}
int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 4096; }

// SQLite reads a database that cannot change without looking for its WAL.
int characteristics(sqlite3_file* file) {
  return target_of(file).use() == SqliteTarget::Use::read ? SQLITE_IOCAP_IMMUTABLE : 0;
}

constexpr sqlite3_io_methods kMethods = [] {
  sqlite3_io_methods methods{};
  methods.iVersion = 1;
  methods.xClose = close_file;
  methods.xRead = read_file;
  methods.xWrite = write_file;
  methods.xTruncate = truncate_file;
  methods.xSync = sync_file;
  methods.xFileSize = file_size;
  methods.xLock = lock_file;
  methods.xUnlock = lock_file;
  methods.xCheckReservedLock = check_lock;
  methods.xFileControl = control_file;
  methods.xSectorSize = sector_size;
  methods.xDeviceCharacteristics = characteristics;
  return methods;
}();

int open_file(sqlite3_vfs* system, const char*, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;  // a journal or a temporary file
  reinterpret_cast<TargetFile*>(file)->target = static_cast<const SqliteTarget*>(system->pAppData);
  file->pMethods = &kMethods;
  if (flags_out != nullptr) *flags_out = flags;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char*, int) { return SQLITE_IOERR_DELETE; }
int has_file(sqlite3_vfs*, const char*, int, int* found) {
  *found = 0;  // no journal lies beside it
  return SQLITE_OK;
}
int full_name(sqlite3_vfs*, const char* name, int size, char* full) {
  sqlite3_snprintf(size, full, "%s", name);
  return SQLITE_OK;
}
int random_bytes(sqlite3_vfs*, int size, char* bytes) {
  std::memset(bytes, 0, static_cast<std::size_t>(std::max(size, 0)));
  return size;
}
int sleep_for(sqlite3_vfs*, int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
  return microseconds;
}
int current_time(sqlite3_vfs*, double* julian_day) {
  *julian_day = 2440587.5;  // 1970: nothing here asks for it
  return SQLITE_OK;
}
int last_error(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

SqliteTarget::SqliteTarget(int fd, Use use) : fd_(fd), use_(use), name_(fmt::format("wobackup-copy-{}", fd)) {
  system_.iVersion = 1;
  system_.szOsFile = sizeof(TargetFile);
  system_.mxPathname = 64;
  system_.zName = name_.c_str();
  system_.pAppData = this;
  system_.xOpen = open_file;
  system_.xDelete = delete_file;
  system_.xAccess = has_file;
  system_.xFullPathname = full_name;
  system_.xRandomness = random_bytes;
  system_.xSleep = sleep_for;
  system_.xCurrentTime = current_time;
  system_.xGetLastError = last_error;
  if (::sqlite3_vfs_register(&system_, 0) != SQLITE_OK) {
    throw Error(ErrorKind::dump, "SQLite cannot be prepared to copy a database");
  }
}

SqliteTarget::~SqliteTarget() { ::sqlite3_vfs_unregister(&system_); }

}  // namespace wobackup
