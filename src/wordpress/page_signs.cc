#include "wordpress/page_signs.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::size_t kHead = std::size_t{64} << 10U;
constexpr std::size_t kTail = std::size_t{16} << 10U;  // caches and plugins write their remarks behind the end
constexpr std::size_t kLongestTitle = 200;

bool has(std::string_view body, std::string_view text) { return body.find(text) != std::string_view::npos; }

}  // namespace

PageSigns page_signs(std::string_view body) {
  constexpr std::array<std::string_view, 4> php_errors{
      "<b>Fatal error</b>:  ", "PHP Fatal error:  ", "<b>Parse error</b>:  ", "PHP Parse error:  "};
  PageSigns signs;
  signs.critical_error = has(body, "There has been a critical error on this website");
  signs.database_error = has(body, "Error establishing a database connection");
  signs.maintenance = has(body, "Briefly unavailable for scheduled maintenance");
  signs.php_error =
      std::any_of(php_errors.begin(), php_errors.end(), [&](std::string_view text) { return has(body, text); });
  signs.closed =
      lower_ascii(body.substr(body.size() - std::min(body.size(), kTail))).find("</html") != std::string::npos;
  return signs;
}

std::string page_title(std::string_view body) {
  const std::string head = lower_ascii(body.substr(0, kHead));
  std::size_t begin = head.find("<title");
  if (begin == std::string::npos) return {};
  begin = head.find('>', begin);
  if (begin == std::string::npos) return {};
  const std::size_t end = head.find("</title", begin);
  if (end == std::string::npos) return {};
  return printable(trim(body.substr(begin + 1, end - begin - 1)).substr(0, kLongestTitle));
}

}  // namespace wobackup
