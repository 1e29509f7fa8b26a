#include "database/my_cnf.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "base/file_io.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
// The clients read lines of 4 KB. They would take what follows for an option of its own.
constexpr std::size_t kLongestValue = 4000;

// Escapes and quotes as MySQL's own reader takes them.
std::string value_from(std::string_view text) {
  text = trim(text);
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    text = text.substr(1, text.size() - 2);
  }
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      value += text[i];
      continue;
    }
    constexpr std::string_view kEscapes = "ntrbs\\\"'";
    constexpr std::string_view kMeaning = "\n\t\r\b \\\"'";
    const std::size_t which = kEscapes.find(text[++i]);
    if (which == std::string_view::npos) value += '\\';
    value += which == std::string_view::npos ? text[i] : kMeaning[which];
  }
  return value;
}

// Without a comment at its end, which a '#' outside of quotes begins.
std::string_view without_comment(std::string_view line) {
  char quote = '\0';
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (quote != '\0') {
      if (line[i] == quote) quote = '\0';
    } else if (line[i] == '"' || line[i] == '\'') {
      quote = line[i];
    } else if (line[i] == '#') {
      return line.substr(0, i);
    }
  }
  return line;
}

void set_option(ServerLogin& login, const std::string& key, std::string value) {
  if (key == "user")
    login.user = std::move(value);
  else if (key == "password")
    login.password = std::move(value);
  else if (key == "host")
    login.host.host = std::move(value);
  else if (key == "socket")
    login.host.socket = std::move(value);
  else if (key == "port")
    std::from_chars(value.data(), value.data() + value.size(), login.host.port);
  else if (key == "ssl" || key.starts_with("ssl-"))
    login.tls.emplace_back(key, std::move(value));
}

std::string option_text(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      if (c == '\\' || c == '"') out += '\\';
      out += c;
    }
  }
  if (out.size() > kLongestValue) {
    throw Error(ErrorKind::dump, "the login's user or password is too long for an option file", "set a shorter one");
  }
  return out + "\"";
}

ServerLogin read_login_file(const std::filesystem::path& path, bool& has_user) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 &&
      ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (status.st_uid != 0 && status.st_uid != ::geteuid()))) {
    throw Error(ErrorKind::failed, fmt::format("{} can be written by other users: it is not used", path.string()),
                fmt::format("chown root {0} && chmod 600 {0}", path.string()));
  }
  std::optional<ServerLogin> login = login_from_my_cnf(read_small_file(path, kLargestFile));
  has_user = login.has_value();
  ServerLogin result = login.value_or(ServerLogin{});
  result.source = path.string();
  return result;
}

}  // namespace

std::optional<ServerLogin> login_from_my_cnf(std::string_view text) {
  static constexpr std::array<std::string_view, 3> kGroups{"client", "client-server", "client-mariadb"};
  ServerLogin login;
  bool ours = false;
  for (const std::string_view raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.front() == '#' || line.front() == ';' || line.front() == '!') continue;
    if (line.front() == '[') {
      const std::string group(trim(line.substr(1, line.find(']') - 1)));
      ours = std::find(kGroups.begin(), kGroups.end(), group) != kGroups.end();
      continue;
    }
    if (!ours) continue;
    const std::string_view option = without_comment(line);
    const std::size_t equals = option.find('=');
    std::string key = lower_ascii(trim(option.substr(0, equals)));
    std::replace(key.begin(), key.end(), '_', '-');
    set_option(login, key, equals == std::string_view::npos ? "" : value_from(option.substr(equals + 1)));
  }
  if (login.user.empty()) return std::nullopt;
  return login;
}

std::string my_cnf_of(const ServerLogin& login) {
  std::string text =
      fmt::format("[client]\nuser={}\npassword={}\n", option_text(login.user), option_text(login.password));
  if (!login.host.socket.empty()) {
    text += fmt::format("host=localhost\nsocket={}\n", option_text(login.host.socket));
  } else {
    text += fmt::format("host={}\n", option_text(login.host.host));
    if (login.host.port != 0) text += fmt::format("port={}\n", login.host.port);
  }
  for (const auto& [key, value] : login.tls) {
    text += value.empty() ? fmt::format("{}\n", key) : fmt::format("{}={}\n", key, option_text(value));
  }
  return text;
}

std::optional<ServerLogin> admin_login(const std::optional<std::filesystem::path>& defaults_file) {
  bool has_user = false;
  if (defaults_file) {
    ServerLogin login = read_login_file(*defaults_file, has_user);
    if (!has_user) {
      throw Error(ErrorKind::failed, fmt::format("{} names no user in [client]", defaults_file->string()),
                  "it should hold user and password of a database admin");
    }
    return login;
  }
  const char* home = std::getenv("HOME");
  for (const std::string& candidate :
       {std::string("/etc/mysql/conf.d/my.cnf"), std::string(home != nullptr ? home : "/root") + "/.my.cnf"}) {
    if (::access(candidate.c_str(), R_OK) != 0) continue;
    ServerLogin login = read_login_file(candidate, has_user);
    if (has_user) return login;
  }
  if (::geteuid() != 0) return std::nullopt;
  ServerLogin root;
  root.user = "root";
  root.source = "the local server's socket";
  return root;
}

}  // namespace wobackup
