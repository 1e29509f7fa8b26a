#include "database/connection.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr unsigned kConnectSeconds = 20;
constexpr unsigned kReadSeconds = 600;
constexpr std::size_t kLongestRow = std::size_t{16} << 20U;
constexpr std::uint64_t kLongestAnswer = std::uint64_t{1} << 30U;  // passing by
constexpr std::uint64_t kMostKept = std::uint64_t{16} << 20U;      // in memory
constexpr int kLookEveryMs = 100;                                  // whether the operation was cancelled

std::string hint_for(unsigned number) {
  switch (number) {
    case ER_ACCESS_DENIED_ERROR:
      return "check user and password in wp-config.php, or set them in wobackup.toml";
    case ER_DBACCESS_DENIED_ERROR:
      return "grant the user its database, or set database.defaults_file";
    case ER_BAD_DB_ERROR:
      return "is the database's name right?";
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
      return "is the database server running?";
    case CR_SERVER_LOST:
    case CR_SERVER_GONE_ERROR:
      return "is the database server running, and does its log say why it closed the connection?";
    default:
      return {};
  }
}

Error too_long() {
  return Error(ErrorKind::dump, "the database server's answer is too long", "is the database's host right?");
}

void give_rows(MYSQL_RES* result, const std::function<void(const SqlRow&)>& visit) {
  const unsigned columns = ::mysql_num_fields(result);
  std::uint64_t bytes = 0;
  while (MYSQL_ROW values = ::mysql_fetch_row(result)) {
    const unsigned long* lengths = ::mysql_fetch_lengths(result);
    SqlRow row(columns);
    for (unsigned i = 0; i < columns; ++i) {
      if (values[i] == nullptr) continue;
      row[i] = std::string(values[i], lengths[i]);
      bytes += lengths[i];
    }
    if (bytes > kLongestAnswer) throw too_long();
    visit(row);
  }
}

}  // namespace

struct DatabaseConnection::Handle {
  // Ends a wait for the server from another thread.
  struct HangUp {
    int fd;
    void operator()() const noexcept { ::shutdown(fd, SHUT_RDWR); }
  };

  MYSQL* mysql = ::mysql_init(nullptr);
  const Cancellation& cancellation;
  std::optional<std::stop_callback<HangUp>> hang_up;

  explicit Handle(const Cancellation& given) : cancellation(given) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    hang_up.reset();  // the descriptor may be another's after the next line
    ::mysql_close(mysql);
  }

  [[nodiscard]] std::string text() const {
    return fmt::format("{} ({})", printable(::mysql_error(mysql)), ::mysql_errno(mysql));
  }
  [[nodiscard]] Error error() const { return Error(ErrorKind::dump, text(), hint_for(::mysql_errno(mysql))); }
};

DatabaseConnection::DatabaseConnection(const ServerLogin& login, const std::string& database,
                                       const Cancellation& cancellation, std::uint64_t longest_statement)
    : handle_(std::make_unique<Handle>(cancellation)) {
  MYSQL* mysql = handle_->mysql;
  if (mysql == nullptr) throw std::bad_alloc();
  ::mysql_options(mysql, MYSQL_OPT_NONBLOCK, nullptr);
  // A statement travels with a byte before it.
  const std::size_t longest = std::max(kLongestRow, std::min<std::size_t>(longest_statement, kLongestAnswer) + 1024);
  ::mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &longest);
  const unsigned no_local_files = 0;
  ::mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_local_files);
  ::mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &kConnectSeconds);
  ::mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &kReadSeconds);
  ::mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &kReadSeconds);
  ::mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  for (const auto& [key, value] : login.tls) {
    const char* const text = value.empty() ? nullptr : value.c_str();
    if (key == "ssl-ca") ::mysql_options(mysql, MYSQL_OPT_SSL_CA, text);
    if (key == "ssl-cert") ::mysql_options(mysql, MYSQL_OPT_SSL_CERT, text);
    if (key == "ssl-key") ::mysql_options(mysql, MYSQL_OPT_SSL_KEY, text);
    const my_bool on = value != "0" && value != "OFF" ? 1 : 0;
    if (key == "ssl") ::mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
    if (key == "ssl-verify-server-cert") ::mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
  }
  connect(login, database);
  handle_->hang_up.emplace(cancellation.token(), Handle::HangUp{static_cast<int>(::mysql_get_socket(mysql))});
  version_ = printable(::mysql_get_server_info(mysql));
}

