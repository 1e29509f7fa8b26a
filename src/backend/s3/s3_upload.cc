#include "backend/s3/s3_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "backend/s3/s3_answer.h"
#include "backend/s3/s3_object.h"
#include "backend/s3/s3_unfinished.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Below, memory is taken as it is needed; from here on, for the whole part at once.
constexpr std::size_t kSmallBytes = std::size_t{256} << 10U;
// Servers put the parts together before they answer.
constexpr std::chrono::seconds kCompletionStall{900};

}  // namespace

S3Upload::S3Upload(S3Client& client, const BackendSurroundings& surroundings, std::string key,
                   const PutOptions& options)
    : client_(client),
      surroundings_(surroundings),
      key_(std::move(key)),
      shown_(fmt::format("{}/{}", client.name(), printable(key_))),
      replace_(options.replace),
      plan_(options.size_hint_bytes, client.settings().part_bytes),
      operation_ends_(surroundings.cancellation.token(), [this] { ending_.cancel(); }),
      retry_(surroundings.upload_retry, surroundings.pause, ending_) {}

S3Upload::~S3Upload() {
  ending_.cancel();
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
  if (!upload_id_.empty()) abort();
}

S3Request S3Upload::request(const char* method) const {
  S3Request request;
  request.method = method;
  request.key = key_;
  request.purpose = fmt::format("cannot upload {}", shown_);
  return request;
}

void S3Upload::rethrow_of_parts() {
  const std::scoped_lock lock(mutex_);
  if (error_) std::rethrow_exception(error_);
}

// A request of the thread that writes. A part that failed meanwhile ends it, and is the reason.
template <class Action>
auto S3Upload::repeat(const Action& action) -> decltype(action()) {
  rethrow_of_parts();
  try {
    return retry_(action);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) rethrow_of_parts();
    throw;
  }
}

void S3Upload::write(ByteSpan bytes) {
  while (!bytes.empty()) {
    if (filling_until_bytes_ == 0) begin_part();
    ByteVector& part = filling_.bytes;
    const std::size_t count = std::min<std::size_t>(bytes.size(), filling_until_bytes_ - part.size());
    if (part.size() + count > kSmallBytes) part.reserve(filling_until_bytes_);
    part.insert(part.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    size_bytes_ += count;
    if (part.size() == filling_until_bytes_) hand_over();
  }
}

// Waits until there is memory for one more part.
void S3Upload::begin_part() {
  const std::uint64_t part_bytes = plan_.part_bytes(parts_ + 1);
  const S3Settings& settings = client_.settings();
  const std::uint64_t most = std::clamp<std::uint64_t>(settings.memory_bytes / part_bytes, 1, settings.parallel + 1U);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || under_way_ < most; });
  if (error_) std::rethrow_exception(error_);
  filling_until_bytes_ = part_bytes;
  filling_.number = parts_ + 1;
  if (!spare_.empty()) {
    filling_.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  filling_.bytes.clear();
}

void S3Upload::hand_over() {
  if (upload_id_.empty()) begin_upload();
  const std::scoped_lock lock(mutex_);
  ++parts_;
  ++under_way_;
  waiting_.push_back(std::exchange(filling_, {}));
  filling_until_bytes_ = 0;
  if (threads_.size() < std::min<std::size_t>(under_way_, client_.settings().parallel)) {
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  changed_.notify_all();
}

void S3Upload::add_storage_headers(S3Request& request) const {
  const S3Settings& settings = client_.settings();
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) request.headers.emplace_back(name, value);
  };
  add("x-amz-storage-class", settings.storage_class);
  add("x-amz-server-side-encryption", settings.encryption);
  add("x-amz-server-side-encryption-aws-kms-key-id", settings.kms_key);
}

void S3Upload::begin_upload() {
  S3Request begin = request("POST");
  begin.query = {{"uploads", ""}};
  add_storage_headers(begin);
  if (surroundings_.journal != nullptr) {
    const auto now = std::chrono::floor<std::chrono::seconds>(surroundings_.clock.now());
    const auto ahead = client_.clock_difference().value_or(std::chrono::seconds{0});
    journaled_ = surroundings_.journal->begin(client_.place(), key_, "", now + ahead);
  }
  // Where the answer is lost, there may be an upload that nobody knows.
  bool uncertain = false;
  try {
    upload_id_ = repeat([&] {
      try {
        return s3_upload_id(client_.send(begin, ending_).text);
      } catch (const Error& error) {
        uncertain = uncertain || error.retryable() || error.kind() == ErrorKind::interrupted;
        throw;
      }
    });
  } catch (const Error&) {
    if (!uncertain) journaled_.forget();
    throw;
  }
  alone_ = !uncertain;
  journaled_.found_by(upload_id_, alone_);
}

