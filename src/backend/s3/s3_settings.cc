#include "backend/s3/s3_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "backend/object_key.h"
#include "backend/s3/part_plan.h"
#include "backend/store_rules.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

bool is_lower_or_digit(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// Whether certificates and DNS take the bucket as a label of its own.
bool is_host_label(std::string_view bucket) noexcept {
  return std::all_of(bucket.begin(), bucket.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_bucket(std::string_view bucket) noexcept {
  return bucket.size() >= 3 && bucket.size() <= 63 && bucket.find("..") == std::string_view::npos &&
         bucket.front() != '.' && bucket.back() != '.' && std::all_of(bucket.begin(), bucket.end(), [](char c) {
           return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_';
         });
}

// Words that become headers.
bool is_word(std::string_view text) noexcept {
  return text.size() <= 2048 && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

Error wrong(std::string_view what, std::string_view value, std::string_view hint) {
  return Error(ErrorKind::usage, fmt::format("{}: {}", what, printable(value.substr(0, 200))), std::string(hint));
}

// As clients write it: without the scheme's own port.
std::string without_usual_port(const SplitEndpoint& endpoint) {
  const std::string_view usual = endpoint.scheme == "https" ? ":443" : ":80";
  if (!endpoint.authority.ends_with(usual)) return endpoint.authority;
  return endpoint.authority.substr(0, endpoint.authority.size() - usual.size());
}

}  // namespace

bool is_s3_region(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-' || c == '_'; });
}

std::string usual_s3_region(const std::string& endpoint) {
  const std::string authority = split_endpoint(endpoint).authority;
  const std::vector<std::string_view> labels = split(std::string_view(authority).substr(0, authority.find(':')), '.');
  if (labels.size() >= 4 && labels[0] == "s3" && is_s3_region(labels[1])) return std::string(labels[1]);
  return "us-east-1";
}

void check_s3_settings(const S3Settings& settings) {
  if (!is_bucket(settings.bucket)) throw wrong("not the name of a bucket", settings.bucket, "");
  if (!settings.prefix.empty() && (!is_object_key(settings.prefix) || settings.prefix.size() > kLongestPrefixBytes)) {
    throw wrong("not a prefix", settings.prefix, "names joined by '/', none of which begins with a dot");
  }
  if (!settings.endpoint.empty() && !is_endpoint(settings.endpoint)) {
    throw wrong("not an endpoint", settings.endpoint, "write https://host or https://host:port");
  }
  if (!settings.region.empty() && !is_s3_region(settings.region)) {
    throw wrong("not a region", settings.region, "regions are words such as eu-central-1");
  }
  if (!is_word(settings.storage_class)) throw wrong("not a storage class", settings.storage_class, "");
  if (!settings.encryption.empty() && !is_server_encryption(settings.encryption)) {
    throw wrong("not a kind of server-side encryption", settings.encryption, "AES256 or aws:kms");
  }
  if (!settings.kms_key.empty() && (settings.encryption != "aws:kms" || !is_word(settings.kms_key))) {
    throw wrong("not a key of aws:kms", settings.kms_key, "with encryption = \"aws:kms\", its id or ARN");
  }
  if (settings.part_bytes < PartPlan::kLeastPartBytes || settings.part_bytes > PartPlan::kMostPartBytes) {
    throw Error(ErrorKind::usage, "parts have 5 MiB to 5 GiB");
  }
  if (settings.parallel < 1 || settings.parallel > 32) throw Error(ErrorKind::usage, "1 to 32 parts go at once");
  if (!settings.keys) throw Error(ErrorKind::usage, "there are no S3 keys");
}

S3Target s3_target(const S3Settings& settings, const std::string& region, const std::string& key) {
  const bool aws = settings.endpoint.empty();
  SplitEndpoint endpoint;
  if (aws) {
    endpoint = {"https", fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "")};
  } else {
    endpoint = split_endpoint(settings.endpoint);
    endpoint.authority = without_usual_port(endpoint);
  }
  const bool by_host = settings.addressing == S3Addressing::virtual_host ||
                       (settings.addressing == S3Addressing::automatic && aws && is_host_label(settings.bucket));
  S3Target target;
  target.host = by_host ? settings.bucket + "." + endpoint.authority : endpoint.authority;
  target.server = endpoint.scheme + "://" + target.host;
  target.path = by_host ? "/" : "/" + uri_encoded(settings.bucket, false) + (key.empty() ? "" : "/");
  target.path += uri_encoded(key, true);
  return target;
}

}  // namespace wobackup
