// Dumb objects by key, wherever they are kept. Local folders, S3 and SFTP fulfil this contract; tests/backend has the
// suite that each of them passes. docs/backends.md tells what each of them does with it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/random_access.h"

namespace wobackup {

/// What a backend tells of an object. All of it comes from outside; the key has passed `is_object_key`.
struct ObjectInfo {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::chrono::sys_seconds modified{};  ///< by the backend's clock
  std::string version;  ///< opaque; the same as long as nobody replaced the object, and empty where that cannot be told
};

/// An object opened for reading. Reading from it sees the object as it was when it was opened or throws Error
/// verification, never a mixture of two. The backend must outlive it.
///
/// `read` (see RandomAccess) is one ranged get. It throws: not_found if the object has been deleted meanwhile;
/// verification if it was replaced, or if the backend sends other bytes than it was asked for; retryable errors, after
/// which the same call may be made again.
class OpenObject : public RandomAccess {
 public:
  [[nodiscard]] virtual const ObjectInfo& info() const = 0;
  [[nodiscard]] std::uint64_t size() const final { return info().size_bytes; }
};

/// How an object is opened.
struct OpenOptions {
  /// So many bytes at the object's end may come along with the opening, and reading them then costs nothing more. An
  /// object that is not larger is whole then, and was compared with its hash where the backend keeps one.
  std::size_t tail_bytes = 0;
};

/// What a listing has left out.
struct ListSummary {
  std::uint64_t foreign = 0;  ///< objects whose keys are none of ours (`is_object_key`), links, special files
};

/// The part of a backend that reads. With it nothing can be changed. Every method may be called from several threads
/// at once. Errors that may go away by themselves are retryable; RetryingBackend repeats those.
class ObjectReader {
 public:
  ObjectReader() = default;
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;
  virtual ~ObjectReader() = default;

  /// Nothing if there is no such object. What `commit` has published is seen from that moment on by everybody, what
  /// `remove` took away is not.
  [[nodiscard]] virtual std::optional<ObjectInfo> stat(const std::string& key) = 0;

  /// Throws not_found if there is no such object.
  [[nodiscard]] virtual std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) = 0;

  /// Calls `visit` for each object whose key begins with `prefix` (any text, also in the middle of a name) and comes
  /// after `after` (empty: all), in the order of the keys' bytes, until it returns false. Objects come page by page
  /// while `visit` runs: memory stays bounded, the first one comes early. What is published or removed meanwhile may be
  /// seen or not; everything else is seen once. Uploads that are not committed are never seen. Throws not_found if the
  /// bucket or folder itself is missing, and what `visit` throws.
  using ListVisitor = std::function<bool(const ObjectInfo&)>;
  virtual ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) = 0;
};

/// An object that is being written. Before `commit` nobody sees anything of it. Destroyed without `commit`, or after
/// an error, it takes away what it has sent, as far as the backend can be reached; what stays is found by
/// `remove_unfinished`. Used from one thread at a time; several may be under way at once. The backend must outlive it.
class Upload {
 public:
  Upload() = default;
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  virtual ~Upload() = default;

  /// Takes over all of the bytes before it returns, and blocks while too many are under way. Sends again by itself what
  /// did not arrive. An Error (no_space, failed, interrupted) ends the upload: it can only be destroyed then, and may
  /// tell of bytes written earlier.
  virtual void write(ByteSpan bytes) = 0;

  /// Publishes the object whole, with all that was written, as durably as the backend can. False if there is an object
  /// of this name already and PutOptions did not allow to replace it: nothing has changed then. Throws as `write`; if
  /// the connection was lost at the last moment and cannot be had again, the object may be there, whole, or not.
  [[nodiscard]] virtual bool commit() = 0;
};

/// What is known of an object before it is written.
struct PutOptions {
  /// About how many bytes will come, rather too many than too few. S3 sizes its parts by it.
  std::optional<std::uint64_t> size_hint_bytes;
  bool replace = false;  ///< an existing object may be replaced; readers see the old or the new one
};

/// The part of a backend that writes. It can destroy nothing, unless PutOptions allow replacing. Every method may be
/// called from several threads at once.
class ObjectWriter {
 public:
  ObjectWriter() = default;
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;
  virtual ~ObjectWriter() = default;

  /// Begins an object whose length nobody has to know. Missing folders on the way are made.
  [[nodiscard]] virtual std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) = 0;

  /// OPTIONAL: free bytes for this user; nothing where that cannot be asked.
  [[nodiscard]] virtual std::optional<std::uint64_t> free_bytes() { return std::nullopt; }
};

/// The part of a backend that deletes. Every method may be called from several threads at once.
class ObjectDeleter {
 public:
  ObjectDeleter() = default;
  ObjectDeleter(const ObjectDeleter&) = delete;
  ObjectDeleter& operator=(const ObjectDeleter&) = delete;
  virtual ~ObjectDeleter() = default;

  /// The object is gone afterwards, from all listings too; a missing one is no error. Where the backend keeps versions
  /// (B2, S3 with versioning), it is only hidden and goes on using space until the bucket's rules remove it.
  virtual void remove(const std::string& key) = 0;

  /// Takes away what unfinished uploads of this installation have left whose process is gone, however young. What
  /// another machine or program may be writing is let alone, however old. Returns their keys.
  virtual std::vector<std::string> remove_unfinished() = 0;
};

/// All of it.
class Backend : public ObjectReader, public ObjectWriter, public ObjectDeleter {
 public:
  /// For messages: "s3://bucket/prefix". Has no secrets.
  [[nodiscard]] virtual const std::string& name() const = 0;
};

}  // namespace wobackup
