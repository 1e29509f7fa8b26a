// Shared libraries that are opened when they are needed.
#pragma once

#include <mutex>

namespace wobackup {

/// A library that few commands need, and that brings many others along: loading it takes longer than all else that a
/// command like `info` does. So nothing links with it. One file defines those of its functions that are called, by
/// their own names, with WOBACKUP_ON_DEMAND. The headers must fit the major version that stands in the library's file
/// name. Any thread may use it.
class LibraryOnDemand {
 public:
  /// `file`: "libcurl.so.4"; `package`: Debian's, for the hint. Both stay the caller's.
  constexpr LibraryOnDemand(const char* file, const char* package) : file_(file), package_(package) {}
  LibraryOnDemand(const LibraryOnDemand&) = delete;
  LibraryOnDemand& operator=(const LibraryOnDemand&) = delete;

  /// Opens the library if it is not open yet; it is never closed, since it may have started threads. Throws Error
  /// failed if there is no such library or function.
  template <class Function>
  [[nodiscard]] Function* function(const char* name) {
    return reinterpret_cast<Function*>(address_of(name));
  }

 private:
  void* address_of(const char* name);

  const char* file_;
  const char* package_;
  std::once_flag opened_;
  void* handle_ = nullptr;
};

}  // namespace wobackup

/// Defines a function of a library as a call of the real one, which is looked up once:
/// WOBACKUP_ON_DEMAND(library, int, archive_read_free, (archive * from), (from))
#define WOBACKUP_ON_DEMAND(library, result, name, parameters, arguments) \
  result name parameters {                                               \
    static auto* const real = (library).function<decltype(name)>(#name); \
    return real arguments;                                               \
  }
