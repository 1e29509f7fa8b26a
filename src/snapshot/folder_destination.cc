#include "snapshot/folder_destination.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/archive/archive_name.h"

namespace wobackup {

void FolderDestination::begin(const std::string& file_name, std::uint64_t) {
  for (const std::string& name : remove_abandoned_partials(target_.fd.get())) {
    if (log_) log_(LogLevel::info, fmt::format("removed {}, left by a killed run", printable(name)));
  }
  require_space(space_of(target_.fd.get(), target_.directory), limits_.min_free_bytes, 0, target_.directory);
  file_name_ = file_name;
  const std::string name = file_name.substr(0, file_name.size() - archive_ending_of(file_name).size());
  partial_.emplace(target_.fd.get(), target_.directory, name, limits_, cancellation_);
}

bool FolderDestination::publish() {
  static_cast<void>(partial_->sync());
  return partial_->publish(file_name_);
}

}  // namespace wobackup
