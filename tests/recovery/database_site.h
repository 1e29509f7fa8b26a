// A small site with a database of its own on a private server, restored in place.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/cancellation.h"
#include "database/connection.h"
#include "fakes/one_site.h"
#include "fakes/private_mariadb.h"
#include "wobackup/error.h"

namespace wobackup::test {

/// Database and user are "shop"; the admin's login may be used. Tests fill the database and call `back_up`.
class DatabaseSite : public ::testing::Test, protected OneSite {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<PrivateMariadb>(); }
  static void TearDownTestSuite() { server_.reset(); }

  DatabaseSite() {
    root("DROP DATABASE IF EXISTS shop; DROP USER IF EXISTS shop@localhost");
    server().add_database("shop", "secret");
    write("htdocs/index.php", "<?php");
    write("wp-config.php",
          "<?php define('DB_NAME', 'shop'); define('DB_USER', 'shop'); define('DB_PASSWORD', "
          "'secret'); define('DB_HOST', 'localhost:" +
              server().socket() + "');");
    config_.backup_root = folder_ / "archives";
    config_.database.admin = true;
    config_.database.defaults_file = server().defaults_file();
    config_.server.http_check = false;
    config_.server.reload_php = false;
    config_.server.page_cache = folder_ / "no-cache";
    config_.site["example.com"].type = "wp";
    config_.site["example.com"].database.name = "shop";
    log_ = [this](LogLevel level, std::string_view text) {
      if (level == LogLevel::warning) warnings_ += std::string(text) + "\n";
    };
  }
  // What a test leaves is not in the next one's way.
  void TearDown() override {
    const auto pending = service().pending_restore("example.com");
    if (pending && !pending->interrupted) static_cast<void>(service().finish_restore(the_site(), true));
  }

  static PrivateMariadb& server() { return *server_; }
  static void root(const std::string& sql) { server().run("", sql); }
  /// By the site's own login.
  static void sql(const std::string& text) {
    ServerLogin login = server().root();
    login.user = "shop";
    login.password = "secret";
    const Cancellation never;
    DatabaseConnection connection(login, "shop", never);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find("; ", at), text.size());
      connection.execute(text.substr(at, end - at));
      at = end + 2;
    }
  }
  static std::string value(const std::string& sql) {
    const Cancellation never;
    DatabaseConnection connection(server().root(), "", never);
    std::string text;
    for (const SqlRow& row : connection.rows(sql)) {
      for (const auto& cell : row) text += (text.empty() ? "" : "|") + cell.value_or("NULL");
    }
    return text;
  }
  /// Definitions of all tables and views, with their owners, and the tables' rows.
  static std::string database() {
    std::string text;
    const Cancellation never;
    DatabaseConnection connection(server().root(), "shop", never);
    for (const SqlRow& row : connection.rows("SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE "
                                             "TABLE_SCHEMA = 'shop' ORDER BY 1")) {
      const bool view = *row[1] == "VIEW";
      for (const SqlRow& shown : connection.rows("SHOW CREATE TABLE " + quoted_name(*row[0]))) text += *shown[1] + "\n";
      if (view) continue;
      for (const SqlRow& values : connection.rows("SELECT * FROM " + quoted_name(*row[0]))) {
        for (const auto& cell : values) text += cell.value_or("NULL") + "|";
        text += "\n";
      }
    }
    return text;
  }
  static std::string leftovers() {
    return value(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'wobackup%' UNION ALL "
        "SELECT User FROM mysql.user WHERE User LIKE 'wobackup%'");
  }

  [[nodiscard]] Service service() const { return Service(config_, log_); }
  void back_up() {
    archive_ = service().create(the_site(), {}).archive;
    in_backup_ = database();
  }
  RestoredInPlace restore(const InPlaceOptions& options = {}) const {
    return service().restore_in_place(the_site(), archive_, options);
  }
  void undo() const {
    service().undo_restore("example.com");
    static_cast<void>(service().finish_restore(the_site(), true));
    EXPECT_EQ(leftovers(), "");
  }
  Error refused(const InPlaceOptions& options = {}) const {
    try {
      static_cast<void>(restore(options));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "it was restored";
    return {ErrorKind::usage, ""};
  }

  LogSink log_;
  std::string warnings_;
  std::filesystem::path archive_;
  std::string in_backup_;

 private:
  static inline std::unique_ptr<PrivateMariadb> server_;  // NOLINT
};

}  // namespace wobackup::test
