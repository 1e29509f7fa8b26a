#include "fakes/private_mariadb.h"

#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "fakes/plain_tools.h"

namespace wobackup::test {
namespace {

void must(const Collected& result, const std::string& what) {
  if (!result.status.success()) throw std::runtime_error(what + ": " + result.err + result.out);
}

Command command(std::vector<std::string> argv) { return {std::move(argv), {}, {}, std::nullopt}; }

}  // namespace

PrivateMariadb::PrivateMariadb() {
  ::chmod(folder_.path().c_str(), 0755);
  Command install = command({"mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal",
                             "--skip-test-db", "--user=root", "--datadir=" + (folder_ / "data").string()});
  install.environment.emplace_back("TMPDIR", folder_.path().string());  // see start()
  must(run_collecting(install, std::chrono::minutes(2)), "mariadb-install-db");
  start();
}

void PrivateMariadb::start() {
  server_ = std::make_unique<Subprocess>(command(
      {"mariadbd", "--no-defaults", "--user=root", "--skip-networking", "--skip-log-bin", "--event-scheduler=OFF",
       "--datadir=" + (folder_ / "data").string(),
       // A server that starts removes the temporary tables that others have in the same folder.
       "--tmpdir=" + (folder_ / "data").string(), "--socket=" + socket(), "--pid-file=" + (folder_ / "pid").string(),
       "--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=256M", "--max-allowed-packet=1G",
       "--log-error=" + (folder_ / "log.err").string()}));
  const Cancellation cancellation;
  for (int attempt = 0; attempt < 600; ++attempt) {
    try {
      const DatabaseConnection ready(root(), "", cancellation);
      return;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  throw std::runtime_error("the private MariaDB does not start: " + text_of_file(folder_ / "log.err"));
}

PrivateMariadb::~PrivateMariadb() { stop(); }

void PrivateMariadb::stop() {
  server_->kill(SIGTERM);
  server_->wait();
}

void PrivateMariadb::kill_and_restart() {
  server_->kill(SIGKILL);
  server_->wait();
  start();
}

ServerLogin PrivateMariadb::root() const {
  ServerLogin login;
  login.user = "root";
  login.host.socket = socket();
  return login;
}

void PrivateMariadb::run(const std::string& database, const std::string& sql) const {
  const auto file = folder_.write("script.sql", sql);
  load(database, file);
}

void PrivateMariadb::load(const std::string& database, const std::filesystem::path& dump) const {
  std::vector<std::string> argv{"mariadb",
                                "--no-defaults",
                                "--user=root",
                                "--socket=" + socket(),
                                "--default-character-set=utf8mb4",
                                "--max-allowed-packet=1G",
                                "--abort-source-on-error",
                                "--execute=source " + dump.string()};
  if (!database.empty()) argv.push_back(database);
  must(run_collecting(command(std::move(argv)), std::chrono::minutes(5)), "mariadb client");
}

void PrivateMariadb::add_database(const std::string& name, const std::string& password,
                                  const std::string& privileges) const {
  const Cancellation cancellation;
  DatabaseConnection connection(root(), "", cancellation);
  const std::string database = quoted_name(name);
  std::string literal;
  for (const char c : password) literal += (c == '\'' || c == '\\') ? std::string("\\") + c : std::string(1, c);
  connection.execute("CREATE DATABASE " + database + " CHARACTER SET utf8mb4");
  connection.execute("CREATE USER " + quoted_name(name) + "@localhost IDENTIFIED BY '" + literal + "'");
  connection.execute("GRANT " + privileges + " ON " + database + ".* TO " + quoted_name(name) + "@localhost");
}

std::filesystem::path PrivateMariadb::defaults_file() const {
  const auto file = folder_.write("admin.cnf", "[client]\nuser=root\nsocket=" + socket() + "\n");
  ::chmod(file.c_str(), 0600);
  return file;
}

}  // namespace wobackup::test
