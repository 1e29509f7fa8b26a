wobackup_layer(autoupdate PATH autoupdate
  SOURCES
    autoupdate.cc
    pending_updates.cc
    requirements.cc
    retention.cc
    run_report.cc
    schedule.cc
    site_autoupdate.cc
    site_readiness.cc
    systemd_units.cc
    table_watch.cc
    versions.cc
    visual_check.cc
    wordpress_question.cc
    wp_cli.cc
    wp_commands.cc
    wp_json.cc
  DEPENDS base config in_place recovery service site snapshot wordpress)
