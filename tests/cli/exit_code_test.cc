// What goes wrong, the exit code it gets, and the hint that comes with it.
#include <sys/file.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "cli/command_line.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

constexpr unsigned kNobody = 65534;

class ExitCode : public test::CommandLine {
 protected:
  // The error as it is told in both forms, which must agree.
  void expect_failure(const std::vector<std::string>& arguments, int code, std::string_view kind,
                      std::string_view message_part, std::string_view hint_part) {
    const Ran plain = run(arguments);
    EXPECT_EQ(plain.exit_code, code) << plain.both();
    EXPECT_TRUE(contains(plain.err, "error: "));
    EXPECT_TRUE(contains(plain.err, message_part));
    EXPECT_TRUE(contains(plain.err, hint_part));
    EXPECT_EQ(plain.err.find("\nHint: \n"), std::string::npos) << plain.err;
    std::vector<std::string> with_json = arguments;
    with_json.emplace_back("--json");
    const Ran json = run(with_json);
    EXPECT_EQ(json.exit_code, code) << json.both();
    const std::vector<Json> errors = json.objects("error");
    ASSERT_EQ(errors.size(), 1U) << json.both();
    EXPECT_EQ(errors[0]["kind"], kind);
    EXPECT_EQ(errors[0]["exit_code"], code);
    EXPECT_TRUE(contains(errors[0]["message"], message_part));
    EXPECT_TRUE(contains(errors[0]["hint"], hint_part));
    EXPECT_EQ(json.objects().back()["message_type"], "summary");
    EXPECT_EQ(json.objects().back()["exit_code"], code);
  }
};

