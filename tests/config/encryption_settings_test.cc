// [encryption] and what belongs to it.
#include <gtest/gtest.h>

#include <cstdlib>

#include "config/loading.h"
#include "wobackup/keys.h"

namespace wobackup {
namespace {

using test::load;
using test::refusal;

class EncryptionSettingsTest : public ::testing::Test {
 protected:
  EncryptionSettingsTest() : recipient_(generate_identity(folder_ / "key.txt")) {}
  ~EncryptionSettingsTest() override {
    for (const char* name : {"WOBACKUP_IDENTITY", "WOBACKUP_RECIPIENTS_FILE", "WOBACKUP_PASSPHRASE_FILE"}) {
      ::unsetenv(name);
    }
  }
  test::ScratchFolder folder_;
  std::string recipient_;
};

TEST_F(EncryptionSettingsTest, AllKeys_AreRead) {
  const Config config = load(folder_, "[encryption]\nenabled = true\nrecipients = [\"" + recipient_ +
                                          "\"]\nrecipients_file = \"/etc/r\"\nidentities = [\"/a\", \"/b\"]\n"
                                          "identity_command = [\"pass\", \"show\", \"a b\"]\n"
                                          "passphrase_command = [\"pass\", \"x\"]\n"
                                          "[site.\"a.example\".encryption]\nenabled = false\nrecipients = [\"" +
                                          recipient_ + "\"]\nrecipients_file = \"/etc/a\"\n");
  EXPECT_EQ(config.encryption.enabled, true);
  EXPECT_EQ(config.encryption.recipients, std::vector<std::string>{recipient_});
  EXPECT_EQ(config.encryption.recipients_file, "/etc/r");
  const KeySources& sources = config.keys.sources();
  EXPECT_EQ(sources.identity_files, (std::vector<std::filesystem::path>{"/a", "/b"}));
  EXPECT_EQ(sources.identity_command, (std::vector<std::string>{"pass", "show", "a b"}));
  EXPECT_EQ(sources.passphrase_command, (std::vector<std::string>{"pass", "x"}));
  EXPECT_TRUE(config.encryption.passphrase);
  const EncryptionSettings site = config.for_site("a.example").encryption;
  EXPECT_EQ(site.enabled, false);
  EXPECT_EQ(site.recipients.size(), 1U);
  EXPECT_EQ(site.recipients_file, "/etc/a");
}

TEST_F(EncryptionSettingsTest, WrongValues_AreRefusedWithTheirLine) {
  const auto refused = [&](const std::string& text, std::string_view part) {
    const std::string told = refusal(folder_, "[encryption]\n" + text);
    EXPECT_NE(told.find("wobackup.toml:2: "), std::string::npos) << told;
    EXPECT_NE(told.find(part), std::string::npos) << told;
  };
  refused("recipients = [\"age1nonsense\"]\n", "is no age recipient");
  refused("recipients = [\"AGE-SECRET-KEY-1XYZ\"]\n", "that is a secret key");
  EXPECT_EQ(refusal(folder_, "[encryption]\nrecipients = [\"AGE-SECRET-KEY-1XYZ\"]\n").find("XYZ"), std::string::npos);
  refused("enabled = true\n", "nobody is named");
  refused("identities = [\"key.txt\"]\n", "not absolute");
  refused("identity_command = [\"\"]\n", "no program");
  refused("passphrase_command = [\"x\"]\npassphrase_file = \"/p\"\n", "both set");
  refused("recipient = [\"x\"]\n", "recipient");
}

TEST_F(EncryptionSettingsTest, Variables_GoBeforeTheFile) {
  ::setenv("WOBACKUP_IDENTITY", "/env/key", 1);
  ::setenv("WOBACKUP_RECIPIENTS_FILE", "/env/recipients", 1);
  ::setenv("WOBACKUP_PASSPHRASE_FILE", "/env/passphrase", 1);
  const Config config =
      load(folder_, "[encryption]\nrecipients = [\"" + recipient_ +
                        "\"]\nidentities = [\"/a\"]\nidentity_command = [\"x\"]\n[site.\"a.example\".encryption]\n"
                        "recipients = [\"" +
                        recipient_ + "\"]\n");
  EXPECT_EQ(config.keys.sources().identity_files, std::vector<std::filesystem::path>{"/env/key"});
  EXPECT_TRUE(config.keys.sources().identity_command.empty());
  EXPECT_EQ(config.keys.sources().passphrase_file, "/env/passphrase");
  EXPECT_EQ(config.encryption.recipients_file, "/env/recipients");
  EXPECT_TRUE(config.encryption.recipients.empty());
  EXPECT_FALSE(config.for_site("a.example").encryption.has_recipients());
}

}  // namespace
}  // namespace wobackup
