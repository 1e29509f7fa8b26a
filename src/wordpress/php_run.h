// Running PHP for a site: as the site's user, within limits, if wanted without a network.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "base/watched_run.h"
#include "wordpress/site_user.h"

namespace wobackup {

/// Which PHP runs a site's code.
struct PhpProgram {
  std::filesystem::path path;
  std::string remark;  ///< when it may be another version than the site's; else empty
};

/// Whether this is a version as the registry has it: "8.3".
[[nodiscard]] bool is_php_version(std::string_view text);

/// The configured program, else `php<version>` for a version as the registry has it ("8.3"), else `php`. Throws Error
/// not_found if there is none.
[[nodiscard]] PhpProgram find_php(const std::optional<std::filesystem::path>& configured,
                                  const std::optional<std::string>& php_version);

/// What a site's code may use up.
struct PhpLimits {
  std::chrono::seconds time{60};      ///< as it passes on the clock
  std::chrono::seconds cpu_time{30};  ///< as PHP computes; its own message then names the file and the line
  std::uint64_t memory_bytes = std::uint64_t{512} << 20U;
  std::size_t output_bytes = std::size_t{4} << 20U;
  int nice = 5;
  /// For copies of a site that nobody visits: no network (Unix sockets work), and no file longer than 64 MiB.
  bool isolated = false;
};

/// A script of our own text.
struct PhpScript {
  std::string text;  ///< reaches PHP in a sealed memory file, so it may hold secrets
  int folder = -1;   ///< descriptor of the working folder
  /// When this holds of the output, nothing more is wanted, and PHP is ended.
  std::function<bool(std::string_view out)> enough;
};

/// Runs a script as `user`, with an empty environment, no mail, and nothing outliving it. Throws Error failed if the
/// user is root, or another one while this process is not root, or if isolation is wanted and impossible.
[[nodiscard]] Watched run_php(const PhpProgram& php, const PhpScript& script, const SiteUser& user,
                              const PhpLimits& limits, const Cancellation& cancellation);

}  // namespace wobackup
