// Guards on servers that encrypt: a backup that cannot be opened here is no way back.
#include <signal.h>
#include <sys/wait.h>

#include "guard/guarded_site.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::says;

class EncryptedGuard : public test::GuardedSite {
 protected:
  EncryptedGuard() { config_.encryption.recipients = {generate_identity(key())}; }
  [[nodiscard]] fs::path key() const { return folder_ / "key.txt"; }
  void give_identity(const fs::path& file) {
    KeySources sources;
    sources.identity_files = {file};
    config_.keys = Keys(sources);
  }
  void expect_refused(std::string_view why) const {
    const Error error = refusal({});
    EXPECT_EQ(error.kind(), ErrorKind::wrong_key) << error.message();
    EXPECT_TRUE(says(error.message(), "example.com: what is changed could not be taken back, so nothing was changed"));
    EXPECT_TRUE(says(error.message(), why));
    EXPECT_TRUE(is_as_before());
    EXPECT_TRUE(backups().empty());
    EXPECT_FALSE(service().pending_guard("example.com"));
  }
};

TEST_F(EncryptedGuard, WithoutTheIdentity_IsRefusedBeforeAnythingIsDone) {
  expect_refused("the backup of example.com is encrypted, and no identity was given");
}

TEST_F(EncryptedGuard, WithAnotherIdentity_IsRefusedBeforeAnythingIsDone) {
  static_cast<void>(generate_identity(folder_ / "other.txt"));
  give_identity(folder_ / "other.txt");
  expect_refused("none of the 1 identity given opens it");
}

TEST_F(EncryptedGuard, WithTheIdentity_RollsBackAlsoIfItIsGoneMeanwhile) {
  give_identity(key());
  const GuardResult kept = guard("echo x > htdocs/more.php");
  EXPECT_EQ(kept.archive.extension(), ".age");
  before_ = facts();
  try {
    static_cast<void>(service().guard(the_site(), {}, [&](const GuardedChange&) {
      fs::remove_all(site() / "htdocs/shop");
      fs::remove(key());
      throw Error(ErrorKind::failed, "it went wrong");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rolled_back) << error.message();
    EXPECT_TRUE(says(error.message(), "rolled back to the backup"));
  }
  EXPECT_FALSE(fs::exists(key()));
  EXPECT_TRUE(is_as_before());
}

TEST_F(EncryptedGuard, WithAPassphrase_RollsBack) {
  config_.encryption = {};
  config_.encryption.passphrase = true;
  const fs::path file = folder_.write("passphrase", "correct horse\n");
  fs::permissions(file, fs::perms(0600));
  KeySources sources;
  sources.passphrase_file = file;
  config_.keys = Keys(sources);
  EXPECT_TRUE(says(failure("rm -r htdocs/shop; exit 7"), "rolled back to the backup"));
  EXPECT_TRUE(is_as_before());
  EXPECT_TRUE(backups().at(0).encrypted);
}

TEST_F(EncryptedGuard, KilledOne_IsTakenBackOnlyWithTheIdentity) {
  give_identity(key());
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      static_cast<void>(guard("echo x > htdocs/index.php; echo begun; exec sleep 1000"));
    } catch (...) {
    }
    ::_exit(0);
  }
  while (output().find("begun") == std::string::npos) ::usleep(1000);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const Keys identity = config_.keys;
  config_.keys = Keys();
  try {
    static_cast<void>(service().abort_guard("example.com"));
    FAIL() << "it was taken back";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::wrong_key) << error.message();
    EXPECT_TRUE(says(error.message(), "example.com: nothing was taken back"));
    EXPECT_TRUE(says(error.hint(), "--identity FILE"));
  }
  EXPECT_EQ(text("htdocs/index.php"), "x\n");
  EXPECT_EQ(service().pending_guard("example.com")->phase, "change");
  config_.keys = identity;
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
}

}  // namespace
}  // namespace wobackup
