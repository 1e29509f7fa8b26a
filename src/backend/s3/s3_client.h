// Single requests to a bucket: signed, answered, and their failures put into words.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "backend/s3/http_client.h"
#include "backend/s3/s3_settings.h"
#include "backend/s3/signature.h"
#include "base/cancellation.h"
#include "base/clock.h"

namespace wobackup {

/// A request to the bucket, or to an object in it.
struct S3Request {
  std::string method;
  std::string key;  ///< below the store's prefix; empty: the bucket
  TextPairs query;
  TextPairs headers;  ///< beside host, date, payload hash and token; names in lower case
  ByteSpan body;
  MutableByteSpan into;  ///< see S3HttpRequest
  std::size_t text_limit_bytes = std::size_t{64} << 10U;
  std::optional<std::chrono::seconds> stall;  ///< instead of the settings'; a shorter one also limits connecting
  std::vector<int> accepted;                  ///< statuses beside 200 to 299 that are an answer and no failure
  std::string purpose;                        ///< for messages: "cannot upload example.com/x"
};

/// May be used from several threads at once. It signs with the region that the server names for the bucket, and asks
/// for keys again when the server calls them expired; it repeats nothing else.
class S3Client {
 public:
  /// Throws Error usage for wrong settings. `clock` outlives the object.
  S3Client(S3Settings settings, const Clock& clock);

  /// The answer, if its status is 2xx or accepted. Throws Error otherwise, with what the server said: not_found,
  /// no_space, verification (412: the object was replaced), failed; retryable where it may go away.
  [[nodiscard]] S3HttpAnswer send(const S3Request& request, const Cancellation& cancellation);

  /// How far the server's clock was ahead of this machine's in its last answer; nothing before the first.
  [[nodiscard]] std::optional<std::chrono::seconds> clock_difference() const noexcept;

  [[nodiscard]] const S3Settings& settings() const noexcept { return settings_; }
  /// "s3://bucket/prefix"
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The same with the server, since buckets of two servers may have one name.
  [[nodiscard]] std::string place() const;
  /// The key with the store's prefix.
  [[nodiscard]] std::string full_key(const std::string& key) const;

 private:
  struct Identity {
    S3Keys keys;
    std::string region;
  };
  [[nodiscard]] Identity identity();
  [[nodiscard]] S3HttpAnswer send_once(const S3Request& request, const Identity& identity,
                                       const Cancellation& cancellation);
  [[nodiscard]] bool corrected(const S3HttpAnswer& answer, const Identity& used);
  void remember_time(const S3HttpAnswer& answer);

  S3Settings settings_;
  const Clock& clock_;
  std::string name_;
  HttpClient http_;
  std::mutex mutex_;
  std::optional<S3Keys> keys_;
  std::string region_;
  std::atomic<std::int64_t> seconds_ahead_{kUnknown};

  static constexpr std::int64_t kUnknown = INT64_MIN;
};

}  // namespace wobackup
