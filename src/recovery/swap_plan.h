// Which names are exchanged, and which folders stay.
#pragma once

#include <string>
#include <vector>

#include "in_place/file_exchange.h"
#include "recovery/staging_place.h"

namespace wobackup {

/// Looks at live and staged files and fills in `exchange.steps` and `exchange.staying`: `wanted` are exchanged as a
/// whole, but for the folders on the way to a further place or to what is kept: of these, every entry that is live or
/// staged is exchanged, so that they hold exactly what the backup has, besides what is kept. Changes nothing that is
/// live. May be called again. Throws Error failed if there are too many steps.
void plan_swap(const std::vector<StagingPlace>& places, const std::vector<std::string>& wanted, FileExchange& exchange);

/// After all steps were taken, and the site has run: what is in the folders that stay by now goes to the stage when the
/// steps are taken back.
void plan_way_back(const std::vector<StagingPlace>& places, FileExchange& exchange);

}  // namespace wobackup
