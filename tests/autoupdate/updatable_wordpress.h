// A real WordPress, visited through a web server, for which updates are on offer.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fakes/scratch_folder.h"
#include "wobackup/autoupdate.h"
#include "wordpress/probe/installed_wordpress.h"

namespace wobackup::test {

/// The site wp.example with the plugins shop 1.0 (three orders in wp_shop_orders) and mail 1.0 and the theme plain 1.0,
/// all active; each test begins with it untouched. `wp` is the stand-in, or, for what needs no bad day, the program
/// that WOBACKUP_TEST_WP_CLI names.
class AutoupdateTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  /// A package of shop's or mail's is put on offer. `upgrade` is PHP that the old version runs after its files were
  /// replaced, as plugins bring their tables up to date.
  void offer_plugin(const std::string& name, const std::string& version, const std::string& code = "",
                    const std::string& upgrade = "", const std::string& requires_php = "5.6");
  void offer_theme(const std::string& version, const std::string& code = "");
  /// The installed version with another number behind it, and tables of the next version.
  void offer_core(const std::string& version);
  void bad_day(const std::string& words);

  [[nodiscard]] AutoupdateRun run(const AutoupdateOptions& options = {}) const;
  /// The only site of a run.
  [[nodiscard]] SiteAutoupdate update(const AutoupdateOptions& options = {}) const;
  [[nodiscard]] Service service() const { return Service(config_); }
  [[nodiscard]] static const InstalledWordPress& live() { return *site_; }
  /// The number that the files give themselves.
  [[nodiscard]] std::string version_of(const std::string& what) const;
  [[nodiscard]] std::string sql(const std::string& query) const;
  /// Every file's facts and bytes.
  [[nodiscard]] std::map<std::string, std::string> files() const;
  /// Every row but transients, cron and sessions.
  [[nodiscard]] std::string rows() const;
  /// Files and rows are those of the beginning, and the front page is, too.
  void expect_untouched() const;
  [[nodiscard]] std::string front_page() const;
  [[nodiscard]] std::vector<SnapshotRef> backups() const { return service().list("wp.example"); }

  ScratchFolder folder_;
  Config config_;

 private:
  void write_offers() const;

  Json offers_ = Json::object();
  std::map<std::string, std::string> files_before_;
  std::string rows_before_, page_before_;

  static inline std::unique_ptr<InstalledWordPress> site_;  // NOLINT
  static inline std::unique_ptr<ScratchFolder> pristine_;   // NOLINT
  static inline std::unique_ptr<Subprocess> web_server_;    // NOLINT
  static inline std::uint16_t port_ = 0;                    // NOLINT
};

}  // namespace wobackup::test
