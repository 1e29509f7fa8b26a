#include "backend/retry.h"

#include <algorithm>
#include <random>
#include <utility>

namespace wobackup {
namespace {

std::chrono::milliseconds shortened_at_random(std::chrono::milliseconds wait) {
  std::random_device random;
  std::uniform_int_distribution<std::chrono::milliseconds::rep> shorter(wait.count() / 2, wait.count());
  return std::chrono::milliseconds(shorter(random));
}

}  // namespace

Retry::Retry(RetryPolicy policy, Pause& pause, const Cancellation& cancellation)
    : policy_(std::move(policy)), pause_(pause), cancellation_(cancellation) {}

void Retry::wait_after(const Error& error, unsigned attempt) const {
  cancellation_.check();
  if (!error.retryable()) throw;
  if (attempt >= policy_.attempts) throw Error(error.kind(), error.message(), error.hint());
  std::chrono::milliseconds wait = policy_.first_wait;
  for (unsigned i = 1; i < attempt && wait < policy_.longest_wait; ++i) wait *= 2;
  wait = shortened_at_random(std::min(wait, policy_.longest_wait));
  if (policy_.on_wait) policy_.on_wait(error, wait);
  pause_.wait(wait, cancellation_);
}

}  // namespace wobackup
