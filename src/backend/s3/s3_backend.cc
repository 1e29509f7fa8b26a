#include "backend/s3/s3_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "backend/object_key.h"
#include "backend/s3/s3_answer.h"
#include "backend/s3/s3_object.h"
#include "backend/s3/s3_unfinished.h"
#include "backend/s3/s3_upload.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// 1,000 names of 1 KiB, each byte encoded as %XX, and as much again around them.
constexpr std::size_t kMostPageBytes = std::size_t{8} << 20U;
// Pages may be empty (what was in them has been deleted), but not for ever.
constexpr int kMostEmptyPages = 1000;
// An upload begins so soon after its record, however often the request is repeated, and the clocks disagree no more.
constexpr std::chrono::minutes kBeginTolerance{15};

Error endless(const std::string& purpose) {
  return Error(ErrorKind::verification, fmt::format("{}: the server's answer does not end", purpose));
}

}  // namespace

S3Backend::S3Backend(S3Settings settings, const BackendSurroundings& surroundings)
    : client_(std::move(settings), surroundings.clock), surroundings_(surroundings) {}

std::optional<ObjectInfo> S3Backend::stat(const std::string& key) {
  require_object_key(key);
  return s3_stat(client_, key, surroundings_.cancellation);
}

std::unique_ptr<OpenObject> S3Backend::open(const std::string& key, const OpenOptions& options) {
  require_object_key(key);
  return open_s3_object(client_, key, options.tail_bytes, surroundings_.cancellation);
}

ListSummary S3Backend::list(const std::string& prefix, const std::string& after, const ListVisitor& visit) {
  ListSummary summary;
  const std::string store = client_.full_key("");
  std::string token;
  std::string last = after;
  int empty_pages = 0;
  S3Request request;
  request.method = "GET";
  request.text_limit_bytes = kMostPageBytes;
  request.purpose = fmt::format("cannot list {}", client_.name());
  do {
    request.query = {{"list-type", "2"}, {"max-keys", "1000"}, {"encoding-type", "url"}, {"prefix", store + prefix}};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    if (token.empty() && !after.empty()) request.query.emplace_back("start-after", store + after);
    S3ObjectPage page = s3_object_page(client_.send(request, surroundings_.cancellation).text);
    // By the contract they are sorted. Some servers sort by other rules within a page.
    std::sort(page.objects.begin(), page.objects.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    for (S3ListedObject& object : page.objects) {
      const std::string_view key = std::string_view(object.key).substr(std::min(store.size(), object.key.size()));
      if (!object.key.starts_with(store) || !is_object_key(key) || !key.starts_with(prefix)) {
        ++summary.foreign;
        continue;
      }
      if (key <= last) {
        throw Error(ErrorKind::verification, fmt::format("{}: the server's names are not in order", request.purpose));
      }
      last = key;
      if (!visit({last, object.size_bytes, object.modified, std::move(object.etag)})) return summary;
    }
    empty_pages = page.objects.empty() ? empty_pages + 1 : 0;
    if (empty_pages > kMostEmptyPages || page.next == token) {
      if (page.next.empty()) break;
      throw endless(request.purpose);
    }
    token = std::move(page.next);
  } while (!token.empty());
  return summary;
}

std::unique_ptr<Upload> S3Backend::put(const std::string& key, const PutOptions& options) {
  require_object_key(key);
  return std::make_unique<S3Upload>(client_, surroundings_, key, options);
}

void S3Backend::remove(const std::string& key) {
  require_object_key(key);
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.purpose = fmt::format("cannot remove {}/{}", client_.name(), printable(key));
  try {
    static_cast<void>(client_.send(request, surroundings_.cancellation));
  } catch (const Error& error) {
    // A missing bucket is not_found too, but has a hint.
    if (error.kind() != ErrorKind::not_found || !error.hint().empty()) throw;
  }
}

bool S3Backend::abort_abandoned(const AbandonedUpload& abandoned) {
  if (!is_object_key(abandoned.key)) return true;
  if (!abandoned.handle.empty()) abort_s3_upload(client_, abandoned.key, abandoned.handle, surroundings_.cancellation);
  if (abandoned.alone) return true;
  std::vector<S3ListedUpload> same;
  static_cast<void>(visit_s3_unfinished(client_, abandoned.key, surroundings_.cancellation, [&](const auto& upload) {
    const auto later = upload.begun - abandoned.begun;
    if (upload.key == abandoned.key && later >= -kBeginTolerance && later <= kBeginTolerance) same.push_back(upload);
  }));
  if (same.empty()) return true;
  if (abandoned.has_rival()) return false;  // one of them may be its
  for (const S3ListedUpload& upload : same) {
    abort_s3_upload(client_, upload.key, upload.id, surroundings_.cancellation);
  }
  return true;
}

std::vector<std::string> S3Backend::remove_unfinished() {
  std::vector<std::string> removed;
  if (surroundings_.journal == nullptr) return removed;
  surroundings_.journal->visit_abandoned(client_.place(), [&](const AbandonedUpload& abandoned) {
    if (!abort_abandoned(abandoned)) return false;
    removed.push_back(abandoned.key);
    return true;
  });
  return removed;
}

}  // namespace wobackup
