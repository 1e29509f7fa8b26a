#include "base/library_on_demand.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "wobackup/error.h"

namespace wobackup {

void* LibraryOnDemand::address_of(const char* name) {
  std::call_once(opened_, [this] { handle_ = ::dlopen(file_, RTLD_NOW | RTLD_LOCAL); });
  void* const found = handle_ == nullptr ? nullptr : ::dlsym(handle_, name);
  if (found != nullptr) return found;
  throw Error(ErrorKind::failed,
              fmt::format("{} cannot be used: {}", file_,
                          handle_ == nullptr ? "it cannot be opened" : fmt::format("it has no {}", name)),
              fmt::format("install Debian's package {}", package_));
}

}  // namespace wobackup
