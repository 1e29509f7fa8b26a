// Who is let in, and which server is believed.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "backend/sftp/sftp_client.h"
#include "backend/sftp/ssh_session.h"
#include "fakes/plain_tools.h"
#include "fakes/private_sshd.h"
#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

class SftpLogin : public ::testing::Test {
 protected:
  void connect() const {
    const Cancellation never;
    SshSession session(settings, never);
    SftpClient client(session);
    EXPECT_TRUE(client.lstat("/"));
  }
  std::string refused() {
    try {
      connect();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::failed) << error.message();
      EXPECT_FALSE(error.retryable()) << error.message();
      hint = error.hint();
      return error.message();
    }
    ADD_FAILURE() << "it is let in";
    return {};
  }

  PrivateSshd server;
  SftpSettings settings = server.settings();
  std::string hint;
};

TEST_F(SftpLogin, KnownHostAndKeyFile) { connect(); }

TEST_F(SftpLogin, UnknownHostIsRefused_WithItsFingerprint_AndNotLearnt) {
  const auto empty = server.folder().write("empty", "");
  settings.known_hosts = empty.string();
  const std::string message = refused();
  EXPECT_NE(message.find(server.fingerprint()), std::string::npos) << message;
  EXPECT_NE(hint.find("host_key"), std::string::npos);
  EXPECT_EQ(text_of_file(empty), "");
  settings.known_hosts = (server.folder() / "missing").string();
  EXPECT_NE(refused().find("not known"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(settings.known_hosts));
}

TEST_F(SftpLogin, ChangedHostKeyIsRefused) {
  const std::string other = text_of_file(server.folder() / "stranger.pub");
  settings.known_hosts =
      server.folder().write("changed", "[127.0.0.1]:" + std::to_string(server.port()) + " " + other).string();
  EXPECT_NE(refused().find("another one"), std::string::npos);
  EXPECT_NE(hint.find("somebody may be between"), std::string::npos);
}

TEST_F(SftpLogin, HashedNamesAreUnderstood) {
  run_in(server.folder().path(), {"cp", settings.known_hosts, "hashed"});
  static_cast<void>(run_collecting({{"ssh-keygen", "-H", "-f", (server.folder() / "hashed").string()}, {}, {}, {}},
                                   std::chrono::minutes(1)));
  settings.known_hosts = (server.folder() / "hashed").string();
  EXPECT_EQ(text_of_file(settings.known_hosts).find("127.0.0.1"), std::string::npos);
  connect();
}

TEST_F(SftpLogin, NamedKeyIsEnough_AndNecessary) {
  settings.known_hosts = (server.folder() / "missing").string();
  settings.host_keys = {server.fingerprint()};
  connect();
  settings.host_keys = {server.host_key()};
  connect();
  settings.host_keys = {"SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", server.host_key() + " comment"};
  connect();
  settings.known_hosts = server.known_hosts(server.port()).string();
  settings.host_keys = {text_of_file(server.folder() / "stranger.pub")};
  EXPECT_NE(refused().find("not the one in wobackup's settings"), std::string::npos);
}

TEST_F(SftpLogin, StrangersKeyIsNotTaken) {
  settings.identity_file = (server.folder() / "stranger").string();
  EXPECT_NE(refused().find("does not let us in"), std::string::npos);
  EXPECT_NE(hint.find("authorized_keys"), std::string::npos);
}

TEST_F(SftpLogin, KeyThatCannotBeRead_IsSaid) {
  settings.identity_file = (server.folder() / "missing").string();
  EXPECT_NE(refused().find("cannot use the key"), std::string::npos);
  run_in(server.folder().path(), {"ssh-keygen", "-q", "-t", "ed25519", "-N", "a passphrase", "-f", "locked"});
  settings.identity_file = (server.folder() / "locked").string();
  EXPECT_NE(refused().find("cannot use the key"), std::string::npos);
  EXPECT_NE(hint.find("ssh-agent"), std::string::npos);
}

TEST_F(SftpLogin, AgentsKeysAreTried) {
  const std::string socket = (server.folder() / "agent").string();
  Command command;
  command.argv = {"ssh-agent", "-D", "-a", socket};
  Subprocess agent(command);
  for (int i = 0; i < 500 && !std::filesystem::exists(socket); ++i) ::usleep(10'000);
  static_cast<void>(run_collecting(
      {{"ssh-add", "-q", server.client_key().string()}, {{"SSH_AUTH_SOCK", socket}}, {}, {}}, std::chrono::minutes(1)));
  settings.identity_file.clear();
  ::setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
  connect();
  ::unsetenv("SSH_AUTH_SOCK");
  EXPECT_NE(refused().find("does not let us in"), std::string::npos);
}

TEST_F(SftpLogin, ConfigurationGivesNameUserPortAndKey) {
  const auto config = server.folder().write(
      "ssh_config", "Host offsite\n  HostName 127.0.0.1\n  Port " + std::to_string(server.port()) + "\n  User " +
                        settings.user + "\n  IdentityFile " + server.client_key().string() + "\n  UserKnownHostsFile " +
                        settings.known_hosts + "\n");
  SftpSettings alias;
  alias.host = "offsite";
  alias.folder = "/tmp";
  alias.ssh_config = config.string();
  settings = alias;
  connect();
  settings.port = 1;  // what is said goes before
  const Cancellation never;
  EXPECT_NE(refusal([&] { SshSession session(settings, never); }, ErrorKind::failed).find("cannot connect"),
            std::string::npos);
}

TEST_F(SftpLogin, PasswordIsOnlyAskedForWhenTheServerTakesOne) {
  settings.identity_file = (server.folder() / "stranger").string();
  bool asked = false;
  settings.password = [&] {
    asked = true;
    return std::string("wrong");
  };
  EXPECT_NE(refused().find("it takes keys"), std::string::npos);
  EXPECT_TRUE(asked);
}

TEST_F(SftpLogin, NobodyThere_MayGoAway) {
  settings.port = 1;
  try {
    connect();
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.retryable()) << error.message();
    EXPECT_EQ(error.kind(), ErrorKind::failed);
  }
}

TEST_F(SftpLogin, SettingsThatMakeNoSense) {
  const auto refused_settings = [](const std::function<void(SftpSettings&)>& change) {
    SftpSettings changed;
    changed.host = "host";
    changed.folder = "/x";
    change(changed);
    return refusal([&] { check_sftp_settings(changed); }, ErrorKind::usage);
  };
  EXPECT_NE(refused_settings([](SftpSettings& s) { s.host = ""; }), "");
  EXPECT_NE(refused_settings([](SftpSettings& s) { s.host = "-oProxyCommand=x"; }), "");
  EXPECT_NE(refused_settings([](SftpSettings& s) { s.folder = ""; }), "");
  EXPECT_NE(refused_settings([](SftpSettings& s) { s.host_keys = {"MD5:aa"}; }), "");
  EXPECT_NE(refused_settings([](SftpSettings& s) { s.connections = 0; }), "");
}

}  // namespace
}  // namespace wobackup::test
