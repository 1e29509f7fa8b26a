// Exchanges what was staged with what is live.
#pragma once

#include <string>
#include <vector>

#include "in_place/restore_journal.h"

namespace wobackup {

/// Each step is one rename in the kernel: a name leads to the old or the new, never to nothing. Whether a step was
/// taken is seen from the files' identities, so that a killed swap can be finished or taken back. The site's folder
/// belongs to its users, who may rename what they like meanwhile; the stage belongs to root alone. No link is followed.
class FileSwap {
 public:
  /// Both descriptors (folders of one file system) outlive the object.
  FileSwap(int site_fd, int stage_fd) : site_fd_(site_fd), stage_fd_(stage_fd) {}

  /// What there is to exchange for these paths, which must be staged. Throws Error failed for a live folder that cannot
  /// be renamed: a mount, or one in which something is mounted.
  [[nodiscard]] std::vector<SwapStep> plan(const std::vector<std::string>& paths) const;

  /// `before`: as it was. `after`: exchanged. `neither`: somebody else has changed one of the names.
  enum class Side { before, after, neither };
  [[nodiscard]] Side side_of(const SwapStep& step) const;

  /// Takes the step, or takes it back, unless that is so already. Throws Error failed for `neither`.
  void forward(const SwapStep& step) const;
  void back(const SwapStep& step) const;

  /// The names are on the disk.
  void sync() const;

 private:
  void exchange(const SwapStep& step, bool forward) const;

  int site_fd_;
  int stage_fd_;
};

}  // namespace wobackup
