// What was loaded from the sources of keys.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "age/identity_file.h"
#include "age/recipient.h"
#include "age/scrypt_passphrase.h"
#include "crypto/sha256.h"
#include "wobackup/keys.h"

namespace wobackup {

struct Keys::State {
  KeySources sources;

  std::mutex mutex;  // of all below; held while files are read and people asked: nobody is asked twice
  std::optional<Identities> identities;
  std::optional<Secret> passphrase;
  std::list<std::pair<Sha256Digest, FileKey>> opened;  // file keys by their header's sum, the last used first
};

}  // namespace wobackup
