#include "backend/s3/s3_settings.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

S3Settings settings() {
  S3Settings settings;
  settings.bucket = "my-bucket";
  settings.keys = [] { return S3Keys{"id", "secret", ""}; };
  return settings;
}

std::string target(const S3Settings& settings, const std::string& key) {
  const S3Target target = s3_target(settings, "eu-central-1", key);
  EXPECT_TRUE(target.server.ends_with("://" + target.host));
  return target.server + target.path;
}

TEST(S3Settings, AwsIsAskedByHost) {
  EXPECT_EQ(target(settings(), "a b/c"), "https://my-bucket.s3.eu-central-1.amazonaws.com/a%20b/c");
  EXPECT_EQ(target(settings(), ""), "https://my-bucket.s3.eu-central-1.amazonaws.com/");
  EXPECT_EQ(s3_target(settings(), "cn-north-1", "").host, "my-bucket.s3.cn-north-1.amazonaws.com.cn");
}

TEST(S3Settings, BucketsThatAreNoHostLabel_AreAskedByPath) {
  S3Settings dotted = settings();
  for (const char* bucket : {"my.bucket", "My_Bucket"}) {
    dotted.bucket = bucket;
    EXPECT_EQ(target(dotted, "k"), "https://s3.eu-central-1.amazonaws.com/" + dotted.bucket + "/k");
  }
}

TEST(S3Settings, OtherServersAreAskedByPath_UnlessToldOtherwise) {
  S3Settings other = settings();
  other.endpoint = "https://Minio.example.com:9000/";
  EXPECT_EQ(target(other, "k"), "https://minio.example.com:9000/my-bucket/k");
  EXPECT_EQ(target(other, ""), "https://minio.example.com:9000/my-bucket");
  other.addressing = S3Addressing::virtual_host;
  EXPECT_EQ(target(other, "k"), "https://my-bucket.minio.example.com:9000/k");
  other.endpoint = "http://[::1]:80";
  other.addressing = S3Addressing::path;
  EXPECT_EQ(s3_target(other, "x", "k").host, "[::1]");
}

TEST(S3Settings, ProvidersNameTheirRegions) {
  EXPECT_EQ(usual_s3_region("https://s3.us-west-004.backblazeb2.com"), "us-west-004");
  EXPECT_EQ(usual_s3_region("https://S3.fr-par.scw.cloud:443/"), "fr-par");
  for (const char* endpoint :
       {"", "https://s3.example.com", "http://127.0.0.1:9000", "https://id.r2.cloudflarestorage.com"}) {
    EXPECT_EQ(usual_s3_region(endpoint), "us-east-1") << endpoint;
  }
}

TEST(S3Settings, WrongOnesAreRefused) {
  const auto refused = [](const std::function<void(S3Settings&)>& change) {
    S3Settings changed = settings();
    change(changed);
    return refusal([&] { check_s3_settings(changed); }, ErrorKind::usage);
  };
  check_s3_settings(settings());
  for (const char* bucket : {"", "ab", "a/b", "..a", "a b", "a\r\nx-evil: 1"}) {
    EXPECT_NE(refused([&](S3Settings& s) { s.bucket = bucket; }), "") << bucket;
  }
  for (const char* endpoint : {"minio", "ftp://x", "https://", "https://a/b", "https://u:p@host", "https://host:0",
                               "https://host:99999", "https://ho st", "https://host#", "https://[::1", "https://a?b"}) {
    EXPECT_NE(refused([&](S3Settings& s) { s.endpoint = endpoint; }), "") << endpoint;
  }
  EXPECT_NE(refused([](S3Settings& s) { s.region = "evil.example.com/"; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.prefix = "a/../b"; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.storage_class = "A\r\nB"; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.encryption = "rot13"; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.kms_key = "k"; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.part_bytes = 1; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.parallel = 0; }), "");
  EXPECT_NE(refused([](S3Settings& s) { s.keys = {}; }), "");
}

}  // namespace
}  // namespace wobackup::test
