#include "backend/store_url.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "backend/object_key.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::string_view kForms = "write s3://bucket/prefix, sftp://user@host/folder or /a/folder";

Error wrong(std::string_view url, std::string_view why, std::string_view hint = kForms) {
  // What stands before '@' may be a password, mistyped or not.
  const std::size_t at = url.substr(0, url.find('/', std::min(url.find("://") + 3, url.size()))).rfind('@');
  const std::string shown = at == std::string_view::npos
                                ? std::string(url.substr(0, 300))
                                : fmt::format("{}...{}", url.substr(0, url.find("://") + 3), url.substr(at, 300));
  return Error(ErrorKind::usage, fmt::format("{}: {}", printable(shown), why), std::string(hint));
}

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view others) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alphanumeric(c) || others.find(c) != std::string_view::npos; });
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 3 > text.size() || text[i + 1] == '-' || text[i + 1] == '+') return std::nullopt;
    const char* end = text.data() + i + 3;
    if (const auto [at, error] = std::from_chars(text.data() + i + 1, end, value, 16);
        error != std::errc{} || at != end) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

// What stands for itself in the one spelling: all but what has a meaning in a URL, and what terminals would act on.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_alphanumeric(c) || std::string_view("-._~/+=,!$&'()*").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", byte);
    }
  }
  return out;
}

bool is_host(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 253 && is_alphanumeric(host.front()) && consists_of(host, ".-_");
}

bool is_ipv6(const std::string& text) noexcept {
  in6_addr address{};
  return ::inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_user(std::string_view user) noexcept {
  return !user.empty() && user.size() <= 128 && user.front() != '-' && consists_of(user, "._-+@$");
}

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// Without empty parts and ".".
std::string joined_parts(std::string_view path) {
  std::string out;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

// The same; nothing if it has "..".
std::optional<std::string> tidy(std::string_view path) {
  const std::vector<std::string_view> parts = split(path, '/');
  if (std::find(parts.begin(), parts.end(), "..") != parts.end()) return std::nullopt;
  return joined_parts(path);
}

// One spelling of a folder of this machine: what is compared must not depend on a slash that a shell's completion adds.
// ".." stays: a link before it may lead elsewhere.
std::string tidy_folder(std::string_view path) {
  const std::string parts = joined_parts(path);
  if (path.front() == '/') return "/" + parts;
  return parts.empty() ? "." : parts;
}

// As the part of a URL after the host: below the login's own folder.
bool in_own_folder(std::string_view path) noexcept { return path == "/~" || path.starts_with("/~/"); }

StorePlace parse_s3(std::string_view url, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  S3Place place;
  place.bucket = std::string(rest.substr(0, slash));
  const bool good = place.bucket.size() >= 3 && place.bucket.size() <= 63 && is_alphanumeric(place.bucket.front()) &&
                    is_alphanumeric(place.bucket.back()) && consists_of(place.bucket, ".-_") &&
                    place.bucket.find("..") == std::string::npos;
  if (!good) throw wrong(url, "this is not the name of a bucket", "write s3://bucket/prefix");
  if (slash == std::string_view::npos) return place;
  const std::optional<std::string> path = decoded(rest.substr(slash));
  const std::optional<std::string> prefix = path ? tidy(*path) : std::nullopt;
  if (!prefix || (!prefix->empty() && (!is_object_key(*prefix) || prefix->size() > kLongestPrefixBytes))) {
    throw wrong(
        url, "the prefix must be names joined by '/', none of which begins with a dot",
        "other than letters and digits, names may have space and -._~+=,!$&'()*@:; ? # % are written as %3F %23 %25");
  }
  place.prefix = *prefix;
  return place;
}

std::uint16_t port_of(std::string_view url, std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    throw wrong(url, "a port is a number from 1 to 65535", "");
  }
  return port;
}

void take_host_and_port(std::string_view url, std::string_view text, SftpPlace& place) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    place.host = std::string(text.substr(1, close == std::string_view::npos ? close : close - 1));
    if (close == std::string_view::npos || !is_ipv6(place.host)) throw wrong(url, "this is no IPv6 address", "");
    rest = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    place.host = std::string(text.substr(0, colon));
    if (!is_host(place.host)) throw wrong(url, "there is no name of a host", "write sftp://user@host/folder");
    rest = colon == std::string_view::npos ? "" : text.substr(colon);
  }
  if (rest.empty()) return;
  if (rest.front() != ':') throw wrong(url, "the host must end with '/' or ':port'", "");
  place.port = port_of(url, rest.substr(1));
}

StorePlace parse_sftp(std::string_view url, std::string_view rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  SftpPlace place;
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view login = authority.substr(0, at);
    if (login.find(':') != std::string_view::npos) {
      throw wrong(url, "a password does not belong into a URL, which others can see",
                  "log in with a key: identity_file of the store, or ssh-agent");
    }
    const std::optional<std::string> user = decoded(login);
    if (!user || !is_user(*user)) throw wrong(url, "this is no name of a user", "");
    place.user = *user;
  }
  take_host_and_port(url, at == std::string_view::npos ? authority : authority.substr(at + 1), place);

  const std::optional<std::string> path = decoded(slash == std::string_view::npos ? "" : rest.substr(slash));
  const bool own = path && in_own_folder(*path);
  const std::optional<std::string> folder = path ? tidy(own ? path->substr(2) : *path) : std::nullopt;
  if (!folder || path->size() > 1024 || has_control(*path)) {
    throw wrong(url, "this is no path of a folder, or one with \"..\"", "");
  }
  if (path->empty() || (folder->empty() && !own)) {
    throw wrong(url, "there is no folder", "add /folder, or /~/folder for one in the login's own folder");
  }
  place.folder = own ? (folder->empty() ? "." : *folder) : "/" + *folder;
  return place;
}

}  // namespace

StorePlace parse_store_url(std::string_view text) {
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || !consists_of(scheme, "+")) {
    if (text.empty() || text.find('\0') != std::string_view::npos) throw wrong(text, "this is no place for a store");
    return LocalPlace{tidy_folder(text)};
  }
  const std::string_view rest = text.substr(scheme_end + 3);
  if (scheme == "s3") return parse_s3(text, rest);
  if (scheme == "sftp") return parse_sftp(text, rest);
  throw wrong(text, "there is no such kind of store");
}

std::string store_url(const StorePlace& place) {
  if (const auto* local = std::get_if<LocalPlace>(&place)) return local->folder.string();
  if (const auto* s3 = std::get_if<S3Place>(&place)) {
    return fmt::format("s3://{}{}{}", s3->bucket, s3->prefix.empty() ? "" : "/", encoded(s3->prefix));
  }
  const auto& sftp = std::get<SftpPlace>(place);
  std::string url = "sftp://";
  if (!sftp.user.empty()) url += encoded(sftp.user) + "@";
  url += sftp.host.find(':') == std::string::npos ? sftp.host : "[" + sftp.host + "]";
  if (sftp.port != 0) url += fmt::format(":{}", sftp.port);
  // A folder "~" of the root has one slash more: "//~".
  if (sftp.folder.starts_with('/')) return url + (in_own_folder(sftp.folder) ? "/" : "") + encoded(sftp.folder);
  return url + "/~" + (sftp.folder == "." ? "" : "/" + encoded(sftp.folder));
}

}  // namespace wobackup
