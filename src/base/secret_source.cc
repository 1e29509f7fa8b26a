#include "base/secret_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/file_io.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kComplaintBytes = 2048;

// This process's, for a program that the admin chose: gpg and the like need HOME, a terminal, an agent.
std::vector<std::pair<std::string, std::string>> own_environment() {
  std::vector<std::pair<std::string, std::string>> environment;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view text = *each;
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals != std::string_view::npos && equals > 0 && name != "PATH" && name != "LC_ALL") {
      environment.emplace_back(name, text.substr(equals + 1));
    }
  }
  return environment;
}

std::string complaint(int fd) {
  std::string text;
  ByteVector piece(kComplaintBytes);
  while (const std::size_t size = read_up_to(fd, piece, "what the command says")) {
    text.append(text_of(ByteSpan(piece).first(std::min(size, kComplaintBytes - text.size()))));
  }
  return printable(trim(text));
}

std::unique_ptr<Subprocess> start(const std::vector<std::string>& argv, std::string_view what) {
  try {
    return std::make_unique<Subprocess>(
        Command{.argv = argv, .environment = own_environment(), .inherit = {}, .run_as = {}});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(ErrorKind::wrong_key, fmt::format("{}: {}", what, error.message()), error.hint());
  }
}

}  // namespace

Secret read_secret(int fd, std::size_t limit_bytes, std::string_view name) {
  Secret secret(limit_bytes + 1);
  const std::size_t size = read_up_to(fd, secret.bytes(), name);
  if (size > limit_bytes) {
    throw Error(ErrorKind::failed, fmt::format("{} is longer than {} bytes: that is no key", name, limit_bytes));
  }
  secret.shorten(size);
  return secret;
}

Secret read_secret_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  const std::string name = printable(path.string());
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    if (errno == ENOENT) throw Error(ErrorKind::not_found, fmt::format("there is no file {}", name));
    throw system_error(fmt::format("cannot read {}", name), errno);
  }
  if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::usage, fmt::format("{} is a folder", name));
  if (S_ISREG(status.st_mode)) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
      throw Error(ErrorKind::usage, fmt::format("{} belongs to another user: it is not used", name),
                  fmt::format("chown root {0} && chmod 600 {0}", name));
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      throw Error(ErrorKind::usage, fmt::format("{} can be read or changed by other users: it is not used", name),
                  fmt::format("chmod 600 {}", name));
    }
  }
  return read_secret(fd.get(), limit_bytes, name);
}

Secret secret_from_command(const std::vector<std::string>& argv, std::size_t limit_bytes, std::string_view what) {
  if (argv.empty()) throw Error(ErrorKind::usage, fmt::format("{} is empty", what));
  const std::unique_ptr<Subprocess> started = start(argv, what);
  Subprocess& process = *started;
  std::string said;
  Secret secret;
  {
    const std::jthread listener([&said, fd = process.err_fd()] {
      try {
        said = complaint(fd);
      } catch (const Error&) {
        said = "(cannot be read)";
      }
    });
    try {
      secret = read_secret(process.out_fd(), limit_bytes, fmt::format("what {} prints", what));
    } catch (...) {
      process.kill(9);  // or the listener would wait for it
      throw;
    }
  }
  const ExitStatus status = process.wait();
  if (!status.success()) {
    throw Error(ErrorKind::wrong_key, fmt::format("{} ({}) failed: {}{}{}", what, printable(argv.front()),
                                                  status.text(), said.empty() ? "" : ": ", said));
  }
  return secret;
}

}  // namespace wobackup
