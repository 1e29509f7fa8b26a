#include "store/archive/foreign_archive.h"

#include "store/archive/archive_name.h"
#include "store/archive/foreign_tar.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestVhost = std::size_t{4} << 20U;

// The first part of a path that has several.
std::string first_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

// Whether a tar's first member tells that all is in a folder named like an archive.
bool is_archive_folder(const std::string& name) { return archive_name_from(name + ".tar.zst").has_value(); }

}  // namespace

VhostSearch find_vhost(const RandomAccess& file, std::optional<std::uint64_t> limit_bytes) {
  ForeignTar tar(file);
  VhostSearch search;
  for (bool first = true; tar.next(); first = false) {
    const ForeignPath place = foreign_path(tar.stored_path(), {});
    if (tar.is_vhost()) {
      search.top = first_folder(place.path);
      search.text = tar.content(kLargestVhost);
      return search;
    }
    if (first && !place.unsafe) {
      search.top = first_folder(place.path + "/");
      if (!is_archive_folder(search.top)) search.top.clear();
    }
    // The next header comes behind this member's data, which would have to be decompressed to get there.
    if (limit_bytes && tar.data_end() > *limit_bytes) return search;
  }
  search.whole = true;
  return search;
}

}  // namespace wobackup
