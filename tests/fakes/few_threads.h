// A machine that has no more threads. Only for test programs of one file that includes it.
#pragma once

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>

namespace wobackup::test {

/// So many more threads can be made while the object lives.
class FewThreads {
 public:
  explicit FewThreads(int left) { left_ = left; }
  FewThreads(const FewThreads&) = delete;
  FewThreads& operator=(const FewThreads&) = delete;
  ~FewThreads() { left_ = kMany; }

  [[nodiscard]] static bool take() { return left_ == kMany || left_-- > 0; }

 private:
  static constexpr int kMany = -1'000'000;
  static inline std::atomic<int> left_{kMany};
};

}  // namespace wobackup::test

// Comes before the C library's.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
                              void* argument) noexcept {
  static auto* const real = reinterpret_cast<decltype(&pthread_create)>(::dlsym(RTLD_NEXT, "pthread_create"));
  return wobackup::test::FewThreads::take() ? real(thread, attributes, function, argument) : EAGAIN;
}