// Stands for somebody without root's rights, in this whole process.
class AsNobody {
 public:
  explicit AsNobody(const fs::path& folder) {
    if (!was_root_) return;
    for (const auto& item : fs::recursive_directory_iterator(folder)) give_away(item.path());
    give_away(folder);
    EXPECT_EQ(::seteuid(kNobody), 0);
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() {
    if (was_root_ && ::seteuid(0) != 0) std::abort();
  }

 private:
  static void give_away(const fs::path& path) { EXPECT_EQ(::lchown(path.c_str(), kNobody, kNobody), 0); }
  bool was_root_ = ::geteuid() == 0;
};

TEST_F(ExitCode, ContradictionsAndBadValues_Are2) {
  add_site("a.example");
  const auto refused = [&](std::vector<std::string> more, std::string_view message, std::string_view hint) {
    more.insert(more.begin(), {"create"});
    expect_failure(more, 2, "usage", message, hint);
  };
  refused({"a.example", "--type", "everything"}, "\"everything\" is not a type of backup", "full, db and files");
  refused({"a.example", "--db", "--files"}, "only one of --db, --files and --type", "create --help");
  refused({"a.example", "--db", "--type", "db"}, "only one of --db, --files and --type", "create --help");
  refused({"--all", "a.example"}, "--all takes no site names", "create --help");
  refused({"a.example", "--wait", "soon"}, "--wait soon is not a duration", "--wait 10m");
  refused({"a.example", "--limit-rate", "fast"}, "--limit-rate fast is not a size", "--limit-rate 20M");
  refused({"a.example", "--db"}, "a.example has no database", "--type files");
  refused({"not a host"}, "\"not a host\" is not a host name", "example.com");
  refused({"../etc"}, "is not a host name", "example.com");
  refused({}, "no site was named", "--all");
  EXPECT_FALSE(fs::exists(archives("a.example")));
}

TEST_F(ExitCode, UnknownSite_Is10_WithASimilarName) {
  add_site("shop.example");
  expect_failure({"create", "shpo.example"}, 10, "not_found", "there is no site shpo.example",
                 "did you mean shop.example?");
  expect_failure({"list", "shop.exampel"}, 10, "not_found", "there is no site shop.exampel",
                 "did you mean shop.example?");
  expect_failure({"info", "elsewhere.org"}, 10, "not_found", "there is no site elsewhere.org", "`wobackup sites`");
}

TEST_F(ExitCode, UnknownBackup_Is10) {
  add_site("a.example");
  expect_failure({"info", "a.example"}, 10, "not_found", "a.example has no complete backup",
                 "`wobackup list a.example`");
  expect_failure({"info", "a.example/2025-01-20_14-25-30"}, 10, "not_found",
                 "a.example has no backup 2025-01-20_14-25-30", "`wobackup list a.example`");
  expect_failure({"info", "/nowhere/2025-01-20_14-25-30.tar.zst"}, 10, "not_found", "there is no archive /nowhere/",
                 "`wobackup list`");
}

TEST_F(ExitCode, UnreadableFile_Is3_AndSaidEvenWhenQuiet) {
  add_site("a.example");
  write("www/a.example/htdocs/secret", "x");
  fs::permissions(www("a.example") / "htdocs/secret", fs::perms::none);
  const AsNobody nobody(root());
  const Ran plain = run({"create", "a.example"});
  EXPECT_EQ(plain.exit_code, 3) << plain.both();
  EXPECT_TRUE(contains(plain.err, "htdocs/secret: "));
  EXPECT_TRUE(contains(plain.out, "INCOMPLETE"));
  const Ran quiet = run({"-q", "create", "a.example"});
  EXPECT_EQ(quiet.exit_code, 3);
  EXPECT_EQ(quiet.out, "");
  EXPECT_TRUE(contains(quiet.err, "error: a.example: 1 path could not be read: the backup is incomplete\nHint: "));
  const Ran json = run({"--json", "create", "a.example"});
  EXPECT_EQ(json.exit_code, 3);
  ASSERT_EQ(json.objects("created").size(), 1U) << json.out;
  EXPECT_EQ(json.objects("created")[0]["complete"], false);
  EXPECT_EQ(json.objects("created")[0]["unreadable"][0]["path"], "htdocs/secret");
  ASSERT_EQ(json.objects("error").size(), 1U) << json.out;
  EXPECT_EQ(json.objects("error")[0]["kind"], "incomplete");
  EXPECT_EQ(json.objects().back()["sites_ok"], 0);
  EXPECT_EQ(json.objects().back()["exit_code"], 3);
}

TEST_F(ExitCode, SecondRun_Is11_AndToldHowToWait) {
  add_site("a.example");
  static_cast<void>(backed_up("a.example"));
  std::vector<UniqueFd> held;
  for (const auto& item : fs::recursive_directory_iterator(root() / "state")) {
    if (!item.is_regular_file() || item.path().string().find("a.example") == std::string::npos) continue;
    held.emplace_back(::open(item.path().c_str(), O_RDWR));
    ::flock(held.back().get(), LOCK_EX | LOCK_NB);
  }
  ASSERT_FALSE(held.empty());
  expect_failure({"create", "a.example"}, 11, "locked", "a.example", "--wait");
}

TEST_F(ExitCode, NoDatabaseToBeFound_Is20) {
  add_site("blog.example", "wp");
  expect_failure({"create", "blog.example"}, 20, "dump", "blog.example", "wobackup.toml");
  EXPECT_TRUE(!fs::exists(archives("blog.example")) || fs::is_empty(archives("blog.example")));
}

TEST_F(ExitCode, NoSpace_Is23) {
  add_site("a.example");
  ::setenv("WOBACKUP_MIN_FREE", "1000T", 1);
  expect_failure({"create", "a.example"}, 23, "no_space", "a.example", "min_free");
  EXPECT_TRUE(!fs::exists(archives("a.example")) || fs::is_empty(archives("a.example")));
}

TEST_F(ExitCode, Interrupted_Is130_AndNoFurtherSiteIsBegun) {
  add_site("a.example");
  add_site("b.example");
  const Ran ran = run({"create", "--all"}, {.interrupted = true});
  EXPECT_EQ(ran.exit_code, 130) << ran.both();
  EXPECT_EQ(ran.err.find("b.example"), std::string::npos) << ran.err;
  EXPECT_TRUE(contains(ran.out, "0 of 2 sites backed up"));
  EXPECT_FALSE(fs::exists(archives("b.example")));
}

TEST_F(ExitCode, ForeignRegistry_Is1) {
  sql("DROP TABLE sites");
  expect_failure({"sites"}, 1, "failed", "has no table \"sites\"", "registry");
  expect_failure({"create", "--all"}, 1, "failed", "has no table \"sites\"", "registry");
}

TEST_F(ExitCode, MissingRegistry_Is10_AndNamesTheSetting) {
  ::setenv("WOBACKUP_REGISTRY", (root() / "none.db").c_str(), 1);
  expect_failure({"sites"}, 10, "not_found", "none.db", "registry");
}

TEST_F(ExitCode, OutputThatCannotBeWritten_Is1) {
  add_site("a.example");
  ::setenv("WOBACKUP_CONFIG", config_file().c_str(), 1);
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"sites"}, {"version"}, {"help"}, {"list", "--help"}, {"completion", "bash"}}) {
    std::ostringstream out;
    out.setstate(std::ios::badbit);
    std::ostringstream err;
    std::istringstream in;
    cli::Terminal terminal{.out = out, .err = err, .in = in};
    EXPECT_EQ(cli::run(arguments, terminal), 1) << arguments.front();
  }
}

}  // namespace
}  // namespace wobackup
