#include "backend/s3/s3_object.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "backend/s3/s3_answer.h"
#include "backend/s3/s3_failure.h"
#include "backend/s3/s3_upload.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::string shown(const S3Client& client, const std::string& key) {
  return fmt::format("{}/{}", client.name(), printable(key));
}

std::string header_or_empty(const S3HttpAnswer& answer, const char* name) {
  const std::string* value = answer.header(name);
  return value == nullptr ? std::string() : *value;
}

ObjectInfo info_from(const S3HttpAnswer& answer, const std::string& key, std::uint64_t size) {
  ObjectInfo info;
  info.key = key;
  info.size_bytes = size;
  info.version = header_or_empty(answer, "etag");
  const std::time_t modified = curl_getdate(header_or_empty(answer, "last-modified").c_str(), nullptr);
  if (modified >= 0) info.modified = std::chrono::sys_seconds(std::chrono::seconds(modified));
  return info;
}

std::optional<std::uint64_t> content_length(const S3HttpAnswer& answer) {
  const std::string text = header_or_empty(answer, "content-length");
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || length > INT64_MAX) {
    return std::nullopt;
  }
  return length;
}

// Objects that have their hash with them are not larger: they came in one piece.
constexpr std::size_t kMostTailBytes = std::size_t{8} << 20U;

// What an object ends with, if it came along.
struct Tail {
  std::uint64_t offset = 0;
  ByteVector bytes;
};

class S3Object final : public OpenObject {
 public:
  S3Object(S3Client& client, ObjectInfo info, Tail tail, const Cancellation& cancellation)
      : client_(client),
        info_(std::move(info)),
        tail_(std::move(tail)),
        name_(shown(client, info_.key)),
        cancellation_(cancellation) {}

  [[nodiscard]] const ObjectInfo& info() const override { return info_; }
  [[nodiscard]] const std::string& name() const override { return name_; }

  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    if (offset >= info_.size_bytes || buffer.empty()) return 0;
    buffer = buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), info_.size_bytes - offset)));
    if (!tail_.bytes.empty() && offset >= tail_.offset) {
      std::copy_n(tail_.bytes.begin() + static_cast<std::ptrdiff_t>(offset - tail_.offset), buffer.size(),
                  buffer.begin());
    } else {
      get(offset, buffer);
    }
    return buffer.size();
  }

 private:
  void get(std::uint64_t offset, MutableByteSpan buffer) const {
    const ContentRange wanted{offset, offset + buffer.size() - 1, info_.size_bytes};
    S3Request request;
    request.method = "GET";
    request.key = info_.key;
    request.headers = {{"range", fmt::format("bytes={}-{}", wanted.first, wanted.last)}};
    if (!info_.version.empty()) request.headers.emplace_back("if-match", info_.version);
    request.into = buffer;
    request.purpose = fmt::format("cannot read {}", name_);
    const S3HttpAnswer answer = client_.send(request, cancellation_);
    if (header_or_empty(answer, "etag") != info_.version) {
      throw Error(ErrorKind::verification, fmt::format("{} was replaced while it was read", name_));
    }
    const bool whole = answer.status == 200 && offset == 0 && buffer.size() == info_.size_bytes;
    const bool part = answer.status == 206 && content_range(header_or_empty(answer, "content-range")) == wanted;
    if ((!whole && !part) || answer.into_bytes != buffer.size()) {
      throw Error(ErrorKind::verification,
                  fmt::format("{}: the server sends other bytes than it was asked for", name_));
    }
  }

  S3Client& client_;
  ObjectInfo info_;
  Tail tail_;
  std::string name_;
  const Cancellation& cancellation_;
};

void require_sha256(const S3HttpAnswer& answer, const Tail& tail, const std::string& name) {
  const std::string expected = header_or_empty(answer, kS3Sha256Header);
  if (!expected.empty() && hex(sha256(tail.bytes)) != expected) {
    throw Error(ErrorKind::verification, fmt::format("{} does not have the SHA-256 that it was stored with", name));
  }
}

// Nothing if the server does not understand such a range; HEAD tells then.
std::unique_ptr<OpenObject> open_with_tail(S3Client& client, const std::string& key, std::size_t tail_bytes,
                                           const Cancellation& cancellation) {
  Tail tail;
  tail.bytes.resize(tail_bytes);
  S3Request request;
  request.method = "GET";
  request.key = key;
  request.headers = {{"range", fmt::format("bytes=-{}", tail_bytes)}};
  request.into = tail.bytes;
  request.accepted = {416};  // it is empty
  request.purpose = fmt::format("cannot open {}", shown(client, key));
  S3HttpAnswer answer;
  try {
    answer = client.send(request, cancellation);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return nullptr;  // it sends all of the object, or another part
  }
  tail.bytes.resize(answer.into_bytes);
  std::uint64_t size = answer.into_bytes;
  if (answer.status == 206) {
    const std::optional<ContentRange> range = content_range(header_or_empty(answer, "content-range"));
    if (!range || range->last + 1 != range->size || range->last - range->first + 1 != tail.bytes.size()) return nullptr;
    tail.offset = range->first;
    size = range->size;
  } else if (answer.status == 416) {
    return nullptr;
  }
  if (tail.offset == 0) require_sha256(answer, tail, shown(client, key));
  return std::make_unique<S3Object>(client, info_from(answer, key, size), std::move(tail), cancellation);
}

// HEAD has no body. A GET of the first byte has the server say what is wrong: the client may mend it, else this throws.
void ask_why(S3Client& client, const std::string& key, const std::string& purpose, const Cancellation& cancellation) {
  ByteVector byte(1);
  S3Request request;
  request.method = "GET";
  request.key = key;
  request.headers = {{"range", "bytes=0-0"}};
  request.into = byte;
  request.accepted = {404, 416};
  request.purpose = purpose;
  const S3HttpAnswer answer = client.send(request, cancellation);
  if (answer.status == 404 && s3_fault(answer.text).value_or(S3Fault{}).code != "NoSuchKey") {
    throw s3_failure(purpose, answer, std::nullopt);
  }
}

}  // namespace

std::optional<ObjectInfo> s3_stat(S3Client& client, const std::string& key, const Cancellation& cancellation) {
  S3Request request;
  request.method = "HEAD";
  request.key = key;
  request.accepted = {301, 307, 400, 403, 404};
  request.purpose = fmt::format("cannot look for {}", shown(client, key));
  S3HttpAnswer answer = client.send(request, cancellation);
  if (answer.status >= 300 && answer.status != 404) {
    ask_why(client, key, request.purpose, cancellation);
    request.accepted = {404};
    answer = client.send(request, cancellation);
  }
  if (answer.status == 404) return std::nullopt;
  const std::optional<std::uint64_t> size = content_length(answer);
  if (!size)
    throw Error(ErrorKind::verification, fmt::format("{}: the server does not tell its size", request.purpose));
  return info_from(answer, key, *size);
}

std::unique_ptr<OpenObject> open_s3_object(S3Client& client, const std::string& key, std::size_t tail_bytes,
                                           const Cancellation& cancellation) {
  if (tail_bytes > 0) {
    tail_bytes = std::min(tail_bytes, kMostTailBytes);
    if (auto object = open_with_tail(client, key, tail_bytes, cancellation)) return object;
  }
  std::optional<ObjectInfo> info = s3_stat(client, key, cancellation);
  if (!info) throw Error(ErrorKind::not_found, fmt::format("no such object: {}", shown(client, key)));
  return std::make_unique<S3Object>(client, std::move(*info), Tail{}, cancellation);
}

}  // namespace wobackup
