#include "age/identity_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/clock.h"
#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"
#include "wobackup/keys.h"

namespace wobackup {

Identities identities_in(const Secret& text, std::string_view name) {
  Identities identities;
  std::size_t number = 0;
  for (std::string_view line : split(text.text(), '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    std::optional<Secret> secret = X25519Identity::parse(line);
    if (!secret) {
      throw Error(
          ErrorKind::wrong_key, fmt::format("{}: line {} is no age identity (AGE-SECRET-KEY-1...)", name, number),
          line.starts_with("age1") ? "that is a recipient, the public half; the file with its identity is needed"
                                   : "`wobackup key generate FILE` or age-keygen makes such files");
    }
    identities.push_back(std::make_unique<const X25519Identity>(*std::move(secret)));
  }
  if (identities.empty()) throw Error(ErrorKind::wrong_key, fmt::format("there is no age identity in {}", name));
  return identities;
}

Secret identity_file_text(const X25519Identity& identity, std::string_view created) {
  const std::string comments = fmt::format("# created: {}\n# public key: {}\n", created, identity.recipient());
  const Secret key = identity.text();
  Secret text(comments.size() + key.size() + 1);
  auto out = std::copy_n(bytes_of(comments).begin(), comments.size(), text.bytes().begin());
  out = std::copy_n(key.bytes().begin(), key.size(), out);
  *out = std::byte{'\n'};
  return text;
}

std::string generate_identity(const std::filesystem::path& file) {
  const std::string name = printable(file.string());
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd && errno == EEXIST) {
    throw Error(ErrorKind::usage, fmt::format("{} exists, and a key is never overwritten", name),
                "what was encrypted to it could not be opened any more; choose another name");
  }
  if (!fd) throw system_error(fmt::format("cannot make {}", name), errno);
  const X25519Identity identity = X25519Identity::generate();
  const Secret text =
      identity_file_text(identity, rfc3339(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())));
  try {
    write_all(fd.get(), text.bytes(), name);
    if (::fchmod(fd.get(), 0600) != 0 || ::fsync(fd.get()) != 0) {
      throw system_error(fmt::format("cannot write {}", name), errno);
    }
  } catch (...) {
    ::unlink(file.c_str());  // half a key is worse than none
    throw;
  }
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const UniqueFd folder_fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder_fd) ::fsync(folder_fd.get());
  return identity.recipient();
}

}  // namespace wobackup
