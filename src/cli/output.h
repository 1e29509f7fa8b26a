// How results, remarks and errors reach people and programs.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal.h"
#include "wobackup/error.h"
#include "wobackup/json.h"
#include "wobackup/log.h"
#include "wobackup/progress.h"

namespace wobackup::cli {

/// What the user wants to see.
struct Verbosity {
  bool json = false;
  bool quiet = false;
  int level = 0;  ///< 1: -v, 2: -vv
};

/// Ends a command quietly. Caught by `run`.
struct ClosedOutput {};

/// As it stands if it is UTF-8 (JSON escapes control characters), else made printable; then `path_b64` should stand
/// beside it.
[[nodiscard]] std::string json_text(std::string_view bytes);

/// Results go to stdout, everything else to stderr; with --json, one object a line to stdout. Any thread.
class Output {
 public:
  Output(Terminal& terminal, Verbosity verbosity) : terminal_(terminal), verbosity_(verbosity) {}

  [[nodiscard]] bool json() const noexcept { return verbosity_.json; }
  [[nodiscard]] bool quiet() const noexcept { return verbosity_.quiet; }
  [[nodiscard]] Terminal& terminal() noexcept { return terminal_; }
  [[nodiscard]] bool wants_progress() const noexcept { return !quiet() && (json() || terminal_.err_is_terminal); }

  /// One object, with message_type first.
  void object(std::string_view message_type, const Json& fields);
  /// A result for people. Nothing with --json or -q. It may hold colours: names in it must be printable() already.
  void line(std::string_view text);
  /// A remark for people, on stderr. Nothing with --json or -q.
  void remark(std::string_view text);
  void warning(std::string_view text);
  /// Always: on stderr, or as an object. `site` may be empty.
  void error(const Error& error, std::string_view site = {});
  void log(LogLevel level, std::string_view text);

  /// Draws or updates the progress bar, or prints a status object.
  void progress(const Progress& progress);
  void clear_progress();

  /// Bytes to stdout as they are. Throws as `require_open`.
  void bytes(std::string_view bytes);
  /// Throws ClosedOutput if whoever read stdout has gone, Error failed if it cannot take more for another reason, and
  /// Error interrupted.
  /// For commands that write much: the rest of their work would be for nobody.
  void require_open();
  /// Throws Error failed if stdout could not take what was written. That its reader has gone is no error.
  void flush();

  [[nodiscard]] std::string bold(std::string_view text) const { return coloured(text, "1"); }
  [[nodiscard]] std::string dim(std::string_view text) const { return coloured(text, "2"); }
  [[nodiscard]] std::string green(std::string_view text) const { return coloured(text, "32"); }
  [[nodiscard]] std::string yellow(std::string_view text) const { return coloured(text, "33"); }
  [[nodiscard]] std::string red(std::string_view text) const { return coloured(text, "31"); }

 private:
  [[nodiscard]] std::string coloured(std::string_view text, const char* code) const;
  [[nodiscard]] std::string error_word(const char* word, const char* code) const;
  void clear_locked();
  void warn_locked(std::string_view text);

  Terminal& terminal_;
  Verbosity verbosity_;
  std::mutex mutex_;
  bool bar_shown_ = false;
  std::set<std::string, std::less<>> said_;  ///< warnings of the log, each told once
};

}  // namespace wobackup::cli
