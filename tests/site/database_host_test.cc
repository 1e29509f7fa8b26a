// DB_HOST in all its spellings.
#include "site/database_host.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace wobackup {
namespace {

using namespace std::string_view_literals;

// "host port socket", or "none".
std::string parsed(std::string_view text) {
  const auto host = database_host_from(text);
  return host ? host->host + " " + std::to_string(host->port) + " " + host->socket : "none";
}

DatabaseHost host_of(std::string_view text) { return database_host_from(text).value_or(DatabaseHost{"?", 0, ""}); }

bool same(std::string_view a, std::string_view b) {
  const bool one_way = same_server(host_of(a), host_of(b));
  EXPECT_EQ(one_way, same_server(host_of(b), host_of(a))) << "the order makes no difference: " << a << " " << b;
  return one_way;
}

TEST(DatabaseHost, HostsAndPorts) {
  EXPECT_EQ(parsed("localhost"), "localhost 0 ");
  EXPECT_EQ(parsed(""), "localhost 0 ");
  EXPECT_EQ(parsed("db.example.org"), "db.example.org 0 ");
  EXPECT_EQ(parsed("db.example.org:3307"), "db.example.org 3307 ");
  EXPECT_EQ(parsed("10.0.0.5:1"), "10.0.0.5 1 ");
  EXPECT_EQ(parsed("db_1:65535"), "db_1 65535 ");
  EXPECT_EQ(parsed("db:"), "db 0 ");
  EXPECT_EQ(parsed(":3307"), "localhost 3307 ");
}

TEST(DatabaseHost, Sockets) {
  EXPECT_EQ(parsed("localhost:/run/a.sock"), "localhost 0 /run/a.sock");
  EXPECT_EQ(parsed("LOCALHOST:/run/a.sock"), "LOCALHOST 0 /run/a.sock");
  EXPECT_EQ(parsed(":/run/a.sock"), "localhost 0 /run/a.sock");
  EXPECT_EQ(parsed("localhost:3306:/run/a.sock"), "localhost 0 /run/a.sock");
  EXPECT_EQ(parsed("localhost:/run/a:/b.sock"), "localhost 0 /run/a:/b.sock") << "colons in the path";
}

TEST(DatabaseHost, ASocketBesideAnotherHost_IsIgnored) {
  EXPECT_EQ(parsed("db.example.org:/run/a.sock"), "db.example.org 0 ");
  EXPECT_EQ(parsed("127.0.0.1:3307:/run/a.sock"), "127.0.0.1 3307 ");
}

TEST(DatabaseHost, Ipv6Addresses) {
  EXPECT_EQ(parsed("::1"), "::1 0 ");
  EXPECT_EQ(parsed("[::1]"), "::1 0 ");
  EXPECT_EQ(parsed("[::1]:3306"), "::1 3306 ");
  EXPECT_EQ(parsed("[fe80::1%eth0]:3306"), "fe80::1%eth0 3306 ");
  EXPECT_EQ(parsed("2001:db8::5"), "2001:db8::5 0 ");
}

TEST(DatabaseHost, BadPorts_AreRefused) {
  for (const std::string_view text : {"db:0", "db:65536", "db:-1", "db:+1", "db:1a", "db: 1", "db:99999999999999999999",
                                      "db:3306 ", "[::1]:0", "[::1]:x", "localhost:x:/run/a.sock", "db:0x50"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

TEST(DatabaseHost, WhatIsNoHost_IsRefused) {
  const std::string_view texts[] = {"-h",        "--defaults-file=/etc/passwd",
                                    "a b",       "a;b",
                                    "a\nb",      "a\0b"sv,
                                    "a/b",       "../etc",
                                    "a'b",       "a\"b",
                                    "$HOME",     "`id`",
                                    "\xff",      "b\u00fccher.example",
                                    "[db]:3306", "[::1",
                                    "[::1]3306", "[]:3306",
                                    "[]"};
  for (const std::string_view text : texts) EXPECT_EQ(parsed(text), "none") << text;
  EXPECT_NE(parsed(std::string(255, 'a')), "none");
  EXPECT_EQ(parsed(std::string(256, 'a')), "none");
  EXPECT_EQ(parsed(std::string(10'000'000, ':')), "none");
}

TEST(DatabaseHost, WhatIsNoSocket_IsRefused) {
  EXPECT_EQ(parsed("localhost:/run/a\nb"), "none");
  EXPECT_EQ(parsed("localhost:/run/a\0b"sv), "none");
  EXPECT_EQ(parsed("localhost:/run/\x7f"), "none");
  EXPECT_NE(parsed("localhost:/" + std::string(106, 'a')), "none");
  EXPECT_EQ(parsed("localhost:/" + std::string(107, 'a')), "none") << "longer than a socket's address";
}

TEST(DatabaseHost, Text_GivesTheSameAgain) {
  for (const std::string_view text : {"localhost", "db.example.org", "db.example.org:3307", "localhost:/run/a.sock",
                                      "::1", "[::1]:3306", "localhost:3307", "fe80::1%eth0"}) {
    EXPECT_EQ(host_of(text).text(), text);
    EXPECT_EQ(parsed(host_of(text).text()), parsed(text));
  }
  EXPECT_EQ(host_of(":/run/a.sock").text(), "localhost:/run/a.sock");
}

TEST(DatabaseHost, Loopback_IsLocal) {
  for (const char* text : {"localhost", "LocalHost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1",
                           "localhost:3307", ":/run/a.sock"}) {
    EXPECT_TRUE(host_of(text).is_local()) << text;
  }
  for (const char* text : {"db.example.org", "localhost.example.org", "10.0.0.1", "::2", "127.0.0.1.example.org"}) {
    EXPECT_FALSE(host_of(text).is_local()) << text;
  }
}

TEST(DatabaseHost, SpellingsOfOneServer_AreTheSame) {
  EXPECT_TRUE(same("localhost", "127.0.0.1"));
  EXPECT_TRUE(same("localhost", "[::1]:3306"));
  EXPECT_TRUE(same("localhost", ""));
  EXPECT_TRUE(same("localhost", "localhost:/run/mysqld/mysqld.sock"));
  EXPECT_TRUE(same("localhost:/var/run/mysqld/mysqld.sock", "localhost:/run/mysqld/mysqld.sock"));
  EXPECT_TRUE(same("localhost:3307", "localhost")) << "PHP goes through the socket whatever the port";
  EXPECT_TRUE(same("db.example.org", "DB.example.org:3306"));
  EXPECT_TRUE(same("2001:db8::5", "[2001:0DB8:0:0::5]:3306"));
  EXPECT_TRUE(same("::ffff:10.0.0.5", "10.0.0.5"));
}

TEST(DatabaseHost, DifferentServers_AreNotTheSame) {
  EXPECT_FALSE(same("localhost", "db.example.org"));
  EXPECT_FALSE(same("db.example.org", "db.example.com"));
  EXPECT_FALSE(same("db.example.org:3306", "db.example.org:3307"));
  EXPECT_FALSE(same("127.0.0.1:3307", "127.0.0.1"));
  EXPECT_FALSE(same("localhost:/run/a.sock", "localhost:/run/b.sock"));
  EXPECT_FALSE(same("localhost:/run/a.sock", "localhost"));
  EXPECT_FALSE(same("2001:db8::5", "2001:db8::6"));
}

}  // namespace
}  // namespace wobackup
