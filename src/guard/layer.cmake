wobackup_layer(guard PATH guard
  SOURCES
    check_command.cc
    check_http.cc
    check_php_log.cc
    check_wordpress.cc
    command_user.cc
    guard.cc
    guard_copies.cc
    guard_journal.cc
    guard_lock.cc
    guard_result.cc
    guarded_command.cc
    keep_rows.cc
    kept_tables.cc
    pending_guard.cc
    roll_back.cc
    row_difference.cc
    row_file.cc
    site_checks.cc
  DEPENDS base config container database in_place recovery site snapshot source_files store_archive wordpress)
