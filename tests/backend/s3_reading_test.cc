// A container in a bucket is read with few requests and few bytes.
#include <gtest/gtest.h>

#include "backend/conformance.h"
#include "backend/read_ahead.h"
#include "backend/s3_place.h"
#include "container/container_reader.h"
#include "container/made_container.h"

namespace wobackup::test {
namespace {

// Some 40 MB that do not shrink, in frames as an archive has them, and a manifest between them and the end.
ByteVector large_container() {
  MadeContainer made;
  made.add_frame(filler('v', 10'240));
  for (unsigned i = 0; i < 10; ++i) made.add_frame(text_of(noise(std::size_t{4} << 20U, i)));
  made.add_manifest("{\"format\":1,\"site\":\"example.com\",\"complete\":true,\"entries\":1}\n");
  std::string names;
  for (int i = 0; i < 20'000; ++i)
    names += "{\"path\":\"htdocs/" + std::to_string(1'000'000'000 + i * 7919) +
             "\",\"type\":\"dir\",\"mtime\":1,\"offset\":0}\n";
  made.add_manifest(names);
  made.settle();
  return made.file();
}

class S3Reading : public ::testing::Test {
 protected:
  S3Reading() : place(server.settings()), backend(place.connect_s3(never)) {
    EXPECT_TRUE(put(*backend, "archive.tar.zst", large_container()));
    server.forget_requests();
  }
  std::size_t requests() { return server.state()["requests"].size(); }

  StrictS3& server = fresh_strict_s3();
  Cancellation never;
  S3PlaceForTests place;
  std::unique_ptr<S3Backend> backend;
};

TEST_F(S3Reading, HeadersOfAContainer_TakeThreeRequests) {
  const auto file = open_with_read_ahead(*backend, "archive.tar.zst");
  const ContainerReader reader(*file);
  EXPECT_EQ(requests(), 1U);  // the object's size and its end at once
  EXPECT_EQ(reader.read_manifest_header().site, "example.com");
  EXPECT_EQ(reader.read_frame(0).size(), 10'240U);
  EXPECT_LE(requests(), 3U);
}

TEST_F(S3Reading, OneFrameIsOneRequestMore) {
  const auto file = open_with_read_ahead(*backend, "archive.tar.zst");
  const ContainerReader reader(*file);
  EXPECT_TRUE(text_of(reader.read_frame(5)) == text_of(noise(std::size_t{4} << 20U, 4)));
  EXPECT_EQ(requests(), 2U);
}

TEST_F(S3Reading, WholeManifestIsRead) {
  const auto file = open_with_read_ahead(*backend, "archive.tar.zst");
  const ContainerReader reader(*file);
  std::size_t entries = 0;
  reader.read_manifest([&](const ManifestEntry&) { ++entries; });
  EXPECT_EQ(entries, 20'000U);
  EXPECT_LE(requests(), 4U);
}

}  // namespace
}  // namespace wobackup::test
