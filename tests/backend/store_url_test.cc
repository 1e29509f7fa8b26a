#include "backend/store_url.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

S3Place s3(const std::string& url) { return std::get<S3Place>(parse_store_url(url)); }
SftpPlace sftp(const std::string& url) { return std::get<SftpPlace>(parse_store_url(url)); }
std::string refused(const std::string& url) {
  return refusal([&] { static_cast<void>(parse_store_url(url)); }, ErrorKind::usage);
}

TEST(StoreUrl, Buckets) {
  EXPECT_EQ(s3("s3://bucket"), (S3Place{"bucket", ""}));
  EXPECT_EQ(s3("s3://bucket/"), (S3Place{"bucket", ""}));
  EXPECT_EQ(s3("s3://my.bucket-1/web/server%201/"), (S3Place{"my.bucket-1", "web/server 1"}));
  EXPECT_EQ(s3("s3://bucket//a//b"), (S3Place{"bucket", "a/b"}));
  for (const char* url :
       {"s3://", "s3:///a", "s3://ab", "s3://-bucket", "s3://bu..cket", "s3://bucket/a/../b", "s3://bucket/.a",
        "s3://bucket/%2e%2e/a", "s3://bucket/a%0ab", "s3://bucket/a%", "s3://bucket/a%4", "s3://bucket/a%zz",
        "s3://buck et", "s3://bucket:443/a", "s3://key:secret@bucket/a"}) {
    EXPECT_NE(refused(url), "") << url;
  }
}

TEST(StoreUrl, SftpServers) {
  EXPECT_EQ(sftp("sftp://host/srv/backups"), (SftpPlace{"", "host", 0, "/srv/backups"}));
  EXPECT_EQ(sftp("sftp://u123@u123.example.com:23/~/web//x/"), (SftpPlace{"u123", "u123.example.com", 23, "web/x"}));
  EXPECT_EQ(sftp("sftp://Offsite_Box/~"), (SftpPlace{"", "Offsite_Box", 0, "."}));
  EXPECT_EQ(sftp("sftp://[2001:db8::1]:2222/a%20b"), (SftpPlace{"", "2001:db8::1", 2222, "/a b"}));
  EXPECT_EQ(sftp("sftp://me%40corp@host/~/x"), (SftpPlace{"me@corp", "host", 0, "x"}));
  EXPECT_EQ(sftp("sftp://host/~user/x"), (SftpPlace{"", "host", 0, "/~user/x"}));
  EXPECT_EQ(sftp("sftp://host//~/x"), (SftpPlace{"", "host", 0, "/~/x"}));
  for (const char* url : {"sftp://",
                          "sftp:///a",
                          "sftp://host",
                          "sftp://host/",
                          "sftp://host:0/a",
                          "sftp://host:70000/a",
                          "sftp://host:2x/a",
                          "sftp://host:/a",
                          "sftp://-oProxyCommand=x/a",
                          "sftp://h;id/a",
                          "sftp://$(id)/a",
                          "sftp://host/a/../b",
                          "sftp://host/%2e%2e/x",
                          "sftp://[::1/a",
                          "sftp://[x]/a",
                          "sftp://[::1]x/a",
                          "sftp://-u@host/a",
                          "sftp://u u@host/a",
                          "sftp://host/a%0a",
                          "sftp://host/%00"}) {
    EXPECT_NE(refused(url), "") << url;
  }
}

TEST(StoreUrl, FoldersOfThisMachine) {
  for (const char* path : {"/srv/backups", "backups", "s3:x", "C:\\x", "a/b://c", "../up"}) {
    EXPECT_EQ(std::get<LocalPlace>(parse_store_url(path)).folder, path);
  }
  // One spelling, whatever a shell's completion adds.
  for (const auto& [written, meant] : std::map<std::string, std::string>{{"/srv/backups/", "/srv/backups"},
                                                                         {"//srv//./backups/.", "/srv/backups"},
                                                                         {"/", "/"},
                                                                         {"./", "."},
                                                                         {"./a/", "a"},
                                                                         {"/a/../b/", "/a/../b"}}) {
    EXPECT_EQ(store_url(parse_store_url(written)), meant) << written;
  }
  EXPECT_NE(refused(""), "");
  EXPECT_NE(refused("ftp://host/x"), "");
  EXPECT_NE(refused("S3://bucket"), "");
  EXPECT_NE(refused("file:///x"), "");
}

TEST(StoreUrl, PasswordIsRefusedAndNotRepeated) {
  const std::string message = refused("sftp://user:hunter2@host/x");
  EXPECT_NE(message.find("password"), std::string::npos);
  EXPECT_EQ(message.find("hunter2"), std::string::npos);
  EXPECT_EQ(refused("s3://id:hunter2@bucket/x").find("hunter2"), std::string::npos);
}

TEST(StoreUrl, OneSpellingForEachPlace) {
  for (const char* url : {"s3://bucket", "s3://bucket/a/b%20c%23", "sftp://host/srv", "sftp://me%40corp@host:23/~/x%25",
                          "sftp://[::1]/~", "sftp://host//~", "sftp://host//~/x", "/srv/backups", "rel/path"}) {
    EXPECT_EQ(store_url(parse_store_url(url)), url);
  }
  EXPECT_EQ(store_url(parse_store_url("sftp://host//a//b/")), "sftp://host/a/b");
}

}  // namespace
}  // namespace wobackup::test
