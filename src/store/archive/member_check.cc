#include "store/archive/member_check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// What differs; empty if nothing does. Paths are compared without building them: a million of them pass here.
const char* difference(const TarMember& stored, const ManifestEntry& listed, std::string_view top) {
  const auto is_below_top = [top](std::string_view path, std::string_view relative) {
    return path.size() == top.size() + 1 + relative.size() && path.starts_with(top) && path[top.size()] == '/' &&
           path.ends_with(relative);
  };
  const Entry& tar = stored.entry;
  const Entry& manifest = listed.entry;
  if (!is_below_top(tar.path, manifest.path)) return "its path";
  if (tar.type != manifest.type) return "its type";
  if (tar.mode != manifest.mode) return "its mode";
  if (tar.uid != manifest.uid || tar.gid != manifest.gid) return "its owner";
  if (tar.user != manifest.user || tar.group != manifest.group) return "its owner's name";
  if (tar.size != manifest.size || tar.sparse != manifest.sparse) return "its size";
  if (tar.mtime != manifest.mtime) return "its time";
  if (tar.type == EntryType::symlink && tar.link != manifest.link) return "its target";
  if (tar.type == EntryType::hardlink && !is_below_top(tar.link, manifest.link)) return "its target";
  if (tar.type == EntryType::character_device || tar.type == EntryType::block_device) {
    if (tar.device_major != manifest.device_major || tar.device_minor != manifest.device_minor) return "its device";
  }
  return nullptr;
}

}  // namespace

void require_agreement(const TarMember& stored, const ManifestEntry& listed, std::string_view top) {
  if (const char* what = difference(stored, listed, top)) {
    member_damaged(listed.entry.path, fmt::format("the tar and the manifest do not agree on {}", what));
  }
}

void agree_below_top(TarMember& stored, const ManifestEntry& listed, std::string_view top) {
  require_agreement(stored, listed, top);
  stored.entry.path = listed.entry.path;
  if (stored.entry.type == EntryType::hardlink) stored.entry.link = listed.entry.link;
}

void member_damaged(std::string_view path, const std::string& why) {
  throw Error(ErrorKind::verification, fmt::format("{}: {}", printable(path), why));
}

}  // namespace wobackup
