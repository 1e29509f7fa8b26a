// Which bucket, on which server, and how.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "backend/s3/signature.h"

namespace wobackup {

/// How a bucket is named in requests.
enum class S3Addressing {
  automatic,     ///< AWS: virtual_host, for names that can be part of a host name; other servers: path
  path,          ///< https://server/bucket/key
  virtual_host,  ///< https://bucket.server/key
};

/// Everything that S3Backend has to know. Plain data; `check_s3_settings` says what is wrong with it.
struct S3Settings {
  std::string bucket;
  std::string prefix;    ///< object keys begin with "<prefix>/"; may be empty
  std::string endpoint;  ///< "https://host[:port]"; empty: AWS in the region. Plain http is taken as it is said
  std::string region;    ///< empty: see usual_s3_region. The bucket's own is used when the server names it
  S3Addressing addressing = S3Addressing::automatic;
  std::string storage_class;  ///< "STANDARD_IA", ...; empty: the bucket's default
  std::string encryption;     ///< of the server: "AES256" or "aws:kms"; empty: the bucket's default
  std::string kms_key;        ///< with "aws:kms": which key; empty: the account's
  std::string ca_file;        ///< a PEM file; empty: the system's certificate authorities

  /// Called before the first request, and again when the server calls the keys expired. From any thread. Throws Error.
  std::function<S3Keys()> keys;

  unsigned parallel = 4;                                  ///< parts under way at once
  std::uint64_t part_bytes = std::uint64_t{8} << 20U;     ///< the least; see PartPlan
  std::uint64_t memory_bytes = std::uint64_t{40} << 20U;  ///< of an upload, unless a single part is larger
  std::chrono::seconds stall{60};                         ///< a request in which nothing moves for so long has failed
  std::chrono::seconds connect_time{15};
};

/// Throws Error usage.
void check_s3_settings(const S3Settings& settings);

/// The region in the name of a provider's endpoint ("https://s3.us-west-004.example-cloud.com"), else us-east-1, which
/// servers that know no regions take.
[[nodiscard]] std::string usual_s3_region(const std::string& endpoint);

/// "eu-central-1": what a region can be. Part of host names.
[[nodiscard]] bool is_s3_region(std::string_view text) noexcept;

/// Where requests for a key go to. REQUIRES: checked settings.
struct S3Target {
  std::string server;  ///< "https://host:port"
  std::string host;    ///< "host:port", as it is signed
  std::string path;    ///< encoded
};
/// `key` is the whole key; empty: the bucket itself.
[[nodiscard]] S3Target s3_target(const S3Settings& settings, const std::string& region, const std::string& key);

}  // namespace wobackup
