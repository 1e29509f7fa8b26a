#include "snapshot/encryption.h"

#include <fmt/format.h>

#include "age/recipient_list.h"
#include "age/unlock.h"
#include "wobackup/error.h"
#include "wobackup/keys.h"

namespace wobackup {
namespace {

Recipients with_passphrase(const Keys& keys) {
  Recipients recipients;
  recipients.push_back(passphrase_to_encrypt(keys));
  return recipients;
}

Recipients configured(const EncryptionSettings& settings) {
  std::vector<std::string> texts = settings.recipients;
  if (settings.recipients_file) {
    const std::vector<std::string> more = recipients_in_file(*settings.recipients_file);
    texts.insert(texts.end(), more.begin(), more.end());
  }
  return recipients_from(texts);
}

Recipients as_configured(const Site& site, const Config& config) {
  const EncryptionSettings own = config.for_site(site.name).encryption, &all = config.encryption;
  const std::optional<bool> enabled = own.enabled ? own.enabled : all.enabled;
  if (enabled == false) return {};
  if (own.has_recipients()) return configured(own);
  if (all.has_recipients()) return configured(all);
  if (all.passphrase) return with_passphrase(config.keys);
  if (enabled != true) return {};
  throw Error(ErrorKind::usage, fmt::format("{} shall be encrypted, and nobody is named who could open it", site.name),
              "set recipients or recipients_file in [encryption] of wobackup.toml; see `wobackup key generate`");
}

}  // namespace

Recipients chosen_recipients(const Site& site, const CreateOptions& options, const Config& config) {
  switch (options.encryption) {
    case Encryption::none:
      return {};
    case Encryption::passphrase:
      return with_passphrase(config.keys);
    case Encryption::recipients:
      if (options.recipients.empty()) throw Error(ErrorKind::usage, "no recipient was named to encrypt to");
      return recipients_from(options.recipients);
    case Encryption::as_configured:
      break;
  }
  return as_configured(site, config);
}

void require_readable(const Site& site, const CreateOptions& options, const Config& config) {
  const Recipients recipients = chosen_recipients(site, options, config);
  if (!recipients.empty()) require_openable(config.keys, recipients, fmt::format("the backup of {}", site.name));
}

}  // namespace wobackup
