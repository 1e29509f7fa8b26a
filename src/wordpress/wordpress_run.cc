#include "wordpress/wordpress_run.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/system_error.h"
#include "base/unique_fd.h"
#include "wordpress/random_token.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {

WordPressAnswer run_wordpress(const WordPressRun& run, std::string_view task, const Cancellation& cancellation) {
  const std::string& path = run.start.htdocs.native();
  const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw system_error(fmt::format("cannot open {}", path), errno);
  const std::string token = random_token();
  PhpScript script;
  script.text = wordpress_script(run.start, task, token);
  script.folder = folder.get();
  // Once it has answered, it is ended: what plugins do at the end of a request is not wanted.
  script.enough = [&token, seen = std::size_t{0}, tokens = 0](std::string_view out) mutable {
    // Only what is new is searched.
    for (std::size_t at = out.find(token, seen); at != std::string_view::npos; at = out.find(token, seen)) {
      seen = at + token.size();
      ++tokens;
    }
    seen = std::max(seen, out.size() - std::min(out.size(), token.size() - 1));
    return tokens >= 2;
  };
  const Watched watched = run_php(run.php, script, run.user, run.limits, cancellation);
  WordPressAnswer result;
  result.answer = wordpress_answer(watched, token, run.limits);
  result.printed_bytes = watched.out.find(token);
  if (result.printed_bytes > 0) --result.printed_bytes;  // our own line feed
  return result;
}

}  // namespace wobackup
