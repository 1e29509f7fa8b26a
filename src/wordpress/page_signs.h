// What a web page tells of the site behind it.
#pragma once

#include <string>
#include <string_view>

namespace wobackup {

/// Texts by which WordPress and PHP show that something is wrong. A post may quote each of them, so only a page as a
/// whole counts: see http_problem.
struct PageSigns {
  bool critical_error = false;  ///< "There has been a critical error on this website"
  bool database_error = false;  ///< "Error establishing a database connection"
  bool php_error = false;       ///< a fatal error or a parse error that PHP printed
  bool maintenance = false;     ///< "Briefly unavailable for scheduled maintenance"
  bool closed = false;          ///< the document's end is there; not wrong by itself, its loss is
};

[[nodiscard]] PageSigns page_signs(std::string_view body);
/// The content of the first <title>, printable, 200 bytes at most; empty if there is none.
[[nodiscard]] std::string page_title(std::string_view body);

}  // namespace wobackup
