// What most tests begin with: one site in a scratch folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "fakes/scratch_folder.h"
#include "wobackup/service.h"

namespace wobackup::test {

/// A PHP site example.com without a database, which is all that its config knows. A fixture inherits it beside
/// ::testing::Test.
class OneSite {
 protected:
  OneSite() {
    std::filesystem::create_directories(site());
    config_.registry = folder_ / "none.db";
    config_.state_dir = folder_ / "state";
    config_.min_free_bytes = 0;
    config_.database.admin = false;
    config_.site["example.com"].path = site();
    config_.site["example.com"].type = "php";
  }
  [[nodiscard]] std::filesystem::path site() const { return folder_ / "www/example.com"; }
  void write(const std::string& path, std::string_view text = "x") const {
    folder_.write("www/example.com/" + path, text);
  }
  [[nodiscard]] Service service() const { return Service(config_); }
  [[nodiscard]] Site the_site() const { return service().site("example.com"); }

  ScratchFolder folder_;
  Config config_;
};

}  // namespace wobackup::test
