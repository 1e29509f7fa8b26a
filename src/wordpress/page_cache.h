// One site's pages in nginx' FastCGI cache, which WordOps shares between all sites.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"

namespace wobackup {

/// The host in the beginning of a cache file: nginx writes "\nKEY: " and the key, "httpsGETexample.com/page", after its
/// header. Nothing if there is no such key (WordOps' form: scheme, method, host, path).
[[nodiscard]] std::optional<std::string> page_cache_host(std::string_view beginning);

/// Removes the cache files below `folder` whose key has one of these hosts, in lower case, exactly; returns how many.
/// No link is followed; what is not a cache file stays. A missing folder has none. Throws Error failed, also for a
/// folder that is not trusted.
[[nodiscard]] std::uint64_t purge_page_cache(const std::filesystem::path& folder, const std::vector<std::string>& hosts,
                                             const Cancellation& cancellation);

}  // namespace wobackup
