// Objects that are files of a tree, in the order of their keys.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace wobackup {

/// What is in a folder.
struct FolderItem {
  enum class Kind { file, folder, other };
  std::string name;
  Kind kind = Kind::other;
  std::uint64_t size_bytes = 0;
  std::chrono::sys_seconds modified{};
  std::string version;
};

/// What is in the folder "a/b" (empty: the store's own), in any order, without "." and "..". Nothing if it is missing;
/// throws not_found if the store's own is.
using ListFolder = std::function<std::optional<std::vector<FolderItem>>(const std::string& folder)>;

/// As ObjectReader::list. Holds the names of one folder for each level. Names that begin with a dot are passed over.
ListSummary walk_objects(const ListFolder& list_folder, const std::string& prefix, const std::string& after,
                         const ObjectReader::ListVisitor& visit);

/// Calls `visit` for each file whose name begins with a dot, with its folder ("", "a/b").
void walk_hidden_files(const ListFolder& list_folder,
                       const std::function<void(const std::string& folder, const FolderItem& item)>& visit);

}  // namespace wobackup
