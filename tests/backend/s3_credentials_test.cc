#include "backend/s3/s3_credentials.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>

#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup::test {
namespace {

class S3Credentials : public ::testing::Test {
 protected:
  S3Credentials() { variables["HOME"] = folder.path().string(); }

  EnvironmentLookup environment() {
    return [this](const char* name) -> std::optional<std::string> {
      const auto place = variables.find(name);
      return place == variables.end() ? std::nullopt : std::optional(place->second);
    };
  }
  std::filesystem::path secret_file(const char* name, const std::string& text) const {
    const auto path = folder.write(name, text);
    ::chmod(path.c_str(), 0600);
    return path;
  }
  S3Keys keys(const AwsFiles& files = {}) { return standard_s3_keys(files, environment()); }

  ScratchFolder folder;
  std::map<std::string, std::string> variables;
};

TEST_F(S3Credentials, EnvironmentGoesFirst) {
  secret_file(".aws/credentials", "[default]\naws_access_key_id=file\naws_secret_access_key=s\n");
  variables["AWS_ACCESS_KEY_ID"] = "env";
  EXPECT_EQ(keys().access_key_id, "file");  // one without the other is none
  variables["AWS_SECRET_ACCESS_KEY"] = "secret";
  variables["AWS_SESSION_TOKEN"] = "token";
  EXPECT_EQ(keys(), (S3Keys{"env", "secret", "token"}));
}

TEST_F(S3Credentials, ProfilesAreNotMixed) {
  secret_file(".aws/credentials",
              "# comment\n[default]\naws_access_key_id = first\naws_secret_access_key = a=b/c+d==\n\n"
              "[ work ]\n; comment\nAWS_ACCESS_KEY_ID=second\naws_secret_access_key=x\naws_session_token=t\n");
  EXPECT_EQ(keys(), (S3Keys{"first", "a=b/c+d==", ""}));
  variables["AWS_PROFILE"] = "work";
  EXPECT_EQ(keys(), (S3Keys{"second", "x", "t"}));
  variables["AWS_ACCESS_KEY_ID"] = "env";
  variables["AWS_SECRET_ACCESS_KEY"] = "secret";
  EXPECT_EQ(keys().access_key_id, "env");
  EXPECT_EQ(keys({.credentials_file = {}, .config_file = {}, .profile = "default"}).access_key_id, "first");
}

TEST_F(S3Credentials, ConfigFileMayHaveThemToo) {
  secret_file(".aws/config", "[profile work]\naws_access_key_id=k\naws_secret_access_key=s\nregion=eu-west-1\n");
  variables["AWS_PROFILE"] = "work";
  EXPECT_EQ(keys(), (S3Keys{"k", "s", ""}));
  ::chmod((folder / ".aws/config").c_str(), 0644);
  EXPECT_NE(refusal([&] { static_cast<void>(keys()); }, ErrorKind::usage), "");
}

TEST_F(S3Credentials, FileThatOthersCanRead_IsRefused) {
  const auto file = secret_file("keys", "[default]\naws_access_key_id=k\naws_secret_access_key=s\n");
  variables["AWS_SHARED_CREDENTIALS_FILE"] = file.string();
  EXPECT_EQ(keys().access_key_id, "k");
  ::chmod(file.c_str(), 0604);
  EXPECT_NE(refusal([&] { static_cast<void>(keys()); }, ErrorKind::usage).find("others can read"), std::string::npos);
}

TEST_F(S3Credentials, NoneIsAnErrorThatSaysWhereTheyWouldBe) {
  EXPECT_NE(refusal([&] { static_cast<void>(keys()); }, ErrorKind::usage).find(".aws/credentials"), std::string::npos);
}

TEST_F(S3Credentials, SettingsComeFromVariablesThenFromTheProfile) {
  folder.write(".aws/config",
               "[default]\nregion = eu-central-1\nendpoint_url = https://config.example.com\ns3 =\n  region = nested\n"
               "[profile default2]\nregion = wrong\n");
  S3Settings settings;
  apply_standard_s3_settings(settings, {}, environment());
  EXPECT_EQ(settings.region, "eu-central-1");
  EXPECT_EQ(settings.endpoint, "https://config.example.com");
  variables["AWS_DEFAULT_REGION"] = "a";
  variables["AWS_REGION"] = "b";
  variables["AWS_ENDPOINT_URL"] = "https://general.example.com";
  variables["AWS_ENDPOINT_URL_S3"] = "https://s3.example.com";
  variables["AWS_CA_BUNDLE"] = "/ca.pem";
  S3Settings other;
  apply_standard_s3_settings(other, {}, environment());
  EXPECT_EQ(other.region, "b");
  EXPECT_EQ(other.endpoint, "https://s3.example.com");
  EXPECT_EQ(other.ca_file, "/ca.pem");
  S3Settings explicit_settings;
  explicit_settings.region = "mine";
  apply_standard_s3_settings(explicit_settings, {}, environment());
  EXPECT_EQ(explicit_settings.region, "mine");
  variables["AWS_ACCESS_KEY_ID"] = "k";
  variables["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(explicit_settings.keys().access_key_id, "k");  // asked when they are needed
}

}  // namespace
}  // namespace wobackup::test
