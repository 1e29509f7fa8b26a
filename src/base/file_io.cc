#include "base/file_io.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/system_error.h"

namespace wobackup {
namespace {

template <class Read>
std::size_t read_loop(MutableByteSpan buffer, std::string_view name, Read read_some) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = read_some(buffer.data() + done, buffer.size() - done, done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(fmt::format("cannot read {}", name), errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

}  // namespace

std::size_t read_up_to(int fd, MutableByteSpan buffer, std::string_view name) {
  return read_loop(buffer, name, [fd](std::byte* to, std::size_t size, std::size_t) { return ::read(fd, to, size); });
}

std::size_t pread_up_to(int fd, MutableByteSpan buffer, std::uint64_t offset, std::string_view name) {
  return read_loop(buffer, name, [fd, offset](std::byte* to, std::size_t size, std::size_t done) {
    return ::pread(fd, to, size, static_cast<off_t>(offset + done));
  });
}

void write_all(int fd, ByteSpan bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(fmt::format("cannot write {}", name), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::string read_small_file(int fd, std::size_t limit_bytes, std::string_view name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error(fmt::format("cannot read {}", name), errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorKind::failed, fmt::format("{} is not a regular file", name));
  std::string content(std::min<std::size_t>(limit_bytes, static_cast<std::size_t>(status.st_size)) + 1, '\0');
  const std::size_t size = read_up_to(fd, {reinterpret_cast<std::byte*>(content.data()), content.size()}, name);
  if (size > limit_bytes) {
    throw Error(ErrorKind::failed, fmt::format("{} is larger than {} bytes", name, limit_bytes));
  }
  content.resize(size);
  return content;
}

std::string read_small_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd) {
    const int error_number = errno;
    const std::string what = fmt::format("cannot open {}", path.string());
    if (error_number == ENOENT) throw Error(ErrorKind::not_found, what + ": " + errno_text(error_number));
    if (error_number == ELOOP) throw Error(ErrorKind::failed, what + ": it is a symbolic link");
    throw system_error(what, error_number);
  }
  return read_small_file(fd.get(), limit_bytes, path.string());
}

void replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  const std::filesystem::path folder = path.parent_path().empty() ? "." : path.parent_path();
  std::string temporary = (folder / ("." + path.filename().string() + ".XXXXXX")).string();
  const UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) throw system_error(fmt::format("cannot write {}", path.string()), errno);
  try {
    write_all(fd.get(), bytes_of(content), path.string());
    if (::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
      throw system_error(fmt::format("cannot write {}", path.string()), errno);
    }
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  const UniqueFd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());
}

UniqueFd unnamed_file(int directory_fd, std::string_view directory_name) {
  UniqueFd fd(::openat(directory_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (fd) return fd;
  // NFS and some overlay file systems have no O_TMPFILE.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string name = fmt::format(".wobackup-spool-{}-{}.partial", ::getpid(), attempt);
    fd.reset(::openat(directory_fd, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd) {
      ::unlinkat(directory_fd, name.c_str(), 0);
      return fd;
    }
    if (errno != EEXIST) break;
  }
  throw system_error(fmt::format("cannot make a temporary file in {}", directory_name), errno);
}

UniqueFd secret_file(std::string_view content) {
  UniqueFd fd(::memfd_create("wobackup", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) throw system_error("cannot make a memory file", errno);
  // MariaDB's programs ignore an option file that others could write to, and a memory file begins with mode 0777.
  if (::fchmod(fd.get(), 0400) != 0) throw system_error("cannot protect a memory file", errno);
  write_all(fd.get(), bytes_of(content), "a memory file");
  ::lseek(fd.get(), 0, SEEK_SET);
  ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  return fd;
}

}  // namespace wobackup
