// What S3 servers say in XML. All of it is anybody's text; each function takes one document whole.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

/// An <Error>. Empty where the server said nothing.
struct S3Fault {
  std::string code;     ///< "NoSuchKey"
  std::string message;  ///< for people; not printable yet
  std::string region;   ///< the bucket's, with some codes
};

/// One line of a listing. The key is as the server says it.
struct S3ListedObject {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::chrono::sys_seconds modified{};
  std::string etag;
};

struct S3ObjectPage {
  std::vector<S3ListedObject> objects;
  std::string next;  ///< the token for the next page; empty after the last one
};

struct S3ListedUpload {
  std::string key;
  std::string id;
  std::chrono::sys_seconds begun{};
};

struct S3UploadPage {
  std::vector<S3ListedUpload> uploads;
  std::string next_key;  ///< empty after the last page
  std::string next_id;
};

/// Nothing if the document is no <Error>.
[[nodiscard]] std::optional<S3Fault> s3_fault(std::string_view text);

/// The answers to ListObjectsV2, ListMultipartUploads, CreateMultipartUpload (the upload's id) and
/// CompleteMultipartUpload (the object's ETag). Throw Error verification for anything that is none.
[[nodiscard]] S3ObjectPage s3_object_page(std::string_view text);
[[nodiscard]] S3UploadPage s3_upload_page(std::string_view text);
[[nodiscard]] std::string s3_upload_id(std::string_view text);
[[nodiscard]] std::string s3_completed_etag(std::string_view text);

/// The body of CompleteMultipartUpload: the parts' ETags in order, as the server sent them.
[[nodiscard]] std::string s3_complete_body(const std::vector<std::string>& etags);

/// "2024-01-31T12:00:00.000Z"; nothing if it is no such time.
[[nodiscard]] std::optional<std::chrono::sys_seconds> s3_time(std::string_view text);

/// "bytes 0-99/1000": where the bytes of an answer lie, and the object's size.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t size = 0;
  friend bool operator==(const ContentRange&, const ContentRange&) = default;
};
/// Nothing if it is none, or one that contradicts itself.
[[nodiscard]] std::optional<ContentRange> content_range(std::string_view text);

}  // namespace wobackup
