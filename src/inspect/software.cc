#include "inspect/software.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::string_view kVersionFile = "wp-includes/version.php";
constexpr std::string_view kPlugins = "wp-content/plugins/";
constexpr std::string_view kThemes = "wp-content/themes/";
constexpr std::string_view kUploads = "wp-content/uploads/";
constexpr std::size_t kLongestText = 100;

// Where `folder` ends in the path, beginning at a name; npos if it is not on the way.
std::size_t behind(std::string_view path, std::string_view folder) {
  for (std::size_t at = 0; (at = path.find(folder, at)) != std::string_view::npos; ++at) {
    if (at == 0 || path[at - 1] == '/') return at + folder.size();
  }
  return std::string_view::npos;
}

bool ends_with_word(std::string_view path, std::string_view end) {
  return path.ends_with(end) && (path.size() == end.size() || path[path.size() - end.size() - 1] == '/');
}

std::string shortened(std::string_view text) { return std::string(trim(text).substr(0, kLongestText)); }

// "Version: 1.2" in a comment, as WordPress' get_file_data finds it.
std::string header_value(std::string_view head, std::string_view key) {
  const std::string wanted = lower_ascii(key);
  for (std::string_view line : split(head, '\n')) {
    if (const std::size_t code = line.find("<?php"); code != std::string_view::npos) line.remove_prefix(code + 5);
    const std::size_t begin = line.find_first_not_of(" \t/*#@\r");
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    if (line.size() <= wanted.size() || lower_ascii(line.substr(0, wanted.size())) != wanted) continue;
    line.remove_prefix(wanted.size());
    if (line.front() != ':') continue;
    line.remove_prefix(1);
    for (const std::string_view end : {"*/", "?>"}) line = line.substr(0, line.find(end));
    return shortened(line);
  }
  return {};
}

// $wp_version = '6.4.2';
std::string core_version(std::string_view head) {
  constexpr std::string_view kName = "$wp_version";
  for (std::size_t at = 0; (at = head.find(kName, at)) != std::string_view::npos; ++at) {
    std::string_view rest = trim(head.substr(at + kName.size()));
    if (!rest.starts_with('=')) continue;
    rest = trim(rest.substr(1));
    if (rest.empty() || (rest[0] != '\'' && rest[0] != '"')) continue;
    const std::size_t end = rest.find(rest[0], 1);
    if (end != std::string_view::npos) return shortened(rest.substr(1, end - 1));
  }
  return {};
}

}  // namespace

bool may_describe_software(std::string_view path) {
  if (ends_with_word(path, kVersionFile)) return true;
  if (const std::size_t at = behind(path, kPlugins); at != std::string_view::npos) {
    const std::string_view below = path.substr(at);
    return below.ends_with(".php") && std::count(below.begin(), below.end(), '/') <= 1;
  }
  if (const std::size_t at = behind(path, kThemes); at != std::string_view::npos) {
    const std::string_view below = path.substr(at);
    return below.ends_with("/style.css") && std::count(below.begin(), below.end(), '/') == 1;
  }
  return false;
}

std::optional<Software> software_from(std::string_view path, std::string_view head) {
  head = head.substr(0, kSoftwareHeadBytes);
  if (ends_with_word(path, kVersionFile)) {
    std::string version = core_version(head);
    if (version.empty()) return std::nullopt;
    return Software{"wordpress", std::string(path.substr(0, path.size() - kVersionFile.size())), "WordPress",
                    std::move(version)};
  }
  const bool is_theme = path.ends_with("/style.css");
  std::string name = header_value(head, is_theme ? "Theme Name" : "Plugin Name");
  if (name.empty()) return std::nullopt;
  const std::size_t at = behind(path, is_theme ? kThemes : kPlugins);
  if (at == std::string_view::npos) return std::nullopt;
  return Software{is_theme ? "theme" : "plugin", std::string(path.substr(0, path.find('/', at))), std::move(name),
                  header_value(head, "Version")};
}

bool is_php_in_uploads(std::string_view path) {
  if (behind(path, kUploads) == std::string_view::npos) return false;
  const std::string name = lower_ascii(path.substr(path.rfind('/') + 1));
  // Servers are set up to run these; and a name such as x.php.jpg runs where AddHandler is used.
  constexpr std::array<std::string_view, 9> kEndings{".php",  ".phtml", ".phar", ".pht", ".phps",
                                                     ".php3", ".php5",  ".php7", ".php8"};
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) {
    const std::size_t place = name.find(ending);
    return place != std::string::npos && (place + ending.size() == name.size() || name[place + ending.size()] == '.');
  });
}

}  // namespace wobackup
