// Indexed archives put together member by member, so that tar and manifest can be made to disagree.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "container/made_container.h"
#include "container/manifest.h"
#include "container/tar_encode.h"

namespace wobackup::test {

/// An archive with a small vhost.json. Members are listed in the order in which they are added, behind it.
class MadeMembers {
 public:
  static constexpr const char* kTop = "2025-01-20_14-25-30";

  MadeMembers() {
    append_tar_header(plain_, folder(""), kTop);
    const std::string vhost = R"({"sitename":"example.com"})";
    add(file("vhost.json", vhost.size()), vhost);
    cut();
    lines_.clear();  // it would be listed last: its path sorts behind "htdocs"
  }

  [[nodiscard]] static Entry file(const std::string& path, std::uint64_t size) {
    Entry entry;
    entry.path = path;
    entry.size = size;
    entry.mtime = {1737383130, 5};
    return entry;
  }
  [[nodiscard]] static Entry folder(const std::string& path) {
    Entry entry;
    entry.path = path;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    return entry;
  }
  /// Of a file, `stored` is its content, or map and data. `change` alters what the manifest says.
  void add(const Entry& entry, std::string_view stored = {}, const std::function<void(ManifestEntry&)>& change = {}) {
    ManifestEntry listed;
    listed.entry = entry;
    listed.offset = offset_ + plain_.size();
    if (entry.type == EntryType::file) listed.sha256 = sha256(bytes_of(stored));
    append_tar_header(plain_, entry, kTop);
    const ByteSpan bytes = bytes_of(stored);
    plain_.insert(plain_.end(), bytes.begin(), bytes.end());
    plain_.resize(plain_.size() + padding_to_block(bytes.size()));
    if (change) change(listed);
    append_manifest_line(lines_, listed);
  }
  /// Ends the frame here. A frame longer than `piece` is cut into several.
  void cut(std::size_t piece = std::size_t{4} << 20U) {
    for (std::size_t at = 0; at < plain_.size(); at += piece) {
      made_.add_frame(text_of(plain_).substr(at, piece));
    }
    offset_ += plain_.size();
    plain_.clear();
  }
  void add_line(const std::string& line) { lines_ += line; }
  [[nodiscard]] std::string& lines() { return lines_; }

  /// The manifest says that there is a database.
  void has_database() { scope_ = R"({"files":true,"database":true})"; }

  [[nodiscard]] ByteVector file_bytes() {
    plain_.resize(plain_.size() + 1024);
    cut();
    made_.add_manifest(std::string(R"({"format":1,"site":"example.com","complete":true,"scope":)") + scope_ +
                       ",\"name\":\"" + kTop + "\"}\n");
    if (!lines_.empty()) made_.add_manifest(lines_);
    made_.settle();
    return made_.file();
  }

 private:
  MadeContainer made_;
  ByteVector plain_;
  std::uint64_t offset_ = 0;
  std::string lines_;
  std::string scope_ = R"({"files":true,"database":false})";
};

}  // namespace wobackup::test
