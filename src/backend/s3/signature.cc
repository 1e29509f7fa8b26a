#include "backend/s3/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <climits>
#include <ctime>

#include "base/bytes.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

Sha256Digest hmac(ByteSpan key, std::string_view message) {
  Sha256Digest digest{};
  unsigned size = 0;
  if (key.size() > INT_MAX ||
      ::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(),
             reinterpret_cast<unsigned char*>(digest.data()), &size) == nullptr ||
      size != digest.size()) {
    throw Error(ErrorKind::failed, "OpenSSL cannot compute HMAC-SHA-256");
  }
  return digest;
}

// Without blanks at the ends, and single ones within.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value)) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

TextPairs sorted(TextPairs pairs) {
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::string signed_headers(const TextPairs& headers) {
  std::string names;
  for (const auto& [name, value] : sorted(headers)) names += (names.empty() ? "" : ";") + name;
  return names;
}

std::string scope_of(std::string_view date, std::string_view region) {
  return fmt::format("{}/{}/s3/aws4_request", date.substr(0, 8), region);
}

}  // namespace

std::string uri_encoded(std::string_view text, bool keep_slashes) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved || (c == '/' && keep_slashes)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexDigits[byte >> 4U];
      out += kHexDigits[byte & 15U];
    }
  }
  return out;
}

std::string canonical_query(const TextPairs& query) {
  TextPairs encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(uri_encoded(name, false), uri_encoded(value, false));
  std::string out;
  for (const auto& [name, value] : sorted(std::move(encoded))) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  }
  return out;
}

std::string canonical_request(const SignableRequest& request) {
  std::string headers;
  for (const auto& [name, value] : sorted(request.headers)) {
    headers += fmt::format("{}:{}\n", name, canonical_value(value));
  }
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, request.path, canonical_query(request.query), headers,
                     signed_headers(request.headers), request.payload_sha256);
}

std::string amz_date(std::chrono::sys_seconds time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string authorization(const SignableRequest& request, const S3Keys& keys, std::string_view region,
                          std::chrono::sys_seconds time) {
  const std::string date = amz_date(time);
  const std::string scope = scope_of(date, region);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, date, scope, hex(sha256(bytes_of(canonical_request(request)))));
  const std::string secret = "AWS4" + keys.secret_key;
  const Sha256Digest date_key = hmac(bytes_of(secret), std::string_view(date).substr(0, 8));
  const Sha256Digest region_key = hmac(date_key, region);
  const Sha256Digest service_key = hmac(region_key, "s3");
  const Sha256Digest signing_key = hmac(service_key, "aws4_request");
  return fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", kAlgorithm, keys.access_key_id, scope,
                     signed_headers(request.headers), hex(hmac(signing_key, to_sign)));
}

}  // namespace wobackup
