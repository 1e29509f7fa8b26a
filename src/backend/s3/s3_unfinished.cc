#include "backend/s3/s3_unfinished.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// 1,000 names of 1 KiB, each byte encoded as %XX, and as much again around them.
constexpr std::size_t kMostPageBytes = std::size_t{8} << 20U;
// A run that was stopped must end soon; what it cannot abort, the next one does.
constexpr std::chrono::seconds kAbortStall{5};

}  // namespace

bool visit_s3_unfinished(S3Client& client, const std::string& prefix, const Cancellation& cancellation,
                         const std::function<void(const S3ListedUpload&)>& visit) {
  const std::string store = client.full_key("");
  S3Request request;
  request.method = "GET";
  request.text_limit_bytes = kMostPageBytes;
  request.accepted = {400, 405, 501};  // a server that cannot list them
  request.purpose = fmt::format("cannot list the unfinished uploads of {}", client.name());
  S3UploadPage page;
  std::pair<std::string, std::string> marker;
  do {
    marker = {page.next_key, page.next_id};
    request.query = {{"uploads", ""}, {"max-uploads", "1000"}, {"encoding-type", "url"}, {"prefix", store + prefix}};
    if (!page.next_key.empty()) request.query.emplace_back("key-marker", page.next_key);
    if (!page.next_id.empty()) request.query.emplace_back("upload-id-marker", page.next_id);
    const S3HttpAnswer answer = client.send(request, cancellation);
    if (answer.status != 200) return false;
    page = s3_upload_page(answer.text);
    for (S3ListedUpload& upload : page.uploads) {
      if (!upload.key.starts_with(store + prefix)) continue;
      upload.key.erase(0, store.size());
      visit(upload);
    }
    if (!page.next_key.empty() && std::pair(page.next_key, page.next_id) <= marker && !marker.first.empty()) {
      throw Error(ErrorKind::verification, fmt::format("{}: the server's answer does not end", request.purpose));
    }
  } while (!page.next_key.empty());
  return true;
}

void abort_s3_upload(S3Client& client, const std::string& key, const std::string& upload_id,
                     const Cancellation& cancellation) {
  S3Request abort;
  abort.method = "DELETE";
  abort.key = key;
  abort.query = {{"uploadId", upload_id}};
  abort.accepted = {404};
  abort.stall = kAbortStall;
  abort.purpose = fmt::format("cannot abort the upload of {}/{}", client.name(), printable(key));
  static_cast<void>(client.send(abort, cancellation));
}

}  // namespace wobackup
