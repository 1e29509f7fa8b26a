#include "store/archive/vhost_search.h"

#include "store/archive/archive_name.h"
#include "store/archive/foreign_archive.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestVhost = std::size_t{4} << 20U;

// The first part of a path that has several.
std::string first_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

// Whether an archive's first member tells that all is in a folder named like an archive.
bool is_archive_folder(const std::string& name) { return archive_name_from(name + ".tar.zst").has_value(); }

}  // namespace

VhostSearch find_vhost(const RandomAccess& file, std::optional<std::uint64_t> limit_bytes) {
  ForeignArchive foreign(file);
  VhostSearch search;
  for (bool first = true; foreign.next(); first = false) {
    const ForeignPath place = foreign_path(foreign.stored_path(), {});
    if (foreign.is_vhost()) {
      search.top = first_folder(place.path);
      search.text = foreign.content(kLargestVhost);
      return search;
    }
    if (first && !place.unsafe) {
      search.top = first_folder(place.path + "/");
      if (!is_archive_folder(search.top)) search.top.clear();
    }
    // The next header comes behind this member's data, which would have to be decompressed to get there.
    if (limit_bytes && foreign.data_end() > *limit_bytes) return search;
  }
  search.whole = true;
  return search;
}

}  // namespace wobackup
