// URLs of stores: what is accepted has one spelling, and nothing that a shell, a path or ssh would act on.
#include "backend/store_url.h"

#include <string>

#include "backend/object_key.h"
#include "base/text.h"
#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

void require_tidy(std::string_view folder) {
  for (const std::string_view part : split(folder, '/')) test::require(part != "..", "no folder leads upwards");
  for (const char c : folder)
    test::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "no control characters");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(text_of(test::bytes_at(data, size)));
  try {
    const StorePlace place = parse_store_url(text);
    if (const auto* s3 = std::get_if<S3Place>(&place)) {
      test::require(s3->prefix.empty() || is_object_key(s3->prefix), "a prefix is a key");
      test::require(s3->bucket.find_first_of("/@:% ") == std::string::npos, "a bucket is a name");
    } else if (const auto* sftp = std::get_if<SftpPlace>(&place)) {
      require_tidy(sftp->folder);
      test::require(!sftp->folder.empty(), "there is a folder");
      test::require(!sftp->host.empty() && sftp->host.front() != '-', "a host is no option");
      test::require(sftp->host.find_first_of("$`;|& \"'\\\n@/") == std::string::npos, "a host is a name");
      test::require(sftp->user.empty() || sftp->user.front() != '-', "a user is no option");
    }
    test::require(parse_store_url(store_url(place)) == place, "a place has one spelling");
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::usage, "a bad URL is an error of the kind usage");
    for (const char c : error.message()) {
      test::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "messages are printable");
    }
  }
  return 0;
}