// In steps, since a host that does not answer must not hold up an interruption.
void DatabaseConnection::connect(const ServerLogin& login, const std::string& database) {
  MYSQL* mysql = handle_->mysql;
  const DatabaseHost& host = login.host;
  const bool by_socket = !host.socket.empty();
  MYSQL* connected = nullptr;
  int waiting = ::mysql_real_connect_start(
      &connected, mysql, by_socket ? "localhost" : host.host.c_str(), login.user.c_str(), login.password.c_str(),
      database.empty() ? nullptr : database.c_str(), host.port, by_socket ? host.socket.c_str() : nullptr, 0);
  auto left_ms = static_cast<int>(kConnectSeconds * 1000);
  while (waiting != 0) {
    handle_->cancellation.check();
    const auto events = static_cast<short>(((waiting & MYSQL_WAIT_READ) != 0 ? POLLIN : 0) |
                                           ((waiting & MYSQL_WAIT_WRITE) != 0 ? POLLOUT : 0) |
                                           ((waiting & MYSQL_WAIT_EXCEPT) != 0 ? POLLPRI : 0));
    pollfd wait{static_cast<int>(::mysql_get_socket(mysql)), events, 0};
    const int ready = ::poll(&wait, 1, kLookEveryMs);
    if (ready < 0 && errno != EINTR) throw system_error("cannot wait for the database server", errno);
    left_ms -= ready == 0 ? kLookEveryMs : 0;
    if (ready <= 0 && left_ms > 0) continue;
    int happened = ready <= 0 ? MYSQL_WAIT_TIMEOUT : 0;
    if ((wait.revents & (POLLIN | POLLHUP | POLLERR)) != 0) happened |= MYSQL_WAIT_READ;
    if ((wait.revents & (POLLOUT | POLLHUP | POLLERR)) != 0) happened |= MYSQL_WAIT_WRITE;
    if ((wait.revents & POLLPRI) != 0) happened |= MYSQL_WAIT_EXCEPT;
    waiting = ::mysql_real_connect_cont(&connected, mysql, happened);
  }
  if (connected == nullptr) fail();
}

void DatabaseConnection::fail() const {
  handle_->cancellation.check();
  throw handle_->error();
}

DatabaseConnection::DatabaseConnection(DatabaseConnection&&) noexcept = default;
DatabaseConnection& DatabaseConnection::operator=(DatabaseConnection&&) noexcept = default;
DatabaseConnection::~DatabaseConnection() = default;

bool DatabaseConnection::is_mariadb() const noexcept { return version_.find("MariaDB") != std::string::npos; }

unsigned long DatabaseConnection::version_number() const noexcept { return ::mysql_get_server_version(handle_->mysql); }

void DatabaseConnection::query(std::string_view sql, const std::function<void(const SqlRow&)>& visit) {
  MYSQL* mysql = handle_->mysql;
  if (::mysql_real_query(mysql, sql.data(), sql.size()) != 0) fail();
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result(::mysql_use_result(mysql), ::mysql_free_result);
  if (!result) {
    if (::mysql_field_count(mysql) != 0) fail();
    return;
  }
  try {
    give_rows(result.get(), visit);
  } catch (...) {
    // Freeing the result would read the rest of it first, and that may have no end.
    ::shutdown(static_cast<int>(::mysql_get_socket(mysql)), SHUT_RDWR);
    throw;
  }
  if (::mysql_errno(mysql) != 0) fail();
}

void DatabaseConnection::execute(std::string_view sql) {
  query(sql, [](const SqlRow&) {});
}

std::vector<SqlRow> DatabaseConnection::rows(const std::string& sql) {
  std::vector<SqlRow> all;
  std::uint64_t bytes = 0;
  query(sql, [&](const SqlRow& row) {
    bytes += sizeof(SqlRow);
    for (const auto& value : row) bytes += sizeof value + (value ? value->size() : 0);
    if (bytes > kMostKept) throw too_long();
    all.push_back(row);
  });
  return all;
}

std::optional<std::string> DatabaseConnection::error_of(const std::string& sql) {
  try {
    execute(sql);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return error.message();
  }
}

std::string quoted_name(std::string_view name) {
  std::string out = "`";
  for (const char c : name) {
    if (c == '`') out += '`';
    out += c;
  }
  return out + "`";
}

std::string quoted_text(std::string_view text) {
  if (text.find_first_of("\\'") == std::string_view::npos) return fmt::format("'{}'", text);
  return "CONVERT(0x" + hex(bytes_of(text)) + " USING utf8mb4)";
}

}  // namespace wobackup
