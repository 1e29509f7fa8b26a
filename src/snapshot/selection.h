// Which members of a snapshot are meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/known_manifest.h"
#include "container/manifest.h"
#include "source/files/path_pattern.h"

namespace wobackup {

/// Built from what a user typed: paths as `ls` shows them, folders for all that is below them, or globs (as `--exclude`
/// of `create` takes them). Used from one thread.
class Selection {
 public:
  struct Wish {
    std::vector<std::string> include = {};  ///< empty: everything
    std::vector<std::string> exclude = {};
    bool files = true;
    bool database = true;
  };
  /// Throws Error usage for an unusable glob.
  explicit Selection(const Wish& wish);

  [[nodiscard]] bool is_everything() const noexcept { return everything_; }
  /// False if nothing of this path can be meant, whatever it is.
  [[nodiscard]] bool may_have(std::string_view path) const;
  /// Where all that can be meant lies in a sorted manifest; empty if that may be anywhere.
  [[nodiscard]] std::vector<PathRange> ranges() const;
  /// Remembers which of the wishes were met.
  [[nodiscard]] bool has(const ManifestEntry& entry);
  /// The first `include` that nothing has matched.
  [[nodiscard]] std::optional<std::string> unmet() const;

 private:
  struct Term {
    std::string text;  // as typed
    std::string path;  // without slashes at its ends
    std::optional<PathPattern> glob;
    bool met = false;
  };
  static std::vector<Term> terms_of(const std::vector<std::string>& texts);
  static bool matches(const Term& term, std::string_view path, bool is_directory);

  std::vector<Term> include_, exclude_;
  bool files_, database_, everything_;
};

}  // namespace wobackup
