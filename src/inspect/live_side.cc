// A site as it is now, as one side of a comparison.

#include <utility>

#include "base/safe_path.h"
#include "inspect/diff_side.h"
#include "inspect/temporary_file.h"
#include "site/database_login.h"
#include "snapshot/backup_target.h"
#include "snapshot/file_capture.h"
#include "store/archive/stored_bytes.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 17U;

class LiveSide final : public DiffSide {
 public:
  LiveSide(const Site& site, const Config& config, Note note)
      : site_(site),
        settings_(config.for_site(site.name)),
        plan_(resolve_database(site, settings_, false)),
        folder_(open_site_folder(site)),
        note_(std::move(note)),
        capture_{.site = site_,
                 .settings = settings_,
                 .options = options_,
                 .exclude_caches = config.exclude_caches,
                 .config_files = plan_.config_files,
                 .live_database = std::nullopt,
                 .backup_root_fd = -1,
                 .make_spool = temporary_file} {
    // As in a backup of files only: the database is compared by itself.
    if (plan_.sqlite) capture_.live_database = LiveDatabaseFile{*plan_.sqlite, -1, 0};
    try {
      backup_root_ = open_trusted_directory(backup_root_of(site, config, std::nullopt), false);
      capture_.backup_root_fd = backup_root_.get();
    } catch (const Error&) {
      // There is none, or it is elsewhere: nothing of it lies in the tree.
    }
  }

  [[nodiscard]] bool has_files() const override { return true; }
  [[nodiscard]] std::unique_ptr<EntryStream> entries() override {
    return std::make_unique<EntryStream>([this](const EntryStream::Push& push) {
      visit_files(
          capture_, folder_, names_,
          [this](std::string_view path, const std::string& what) { note_(std::string(path), what); },
          [&](SourceMember member) {
            ManifestEntry listed;
            listed.entry = std::move(member.entry);
            push({std::move(listed), std::move(member.content)});
          });
    });
  }
  [[nodiscard]] std::optional<Sha256Digest> hash(StreamedEntry& entry) override {
    Entry& stored = entry.listed.entry;
    if (!entry.content) return std::nullopt;
    if (const ContentProblem problem = entry.content->open(stored)) return unreadable(stored.path, problem);
    const StoredBytes bytes(stored);
    Sha256 sum;
    ByteVector buffer(kPieceBytes);
    for (std::uint64_t at = 0; at < bytes.size();) {
      const auto piece = MutableByteSpan(buffer).first(
          static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), bytes.size() - at)));
      bool short_read = false;
      if (const ContentProblem problem = bytes.read(*entry.content, at, piece, short_read)) {
        return unreadable(stored.path, problem);
      }
      sum.update(piece);
      at += piece.size();
    }
    entry.content->close();
    return sum.finish();
  }
  [[nodiscard]] std::optional<Software> software(StreamedEntry& entry) override {
    if (!entry.content || entry.content->open(entry.listed.entry)) return std::nullopt;
    ByteVector head(kSoftwareHeadBytes);
    std::size_t size = 0;
    const ContentProblem problem = entry.content->read(0, head, size);
    entry.content->close();
    if (problem) return std::nullopt;
    return software_from(entry.listed.entry.path, text_of(ByteSpan(head).first(size)));
  }

 private:
  std::optional<Sha256Digest> unreadable(const std::string& path, const ContentProblem& problem) const {
    note_(path, problem.kind == ContentProblem::Kind::vanished ? "vanished" : problem.what);
    return std::nullopt;
  }

  Site site_;
  SiteSettings settings_;
  SiteDatabase plan_;
  CreateOptions options_;
  std::shared_ptr<const FileRoot> folder_;
  OwnerNames names_;
  Note note_;
  UniqueFd backup_root_;
  FileCapture capture_;
};

}  // namespace

std::unique_ptr<DiffSide> live_side(const Site& site, const Config& config, DiffSide::Note note) {
  return std::make_unique<LiveSide>(site, config, std::move(note));
}

}  // namespace wobackup
