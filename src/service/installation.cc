#include "service/installation.h"

#include <unistd.h>

#include <array>
#include <fstream>

#include "crypto/sha256.h"

namespace wobackup {

std::string installation_id(const Config& config) {
  std::ifstream file("/etc/machine-id");
  std::string machine;
  std::getline(file, machine);
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::string text = machine + "\n" + host.data() + "\n" + config.state_dir.string();
  return hex(sha256(bytes_of(text))).substr(0, 16);
}

}  // namespace wobackup
