// Exchanges what was staged with what is live.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "in_place/file_exchange.h"

namespace wobackup {

/// Each step is one rename in the kernel: a name leads to the old or the new, never to nothing. Whether a step was
/// taken is seen from the files' identities, so that a killed swap can be finished or taken back. The live folder
/// belongs to the site's users, who may rename what they like meanwhile; the stage belongs to root alone. No link is
/// followed.
class FileSwap {
 public:
  /// Both descriptors (folders of one mount) outlive the object. All paths are relative to the site's folder, in which
  /// the live folder appears as `at`; in the stage they are the same.
  FileSwap(int live_fd, int stage_fd, std::string at = {})
      : live_fd_(live_fd), stage_fd_(stage_fd), at_(std::move(at)) {}

  /// What there is to exchange for a path, as it is now.
  [[nodiscard]] SwapStep step_of(const std::string& path) const;
  /// What is live there now.
  [[nodiscard]] std::optional<FileIdentity> live_at(const std::string& path) const;
  /// The same of several, which must be staged.
  [[nodiscard]] std::vector<SwapStep> plan(const std::vector<std::string>& paths) const;

  /// `before`: as it was. `after`: exchanged. `neither`: somebody else has changed one of the names.
  enum class Side { before, after, neither };
  [[nodiscard]] Side side_of(const SwapStep& step) const;

  /// Takes the step, or takes it back, unless that is so already. Throws Error failed for `neither`.
  void forward(const SwapStep& step) const;
  void back(const SwapStep& step) const;

  /// Gives a folder that stays its new attributes and its counterpart in the stage the old ones, or the other way
  /// round. Throws Error failed if somebody has put another folder there.
  void exchange_attributes(const StayingFolder& folder, bool forward) const;

  /// Folders opened for reading; empty with errno.
  [[nodiscard]] UniqueFd open_live(const std::string& path) const;
  [[nodiscard]] UniqueFd open_staged(const std::string& path) const;

  /// The names are on the disk.
  void sync() const;

 private:
  [[nodiscard]] std::string in_live(const std::string& path) const;
  void exchange(const SwapStep& step, bool forward) const;

  int live_fd_;
  int stage_fd_;
  std::string at_;
};

}  // namespace wobackup
