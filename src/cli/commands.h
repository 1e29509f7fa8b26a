// The commands, one function each, in a file of its own. Each returns the exit code, or throws Error.
#pragma once

#include "cli/arguments.h"
#include "cli/autoupdate_arguments.h"
#include "cli/guard_arguments.h"
#include "cli/inspect_arguments.h"
#include "cli/key_arguments.h"
#include "cli/output.h"
#include "cli/restore_arguments.h"
#include "wobackup/config.h"
#include "wobackup/service.h"

namespace wobackup::cli {

int create_command(const CreateArguments& arguments, const KeyArguments& keys, Config config, Output& output);
int list_command(const ListArguments& arguments, Service& service, Output& output);
int info_command(const InfoArguments& arguments, Service& service, Output& output);
int copy_command(const CopyArguments& arguments, Service& service, Output& output);
int ls_command(const LsArguments& arguments, Service& service, Output& output);
int find_command(const FindArguments& arguments, Service& service, Output& output);
int diff_command(const DiffArguments& arguments, Service& service, Output& output);
int dump_command(const DumpArguments& arguments, Service& service, Output& output);
int restore_command(const RestoreArguments& arguments, Service& service, Output& output);
int restore_in_place_command(const RestoreArguments& arguments, Service& service, Output& output);
int guard_command(const GuardArguments& arguments, Service& service, Output& output);
int update_command(const GuardArguments& arguments, Service& service, Output& output);
int verify_command(const VerifyArguments& arguments, Service& service, Output& output);
int autoupdate_command(const AutoupdateArguments& arguments, const KeyArguments& keys, Service& service,
                       Output& output);
int doctor_command(const DoctorArguments& arguments, Service& service, Output& output);
int sites_command(const SitesArguments& arguments, Service& service, Output& output);
int key_command(const MakeKeyArguments& arguments, const Config& config, Output& output);
int config_command(const ConfigArguments& arguments, const Config& config, Output& output);
int completion_command(const CompletionArguments& arguments, Output& output);
int version_command(Output& output);

/// Warns of a guard that was killed, and of a restore in place that was interrupted, or is not finished yet (a remark).
void tell_pending(const std::string& site, const Service& service, Output& output);
/// Of these only a restore that was interrupted.
void tell_interrupted(const std::string& site, const Service& service, Output& output);
/// The same of these guards, also as objects; how many were killed.
std::size_t tell_pending_guards(const std::vector<PendingGuard>& all, Output& output);
[[nodiscard]] std::string text_of(const PendingGuard& pending);

/// The result of a verification, and what is thrown if it is not good.
void report_verified(const std::string& what, const Verified& verified, Output& output);
int restore_status_command(const Service& service, Output& output);
[[nodiscard]] Error damaged_error(const Verified& verified);
[[nodiscard]] Error untried_error(const Verified& verified);

/// The service with its remarks going to the output.
[[nodiscard]] Service make_service(Config config, Output& output);

/// An absolute path from what the user typed, relative to the working directory.
[[nodiscard]] std::optional<std::filesystem::path> path_argument(const std::string& text);

/// A store as the user typed it: a path relative to the working directory becomes an absolute one.
[[nodiscard]] std::string store_argument(const std::string& text);
/// What the user named, below `path` or in the store `from`, which may be empty. Throws usage if both are given.
[[nodiscard]] std::filesystem::path find_backup(const std::string& what, const std::string& path,
                                                const std::string& from, const Service& service);
/// The same for what only reads it; warns if the site that it is of was left in the middle of a restore.
[[nodiscard]] std::filesystem::path find_backup_to_read(const std::string& what, const std::string& path,
                                                        const std::string& from, const Service& service,
                                                        Output& output);
/// What became of a backup in one store.
[[nodiscard]] Json json_of(const Stored& stored);
/// Tells it.
void report_stored(const std::string& what, const Stored& stored, Output& output);

/// What to tell of sites that share a database.
[[nodiscard]] std::string text_of(const SharedDatabase& shared);

/// "3 days", "2 h", "just now".
[[nodiscard]] std::string age_text(std::chrono::sys_seconds then);

}  // namespace wobackup::cli
