// What backends on other machines need from this one.
#pragma once

#include "backend/retry.h"
#include "backend/upload_journal.h"
#include "base/cancellation.h"
#include "base/clock.h"

namespace wobackup {

/// All that it refers to outlives the backend.
struct BackendSurroundings {
  const Clock& clock;
  Pause& pause;
  const Cancellation& cancellation;
  RetryPolicy upload_retry;                ///< of an upload's requests
  const UploadJournal* journal = nullptr;  ///< of uploads on their way; null: found again only by their age
};

}  // namespace wobackup
