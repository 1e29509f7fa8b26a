// The command line with stores: the tests' own S3 server and sshd, and a folder.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "fakes/private_s3.h"
#include "fakes/private_sshd.h"

namespace wobackup::test {

/// Stores "bucket" (S3), "nas" (SFTP) and "disk" (a folder), and a site a.example.
class StoreCommandLine : public CommandLine {
 protected:
  StoreCommandLine() {
    for (const char* name : {"AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"}) ::unsetenv(name);
    const S3Keys keys = s3_.settings().keys();
    ::setenv("AWS_ACCESS_KEY_ID", keys.access_key_id.c_str(), 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key.c_str(), 1);
    sftp_ = sshd_.settings();
    write_stores({});
    std::filesystem::create_directory(disk());
    add_site("a.example");
  }
  ~StoreCommandLine() override {
    ::unsetenv("AWS_ACCESS_KEY_ID");
    ::unsetenv("AWS_SECRET_ACCESS_KEY");
  }

  /// What stands first in the config file, and in the stores' sections.
  struct More {
    std::string first = {}, bucket = {}, nas = {}, disk = {};
    std::uint16_t nas_port = 0;  ///< of a proxy before it
  };
  void write_stores(const More& more) const {
    const std::uint16_t port = more.nas_port != 0 ? more.nas_port : static_cast<std::uint16_t>(sftp_.port);
    const std::string server = sftp_.user + "@" + sftp_.host + ":" + std::to_string(port);
    write_config(more.first + "[store.bucket]\nurl = \"s3://test-bucket/web\"\nendpoint = \"" +
                 s3_.settings().endpoint + "\"\n" + more.bucket + "[store.nas]\nurl = \"sftp://" + server +
                 sftp_.folder + "\"\nknown_hosts = \"" + sshd_.known_hosts(port).string() + "\"\nidentity_file = \"" +
                 sftp_.identity_file + "\"\n" + more.nas + "[store.disk]\nurl = \"" + disk().string() + "\"\n" +
                 more.disk);
  }

  [[nodiscard]] std::filesystem::path disk() const { return root() / "disk"; }
  [[nodiscard]] std::filesystem::path sftp_folder() const { return sftp_.folder; }
  [[nodiscard]] std::vector<std::string> names_in(const std::string& store) const {
    const Ran ran = run({"--json", "list", "a.example", "--from", store});
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    std::vector<std::string> names;
    for (const Json& each : ran.objects("snapshot")) names.push_back(each.value("name", ""));
    return names;
  }

  StrictS3 s3_;
  PrivateSshd sshd_;
  SftpSettings sftp_;
};

}  // namespace wobackup::test
