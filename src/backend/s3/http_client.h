// HTTP requests by libcurl: one at a time for each calling thread, over connections that are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/cancellation.h"

namespace wobackup {

/// A request. What spans show must stay until the answer is there.
struct S3HttpRequest {
  std::string method;
  std::string url;  ///< http or https; sent as it is
  std::vector<std::pair<std::string, std::string>> headers;
  ByteSpan body;         ///< of PUT and POST
  MutableByteSpan into;  ///< where the body of an answer 200 or 206 goes; empty: to S3HttpAnswer::text
  std::size_t text_limit_bytes = std::size_t{64} << 10U;
  std::chrono::seconds connect_time{15};
  std::chrono::seconds stall{60};  ///< ends with a retryable error when nothing moves for so long
};

/// An answer, whatever its status. It is a server's text: not to be trusted.
struct S3HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string text;
  std::size_t into_bytes = 0;

  [[nodiscard]] const std::string* header(const std::string& name) const {
    const auto place = headers.find(name);
    return place == headers.end() ? nullptr : &place->second;
  }
};

/// May be used from several threads at once. Redirects are never followed. TLS certificates are verified.
class HttpClient {
 public:
  /// `ca_file`: a PEM file of certificate authorities; empty: those of the system.
  explicit HttpClient(std::string ca_file);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  /// Throws Error: interrupted; failed, retryable where the network or the server broke off; verification for an answer
  /// that is longer than the limits.
  [[nodiscard]] S3HttpAnswer send(const S3HttpRequest& request, const Cancellation& cancellation);

 private:
  struct Connection;
  [[nodiscard]] std::unique_ptr<Connection> take_connection();

  std::string ca_file_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace wobackup
