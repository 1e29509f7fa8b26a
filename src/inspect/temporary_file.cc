#include "inspect/temporary_file.h"

#include <fcntl.h>

#include <filesystem>

#include "base/file_io.h"

namespace wobackup {

UniqueFd temporary_file() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return unnamed_file(fd.get(), folder.string());
}

}  // namespace wobackup
