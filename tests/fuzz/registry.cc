// The registry: its file as raw bytes ('f' first), the fields of --site-json ('j'), or values in a row of it (anything
// else, which is the first value's kind). What becomes a site has a name and a path that can be used.
#include "site/registry.h"

#include <sqlite3.h>

#include <array>
#include <string>
#include <vector>

#include "base/host_name.h"
#include "fakes/scratch_folder.h"
#include "fuzz/require.h"
#include "site/site_record.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

constexpr std::array kColumns{"sitename",    "site_path",   "site_type",  "db_name",    "db_user",
                              "db_password", "db_host",     "is_enabled", "created_on", "is_ssl",
                              "id",          "php_version", "storage_db"};

void require_usable(const Site& site) {
  test::require(host_name(site.name) == site.name, "a site's name is a host name in small letters");
  test::require(site.path.is_absolute() && site.path.has_filename(), "a site's path is absolute and not the root");
  test::require(site.path.lexically_normal() == site.path, "a site's path is normalized");
  test::require(site.path.string().find('\0') == std::string::npos, "a site's path has no zero byte");
  for (const auto& part : site.path) test::require(part != "..", "a site's path does not climb");
}

std::vector<Site> sites_of(const std::filesystem::path& file, std::vector<std::string>& left_out) {
  std::vector<Site> sites = read_registry(file, {}, std::chrono::milliseconds(0), &left_out);
  for (const Site& site : sites) require_usable(site);
  for (const std::string& text : left_out) {
    for (const char c : text)
      test::require(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f', "messages are printable");
  }
  return sites;
}

void check_file(std::string_view bytes) {
  static const test::ScratchFolder folder;
  // SQLite leaves an empty log beside a file in WAL mode.
  for (const char* old : {"dbase.db", "dbase.db-wal", "dbase.db-shm"}) std::filesystem::remove(folder / old);
  const auto file = folder.write("dbase.db", bytes);
  std::vector<std::string> left_out;
  try {
    static_cast<void>(sites_of(file, left_out));
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::failed, "a bad file is an error of the kind failed");
  }
  test::require(std::filesystem::file_size(file) == bytes.size(), "reading does not change the file");
}

void check_json(std::string_view text) {
  const Json fields = Json::parse(text, nullptr, false);
  if (fields.is_discarded()) return;
  try {
    require_usable(site_from_fields(fields));
  } catch (const Error& error) {
    test::require(error.kind() == ErrorKind::usage, "bad fields are an error of the kind usage");
  }
}

// A registry with one row, all of whose values are replaced each time.
class OneRow {
 public:
  OneRow() {
    test::require(::sqlite3_open(path().c_str(), &database_) == SQLITE_OK, "the registry can be made");
    std::string columns, marks;
    for (const char* column : kColumns) {
      columns += (columns.empty() ? "" : ", ") + std::string(column);
      marks += marks.empty() ? "?" : ", ?";
    }
    // Without types, so that each value keeps its own.
    run("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; CREATE TABLE sites (" + columns + ")");
    const std::string insert = "INSERT OR REPLACE INTO sites (rowid, " + columns + ") VALUES (1, " + marks + ")";
    test::require(::sqlite3_prepare_v2(database_, insert.c_str(), -1, &insert_, nullptr) == SQLITE_OK, "insert");
  }
  OneRow(const OneRow&) = delete;
  OneRow& operator=(const OneRow&) = delete;
  ~OneRow() {
    ::sqlite3_finalize(insert_);
    ::sqlite3_close(database_);
  }

  [[nodiscard]] std::filesystem::path path() const { return folder_ / "dbase.db"; }

  // Each value is a letter for its kind and the text up to the next newline.
  void set(std::string_view input) {
    ::sqlite3_reset(insert_);
    ::sqlite3_clear_bindings(insert_);
    for (int column = 1; column <= static_cast<int>(kColumns.size()) && !input.empty(); ++column) {
      const char kind = input.front();
      const std::string_view rest = input.substr(1);
      const std::string_view value = rest.substr(0, rest.find('\n'));
      input = rest.substr(std::min(rest.size(), value.size() + 1));
      bind(column, kind, value);
    }
    test::require(::sqlite3_step(insert_) == SQLITE_DONE, "the row can be written");
    ::sqlite3_reset(insert_);
  }

 private:
  void bind(int column, char kind, std::string_view value) {
    const auto number = static_cast<sqlite3_int64>(std::hash<std::string_view>{}(value));
    const int size = static_cast<int>(value.size());
    if (kind == 't') ::sqlite3_bind_text(insert_, column, value.data(), size, SQLITE_TRANSIENT);
    if (kind == 'b') ::sqlite3_bind_blob(insert_, column, value.data(), size, SQLITE_TRANSIENT);
    if (kind == 'z') ::sqlite3_bind_zeroblob(insert_, column, static_cast<int>(value.size() * 1024));
    if (kind == 'i') ::sqlite3_bind_int64(insert_, column, number);
    if (kind == 'r') ::sqlite3_bind_double(insert_, column, static_cast<double>(number) / 3);
  }
  void run(const std::string& sql) {
    test::require(::sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, sql.c_str());
  }

  test::ScratchFolder folder_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

void check_row(std::string_view input) {
  static OneRow row;
  row.set(input);
  std::vector<std::string> left_out;
  const std::vector<Site> sites = sites_of(row.path(), left_out);
  test::require(sites.size() + left_out.size() == 1, "a row becomes a site, or is told to be left out");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = text_of(test::bytes_at(data, size));
  if (input.empty() || input.size() > (1U << 16U)) return 0;
  if (input.front() == 'f') {
    check_file(input.substr(1));
  } else if (input.front() == 'j') {
    check_json(input.substr(1));
  } else {
    check_row(input);
  }
  return 0;
}
