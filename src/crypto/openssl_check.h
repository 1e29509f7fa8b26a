// OpenSSL's functions return 1 when all is well.
#pragma once

#include <fmt/format.h>

#include "wobackup/error.h"

namespace wobackup {

/// Throws Error failed: with right arguments, the library only fails without memory.
inline void require_openssl(bool done, const char* what) {
  if (!done) throw Error(ErrorKind::failed, fmt::format("OpenSSL failed: {}", what));
}

}  // namespace wobackup
