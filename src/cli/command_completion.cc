// wobackup completion bash
#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {
namespace {

// Site and archive names come from the program itself, so that they are always true.
constexpr const char* kBash =
    R"BASH(# bash completion for wobackup: source it, or put it into /usr/share/bash-completion/completions/wobackup
_wobackup() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= word
  local globals="--config --json --quiet --verbose --help"
  local commands="create list info sites config completion version help"
  COMPREPLY=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      create|list|info|sites|config|completion|version|help) command=$word; break ;;
    esac
  done
  case $previous in
    --config|--path|--site-json) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --type) mapfile -t COMPREPLY < <(compgen -W "full db files" -- "$current"); return ;;
    --reason|--meta|--exclude|--wait|--threads|--level|--limit-rate) return ;;
  esac
  local words=
  case $command in
    "") words="$commands $globals --version" ;;
    create) words="--all --db --files --type --path --reason --meta --exclude --exclude-caches --site-json --wait --threads --level --limit-rate $globals" ;;
    list|info) words="--path $globals" ;;
    config) words="show validate $globals" ;;
    completion) words="bash" ;;
    help) words="$commands" ;;
    *) words="$globals" ;;
  esac
  case $command in
    create|list) [[ $current == -* ]] || words=$(wobackup sites --names 2>/dev/null) ;;
    info)
      if [[ $current == /* || $current == ./* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current"); return
      elif [[ $current == */* ]]; then
        words="${current%%/*}/latest "$(wobackup list "${current%%/*}" --names 2>/dev/null | sed "s|^|${current%%/*}/|")
      elif [[ $current != -* ]]; then
        words=$(wobackup sites --names 2>/dev/null)
      fi ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _wobackup wobackup
)BASH";

}  // namespace

int completion_command(const CompletionArguments& arguments, Output& output) {
  if (arguments.shell != "bash") {
    throw Error(ErrorKind::usage, "there is no completion for " + printable(arguments.shell), "known shells: bash");
  }
  output.terminal().out << kBash;
  return 0;
}

}  // namespace wobackup::cli
