#include "target/files/extended_attributes.h"

#include <fmt/format.h>
#include <sys/acl.h>
#include <sys/xattr.h>

#include <cerrno>
#include <memory>

#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

struct AclFree {
  void operator()(void* memory) const noexcept { ::acl_free(memory); }
};

bool put_acl(int fd, const std::string& text, bool is_default) {
  const std::unique_ptr<std::remove_pointer_t<acl_t>, AclFree> acl(::acl_from_text(text.c_str()));
  if (!acl) return false;
  if (!is_default) return ::acl_set_fd(fd, acl.get()) == 0;
  // libacl sets default ACLs by path only.
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return ::acl_set_file(path.c_str(), ACL_TYPE_DEFAULT, acl.get()) == 0;
}

}  // namespace

bool has_attributes(const Entry& entry) noexcept {
  return !entry.xattrs.empty() || !entry.acl_access.empty() || !entry.acl_default.empty();
}

std::string put_attributes(int fd, const Entry& entry, bool privileged) {
  std::string problem;
  for (const Xattr& xattr : entry.xattrs) {
    if (!privileged && !xattr.name.starts_with("user.")) {
      problem =
          fmt::format("its attribute {} was left out: the archive is not known to be ours", printable(xattr.name));
    } else if (::fsetxattr(fd, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) != 0) {
      problem = fmt::format("its attribute {} could not be set: {}", printable(xattr.name), errno_text(errno));
    }
  }
  if (!entry.acl_access.empty() && !put_acl(fd, entry.acl_access, false)) {
    problem = fmt::format("its ACL could not be set: {}", errno_text(errno));
  }
  if (!entry.acl_default.empty() && !put_acl(fd, entry.acl_default, true)) {
    problem = fmt::format("its default ACL could not be set: {}", errno_text(errno));
  }
  return problem;
}

}  // namespace wobackup
