// AWS Signature Version 4, as S3 wants it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wobackup {

/// Who signs. The session token is empty but for temporary keys.
struct S3Keys {
  std::string access_key_id;
  std::string secret_key;
  std::string session_token;
  friend bool operator==(const S3Keys&, const S3Keys&) = default;
};

using TextPairs = std::vector<std::pair<std::string, std::string>>;

/// What is signed of a request.
struct SignableRequest {
  std::string method;
  std::string path;            ///< as it is sent, encoded: "/", "/bucket/a%20b"
  TextPairs query;             ///< plain; a name without a value has an empty one
  TextPairs headers;           ///< names in lower case; all are signed; "host" and "x-amz-date" are among them
  std::string payload_sha256;  ///< in hex
};

/// RFC 3986: all but letters, digits and -._~ becomes %XX, '/' too unless it is kept.
[[nodiscard]] std::string uri_encoded(std::string_view text, bool keep_slashes);

/// "a=1&b=%2F", sorted by the encoded names, then values: to be signed, and sent in the same form.
[[nodiscard]] std::string canonical_query(const TextPairs& query);

/// The text whose hash is signed.
[[nodiscard]] std::string canonical_request(const SignableRequest& request);

/// "20130524T000000Z", for x-amz-date.
[[nodiscard]] std::string amz_date(std::chrono::sys_seconds time);

/// The value of the Authorization header. `time` is that of x-amz-date.
[[nodiscard]] std::string authorization(const SignableRequest& request, const S3Keys& keys, std::string_view region,
                                        std::chrono::sys_seconds time);

}  // namespace wobackup
