#include "site/database_host.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::uint16_t kDefaultPort = 3306;
constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un
constexpr std::string_view kUsualSockets[] = {"/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock",
                                              "/var/lib/mysql/mysql.sock"};

std::optional<std::uint16_t> port_from(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

bool is_host(std::string_view host) {
  return !host.empty() && host.size() <= 255 && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_' || c == ':' || c == '%';
         });
}

bool is_socket(std::string_view path) {
  return path.starts_with('/') && path.size() <= kLongestSocketPath &&
         std::none_of(path.begin(), path.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

bool default_socket(const std::string& socket) {
  return socket.empty() ||
         std::find(std::begin(kUsualSockets), std::end(kUsualSockets), socket) != std::end(kUsualSockets);
}

bool is_localhost(std::string_view host) { return lower_ascii(host) == "localhost"; }

// One spelling of an address or a name.
std::string canonical(const std::string& host) {
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_pton(AF_INET6, host.c_str(), &address) != 1) return lower_ascii(host);
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    return ::inet_ntop(AF_INET, &address.s6_addr[12], text.data(), text.size());
  }
  return ::inet_ntop(AF_INET6, &address, text.data(), text.size());
}

bool is_loopback(const std::string& host) {
  const std::string name = canonical(host);
  return name == "localhost" || name == "127.0.0.1" || name == "::1";
}

// PHP and the clients reach localhost through the socket, whatever port stands beside it.
std::uint16_t port_in_use(const DatabaseHost& server) {
  return server.port == 0 || is_localhost(server.host) ? kDefaultPort : server.port;
}

// "host", "host:port", "[::1]:port", "::1".
bool parse_host_and_port(std::string_view text, DatabaseHost& result) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return false;
    if (!port.empty()) port.remove_prefix(1);
    if (host.find(':') == std::string_view::npos) return false;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  if (!port.empty()) {
    const auto number = port_from(port);
    if (!number) return false;
    result.port = *number;
  }
  if (!host.empty()) result.host = host;
  return is_host(result.host);
}

}  // namespace

bool DatabaseHost::is_local() const noexcept { return !socket.empty() || is_loopback(host); }

std::string DatabaseHost::text() const {
  if (!socket.empty()) return fmt::format("{}:{}", host, socket);
  if (port == 0) return host;
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::optional<DatabaseHost> database_host_from(std::string_view text) {
  DatabaseHost result;
  // The socket first, since its path may hold colons.
  const std::size_t socket_at = text.find(":/");
  const std::string_view address = text.substr(0, socket_at);
  if (!address.empty() && !parse_host_and_port(address, result)) return std::nullopt;
  if (socket_at == std::string_view::npos) return result;
  const std::string_view socket = text.substr(socket_at + 1);
  if (!is_socket(socket)) return std::nullopt;
  // PHP goes through a socket only to localhost; for another host it ignores the socket, and so do we: else the local
  // server would be dumped for a site that lives on another.
  if (!is_localhost(result.host)) return result;
  result.socket = socket;
  result.port = 0;
  return result;
}

bool same_server(const DatabaseHost& a, const DatabaseHost& b) {
  if (a.is_local() != b.is_local() || port_in_use(a) != port_in_use(b)) return false;
  if (!a.is_local()) return canonical(a.host) == canonical(b.host);
  return a.socket == b.socket || (default_socket(a.socket) && default_socket(b.socket));
}

}  // namespace wobackup