// Of other uploads for the key, if there may be any, the next run takes care.
void S3Upload::forget_record() noexcept {
  if (alone_) journaled_.forget();
}

void S3Upload::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); }) && !stop.stop_requested()) {
    Part part = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    std::string etag;
    std::exception_ptr error;
    try {
      etag = send_part(part);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) {
      error_ = error;
      ending_.cancel();  // the others are in vain
    }
    if (etags_.size() < part.number) etags_.resize(part.number);
    etags_[part.number - 1] = std::move(etag);
    spare_.push_back(std::move(part.bytes));
    --under_way_;
    changed_.notify_all();
  }
}

std::string S3Upload::send_part(const Part& part) {
  S3Request put = request("PUT");
  put.query = {{"partNumber", std::to_string(part.number)}, {"uploadId", upload_id_}};
  put.body = part.bytes;
  const S3HttpAnswer answer = retry_([&] { return client_.send(put, ending_); });
  const std::string* etag = answer.header("etag");
  if (etag == nullptr || etag->empty()) {
    throw Error(ErrorKind::verification, fmt::format("{}: the server gives a part no ETag", put.purpose));
  }
  return *etag;
}

void S3Upload::wait_for_parts() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return error_ || under_way_ == 0; });
  if (error_) std::rethrow_exception(error_);
}

void S3Upload::put_whole() {
  S3Request put = request("PUT");
  put.body = filling_.bytes;
  put.headers.emplace_back(kS3Sha256Header, hex(sha256(put.body)));
  add_storage_headers(put);
  repeat([&] { return client_.send(put, ending_); });
}

// An answer may be lost after the server has put the object together: then the upload is unknown when we ask again, and
// only the object's version tells whether it is ours. (Told that it is, the same bytes may have the same version.)
bool S3Upload::is_complete(const std::optional<ObjectInfo>& before, bool told) {
  const std::optional<ObjectInfo> now = repeat([&] { return s3_stat(client_, key_, ending_); });
  return now && now->size_bytes == size_bytes_ && (told || !before || now->version != before->version);
}

void S3Upload::complete(const std::optional<ObjectInfo>& before) {
  const std::string body = s3_complete_body(etags_);
  S3Request complete = request("POST");
  complete.query = {{"uploadId", upload_id_}};
  complete.body = bytes_of(body);
  complete.stall = kCompletionStall;
  complete.accepted = {404};
  const S3HttpAnswer answer = repeat([&] {
    S3HttpAnswer said = client_.send(complete, ending_);
    // AWS begins to answer, with 200, before it knows whether it can.
    if (const std::optional<S3Fault> fault = s3_fault(said.text); fault && said.status == 200) {
      throw Error(ErrorKind::failed,
                  fmt::format("{}: {}: {}", complete.purpose, printable(fault->code.substr(0, 100)),
                              printable(fault->message.substr(0, 300))),
                  "",
                  fault->code == "InternalError" || fault->code == "SlowDown" || fault->code == "ServiceUnavailable");
    }
    return said;
  });
  const bool told = answer.status == 200;
  if (told) static_cast<void>(s3_completed_etag(answer.text));
  if (!is_complete(before, told)) {
    throw Error(ErrorKind::failed,
                fmt::format("{}: the server did not put its parts together as they were sent", complete.purpose));
  }
}

bool S3Upload::commit() {
  const std::optional<ObjectInfo> before = repeat([&] { return s3_stat(client_, key_, ending_); });
  if (before && !replace_) return false;
  if (upload_id_.empty()) {
    put_whole();
    return true;
  }
  if (!filling_.bytes.empty()) hand_over();
  wait_for_parts();
  complete(before);
  upload_id_.clear();
  forget_record();
  return true;
}

void S3Upload::abort() noexcept {
  try {
    const Cancellation never;
    abort_s3_upload(client_, key_, upload_id_, never);
    forget_record();
  } catch (const std::exception&) {
    // It stays in the journal for the next run.
  }
}

}  // namespace wobackup
