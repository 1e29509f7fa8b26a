// Copies of archives to stores.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "service/open_store.h"
#include "wobackup/store.h"

namespace wobackup {

/// An archive on its way to stores.
struct CopySource {
  const std::filesystem::path& archive;               ///< for messages and the ledger
  const std::shared_ptr<const RandomAccess>& stored;  ///< as it lies there
  std::string site;
};

/// Copies it to all of the stores, each in its own time; what happens to one does not touch the others. An archive that
/// was made here must still be what it was then (verification), and a copy is recorded like it. A name that is taken by
/// another archive is an error of that store. Throws usage, not_found and wrong_key for what concerns all of them.
[[nodiscard]] std::vector<Stored> copy_to_stores(const CopySource& source, const std::vector<std::string>& stores,
                                                 const CopyOptions& options, const StoreEnvironment& environment);

}  // namespace wobackup
