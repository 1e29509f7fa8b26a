#include "wordpress/random_token.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "base/system_error.h"

namespace wobackup {

std::string random_token() {
  std::array<std::byte, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw system_error("no random numbers", errno);
  }
  return hex(bytes);
}

}  // namespace wobackup
