// A store as a destination of an archive in the making.
#pragma once

#include <memory>
#include <string>

#include "service/open_store.h"
#include "snapshot/destination.h"

namespace wobackup {

class StoreDestination final : public Destination {
 public:
  /// Makes no connection. `site`: whose archive it is.
  StoreDestination(const StoreSettings& settings, std::string site, const StoreEnvironment& environment,
                   const std::function<bool()>& cancelled, const S3Share& share);

  [[nodiscard]] std::filesystem::path address_of(const std::string& file_name) const override;
  /// Takes away what killed runs have left there, too.
  void begin(const std::string& file_name, std::uint64_t size_hint_bytes) override;
  void write(ByteSpan bytes) override;
  [[nodiscard]] bool publish() override;
  void give_up() noexcept override;
  void cancel() noexcept override;

 private:
  void require_folder_space();

  const std::string site_;
  const Config& config_;
  const LogSink& log_;
  const std::string url_;
  UnreachableStores* const unreachable_;
  OpenStore store_;
  std::unique_ptr<Upload> upload_;
  std::filesystem::path folder_;  // of a store that is one: it must not become full
  UniqueFd folder_fd_;
  std::uint64_t unchecked_bytes_ = 0;
};

}  // namespace wobackup
