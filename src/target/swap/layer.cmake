wobackup_layer(target_swap PATH target/swap
  SOURCES
    lock_report.cc
    object_arranger.cc
    object_text.cc
    saved_schema.cc
    schema_reader.cc
    stand_ins.cc
    swap.cc
    swap_checks.cc
    swap_plan.cc
    swap_privileges.cc
    swap_session.cc
    table_exchange.cc
  DEPENDS base site database)
