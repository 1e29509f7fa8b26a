// Updates WordPress, plugins and themes behind a full backup. Which updates it was made for stands in the backup.
//   pre_update [--config FILE] SITE -- COMMAND ARG...
// for example
//   pre_update example.com -- wp --path=htdocs plugin update --all
#include <chrono>

#include "change.h"
#include "command_line.h"

namespace {

int update(wobackup::Service& service, const example::Arguments& arguments) {
  const wobackup::Json pending = {// as `wp plugin list --update=available` told
                                  {"core", nullptr},
                                  {"plugins", {{{"name", "akismet"}, {"from", "5.0"}, {"to", "5.3"}}}},
                                  {"themes", wobackup::Json::array()}};

  wobackup::GuardOptions options;
  options.reason = "pre-autoupdate";
  options.metadata_extra = {
      {"backup_type", "pre-autoupdate"},
      {"autoupdate_timestamp", std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())},
      {"pending_updates", pending}};
  return example::change_behind_a_guard(service, service.site(arguments.words[0]), options, arguments.command);
}

}  // namespace

int main(int argc, char** argv) {
  return example::run(argc, argv, "pre_update [--config FILE] SITE -- COMMAND ARG...", update);
}
