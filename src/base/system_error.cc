#include "base/system_error.h"

#include <cerrno>
#include <system_error>

namespace wobackup {

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

Error system_error(std::string_view what, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Error(full ? ErrorKind::no_space : ErrorKind::failed, std::string(what) + ": " + errno_text(error_number),
               full ? "free some space, or choose another place with --path" : "");
}

}  // namespace wobackup
