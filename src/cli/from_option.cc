#include "cli/from_option.h"

#include "wobackup/store.h"

namespace wobackup::cli {

void add_from(CLI::App& app, std::string& from) {
  app.add_option("--from", from, "In this store: its name or URL; local: here")
      ->type_name("STORE")
      ->transform([](const std::string& store) {
        // An empty variable of a script must not mean another place than was thought of.
        if (store.empty()) throw CLI::ValidationError("--from", "names no store");
        return store == kOwnFolderStore ? std::string() : store;
      });
}

}  // namespace wobackup::cli
