// Giving a finished file its name.
#pragma once

#include <string>

namespace wobackup {

/// Gives the open file `fd`, which is `temporary` in the directory until now, the name `final_name` there, which must
/// not exist: false if it does. The directory is synced; the file must have been. `directory` is its path, for
/// messages. Throws Error.
[[nodiscard]] bool publish_file(int directory_fd, int fd, const std::string& temporary, const std::string& final_name,
                                const std::string& directory);

}  // namespace wobackup
