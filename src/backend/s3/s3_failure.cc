#include "backend/s3/s3_failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "backend/s3/s3_answer.h"
#include "base/text.h"

namespace wobackup {
namespace {

struct Known {
  std::string_view code;
  ErrorKind kind;
  bool retryable;
  std::string_view hint;
};

// What servers say, and what to do about it. Codes that are not here are judged by their status.
constexpr std::array<Known, 27> kKnown{{
    {"NoSuchBucket", ErrorKind::not_found, false, "make the bucket, or mend its name; wobackup makes none"},
    {"NoSuchKey", ErrorKind::not_found, false, ""},
    {"AccessDenied", ErrorKind::failed, false,
     "the keys need the rights to list the bucket and to read and write objects below the prefix"},
    {"AllAccessDisabled", ErrorKind::failed, false, "the account is locked: ask the provider"},
    {"InvalidAccessKeyId", ErrorKind::failed, false,
     "the server does not know this access key: is it the right server?"},
    {"SignatureDoesNotMatch", ErrorKind::failed, false, "the secret key is wrong, or a proxy changes requests"},
    {"ExpiredToken", ErrorKind::failed, false, "the session token has expired: get new temporary keys"},
    {"TokenRefreshRequired", ErrorKind::failed, false, "the session token has expired: get new temporary keys"},
    {"InvalidToken", ErrorKind::failed, false, "the session token is wrong: is AWS_SESSION_TOKEN an old one?"},
    {"PermanentRedirect", ErrorKind::failed, false, "the bucket is elsewhere: set endpoint and region to its own"},
    {"TemporaryRedirect", ErrorKind::failed, true, "the bucket is new, or elsewhere: set its region"},
    {"AuthorizationHeaderMalformed", ErrorKind::failed, false, "set the region to the bucket's own"},
    {"InvalidObjectState", ErrorKind::failed, false, "the object is in an archive class: restore it there first"},
    {"InvalidStorageClass", ErrorKind::usage, false, "this server does not know the storage class"},
    {"EntityTooLarge", ErrorKind::failed, false, ""},
    {"QuotaExceeded", ErrorKind::no_space, false, "the bucket's quota is used up"},
    {"XMinioAdminBucketQuotaExceeded", ErrorKind::no_space, false, "the bucket's quota is used up"},
    {"XMinioStorageFull", ErrorKind::no_space, false, "the server's disks are full"},
    {"ServiceQuotaExceededException", ErrorKind::no_space, false, "the account's quota is used up"},
    {"PreconditionFailed", ErrorKind::verification, false, "the object was replaced meanwhile"},
    {"BadDigest", ErrorKind::failed, true, "bytes changed on the way"},
    {"XAmzContentSHA256Mismatch", ErrorKind::failed, true, "bytes changed on the way"},
    {"IncompleteBody", ErrorKind::failed, true, ""},
    {"RequestTimeout", ErrorKind::failed, true, ""},
    {"InternalError", ErrorKind::failed, true, ""},
    {"SlowDown", ErrorKind::failed, true, ""},
    {"OperationAborted", ErrorKind::failed, true, ""},
}};

Known by_status(int status) {
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return {"", ErrorKind::failed, false, "the bucket is elsewhere: set endpoint and region to its own"};
    case 403:
      return {"", ErrorKind::failed, false,
              "wrong keys, or without the right; without the right to list, a missing object looks so too"};
    case 404:
      return {"", ErrorKind::not_found, false, ""};
    case 412:
      return {"", ErrorKind::verification, false, "the object was replaced meanwhile"};
    case 507:
      return {"", ErrorKind::no_space, false, ""};
    default:
      return {"", ErrorKind::failed, status == 408 || status == 429 || (status >= 500 && status != 501), ""};
  }
}

constexpr std::int64_t kTwoHours = 7200;
constexpr std::int64_t kTwoDays = 172'800;

std::string duration_text(std::chrono::seconds time) {
  const std::int64_t seconds = std::abs(time.count());
  if (seconds < 120) return fmt::format("{} seconds", seconds);
  if (seconds < kTwoHours) return fmt::format("{} minutes", seconds / 60);
  if (seconds < kTwoDays) return fmt::format("{} hours", seconds / 3600);
  return fmt::format("{} days", seconds / 86400);
}

Error clock_failure(const std::string& purpose, std::optional<std::chrono::seconds> ahead) {
  const std::string by = ahead && ahead->count() != 0
                             ? fmt::format("this machine's clock is {} {} the S3 server's", duration_text(*ahead),
                                           ahead->count() > 0 ? "behind" : "before")
                             : "this machine's clock and the S3 server's differ too much";
  return Error(ErrorKind::failed, fmt::format("{}: {}", purpose, by), "set the clock, e.g. timedatectl set-ntp true");
}

}  // namespace

Error s3_failure(const std::string& purpose, const S3HttpAnswer& answer, std::optional<std::chrono::seconds> ahead) {
  const S3Fault fault = s3_fault(answer.text).value_or(S3Fault{});
  if (fault.code == "RequestTimeTooSkewed") return clock_failure(purpose, ahead);
  const auto* place =
      std::find_if(kKnown.begin(), kKnown.end(), [&](const Known& known) { return known.code == fault.code; });
  const Known known = place == kKnown.end() ? by_status(answer.status) : *place;
  std::string said = printable(std::string_view(fault.code).substr(0, 100));
  if (!fault.message.empty()) {
    said += (said.empty() ? "" : ": ") + printable(std::string_view(fault.message).substr(0, 300));
  }
  const std::string text = said.empty() ? fmt::format("{}: the server answers with status {}", purpose, answer.status)
                                        : fmt::format("{}: {} (status {})", purpose, said, answer.status);
  return Error(known.kind, text, std::string(known.hint), known.retryable);
}

}  // namespace wobackup
