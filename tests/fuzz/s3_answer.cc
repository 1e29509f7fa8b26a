// What S3 servers say: any bytes are an answer or an Error, and what is taken out of them keeps to its limits.
#include "backend/s3/s3_answer.h"

#include <chrono>
#include <string>

#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

template <class Parse>
void try_to(const Parse& parse) {
  try {
    parse();
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::verification, "a bad answer is an error of the kind verification");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(test::bytes_at(data, size));
  static_cast<void>(s3_fault(text));
  try_to([&] {
    const S3ObjectPage page = s3_object_page(text);
    test::require(page.objects.size() <= 10'000, "a page has a limit");
    for (const S3ListedObject& object : page.objects) {
      test::require(object.size_bytes <= INT64_MAX, "sizes fit into file offsets");
      test::require(object.key.size() <= size, "names do not grow");
    }
  });
  try_to([&] { test::require(s3_upload_page(text).uploads.size() <= 10'000, "a page has a limit"); });
  try_to([&] { test::require(!s3_upload_id(text).empty(), "an upload has an id"); });
  try_to([&] { static_cast<void>(s3_completed_etag(text)); });
  if (const auto range = content_range(text)) {
    test::require(range->first <= range->last && range->last < range->size, "a range lies in its object");
  }
  if (const auto time = s3_time(text)) {
    test::require(time->time_since_epoch() < std::chrono::hours(24) * 366 * 10'000, "times have four digits of years");
  }
  // What the server is told of parts comes from it, and must stay inside its element.
  const std::string body = s3_complete_body({std::string(text.substr(0, text.find('\0')))});
  test::require(body.find("</ETag></Part></CompleteMultipartUpload>") == body.size() - 40, "an ETag stays an ETag");
  return 0;
}
