// A MariaDB server of the tests' own: own data folder, Unix socket only, ended by its own pid.
#pragma once

#include <memory>
#include <string>

#include "base/subprocess.h"
#include "database/connection.h"
#include "fakes/scratch_folder.h"

namespace wobackup::test {

/// Never touches the machine's own server or settings. Root has no password.
class PrivateMariadb {
 public:
  PrivateMariadb();
  ~PrivateMariadb();
  PrivateMariadb(const PrivateMariadb&) = delete;
  PrivateMariadb& operator=(const PrivateMariadb&) = delete;

  [[nodiscard]] std::string socket() const { return (folder_ / "s.sock").string(); }
  [[nodiscard]] ServerLogin root() const;
  /// Runs statements, separated by the client's delimiter, through the mariadb client. Throws if it fails.
  void run(const std::string& database, const std::string& sql) const;
  /// Loads a dump file as an admin would.
  void load(const std::string& database, const std::filesystem::path& dump) const;
  /// A new empty database and a user of the same name with this password and these privileges on it.
  void add_database(const std::string& name, const std::string& password,
                    const std::string& privileges = "ALL PRIVILEGES") const;
  /// An option file with root's login, mode 0600.
  [[nodiscard]] std::filesystem::path defaults_file() const;
  [[nodiscard]] int pid() const { return server_->pid(); }
  /// Ends the server in the middle of whatever it does, and starts it again.
  void kill_and_restart();
  /// An orderly end.
  void stop();
  /// After `stop`, or when the server was killed.
  void start();

 private:
  ScratchFolder folder_;
  std::unique_ptr<Subprocess> server_;
};

}  // namespace wobackup::test
