#include "age/recipient_list.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "age/x25519_key.h"
#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"
#include "wobackup/keys.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestFile = std::size_t{256} << 10U;

X25519Point point_of(std::string_view text) {
  if (const auto point = X25519Recipient::parse(text)) return *point;
  // What was given may be a secret: it is not repeated.
  if (lower_ascii(text).starts_with("age-secret-key-")) {
    throw Error(ErrorKind::usage, "that is a secret key, not a recipient",
                "`wobackup key show FILE` prints its recipient, age1...; the secret key belongs into a file");
  }
  const std::string said = printable(text.substr(0, 100));
  if (text.starts_with("ssh-") || text.starts_with("age1pq") || text.starts_with("age1tag")) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is a recipient of a kind that is not supported", said),
                "X25519 recipients are: age1... as `wobackup key generate` or age-keygen makes them");
  }
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is no age recipient, or mistyped", said),
              "a recipient looks like age1..., 62 characters; `wobackup key show FILE` prints it");
}

}  // namespace

void check_recipient(std::string_view text) { static_cast<void>(point_of(text)); }

std::vector<std::string> recipients_in_file(const std::filesystem::path& file) {
  const std::string name = printable(file.string());
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    throw Error(ErrorKind::usage, system_error(fmt::format("cannot read {}", name), errno).message());
  }
  if ((status.st_uid != 0 && status.st_uid != ::geteuid()) || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error(ErrorKind::usage, fmt::format("{} can be changed by other users: it is not used", name),
                fmt::format("chown root {0} && chmod go-w {0}", name));
  }
  std::vector<std::string> recipients;
  std::size_t number = 0;
  const std::string content = read_small_file(fd.get(), kLongestFile, name);
  for (std::string_view line : split(content, '\n')) {
    ++number;
    line = trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    try {
      check_recipient(line);
    } catch (const Error& error) {
      throw error.in(fmt::format("{}:{}", name, number));
    }
    recipients.emplace_back(line);
  }
  if (recipients.empty()) throw Error(ErrorKind::usage, fmt::format("there is no recipient in {}", name));
  return recipients;
}

Recipients recipients_from(const std::vector<std::string>& texts) {
  Recipients recipients;
  std::set<X25519Point> seen;
  for (const std::string& text : texts) {
    const X25519Point point = point_of(text);
    if (seen.insert(point).second) recipients.push_back(std::make_unique<const X25519Recipient>(point));
  }
  return recipients;
}

}  // namespace wobackup
