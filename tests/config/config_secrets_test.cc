// Who may read and write the config file and what it points to.
#include <gtest/gtest.h>
#include <unistd.h>

#include "config/loading.h"

namespace wobackup {
namespace {

using test::load;
using test::refusal;

class ConfigSecrets : public ::testing::Test {
 protected:
  std::string with_password_file(std::string_view content, unsigned mode) {
    const auto file = folder_.write("password", content);
    ::chmod(file.c_str(), mode);
    return "[site.\"a.example\".database]\npassword_file = \"" + file.string() + "\"\n";
  }
  static std::optional<std::string> password_in(const Config& config) {
    return config.site.at("a.example").database.password;
  }
  test::ScratchFolder folder_;
};

constexpr const char* kWithPassword = "[site.\"a.example\".database]\npassword = \"hunter2\"\n";

TEST_F(ConfigSecrets, APasswordInAFileOfOnlyItsOwner_IsTaken) {
  EXPECT_EQ(password_in(load(folder_, kWithPassword, 0600)), "hunter2");
}

TEST_F(ConfigSecrets, APasswordInAFileThatOthersCanRead_IsRefusedWithoutShowingIt) {
  for (const unsigned mode : {0644U, 0640U, 0604U}) {
    const std::string told = refusal(folder_, kWithPassword, mode);
    EXPECT_NE(told.find("wobackup.toml:2: "), std::string::npos) << told;
    EXPECT_NE(told.find("chmod 600"), std::string::npos) << told;
    EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
  }
}

TEST_F(ConfigSecrets, AFileWithoutPasswords_MayBeReadByAll) { EXPECT_EQ(load(folder_, "level = 9\n", 0644).level, 9); }

TEST_F(ConfigSecrets, AFileThatOthersCanWrite_IsRefused) {
  const std::string told = refusal(folder_, "level = 9\n", 0666);
  EXPECT_NE(told.find("can be changed by other users"), std::string::npos) << told;
  EXPECT_NE(told.find("chmod go-w"), std::string::npos) << told;
}

TEST_F(ConfigSecrets, AFileOfAnotherUser_IsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const auto file = folder_.write("wobackup.toml", "level = 9\n");
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  EXPECT_THROW(static_cast<void>(Config::load(file)), Error);
}

TEST_F(ConfigSecrets, APasswordFile_IsReadWithoutItsLastNewline) {
  EXPECT_EQ(password_in(load(folder_, with_password_file(" p w\n", 0600), 0644)), " p w");
  EXPECT_EQ(password_in(load(folder_, with_password_file("p\r\n", 0400), 0644)), "p");
}

TEST_F(ConfigSecrets, APasswordFileThatOthersCanRead_IsRefused) {
  const std::string told = refusal(folder_, with_password_file("hunter2\n", 0644));
  EXPECT_NE(told.find("wobackup.toml:2: "), std::string::npos) << told;
  EXPECT_NE(told.find("can be read by other users"), std::string::npos) << told;
  EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
}

TEST_F(ConfigSecrets, AMissingPasswordFile_IsNamedWithTheLineThatWantsIt) {
  const std::string told = refusal(folder_, "[site.\"a.example\".database]\npassword_file = \"/none/such\"\n");
  EXPECT_NE(told.find("wobackup.toml:2: "), std::string::npos) << told;
  EXPECT_NE(told.find("/none/such"), std::string::npos) << told;
}

TEST_F(ConfigSecrets, PasswordAndPasswordFile_ExcludeEachOther) {
  EXPECT_NE(refusal(folder_, with_password_file("x", 0600) + "password = \"y\"\n"), "no error");
}

}  // namespace
}  // namespace wobackup
