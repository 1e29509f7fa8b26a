// A backend whose failed calls are made again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/retry.h"

namespace wobackup {

/// Repeats reading, listing and deleting. Uploads are passed through: they repeat their own requests, since what was
/// written to them cannot be asked for again. A listing goes on after the last object that was seen.
class RetryingBackend final : public Backend {
 public:
  RetryingBackend(std::unique_ptr<Backend> inner, Retry retry);

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override;
  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) override;
  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override;
  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() override;
  void remove(const std::string& key) override;
  std::vector<std::string> remove_unfinished() override;
  [[nodiscard]] const std::string& name() const override { return inner_->name(); }

 private:
  std::unique_ptr<Backend> inner_;
  Retry retry_;
};

}  // namespace wobackup
