#include "source/database/connection.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <string>

#include "base/bytes.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr unsigned kConnectSeconds = 20;
constexpr unsigned kReadSeconds = 600;

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
    default:
      return {};
  }
}

}  // namespace

struct DatabaseConnection::Handle {
  MYSQL* mysql = ::mysql_init(nullptr);
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { ::mysql_close(mysql); }

  [[nodiscard]] std::string text() const {
    return fmt::format("{} ({})", printable(::mysql_error(mysql)), ::mysql_errno(mysql));
  }
  [[nodiscard]] Error error() const { return Error(ErrorKind::dump, text(), hint_for(::mysql_errno(mysql))); }
};

DatabaseConnection::DatabaseConnection(const ServerLogin& login, const std::string& database)
    : handle_(std::make_unique<Handle>()) {
  MYSQL* mysql = handle_->mysql;
  if (mysql == nullptr) throw std::bad_alloc();
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
  const DatabaseHost& host = login.host;
  const bool by_socket = !host.socket.empty();
  if (::mysql_real_connect(mysql, by_socket ? "localhost" : host.host.c_str(), login.user.c_str(),
                           login.password.c_str(), database.empty() ? nullptr : database.c_str(), host.port,
                           by_socket ? host.socket.c_str() : nullptr, 0) == nullptr) {
    throw handle_->error();
  }
  version_ = printable(::mysql_get_server_info(mysql));
}

DatabaseConnection::DatabaseConnection(DatabaseConnection&&) noexcept = default;
DatabaseConnection& DatabaseConnection::operator=(DatabaseConnection&&) noexcept = default;
DatabaseConnection::~DatabaseConnection() = default;

bool DatabaseConnection::is_mariadb() const noexcept { return version_.find("MariaDB") != std::string::npos; }

void DatabaseConnection::query(const std::string& sql, const std::function<void(const SqlRow&)>& visit) {
  MYSQL* mysql = handle_->mysql;
  if (::mysql_real_query(mysql, sql.data(), sql.size()) != 0) throw handle_->error();
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result(::mysql_use_result(mysql), ::mysql_free_result);
  if (!result) {
    if (::mysql_field_count(mysql) != 0) throw handle_->error();
    return;
  }
  const unsigned columns = ::mysql_num_fields(result.get());
  while (MYSQL_ROW values = ::mysql_fetch_row(result.get())) {
    const unsigned long* lengths = ::mysql_fetch_lengths(result.get());
    SqlRow row(columns);
    for (unsigned i = 0; i < columns; ++i) {
      if (values[i] != nullptr) row[i] = std::string(values[i], lengths[i]);
    }
    visit(row);
  }
  if (::mysql_errno(mysql) != 0) throw handle_->error();
}

void DatabaseConnection::execute(const std::string& sql) {
  query(sql, [](const SqlRow&) {});
}

std::vector<SqlRow> DatabaseConnection::rows(const std::string& sql) {
  std::vector<SqlRow> all;
  query(sql, [&all](const SqlRow& row) { all.push_back(row); });
  return all;
}

std::optional<std::string> DatabaseConnection::error_of(const std::string& sql) {
  try {
    execute(sql);
    return std::nullopt;
  } catch (const Error& error) {
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
