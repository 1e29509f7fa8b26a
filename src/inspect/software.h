// WordPress, its plugins and themes, as their files tell of themselves.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

/// One piece of software that a file describes.
struct Software {
  std::string kind;     ///< "wordpress", "plugin", "theme"
  std::string place;    ///< its folder, or the file of a plugin that is one file; raw bytes
  std::string name;     ///< as it calls itself; raw bytes, at most 100
  std::string version;  ///< the same; may be empty
};

/// How much of a file is looked at: as much as WordPress does.
constexpr std::size_t kSoftwareHeadBytes = 8192;

/// Whether a path could describe software: wp-includes/version.php; a .php file in plugins/, or directly in a plugin's
/// folder; a theme's style.css.
[[nodiscard]] bool may_describe_software(std::string_view path);
/// What the first bytes of such a file tell: a stranger's text, which is read, never run. Nothing if it is no such
/// file.
[[nodiscard]] std::optional<Software> software_from(std::string_view path, std::string_view head);

/// A program among the uploads: visitors' files, where WordPress never puts any.
[[nodiscard]] bool is_php_in_uploads(std::string_view path);

}  // namespace wobackup
