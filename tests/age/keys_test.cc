// Where identities and passphrases come from.
#include "wobackup/keys.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "age/keys_state.h"
#include "age/made_age.h"
#include "age/unlock.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

using test::refusal;

class KeysTest : public testing::Test {
 protected:
  std::filesystem::path write_secret(const std::string& name, std::string_view content) const {
    const std::filesystem::path file = folder_.write(name, content);
    ::chmod(file.c_str(), 0600);
    return file;
  }
  [[nodiscard]] std::string identity_text() const { return std::string(identity_.text().text()) + "\n"; }
  void open_with(KeySources sources) const {
    static_cast<void>(unlock(Keys(std::move(sources)), read_age_header(file_), file_.name()));
  }
  [[nodiscard]] static test::MemoryFile locked_with(std::string_view passphrase) {
    Recipients recipients;
    recipients.push_back(std::make_unique<const ScryptPassphrase>(Secret(passphrase), 10));
    return test::MemoryFile(test::encrypted(test::made_bytes(10), recipients), "x.tar.zst.age");
  }

  test::ScratchFolder folder_;
  X25519Identity identity_ = X25519Identity::generate();
  test::MemoryFile file_{test::encrypted(test::made_bytes(10), test::recipients_for(identity_)), "x.tar.zst.age"};
};

TEST_F(KeysTest, NoIdentity_IsSaidToBeMissing) {
  const std::string message = refusal([&] { open_with({}); }, ErrorKind::wrong_key);
  EXPECT_EQ(message, "x.tar.zst.age is encrypted, and no identity was given");
}

TEST_F(KeysTest, WrongIdentity_IsSaidNotToFit) {
  const auto file = folder_ / "other.txt";
  static_cast<void>(generate_identity(file));
  const std::string message = refusal([&] { open_with({.identity_files = {file}}); }, ErrorKind::wrong_key);
  EXPECT_EQ(message, "x.tar.zst.age is encrypted to 1 recipient, and none of the 1 identity given opens it");
}

TEST_F(KeysTest, SeveralIdentitiesInAFileWithComments_AreTried) {
  const auto file = write_secret(
      "keys.txt", "# mine\r\n\n" + std::string(X25519Identity::generate().text().text()) + "\r\n  " + identity_text());
  EXPECT_NO_THROW(open_with({.identity_files = {file}}));
}

TEST_F(KeysTest, FileThatOthersCanRead_IsNotUsed) {
  const auto file = write_secret("key.txt", identity_text());
  ::chmod(file.c_str(), 0640);
  EXPECT_NE(refusal([&] { open_with({.identity_files = {file}}); }, ErrorKind::usage).find("other users"),
            std::string::npos);
}

TEST_F(KeysTest, LineThatIsNoKey_IsNamedButNotRepeated) {
  const auto file = write_secret("key.txt", "# x\nAGE-SECRET-KEY-1MISTYPED\n");
  const std::string message = refusal([&] { open_with({.identity_files = {file}}); }, ErrorKind::wrong_key);
  EXPECT_NE(message.find("line 2"), std::string::npos) << message;
  EXPECT_EQ(message.find("MISTYPED"), std::string::npos) << message;
}

TEST_F(KeysTest, Command_IsRunWithItsArgumentsAsTheyAre) {
  const auto file = write_secret("a key; rm -rf $HOME.txt", identity_text());
  EXPECT_NO_THROW(open_with({.identity_command = {"cat", file.string()}}));
}

TEST_F(KeysTest, CommandThatFails_IsToldWithWhatItSaid) {
  const std::string message = refusal(
      [&] {
        open_with({.identity_command = {"sh", "-c", "echo no such entry >&2; exit 3"}});
      },
      ErrorKind::wrong_key);
  EXPECT_NE(message.find("exit status 3: no such entry"), std::string::npos) << message;
}

TEST_F(KeysTest, FileOrProgramThatIsMissing_IsNoMissingBackup) {
  EXPECT_NE(refusal([&] { open_with({.identity_command = {"no-such-program-here"}}); }, ErrorKind::wrong_key)
                .find("the identity command: "),
            std::string::npos);
  EXPECT_NE(refusal([&] { open_with({.identity_files = {folder_ / "none"}}); }, ErrorKind::wrong_key).find("no file"),
            std::string::npos);
}

