// What a guard looks at before and after.
#include <atomic>

#include "fakes/web_server.h"
#include "guard/guarded_site.h"

namespace wobackup {
namespace {

using test::says;
using test::WebServer;

TEST(GuardCheckText, ThereAndBack) {
  for (const std::string text :
       {"http", "http:/shop/?a=b", "wp", "php-log", "php-log:/var/log/x.log", "command:/usr/bin/true"}) {
    EXPECT_EQ(text_of(guard_check_from(text)), text);
  }
  for (const std::string text :
       {"", "http:", "http:shop", "http:/a b", "http:/a#b", "wp:/x", "command", "command:true", "ftp:/x", "http:/\n"}) {
    EXPECT_THROW(static_cast<void>(guard_check_from(text)), Error) << text;
  }
}

class GuardChecks : public test::GuardedSite {
 protected:
  GuardOptions with(const std::vector<std::string>& checks) const {
    GuardOptions options;
    for (const std::string& check : checks) options.checks.push_back(guard_check_from(check));
    return options;
  }
  // A program of the admin's.
  std::filesystem::path program(const std::string& script) const {
    const std::filesystem::path file = folder_.write("check.sh", "#!/bin/sh\n" + script);
    std::filesystem::permissions(file, std::filesystem::perms(0755));
    return file;
  }
};

TEST_F(GuardChecks, OwnProgram_RunsAsTheSitesUserInItsFolder) {
  const auto file = program("pwd; id -un; echo $WOBACKUP_SITE; test -e htdocs/index.php");
  const GuardResult kept = guard("true", with({"command:" + file.string()}));
  ASSERT_EQ(kept.checks.size(), 1U);
  EXPECT_EQ(kept.checks[0].state, CheckState::passed);
  std::string message;
  const GuardResult result = failed("rm htdocs/index.php", with({"command:" + file.string()}), message);
  EXPECT_TRUE(says(message, "command:" + file.string()));
  EXPECT_TRUE(says(message, "ended with exit status 1: example.com"));
  EXPECT_EQ(result.command->exit_code, 0);
  EXPECT_EQ(result.checks.at(0).state, CheckState::failed);
  EXPECT_EQ(result.checks_after_roll_back.at(0).state, CheckState::passed);
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardChecks, WhatWasBrokenBefore_IsANote) {
  const auto file = program("exit 1");
  const GuardResult kept = guard("echo x > htdocs/index.php", with({"command:" + file.string()}));
  EXPECT_EQ(kept.checks.at(0).state, CheckState::broken_before);
  EXPECT_EQ(text("htdocs/index.php"), "x\n");
}

TEST_F(GuardChecks, OwnProgramThatHangs_IsEnded) {
  const auto file = program("test -e htdocs/index.php || exec sleep 1000");
  GuardOptions options;
  options.checks.emplace_back(CommandCheck{file, std::chrono::seconds(1)});
  EXPECT_TRUE(says(failure("rm htdocs/index.php", options), "did not end within 1 seconds"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardChecks, DemandedButImpossible_StopsBeforeTheBackup) {
  EXPECT_EQ(refusal(with({"command:/no/such/program"})).kind(), ErrorKind::usage);
  EXPECT_TRUE(says(refusal(with({"wp"})).message(), "there is no WordPress"));
  EXPECT_EQ(refusal(with({"php-log"})).kind(), ErrorKind::usage);
  config_.server.http_port = 1;
  EXPECT_TRUE(says(refusal(with({"http"})).message(), "no answer"));
  EXPECT_TRUE(backups().empty());
}

TEST_F(GuardChecks, UsualOnesThatCannotBeAsked_AreNotes) {
  config_.server.http_check = true;
  config_.server.http_port = 1;
  const GuardResult result = guard("true");
  ASSERT_EQ(result.checks.size(), 1U);  // no WordPress, no check of it
  EXPECT_EQ(result.checks[0].check, "http");
  EXPECT_EQ(result.checks[0].state, CheckState::not_asked);
}

TEST_F(GuardChecks, OfTheSettings_HoldWhereNoneIsNamed) {
  const auto file = program("test -e htdocs/index.php");
  config_.guard.checks = {"command:/bin/true"};
  config_.site["example.com"].checks = {"command:" + file.string()};
  EXPECT_TRUE(says(failure("rm htdocs/index.php"), "check.sh"));
  GuardOptions options;
  options.no_checks = true;
  EXPECT_TRUE(guard("rm htdocs/index.php", options).checks.empty());
}

class GuardedPages : public GuardChecks {
 protected:
  GuardedPages() {
    config_.server.http_check = true;
    config_.server.http_port = server_.port();
    config_.guard.settle = std::chrono::milliseconds(0);
  }
  static std::string page(const std::string& title, std::size_t bytes) {
    return "<html><head><title>" + title + "</title></head><body>" + std::string(bytes, 'x') + "</body></html>";
  }
  // What the site's server answers is in a file that the change replaces.
  void serve(const std::string& status, const std::string& body) const {
    folder_.write("status", status);
    folder_.write("body", body);
  }
  std::string after(const std::string& status, const std::string& body, const std::vector<std::string>& checks = {}) {
    try {
      static_cast<void>(service().guard(the_site(), with(checks), [&](const GuardedChange&) { serve(status, body); }));
    } catch (const GuardFailed& failed) {
      // The server is none of what is rolled back here, and so it stays.
      EXPECT_EQ(failed.kind(), ErrorKind::rollback_failed);
      EXPECT_TRUE(failed.result().rolled_back);
      return failed.message();
    }
    return "kept";
  }

  WebServer server_{[this](const std::string& request) {
    if (request.starts_with("GET /shop/")) return WebServer::page(shop_);
    return WebServer::page(test::text_of_file(folder_ / "body"), test::text_of_file(folder_ / "status"));
  }};
  std::string shop_ = page("Shop", 5000);
};

TEST_F(GuardedPages, SamePage_IsKept) {
  serve("200 OK", page("My (3) shop", 5000));
  EXPECT_EQ(after("200 OK", page("My (44) shop!", 6000)), "kept");
}

TEST_F(GuardedPages, OtherStatus_IsAFailure) {
  serve("200 OK", page("A shop", 5000));
  EXPECT_TRUE(says(after("404 Not Found", page("A shop", 5000)), "/ answers with status 404, and did with 200 before"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardedPages, CriticalError_IsAFailure) {
  serve("200 OK", page("A shop", 5000));
  EXPECT_TRUE(says(after("500 Internal Server Error", "<p>There has been a critical error on this website.</p>"),
                   "WordPress reports a critical error"));
}

TEST_F(GuardedPages, FatalErrorWithinAPage_IsAFailure) {
  serve("200 OK", page("A shop", 5000));
  EXPECT_TRUE(says(after("200 OK", page("A shop", 5000) + "<b>Fatal error</b>:  Uncaught"), "shows an error of PHP"));
}

TEST_F(GuardedPages, EmptyPage_IsAFailure) {
  serve("200 OK", page("A shop", 5000));
  EXPECT_TRUE(says(after("200 OK", ""), "is an empty page"));
}

TEST_F(GuardedPages, OtherTitleOrMuchLess_IsAFailure) {
  serve("200 OK", page("A shop for shoes", 50000));
  EXPECT_TRUE(says(after("200 OK", page("Welcome to nginx!", 50000)), "the title of / is \"Welcome to nginx!\""));
  serve("200 OK", page("A shop for shoes", 50000));
  EXPECT_TRUE(says(after("200 OK", page("A shop for shoes", 5000)), "/ has 5.0 KiB, and had 48.9 KiB before"));
}

TEST_F(GuardedPages, BrokenBefore_IsNoReason) {
  serve("500 Internal Server Error", "There has been a critical error on this website");
  EXPECT_EQ(after("500 Internal Server Error", "There has been a critical error on this website"), "kept");
  serve("500 Internal Server Error", "x");
  EXPECT_EQ(after("200 OK", page("Mended", 100)), "kept");
}

TEST_F(GuardedPages, PasswordBefore_IsAsGoodAsAPage) {
  serve("401 Unauthorized", "who?");
  EXPECT_EQ(after("401 Unauthorized", "who?"), "kept");
  serve("401 Unauthorized", "who?");
  EXPECT_TRUE(says(after("500 Internal Server Error", "x"), "status 500"));
}

TEST_F(GuardedPages, FurtherPages_AreAskedFor) {
  serve("200 OK", page("A shop", 5000));
  const std::atomic<bool> broken{false};
  try {
    static_cast<void>(service().guard(the_site(), with({"http", "http:/shop/"}),
                                      [&](const GuardedChange&) { shop_ = page("", 10); }));
    FAIL() << "kept";
  } catch (const GuardFailed& failed) {
    EXPECT_TRUE(says(failed.message(), "http:/shop/: /shop/ has no title any more; it was \"Shop\""));
    EXPECT_EQ(failed.result().checks.at(0).state, CheckState::passed);
  }
}

TEST_F(GuardedPages, PageThatSettles_IsKept) {
  serve("200 OK", page("A shop", 5000));
  config_.guard.settle = std::chrono::minutes(1);
  const auto now = service().guard(the_site(), with({"http"}), [&](const GuardedChange&) {
    serve("502 Bad Gateway", "PHP is starting");
    // Its next answer, and no sooner, is well.
    std::thread([this] {
      const std::size_t before = server_.requests().size();
      while (server_.requests().size() == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      serve("200 OK", page("A shop", 5000));
    }).detach();
  });
  EXPECT_EQ(now.checks.at(0).state, CheckState::passed);
}

class GuardedLogs : public GuardChecks {
 protected:
  GuardedLogs() {
    write("htdocs/wp-content/debug.log", "[x] PHP Fatal error:  the usual one in a.php on line 3\n");
    if (is_root()) test::run_in(site(), {"chown", "-R", "33:33", "htdocs"});
  }
};

TEST_F(GuardedLogs, NewFatalError_IsAFailure) {
  EXPECT_TRUE(says(failure("echo '[y] PHP Fatal error:  Uncaught Error: no function' >> htdocs/wp-content/debug.log",
                           {.type = BackupType::files, .checks = with({"php-log"}).checks}),
                   "php-log: Fatal error:  Uncaught Error: no function"));
}

TEST_F(GuardedLogs, WhatHappensAllTheTime_IsNone) {
  const GuardResult kept = guard(
      "echo '[y] PHP Fatal error:  the usual one in a.php on line 8' >> htdocs/wp-content/debug.log; "
      "echo '[z] PHP Warning:  something' >> htdocs/wp-content/debug.log",
      with({"php-log"}));
  EXPECT_EQ(kept.checks.at(0).state, CheckState::passed);
}

TEST_F(GuardedLogs, RotatedLog_IsReadFromItsBeginning) {
  EXPECT_TRUE(says(failure("cd htdocs/wp-content; mv debug.log debug.log.1; echo 'PHP Parse error:  new' > debug.log",
                           with({"php-log"})),
                   "Parse error:  new"));
}

// Of a long log only the end is known: what stands further up must not be new because the file is.
TEST_F(GuardedLogs, CopyOfALongLog_HasNothingNew) {
  write("htdocs/wp-content/debug.log", "[x] PHP Fatal error:  an ancient one\n" + std::string(600'000, 'a') + "\n");
  if (is_root()) test::run_in(site(), {"chown", "-R", "33:33", "htdocs"});
  before_ = facts();
  const std::string copy = "cd htdocs/wp-content; cp -p debug.log copy; mv copy debug.log; echo y >> debug.log";
  EXPECT_EQ(guard(copy, with({"php-log"})).checks.at(0).state, CheckState::passed);
  EXPECT_TRUE(says(failure("exit 1", with({"php-log"})), "exit status 1; rolled back"));
  EXPECT_TRUE(
      says(failure(copy + "; echo 'PHP Fatal error:  a new one' >> debug.log", with({"php-log"})), "a new one"));
}

TEST_F(GuardedLogs, WebServersLog_IsRead) {
  config_.server.web_logs = folder_ / "logs";
  folder_.write("logs/example.com.error.log", "");
  try {
    static_cast<void>(service().guard(the_site(), with({"php-log"}), [&](const GuardedChange&) {
      folder_.write(
          "logs/example.com.error.log",
          "2025 [error] FastCGI sent in stderr: \"PHP message: PHP Fatal error:  x\" while reading response\n");
    }));
    FAIL() << "kept";
  } catch (const GuardFailed& failed) {
    EXPECT_TRUE(says(failed.message(), "php-log: Fatal error:  x;"));
  }
}

TEST_F(GuardedLogs, LogThatBecomesALink_IsNotFollowed) {
  folder_.write("secret", "PHP Fatal error:  root's secret\n");
  std::string message = failure(
      "cd htdocs/wp-content; rm debug.log; ln -s " + (folder_ / "secret").string() + " debug.log", with({"php-log"}));
  EXPECT_FALSE(says(message, "root's secret"));
  EXPECT_TRUE(says(message, "cannot be asked any more"));
}

}  // namespace
}  // namespace wobackup
