#include "guard/row_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "wobackup/error.h"
#include "wordpress/random_token.h"

namespace wobackup {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10U;
constexpr int kMostNames = 1000;

constexpr std::string_view kHead =
    "-- Rows that a roll-back took out of the database. Look at them before loading them: what is added is inserted,\n"
    "-- and fails where the key is taken again; what was changed replaces what is there.\n"
    "SET NAMES utf8mb4;\n"
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0;\n";

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 400 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '-' || c == '.' || c == 'e' || c == '+';
  });
}

// For a server in its usual mode. No byte below 0x20 stays, so that no client finds a line of its own in it.
void append_text(std::string& out, std::string_view text) {
  out += '\'';
  for (const char c : text) {
    switch (c) {
      case '\'':
        out += "''";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\0':
        out += "\\0";
        break;
      case '\x1a':
        out += "\\Z";
        break;
      default:
        out += c;
    }
  }
  out += '\'';
}

void append_value(std::string& out, const std::optional<std::string>& value, ColumnKind kind) {
  if (!value) {
    out += "NULL";
  } else if (kind == ColumnKind::number && is_number(*value)) {
    out += *value;
  } else if (kind != ColumnKind::bytes && is_utf8(*value)) {
    append_text(out, *value);
  } else if (value->empty()) {
    out += "''";
  } else {
    out += "0x" + hex(bytes_of(*value));
  }
}

}  // namespace

RowFile::RowFile(std::filesystem::path folder, const std::string& name)
    : folder_(std::move(folder)),
      name_(name),
      hidden_name_(fmt::format(".{}.{}.partial", name, random_token())),
      folder_fd_(open_trusted_directory(folder_, true)),
      fd_(::openat(folder_fd_.get(), hidden_name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   0600)) {
  if (!fd_) throw system_error(fmt::format("cannot write to {}", folder_.string()), errno);
  write(kHead);
}

RowFile::~RowFile() {
  if (!published_) ::unlinkat(folder_fd_.get(), hidden_name_.c_str(), 0);
}

void RowFile::comment(std::string_view text) { write(fmt::format("\n-- {}\n", printable(text))); }

void RowFile::row(const std::string& table, const std::vector<RowColumn>& columns, const SqlRow& row, bool added) {
  std::string line = fmt::format("{} {} (", added ? "INSERT INTO" : "REPLACE INTO", quoted_name(table));
  for (std::size_t i = 0; i < columns.size(); ++i) line += (i == 0 ? "" : ",") + quoted_name(columns[i].name);
  line += ") VALUES (";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) line += ',';
    append_value(line, i < row.size() ? row[i] : std::nullopt, columns[i].kind);
  }
  write(line + ");\n");
  ++rows_;
}

void RowFile::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void RowFile::flush() {
  write_all(fd_.get(), bytes_of(buffer_), folder_.string());
  buffer_.clear();
}

std::filesystem::path RowFile::publish() {
  flush();
  if (::fsync(fd_.get()) != 0) throw system_error(fmt::format("cannot write to {}", folder_.string()), errno);
  for (int number = 1; number <= kMostNames; ++number) {
    const std::string file = number == 1 ? name_ + ".sql" : fmt::format("{}-{}.sql", name_, number);
    if (::linkat(folder_fd_.get(), hidden_name_.c_str(), folder_fd_.get(), file.c_str(), 0) == 0) {
      ::unlinkat(folder_fd_.get(), hidden_name_.c_str(), 0);
      published_ = true;
      if (::fsync(folder_fd_.get()) != 0) throw system_error(fmt::format("cannot sync {}", folder_.string()), errno);
      return folder_ / file;
    }
    if (errno != EEXIST) throw system_error(fmt::format("cannot write {}", (folder_ / file).string()), errno);
  }
  throw Error(ErrorKind::failed, fmt::format("{} has too many files of this name", folder_.string()));
}

}  // namespace wobackup
