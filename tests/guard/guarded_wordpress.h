// A real WordPress that a web server answers for, and guards of changes to it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/subprocess.h"
#include "fakes/scratch_folder.h"
#include "guard/says.h"
#include "wobackup/service.h"
#include "wordpress/probe/installed_wordpress.h"

namespace wobackup::test {

/// The site wp.example with two plugins, one of them active, and 51 posts. Every test begins with it as installed.
class GuardedWordPress : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] static const InstalledWordPress& live() { return *site_; }
  [[nodiscard]] Service service() const { return Service(config_); }
  [[nodiscard]] Site the_site() const { return service().site("wp.example"); }
  void sql(const std::string& text) const { live().server().run("wp", text); }
  /// As root of the server; without headings.
  [[nodiscard]] std::string query(const std::string& text) const;

  /// A shell script in the site's folder, as its user. `wp CODE` in it runs PHP in WordPress, as a command line tool
  /// would.
  [[nodiscard]] GuardCommand shell(const std::string& script) const;
  GuardResult guard(const std::string& script, const GuardOptions& options = {}) const {
    return service().guard(the_site(), options, shell(script));
  }
  /// The failure of a guard that rolls back.
  [[nodiscard]] std::string failure(const std::string& script, const GuardOptions& options = {},
                                    GuardResult* result = nullptr) const;

  /// Every file's facts and bytes.
  [[nodiscard]] static std::map<std::string, std::string> files();
  /// Every definition and row but transients, cron and sessions, which a page load changes by itself.
  [[nodiscard]] static std::map<std::string, int> rows();
  /// Whether the site is as before the test, and answers.
  [[nodiscard]] ::testing::AssertionResult is_as_before() const;
  [[nodiscard]] std::string output() const;

  ScratchFolder folder_;
  UniqueFd output_;
  Config config_;
  std::map<std::string, std::string> files_before_;
  std::map<std::string, int> rows_before_;

 private:
  static inline std::unique_ptr<InstalledWordPress> site_;  // NOLINT
  static inline std::unique_ptr<Subprocess> web_;           // NOLINT
  static inline std::uint16_t port_ = 0;                    // NOLINT
};

}  // namespace wobackup::test
