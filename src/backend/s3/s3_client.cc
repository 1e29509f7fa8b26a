#include "backend/s3/s3_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/s3/content_md5.h"
#include "backend/s3/s3_answer.h"
#include "backend/s3/s3_failure.h"
#include "backend/store_url.h"
#include "crypto/sha256.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Keys and region can both be wrong once.
constexpr int kMostTries = 3;

// The bucket's region, where an answer names it.
std::string named_region(const S3HttpAnswer& answer) {
  if (const std::string* header = answer.header("x-amz-bucket-region"); header != nullptr && is_s3_region(*header)) {
    return *header;
  }
  const std::optional<S3Fault> fault = s3_fault(answer.text);
  return fault && is_s3_region(fault->region) ? fault->region : "";
}

bool says_expired(const S3HttpAnswer& answer) {
  const std::optional<S3Fault> fault = s3_fault(answer.text);
  return fault &&
         (fault->code == "ExpiredToken" || fault->code == "TokenRefreshRequired" || fault->code == "InvalidToken");
}

}  // namespace

S3Client::S3Client(S3Settings settings, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      name_(store_url(S3Place{settings_.bucket, settings_.prefix})),
      http_(settings_.ca_file),
      region_(settings_.region.empty() ? usual_s3_region(settings_.endpoint) : settings_.region) {
  check_s3_settings(settings_);
}

std::string S3Client::full_key(const std::string& key) const {
  return settings_.prefix.empty() ? key : settings_.prefix + "/" + key;
}

std::string S3Client::place() const {
  return fmt::format("{} {}", settings_.endpoint.empty() ? "aws" : settings_.endpoint, name_);
}

std::optional<std::chrono::seconds> S3Client::clock_difference() const noexcept {
  const std::int64_t seconds = seconds_ahead_;
  if (seconds == kUnknown) return std::nullopt;
  return std::chrono::seconds(seconds);
}

S3Client::Identity S3Client::identity() {
  const std::scoped_lock lock(mutex_);
  if (!keys_) keys_ = settings_.keys();
  return {*keys_, region_};
}

void S3Client::remember_time(const S3HttpAnswer& answer) {
  const std::string* date = answer.header("date");
  if (date == nullptr) return;
  const std::time_t server = curl_getdate(date->c_str(), nullptr);
  if (server < 0) return;
  const auto here = std::chrono::floor<std::chrono::seconds>(clock_.now());
  seconds_ahead_ = static_cast<std::int64_t>(server) - here.time_since_epoch().count();
}

// Whether the answer tells how the same request will be taken. Another thread may have learnt it before.
bool S3Client::corrected(const S3HttpAnswer& answer, const Identity& used) {
  const std::scoped_lock lock(mutex_);
  if (says_expired(answer)) {
    if (*keys_ == used.keys) keys_ = settings_.keys();
    return *keys_ != used.keys;
  }
  if (answer.status != 301 && answer.status != 307 && answer.status != 400 && answer.status != 403) return false;
  const std::string region = named_region(answer);
  if (!region.empty() && region != used.region) region_ = region;
  return region_ != used.region;
}

S3HttpAnswer S3Client::send_once(const S3Request& request, const Identity& identity, const Cancellation& cancellation) {
  const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  const S3Target target = s3_target(settings_, identity.region, request.key.empty() ? "" : full_key(request.key));
  SignableRequest signable;
  signable.method = request.method;
  signable.path = target.path;
  signable.query = request.query;
  signable.payload_sha256 = hex(sha256(request.body));
  signable.headers = request.headers;
  signable.headers.emplace_back("x-amz-content-sha256", signable.payload_sha256);
  signable.headers.emplace_back("x-amz-date", amz_date(now));
  if (!identity.keys.session_token.empty()) {
    signable.headers.emplace_back("x-amz-security-token", identity.keys.session_token);
  }
  if (request.method == "PUT" || !request.body.empty()) {
    if (std::optional<std::string> md5 = content_md5(request.body)) {
      signable.headers.emplace_back("content-md5", std::move(*md5));
    }
  }
  S3HttpRequest http;
  http.headers = signable.headers;
  signable.headers.emplace_back("host", target.host);  // libcurl sends the same one
  http.headers.emplace_back("authorization", authorization(signable, identity.keys, identity.region, now));
  http.method = request.method;
  http.url = target.server + target.path;
  if (!request.query.empty()) http.url += "?" + canonical_query(request.query);
  http.body = request.body;
  http.into = request.into;
  http.text_limit_bytes = request.text_limit_bytes;
  http.stall = request.stall.value_or(settings_.stall);
  http.connect_time = std::min(settings_.connect_time, http.stall);
  S3HttpAnswer answer = http_.send(http, cancellation);
  remember_time(answer);
  return answer;
}

S3HttpAnswer S3Client::send(const S3Request& request, const Cancellation& cancellation) {
  try {
    for (int tries = 1;; ++tries) {
      const Identity used = identity();
      S3HttpAnswer answer = send_once(request, used, cancellation);
      if (answer.status >= 200 && answer.status < 300) return answer;
      if (tries < kMostTries && corrected(answer, used)) continue;
      const auto& accepted = request.accepted;
      if (std::find(accepted.begin(), accepted.end(), answer.status) != accepted.end()) return answer;
      throw s3_failure(request.purpose, answer, clock_difference());
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.message().starts_with(request.purpose)) throw;
    throw error.in(request.purpose);
  }
}

}  // namespace wobackup
