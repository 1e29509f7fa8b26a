// The objects of a database, as far as a comparison needs them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crypto/sha256.h"
#include "wobackup/inspect.h"

namespace wobackup {

struct DatabasePart {
  TableChange::Side side;
  std::optional<Sha256Digest> definition;  ///< nothing: it cannot be told
  std::optional<Sha256Digest> rows;        ///< of their SQL; nothing: only their number is known
};

/// By kind and name, as in TableChange.
using DatabaseParts = std::map<std::pair<std::string, std::string>, DatabasePart>;

/// Appends what differs. What is known of one side only is no difference.
void compare_parts(const std::string& database, const DatabaseParts& before, const DatabaseParts& after,
                   std::vector<TableChange>& changes);

/// One change, yet without its sides.
[[nodiscard]] TableChange change_of(const std::string& database, const DatabaseParts::key_type& key,
                                    const char* change);

}  // namespace wobackup
