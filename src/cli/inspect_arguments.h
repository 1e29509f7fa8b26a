// What `ls`, `find`, `diff` and `dump` are told.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace wobackup::cli {

struct LsArguments {
  std::string what;
  std::string inside;
  bool recursive = false;
  std::string path;
  std::string from;
};

struct FindArguments {
  std::string pattern;
  std::string site;
  bool all = false;
  std::string path;
  std::string from;
};

struct DiffArguments {
  std::string before;
  std::string after;
  bool checksum = false;
  bool exit_code = false;
  std::string path;
  std::string from;
};

struct DumpArguments {
  std::string what;
  std::string inside;
  std::string table;
  bool database = false;
  bool force = false;
  std::string path;
  std::string from;
};

struct InspectArguments {
  LsArguments ls;
  FindArguments find;
  DiffArguments diff;
  DumpArguments dump;
};

extern const char* const kLsFooter;
extern const char* const kFindFooter;
extern const char* const kDiffFooter;
extern const char* const kDumpFooter;

void add_ls(CLI::App& app, LsArguments& ls);
void add_find(CLI::App& app, FindArguments& find);
void add_diff(CLI::App& app, DiffArguments& diff);
void add_dump(CLI::App& app, DumpArguments& dump);

}  // namespace wobackup::cli
