#include "backend/pause.h"

#include <condition_variable>
#include <mutex>

namespace wobackup {

void SystemPause::wait(std::chrono::milliseconds time, const Cancellation& cancellation) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, cancellation.token(), time, [] { return false; });
  cancellation.check();
}

}  // namespace wobackup
