// S3 servers of the tests' own, on free ports of this machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "backend/s3/s3_settings.h"
#include "base/subprocess.h"
#include "fakes/scratch_folder.h"
#include "wobackup/json.h"

namespace wobackup::test {

/// tests/fakes/strict_s3.py: checks everything, misbehaves when it is told to.
class StrictS3 {
 public:
  /// With TLS, it has a certificate for 127.0.0.1, s3.localhost and *.s3.localhost of an authority of its own.
  explicit StrictS3(bool tls = false, const std::string& region = "us-east-1");

  /// Settings that fit. Parts of 5 MiB.
  [[nodiscard]] S3Settings settings() const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::filesystem::path& ca_file() const { return ca_file_; }

  /// As it was when it started.
  void reset() const { control("reset"); }
  /// See the script.
  void set(const Json& values) const;
  void fault(const Json& fault) const;
  void put(const std::string& key, const std::string& text) const;
  /// An unfinished upload that somebody began so long ago.
  void begin_upload(const std::string& key, std::chrono::seconds age) const;
  void forget_requests() const;
  [[nodiscard]] Json state() const;

 private:
  std::string control(const std::string& what, const std::string& body = {}) const;

  ScratchFolder folder_;
  std::filesystem::path ca_file_;
  bool tls_;
  std::string region_;
  std::unique_ptr<Subprocess> server_;
  std::uint16_t port_ = 0;
};

/// The npm package s3rver. It takes any signature, and cannot abort uploads.
class S3rver {
 public:
  S3rver();
  [[nodiscard]] S3Settings settings() const;

 private:
  ScratchFolder folder_;
  std::unique_ptr<Subprocess> server_;
  std::uint16_t port_ = 0;
};

}  // namespace wobackup::test
