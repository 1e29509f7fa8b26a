#include "backend/store_rules.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

#include "base/text.h"

namespace wobackup {
namespace {

bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_port(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port != 0;
}

// "host", "host:port", "[::1]:9000"
bool is_authority(std::string_view text) noexcept {
  const bool ipv6 = text.starts_with('[');
  const std::size_t host_end = ipv6 ? text.find(']') : text.find(':');
  const std::string_view host = ipv6 ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  const std::string_view rest = host_end == std::string_view::npos ? "" : text.substr(ipv6 ? host_end + 1 : host_end);
  if (host.empty() || host.size() > 253 || (ipv6 && host_end == std::string_view::npos)) return false;
  const auto allowed = [ipv6](char c) {
    if (is_alphanumeric(c)) return true;
    return ipv6 ? c == ':' || c == '.' : c == '-' || c == '.' || c == '_';
  };
  if (!std::all_of(host.begin(), host.end(), allowed)) return false;
  return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
}

}  // namespace

SplitEndpoint split_endpoint(std::string_view endpoint) {
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  const std::size_t at = endpoint.find("://");
  const std::string scheme = at == std::string_view::npos ? "" : lower_ascii(endpoint.substr(0, at));
  const std::string_view authority = at == std::string_view::npos ? endpoint : endpoint.substr(at + 3);
  return {scheme, lower_ascii(authority)};
}

bool is_endpoint(std::string_view text) {
  const SplitEndpoint endpoint = split_endpoint(text);
  return (endpoint.scheme == "https" || endpoint.scheme == "http") && is_authority(endpoint.authority);
}

bool is_server_encryption(std::string_view text) noexcept { return text == "AES256" || text == "aws:kms"; }

bool is_host_key(std::string_view text) noexcept {
  return text.starts_with("SHA256:") ||
         (text.find(' ') != std::string_view::npos && text.find("AAAA") != std::string_view::npos);
}

}  // namespace wobackup
