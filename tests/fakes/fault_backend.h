// A backend that fails when the test wants it to.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"

namespace wobackup::test {

/// Asked before each call reaches the backend behind: "stat", "open", "read", "list" (and "listed" before each object),
/// "put", "write", "commit", "remove". It may throw, or count. May be called from several threads.
using Fault = std::function<void(const std::string& call, const std::string& key)>;

class FaultBackend final : public Backend {
 public:
  FaultBackend(std::unique_ptr<Backend> inner, Fault fault) : inner_(std::move(inner)), fault_(std::move(fault)) {}

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override {
    fault_("stat", key);
    return inner_->stat(key);
  }
  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) override {
    fault_("open", key);
    return std::make_unique<Opened>(inner_->open(key, options), fault_);
  }
  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override {
    fault_("list", prefix);
    return inner_->list(prefix, after, [&](const ObjectInfo& info) {
      fault_("listed", info.key);
      return visit(info);
    });
  }
  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override {
    fault_("put", key);
    return std::make_unique<Writing>(inner_->put(key, options), fault_, key);
  }
  void remove(const std::string& key) override {
    fault_("remove", key);
    inner_->remove(key);
  }
  std::vector<std::string> remove_unfinished() override { return inner_->remove_unfinished(); }
  [[nodiscard]] const std::string& name() const override { return inner_->name(); }

 private:
  class Opened final : public OpenObject {
   public:
    Opened(std::unique_ptr<OpenObject> inner, const Fault& fault) : inner_(std::move(inner)), fault_(fault) {}
    [[nodiscard]] const ObjectInfo& info() const override { return inner_->info(); }
    [[nodiscard]] const std::string& name() const override { return inner_->name(); }
    [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
      fault_("read", info().key);
      return inner_->read(offset, buffer);
    }

   private:
    std::unique_ptr<OpenObject> inner_;
    const Fault& fault_;
  };

  class Writing final : public Upload {
   public:
    Writing(std::unique_ptr<Upload> inner, const Fault& fault, std::string key)
        : inner_(std::move(inner)), fault_(fault), key_(std::move(key)) {}
    void write(ByteSpan bytes) override {
      fault_("write", key_);
      inner_->write(bytes);
    }
    [[nodiscard]] bool commit() override {
      fault_("commit", key_);
      return inner_->commit();
    }

   private:
    std::unique_ptr<Upload> inner_;
    const Fault& fault_;
    std::string key_;
  };

  std::unique_ptr<Backend> inner_;
  Fault fault_;
};

}  // namespace wobackup::test
