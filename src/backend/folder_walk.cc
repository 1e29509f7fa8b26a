#include "backend/folder_walk.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "backend/object_key.h"

namespace wobackup {
namespace {

// As it stands in the keys: "a.txt" comes before "a/b".
std::string key_in(const std::string& folder, const FolderItem& item) {
  std::string key = folder.empty() ? item.name : folder + "/" + item.name;
  if (item.kind == FolderItem::Kind::folder) key += '/';
  return key;
}

class ObjectWalk {
 public:
  ObjectWalk(const ListFolder& list_folder, const std::string& prefix, const std::string& after,
             const ObjectReader::ListVisitor& visit)
      : list_folder_(list_folder), prefix_(prefix), after_(after), visit_(visit) {}

  ListSummary run() {
    const std::size_t slash = prefix_.rfind('/');
    const std::string folder = slash == std::string::npos ? "" : prefix_.substr(0, slash);
    if (!folder.empty() && !is_object_key(folder)) return {};  // no key can begin so
    walk(folder);
    return summary_;
  }

 private:
  // False once the visitor wants no more.
  bool walk(const std::string& folder) {
    std::optional<std::vector<FolderItem>> items = list_folder_(folder);
    if (!items) return true;
    std::vector<std::pair<std::string, FolderItem>> sorted;
    for (FolderItem& item : *items) {
      std::string key = key_in(folder, item);
      if (may_matter(key, item)) sorted.emplace_back(std::move(key), std::move(item));
    }
    items.reset();
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [key, item] : sorted) {
      if (item.kind == FolderItem::Kind::folder) {
        key.pop_back();
        if (!walk(key)) return false;
      } else if (!visit_({std::move(key), item.size_bytes, item.modified, std::move(item.version)})) {
        return false;
      }
    }
    return true;
  }

  bool may_matter(const std::string& key, const FolderItem& item) {
    if (item.name.starts_with('.')) return false;
    const bool is_folder = item.kind == FolderItem::Kind::folder;
    const std::size_t common = std::min(key.size(), prefix_.size());
    if (key.compare(0, common, prefix_, 0, common) != 0 || (!is_folder && key.size() < prefix_.size())) return false;
    // Everything below a folder begins with its name.
    if (is_folder ? key < after_ && !after_.starts_with(key) : key <= after_) return false;
    const std::string_view name = is_folder ? std::string_view(key).substr(0, key.size() - 1) : std::string_view(key);
    if (item.kind == FolderItem::Kind::other || !is_object_key(name)) {
      ++summary_.foreign;
      return false;
    }
    return true;
  }

  const ListFolder& list_folder_;
  const std::string& prefix_;
  const std::string& after_;
  const ObjectReader::ListVisitor& visit_;
  ListSummary summary_;
};

void walk_hidden(const ListFolder& list_folder, const std::string& folder,
                 const std::function<void(const std::string&, const FolderItem&)>& visit) {
  const std::optional<std::vector<FolderItem>> items = list_folder(folder);
  if (!items) return;
  for (const FolderItem& item : *items) {
    const std::string path = folder.empty() ? item.name : folder + "/" + item.name;
    if (item.kind == FolderItem::Kind::folder && is_object_key(path)) {
      walk_hidden(list_folder, path, visit);
    } else if (item.kind == FolderItem::Kind::file && item.name.starts_with('.')) {
      visit(folder, item);
    }
  }
}

}  // namespace

ListSummary walk_objects(const ListFolder& list_folder, const std::string& prefix, const std::string& after,
                         const ObjectReader::ListVisitor& visit) {
  return ObjectWalk(list_folder, prefix, after, visit).run();
}

void walk_hidden_files(const ListFolder& list_folder,
                       const std::function<void(const std::string& folder, const FolderItem& item)>& visit) {
  walk_hidden(list_folder, "", visit);
}

}  // namespace wobackup