TEST_F(KeysTest, CommandThatNeverEndsItsOutput_IsRefused) {
  EXPECT_NE(refusal([&] { open_with({.identity_command = {"yes"}}); }, ErrorKind::failed).find("no key"),
            std::string::npos);
}

TEST_F(KeysTest, Passphrase_ComesFromFileDescriptorCommandOrPerson) {
  const test::MemoryFile locked = locked_with("pass phrase ");
  const AgeHeader header = read_age_header(locked);
  const auto opens = [&](KeySources sources) {
    static_cast<void>(unlock(Keys(std::move(sources)), header, locked.name()));
  };
  const auto file = write_secret("passphrase", "pass phrase \n");
  EXPECT_NO_THROW(opens({.passphrase_file = file}));
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_NO_THROW(opens({.passphrase_fd = fd.get()}));
  EXPECT_NO_THROW(opens({.passphrase_command = {"printf", "%s\\r\\n", "pass phrase "}}));
  std::string asked;
  EXPECT_NO_THROW(opens({.ask_passphrase = [&](const std::string& question) {
    asked = question;
    return Secret(std::string_view("pass phrase "));
  }}));
  EXPECT_EQ(asked, "Passphrase for x.tar.zst.age");
  EXPECT_EQ(refusal(
                [&] {
                  opens({.passphrase_command = {"echo", "other"}});
                },
                ErrorKind::wrong_key),
            "the passphrase does not open x.tar.zst.age");
  EXPECT_EQ(refusal([&] { opens({.passphrase_command = {"true"}}); }, ErrorKind::wrong_key), "the passphrase is empty");
  EXPECT_EQ(refusal([&] { opens({.identity_files = {file}}); }, ErrorKind::wrong_key),
            "x.tar.zst.age is encrypted with a passphrase, and none was given");
}

TEST_F(KeysTest, PersonAskedTwice_OnlyIfNewFilesAreEncrypted) {
  int asked = 0;
  const Keys keys(
      {.ask_passphrase = [&](const std::string&) { return Secret(std::string_view(++asked == 2 ? "b" : "a")); }});
  EXPECT_EQ(refusal([&] { static_cast<void>(passphrase_to_encrypt(keys)); }, ErrorKind::usage),
            "the two passphrases differ");
  EXPECT_NO_THROW(static_cast<void>(passphrase_to_encrypt(keys)));
  EXPECT_EQ(asked, 4);
  const test::MemoryFile locked = locked_with("a");
  EXPECT_NO_THROW(static_cast<void>(unlock(keys, read_age_header(locked), "x")));
  EXPECT_EQ(asked, 4);
}

TEST_F(KeysTest, IdentityFileUnderAPassphrase_IsOpenedWithIt) {
  Recipients recipients;
  recipients.push_back(std::make_unique<const ScryptPassphrase>(Secret(std::string_view("x y")), 10));
  const ByteVector locked = test::encrypted(bytes_of(identity_text()), recipients);
  const auto file = write_secret("key.age", text_of(locked));
  EXPECT_NO_THROW(open_with({.identity_files = {file}, .passphrase_command = {"echo", "x y"}}));
  EXPECT_NE(refusal([&] { open_with({.identity_files = {file}}); }, ErrorKind::wrong_key).find("with a passphrase"),
            std::string::npos);
}

TEST_F(KeysTest, GeneratedFile_IsPrivateNeverOverwrittenAndShowsItsRecipient) {
  const auto file = folder_ / "new.txt";
  const mode_t before = ::umask(0);
  const std::string recipient = generate_identity(file);
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const std::string content = test::text_of_file(file);
  EXPECT_TRUE(content.starts_with("# created: 20")) << content;
  EXPECT_NE(content.find("\n# public key: " + recipient + "\nAGE-SECRET-KEY-1"), std::string::npos);
  EXPECT_EQ(recipients_of(file, Keys()), std::vector<std::string>{recipient});
  EXPECT_NE(refusal([&] { static_cast<void>(generate_identity(file)); }, ErrorKind::usage).find("never overwritten"),
            std::string::npos);
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "link");
  EXPECT_THROW(static_cast<void>(generate_identity(folder_ / "link")), Error);
  EXPECT_EQ(test::text_of_file(file), content);
}

}  // namespace
}  // namespace wobackup
