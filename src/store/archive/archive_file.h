// Opening the file of an archive: the one place where encryption is taken off.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "age/age_structure.h"
#include "base/file_access.h"
#include "base/random_access.h"
#include "wobackup/keys.h"

namespace wobackup {

class AgeRandomAccess;

/// An opened archive as its content, the container, whether or not it is encrypted. From several threads at once.
class ArchiveFile final : public RandomAccess {
 public:
  /// Takes the archive as it is stored. Throws wrong_key if it is encrypted and the keys do not open it (asking for
  /// them only then), verification for a damaged encryption, and for a file called .age that is not encrypted.
  /// With AgeEnd::may_be_missing, of an encrypted one that was cut off or whose end is damaged, what is left.
  ArchiveFile(std::shared_ptr<const RandomAccess> stored, const Keys& keys, AgeEnd end = AgeEnd::required);
  ~ArchiveFile() override;

  [[nodiscard]] std::uint64_t size() const override { return content().size(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    return content().read(offset, buffer);
  }
  [[nodiscard]] const std::string& name() const override { return stored_->name(); }

  /// The bytes of the file itself.
  [[nodiscard]] const RandomAccess& stored() const noexcept { return *stored_; }
  [[nodiscard]] bool encrypted() const noexcept { return decrypted_ != nullptr; }
  /// It is encrypted, and what is read here is not all of it (see AgeEnd::may_be_missing).
  [[nodiscard]] bool lost_end() const noexcept;

 private:
  [[nodiscard]] const RandomAccess& content() const noexcept;

  std::shared_ptr<const RandomAccess> stored_;
  std::unique_ptr<const AgeRandomAccess> decrypted_;  // null for a plain archive
};

/// Opens an archive by its path. Symbolic links, on the way or the file itself, are followed only where nobody but root
/// and the user of this process could have put them (base/safe_path.h); FIFOs do not block. Throws not_found;
/// verification for what is no regular file; failed; and what ArchiveFile throws.
[[nodiscard]] std::unique_ptr<ArchiveFile> open_archive(const std::filesystem::path& path, const Keys& keys);

/// The same of one that may be opened already: `stored`, as it is stored, if it is no file of this machine.
[[nodiscard]] std::unique_ptr<ArchiveFile> open_archive(const std::filesystem::path& path,
                                                        std::shared_ptr<const RandomAccess> stored, const Keys& keys,
                                                        AgeEnd end = AgeEnd::required);

/// The same without looking into it: for what needs no key.
[[nodiscard]] std::unique_ptr<FileAccess> open_stored_archive(const std::filesystem::path& path);

/// Whether a file is encrypted, by its first bytes.
[[nodiscard]] bool is_encrypted(const RandomAccess& stored);

}  // namespace wobackup
