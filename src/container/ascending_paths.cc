#include "container/ascending_paths.h"

#include <fmt/format.h>

#include "base/text.h"
#include "container/manifest.h"
#include "wobackup/error.h"

namespace wobackup {

std::string_view AscendingPaths::next(std::string_view line) {
  std::string path;
  if (const auto plain = plain_path_of(line)) {
    if (*plain > last_) return last_ = *plain;
    path = *plain;
  } else {
    try {
      path = manifest_entry_from(line).entry.path;
    } catch (const Error& error) {
      throw error.in(file_name_);
    }
  }
  if (path <= last_) {
    throw Error(ErrorKind::verification,
                fmt::format("{} is damaged: its manifest is out of order at {}", file_name_, printable(path)));
  }
  return last_ = std::move(path);
}

}  // namespace wobackup
