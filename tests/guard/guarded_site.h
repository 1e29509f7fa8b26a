// A small site without a database, and guards of changes to it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "fakes/one_site.h"
#include "fakes/plain_tools.h"
#include "fakes/tree_facts.h"
#include "guard/says.h"
#include "wobackup/service.h"

namespace wobackup::test {

/// Files of www-data's where this process is root, else of its own.
class GuardedSite : public ::testing::Test, protected OneSite {
 protected:
  GuardedSite() {
    config_.backup_root = folder_ / "archives";
    config_.server.http_check = false;
    config_.server.reload_php = false;
    config_.server.web_logs = folder_ / "no-logs";
    config_.server.page_cache = folder_ / "no-cache";
    write("htdocs/index.php", "<?php // first");
    write("htdocs/shop/cart.php", "<?php // cart");
    write("wp-config.php", "<?php // settings");
    // The site's user must get there.
    for (const auto& part : {folder_.path(), folder_ / "www", site()}) ::chmod(part.c_str(), 0755);
    if (::geteuid() == 0) run_in(site(), {"chown", "-R", "33:33", "."});
    before_ = facts();
  }

  [[nodiscard]] std::string text(const std::string& path) const { return text_of_file(site() / path); }

  /// The site's files, without what restores keep.
  [[nodiscard]] std::map<std::string, std::string> facts() const {
    std::map<std::string, std::string> all = facts_of(site());
    std::erase_if(all, [](const auto& item) { return item.first.find(".wobackup") != std::string::npos; });
    return all;
  }
  [[nodiscard]] bool is_as_before() const { return facts() == before_; }

  /// A shell script as a guarded command, with its streams in a file.
  [[nodiscard]] GuardCommand shell(const std::string& script) const {
    GuardCommand command;
    command.argv = {"sh", "-c", script};
    command.out = command.err = output_.get();
    return command;
  }
  GuardResult guard(const std::string& script, const GuardOptions& options = {}) const {
    return service().guard(the_site(), options, shell(script));
  }
  /// The failure of a guard that rolls back.
  GuardResult failed(const std::string& script, const GuardOptions& options, std::string& message) const {
    try {
      static_cast<void>(guard(script, options));
    } catch (const GuardFailed& error) {
      EXPECT_EQ(name_of(error.kind()), "rolled_back") << error.message();
      message = error.message() + "\n" + error.hint();
      return error.result();
    }
    ADD_FAILURE() << "it was kept";
    return {};
  }
  std::string failure(const std::string& script, const GuardOptions& options = {}) const {
    std::string message;
    static_cast<void>(failed(script, options, message));
    return message;
  }
  /// The error of a guard that never began.
  Error refusal(const GuardOptions& options, const GuardCommand& command) const {
    try {
      static_cast<void>(service().guard(the_site(), options, command));
    } catch (const GuardFailed& error) {
      ADD_FAILURE() << "it was begun: " << error.message();
      return error;
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "it was done";
    return {ErrorKind::failed, ""};
  }
  Error refusal(const GuardOptions& options, const std::string& script = "touch htdocs/touched") const {
    return refusal(options, shell(script));
  }

  [[nodiscard]] std::string output() const { return text_of_file(folder_ / "output"); }
  [[nodiscard]] std::vector<SnapshotRef> backups() const { return service().list("example.com"); }
  static bool is_root() { return ::geteuid() == 0; }

  UniqueFd output_{::open((folder_ / "output").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)};
  std::map<std::string, std::string> before_;
};

}  // namespace wobackup::test
