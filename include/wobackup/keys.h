// Encryption: how encrypted archives are opened, and how keys are made. docs/encryption.md explains it to an admin.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/secret.h"

namespace wobackup {

/// Where secrets may be had. Nothing is read, run or asked before the first encrypted archive needs it.
struct KeySources {
  std::vector<std::filesystem::path> identity_files =
      {};                                          ///< as age-keygen writes them; only their owner may read them
  std::vector<std::string> identity_command = {};  ///< an argument vector; it prints such a file
  std::optional<std::filesystem::path> passphrase_file = {};
  std::optional<int> passphrase_fd = {};
  std::vector<std::string> passphrase_command = {};  ///< an argument vector; it prints the passphrase
  /// Asks a person, without echo. The last resort.
  std::function<Secret(const std::string& question)> ask_passphrase = {};

  [[nodiscard]] bool has_identity() const { return !identity_files.empty() || !identity_command.empty(); }
  [[nodiscard]] bool has_passphrase() const {
    return passphrase_file || passphrase_fd || !passphrase_command.empty() || ask_passphrase;
  }
};

/// What opens encrypted archives. Copies share what was loaded, which is wiped with the last of them. From any thread.
class Keys {
 public:
  Keys();  ///< none
  explicit Keys(KeySources sources);
  [[nodiscard]] const KeySources& sources() const noexcept;

  struct State;
  [[nodiscard]] State& state() const noexcept { return *state_; }  ///< the library's own

 private:
  std::shared_ptr<State> state_;
};

/// Makes an identity and writes it to a new file that only its owner can read, as age-keygen would. Returns its
/// recipient ("age1..."). Throws usage if the file exists, failed.
[[nodiscard]] std::string generate_identity(const std::filesystem::path& file);

/// The recipients of the identities in a file. Throws what reading it throws, and wrong_key for a file without one.
[[nodiscard]] std::vector<std::string> recipients_of(const std::filesystem::path& identity_file, const Keys& keys);

/// The recipients in a file: one a line, with comments (#) and empty lines. Throws usage, naming file and line; also
/// for a file that others than root and this process's user can change: they could add themselves.
[[nodiscard]] std::vector<std::string> recipients_in_file(const std::filesystem::path& file);

/// Throws usage, saying why, unless archives can be encrypted to this text ("age1...").
void check_recipient(std::string_view text);

}  // namespace wobackup
