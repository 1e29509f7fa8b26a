// The one exception type, and the one table of exit codes.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace wobackup {

/// What went wrong, as far as a caller may want to act on it. Each kind has one exit code.
enum class ErrorKind {
  failed,           ///< anything without a kind of its own
  usage,            ///< the caller asked for something that makes no sense; nothing was done
  incomplete,       ///< published, but some files could not be read
  partial,          ///< only some of the stores have it
  not_found,        ///< no such site, store or backup
  locked,           ///< another run works on this site
  wrong_key,        ///< wrong or missing key or passphrase
  dump,             ///< the database could not be dumped whole
  verification,     ///< the bytes are not what they claim to be
  rolled_back,      ///< failed, and everything is as it was
  no_space,         ///< the target is full, or would be
  rollback_failed,  ///< failed, and the way back failed too
  interrupted,      ///< stopped by a signal or a cancelled token
};

/// The process exit code for a kind: 1 failed, 2 usage, 3 incomplete, 4 partial, 10 not found, 11 locked, 12 wrong
/// key, 20 dump, 21 verification, 22 rolled back, 23 no space, 24 roll-back failed, 130 interrupted.
[[nodiscard]] int exit_code(ErrorKind kind) noexcept;

/// The kind's name as it stands in JSON output ("no_space").
[[nodiscard]] std::string_view name_of(ErrorKind kind) noexcept;

/// Thrown where something is found wrong; a layer that knows more adds its context; caught once at the top.
/// `message` says what happened to what, `hint` what to do next (may be empty). `retryable` says that the same call may
/// succeed later without anybody changing anything.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint = {}, bool retryable = false);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }
  [[nodiscard]] const std::string& hint() const noexcept { return hint_; }
  [[nodiscard]] bool retryable() const noexcept { return retryable_; }
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

  /// The same error with "<context>: " before its message.
  [[nodiscard]] Error in(std::string_view context) const;
  /// The same error with this hint, unless it has one.
  [[nodiscard]] Error with_hint(const std::string& hint) const;

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
  bool retryable_;
};

}  // namespace wobackup
