// Backs up a site before something changes it, and refuses to go on without a good backup.
//   backup_before_change SITE [CONFIG]
#include <cstdio>
#include <exception>
#include <optional>

#include "wobackup/wobackup.h"

namespace {

/// True if there is a complete backup now, so that the caller may begin its change.
bool back_up(const std::string& site_name, const std::optional<std::filesystem::path>& config_file) {
  const auto print_warnings = [](wobackup::LogLevel level, std::string_view text) {
    if (level == wobackup::LogLevel::warning) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    }
  };
  wobackup::Service service(wobackup::Config::load(config_file), print_warnings);

  wobackup::CreateOptions options;
  options.reason = "pre-change";
  options.metadata_extra = {{"changed_by", "backup_before_change"}};
  const wobackup::Created created = service.create(service.site(site_name), options);

  const wobackup::Json info = service.info(created.archive);
  std::printf("%s\n", info.dump(2).c_str());
  if (!created.complete) {
    std::fprintf(stderr, "%llu files could not be read: not a backup to rely on\n",
                 static_cast<unsigned long long>(created.unreadable_count));
  }
  return created.complete;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: backup_before_change SITE [CONFIG]   (wobackup %s)\n", wobackup::version());
    return wobackup::exit_code(wobackup::ErrorKind::usage);
  }
  try {
    const std::optional<std::filesystem::path> config = argc == 3 ? std::make_optional(argv[2]) : std::nullopt;
    return back_up(argv[1], config) ? 0 : wobackup::exit_code(wobackup::ErrorKind::incomplete);
  } catch (const wobackup::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    if (!error.hint().empty()) std::fprintf(stderr, "Hint: %s\n", error.hint().c_str());
    return wobackup::exit_code(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
