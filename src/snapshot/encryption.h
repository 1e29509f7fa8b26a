// Whom an archive is encrypted to.
#pragma once

#include "age/age_writer.h"
#include "wobackup/config.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"

namespace wobackup {

/// By the options, else the site's settings, else those for all; empty for an archive that is not encrypted. May ask
/// for a passphrase. Throws usage for recipients that cannot be used: never is a plain archive made in place of an
/// encrypted one.
[[nodiscard]] Recipients chosen_recipients(const Site& site, const CreateOptions& options, const Config& config);

/// For what may have to go back to a backup that is still to be made: throws wrong_key, saying what is missing, if it
/// could not be read here.
void require_readable(const Site& site, const CreateOptions& options, const Config& config);

}  // namespace wobackup
