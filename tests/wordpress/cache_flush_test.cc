// One site's caches are flushed, and nobody else's.
#include "wordpress/cache_flush.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "wordpress/page_cache.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;

const Cancellation kNever;

std::string cache_file(const std::string& key) {
  return std::string(336, '\0') + "\nKEY: " + key + "\nHTTP/1.1 200 OK\r\n\r\nKEY: httpGETa.example/\n";
}

TEST(PageCacheHost, IsReadFromTheKey) {
  EXPECT_EQ(page_cache_host(cache_file("httpsGETa.example/page?x=1")), "a.example");
  EXPECT_EQ(page_cache_host(cache_file("httpHEADa.example:8080/")), "a.example");
  for (const char* key : {"", "http", "httpGET", "httpGETa.example", "a.example/", "httpsa.example/", "httpGET/x"}) {
    EXPECT_EQ(page_cache_host(cache_file(key)), std::nullopt) << key;
  }
  EXPECT_EQ(page_cache_host("KEY: httpGETa.example/\n"), std::nullopt);
}

TEST(PageCache, PagesOfTheSiteAlone_AreRemoved) {
  const test::ScratchFolder cache;
  const auto ours = cache.write("a/1f/0001", cache_file("httpsGETa.example/"));
  const auto ours_too = cache.write("b/2f/0002", cache_file("httpGETwww.a.example/b"));
  const auto longer = cache.write("a/1f/0003", cache_file("httpsGETa.example.au/"));
  const auto shorter = cache.write("a/1f/0004", cache_file("httpsGETblog.a.example/"));
  const auto in_path = cache.write("a/1f/0005", cache_file("httpsGETb.example/httpsGETa.example/"));
  const auto other = cache.write("a/1f/readme", "a.example/");
  EXPECT_EQ(purge_page_cache(cache.path(), {"a.example", "www.a.example"}, kNever), 2U);
  EXPECT_FALSE(fs::exists(ours) || fs::exists(ours_too));
  for (const fs::path& file : {longer, shorter, in_path, other}) EXPECT_TRUE(fs::exists(file)) << file;
}

TEST(PageCache, Links_AreNotFollowed) {
  const test::ScratchFolder cache, elsewhere;
  const auto file = elsewhere.write("0001", cache_file("httpsGETa.example/"));
  fs::create_directory_symlink(elsewhere.path(), cache / "a");
  fs::create_symlink(file, cache / "0002");
  EXPECT_EQ(purge_page_cache(cache.path(), {"a.example"}, kNever), 0U);
  EXPECT_TRUE(fs::exists(file));
  EXPECT_TRUE(fs::is_symlink(cache / "0002"));
}

TEST(PageCache, MissingFolder_HasNoPages) {
  const test::ScratchFolder folder;
  EXPECT_EQ(purge_page_cache(folder / "none", {"a.example"}, kNever), 0U);
}

TEST(CacheFlush, WhatFails_IsToldAndTheRestIsDone) {
  const test::ScratchFolder cache;
  cache.write("a/1f/0001", cache_file("httpsGETa.example/"));
  CacheFlushRequest request;
  request.hosts = {"a.example"};
  request.page_cache = cache.path();
  request.php_reload = {"sh", "-c", "echo no such unit >&2; exit 5"};
  const CacheFlush flush = flush_caches(request, kNever);
  EXPECT_EQ(flush.flushed, std::vector<std::string>{"page cache: 1 pages removed"});
  EXPECT_EQ(flush.not_flushed, std::vector<std::string>{"PHP: not reloaded, sh: exit status 5 no such unit"});
  request.php_reload = {"true"};
  EXPECT_EQ(flush_caches(request, kNever).flushed.at(0), "PHP: reloaded");
  request.php_reload = {"no-such-program-at-all"};
  EXPECT_EQ(flush_caches(request, kNever).not_flushed,
            std::vector<std::string>{"PHP: not flushed: program not found: no-such-program-at-all"});
}

TEST(CacheFlush, ReloadCommand_TakesVersionsOnly) {
  EXPECT_EQ(php_reload_command("8.3"), (std::vector<std::string>{"systemctl", "reload", "php8.3-fpm"}));
  for (const char* version : {"", "8", "8.3;reboot", "8.3 nginx", "../8.3", "8.3.1"}) {
    EXPECT_TRUE(php_reload_command(version).empty()) << version;
  }
  EXPECT_TRUE(php_reload_command(std::nullopt).empty());
}

}  // namespace
}  // namespace wobackup
