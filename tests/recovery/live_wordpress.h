// A real WordPress with everything that a database can hold, to be destroyed and restored in place.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "fakes/scratch_folder.h"
#include "wobackup/service.h"
#include "wordpress/probe/installed_wordpress.h"

namespace wobackup::test {

class LiveWordPressTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite() { site_.reset(); }
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] static const InstalledWordPress& live() { return *site_; }
  void sql(const std::string& text) const { live().server().run("wp", text); }
  [[nodiscard]] Service service() const { return Service(config_, log_); }
  [[nodiscard]] Site the_site() const { return service().site("wp.example"); }
  RestoredInPlace restore(const InPlaceOptions& options = {}) const {
    return service().restore_in_place(the_site(), archive_, options);
  }

  void undo() const {
    service().undo_restore("wp.example");
    static_cast<void>(service().finish_restore(the_site(), true));
  }

  /// The whole database as text: definitions, owners, states, rows.
  [[nodiscard]] static std::string database();
  /// The site's files, without the restore's own.
  [[nodiscard]] static std::map<std::string, std::string> files();
  /// Lines of the database's text that are not the same; empty if all are.
  [[nodiscard]] static std::string differences_from(const std::string& other);
  /// Databases and users of the program's own that are on the server.
  [[nodiscard]] static std::string leftovers();
  /// After the backup: another state of files and database.
  void change() const;

  ScratchFolder folder_;
  Config config_;
  LogSink log_;
  std::filesystem::path archive_;
  std::string database_then_, database_now_;
  std::map<std::string, std::string> files_then_, files_now_;

 private:
  static inline std::unique_ptr<InstalledWordPress> site_;  // NOLINT
};

}  // namespace wobackup::test
