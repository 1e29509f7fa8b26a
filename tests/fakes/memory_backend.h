// Objects in memory.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/object_key.h"
#include "wobackup/error.h"

namespace wobackup::test {

/// What several MemoryBackends may share, as machines share a bucket.
struct MemoryObjects {
  struct Object {
    std::shared_ptr<const ByteVector> bytes;
    std::uint64_t version = 0;
  };
  std::mutex mutex;
  std::map<std::string, Object> objects;
  std::uint64_t last_version = 0;
};

class MemoryBackend final : public Backend {
 public:
  explicit MemoryBackend(std::shared_ptr<MemoryObjects> shared = std::make_shared<MemoryObjects>())
      : shared_(std::move(shared)) {}

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override {
    require_object_key(key);
    const std::scoped_lock lock(shared_->mutex);
    const auto place = shared_->objects.find(key);
    if (place == shared_->objects.end()) return std::nullopt;
    return info_of(key, place->second);
  }

  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions&) override {
    require_object_key(key);
    const std::scoped_lock lock(shared_->mutex);
    const auto place = shared_->objects.find(key);
    if (place == shared_->objects.end()) throw Error(ErrorKind::not_found, "no such object: " + key);
    return std::make_unique<Opened>(info_of(key, place->second), place->second.bytes);
  }

  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override {
    std::vector<ObjectInfo> found;
    {
      const std::scoped_lock lock(shared_->mutex);
      for (const auto& [key, object] : shared_->objects) {
        if (key.starts_with(prefix) && key > after) found.push_back(info_of(key, object));
      }
    }
    for (const ObjectInfo& info : found) {
      if (!visit(info)) break;
    }
    return {};
  }

  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override {
    require_object_key(key);
    return std::make_unique<Writing>(shared_, key, options.replace);
  }

  void remove(const std::string& key) override {
    require_object_key(key);
    const std::scoped_lock lock(shared_->mutex);
    shared_->objects.erase(key);
  }

  std::vector<std::string> remove_unfinished() override { return {}; }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  static ObjectInfo info_of(const std::string& key, const MemoryObjects::Object& object) {
    return {key, object.bytes->size(), {}, std::to_string(object.version)};
  }

  class Opened final : public OpenObject {
   public:
    Opened(ObjectInfo info, std::shared_ptr<const ByteVector> bytes)
        : info_(std::move(info)), bytes_(std::move(bytes)) {}
    [[nodiscard]] const ObjectInfo& info() const override { return info_; }
    [[nodiscard]] const std::string& name() const override { return info_.key; }
    [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
      if (offset >= bytes_->size()) return 0;
      const std::size_t count = std::min<std::size_t>(buffer.size(), bytes_->size() - offset);
      std::copy_n(bytes_->begin() + static_cast<std::ptrdiff_t>(offset), count, buffer.begin());
      return count;
    }

   private:
    ObjectInfo info_;
    std::shared_ptr<const ByteVector> bytes_;
  };

  class Writing final : public Upload {
   public:
    Writing(std::shared_ptr<MemoryObjects> shared, std::string key, bool replace)
        : shared_(std::move(shared)), key_(std::move(key)), replace_(replace) {}
    void write(ByteSpan bytes) override { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    [[nodiscard]] bool commit() override {
      const std::scoped_lock lock(shared_->mutex);
      if (!replace_ && shared_->objects.contains(key_)) return false;
      shared_->objects[key_] = {std::make_shared<const ByteVector>(std::move(bytes_)), ++shared_->last_version};
      return true;
    }

   private:
    std::shared_ptr<MemoryObjects> shared_;
    std::string key_;
    bool replace_;
    ByteVector bytes_;
  };

  std::shared_ptr<MemoryObjects> shared_;
  std::string name_ = "memory";
};

}  // namespace wobackup::test
