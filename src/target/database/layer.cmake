wobackup_layer(target_database PATH target/database
  SOURCES
    create_policy.cc
    dump_layout.cc
    dump_loader.cc
    load_guard.cc
    load_session.cc
    own_schema.cc
    program_loader.cc
    program_text.cc
    row_values.cc
    section_reader.cc
    set_policy.cc
    shadow_database.cc
    sql_tokens.cc
    statement_policy.cc
    table_indexes.cc
    table_loader.cc
  DEPENDS base crypto container site database)
