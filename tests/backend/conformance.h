// What every backend does: the suite that all of them pass.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "backend/backend.h"
#include "base/cancellation.h"

namespace wobackup::test {

/// An empty place for objects, as a bucket or a folder.
class BackendPlace {
 public:
  BackendPlace() = default;
  BackendPlace(const BackendPlace&) = delete;
  BackendPlace& operator=(const BackendPlace&) = delete;
  virtual ~BackendPlace() = default;
  /// As another machine would connect to it. The cancellation outlives the backend.
  [[nodiscard]] virtual std::unique_ptr<Backend> connect(const Cancellation& cancellation) = 0;
  /// How many uploads lie there that are not finished.
  [[nodiscard]] virtual std::size_t unfinished() { return 0; }
  /// Of two that commit one key at the same moment, one does not.
  [[nodiscard]] virtual bool has_atomic_commit() const { return true; }
  /// Ranges are what the standards say. (s3rver takes the first byte for all of them, and the last N for the first N.)
  [[nodiscard]] virtual bool has_sound_ranges() const { return true; }
};

/// How a place is made, and what the tests with it are called.
struct PlaceKind {
  std::string name;
  std::function<std::unique_ptr<BackendPlace>()> make;

  /// ctest names its entries by what is printed here; without it, by the bytes of this object.
  friend void PrintTo(const PlaceKind& kind, std::ostream* out) { *out << kind.name; }
};

/// Instantiated for each kind of place.
class BackendConformance : public ::testing::TestWithParam<PlaceKind> {
 protected:
  BackendConformance() : place_(GetParam().make()), backend_(place_->connect(never_)) {}

  [[nodiscard]] BackendPlace& place() { return *place_; }
  [[nodiscard]] Backend& backend() { return *backend_; }
  [[nodiscard]] std::unique_ptr<Backend> another() { return place_->connect(never_); }

 private:
  Cancellation never_;
  std::unique_ptr<BackendPlace> place_;
  std::unique_ptr<Backend> backend_;
};

/// Hidden files below a folder.
[[nodiscard]] std::size_t hidden_files(const std::filesystem::path& folder);

inline std::string name_of_kind(const ::testing::TestParamInfo<PlaceKind>& info) { return info.param.name; }

/// Bytes that never repeat.
[[nodiscard]] ByteVector noise(std::size_t size, unsigned seed = 1);
/// Writes an object; false if there was one.
bool put(Backend& backend, const std::string& key, ByteSpan bytes, const PutOptions& options = {});
[[nodiscard]] ByteVector content_of(ObjectReader& reader, const std::string& key);
std::vector<std::string> keys_of(ObjectReader& reader, const std::string& prefix = {}, const std::string& after = {});

}  // namespace wobackup::test
