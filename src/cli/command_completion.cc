// wobackup completion bash
#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {
namespace {

// Site and archive names come from the program itself, so that they are always true.
constexpr const char* kBash =
    R"BASH(# bash completion for wobackup: source it, or put it into /usr/share/bash-completion/completions/wobackup
_wobackup() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} program=$1 command= words= word i
  local globals="--config --json --quiet --verbose --help"
  local keys="--identity --identity-command --passphrase --passphrase-file --passphrase-fd --passphrase-command"
  local commands="create list info copy ls find diff dump restore verify guard update autoupdate key sites doctor config completion version help"
  local config=()
  COMPREPLY=()
  # Bash takes --type=full apart at the equals sign.
  if [[ $previous == "=" ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ $current == "=" ]]; then current=; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --config)
        word=${COMP_WORDS[++i]}
        if [[ $word == "=" ]]; then word=${COMP_WORDS[++i]}; fi
        config=(--config "$word") ;;
      --)
        if [[ $command == guard || $command == update ]]; then
          mapfile -t COMPREPLY < <(compgen -c -f -- "$current")
          return
        fi ;;
      create|list|info|copy|ls|find|diff|dump|restore|verify|guard|update|autoupdate|key|sites|doctor|config|completion|version|help) [[ $command ]] || command=$word ;;
    esac
  done
  case $previous in
    --config|--path|--site-json|--meta-json|--target|--backup-dir|--identity|--recipients-file|--passphrase-file) _wobackup_files "$current"; return ;;
    --type) _wobackup_words "$current" "full db files"; return ;;
    --verify) _wobackup_words "$current" "quick data drill"; return ;;
    --overwrite) _wobackup_words "$current" "always if-newer never"; return ;;
    --level) if [[ $command == verify ]]; then _wobackup_words "$current" "quick data drill"; fi; return ;;
    --check) _wobackup_words "$current" "http wp php-log"; return ;;
    --user) mapfile -t COMPREPLY < <(compgen -u -- "$current"); return ;;
    --to|--from)
      case $current in
        /*|./*|../*) _wobackup_files "$current" ;;
        *)
          words=$(_wobackup_stores "$program" "${config[@]}")
          if [[ $command$previous != copy--to ]]; then words+=" local"; fi
          _wobackup_words "$current" "$words" ;;
      esac
      return ;;
    --reason|--meta|--include|--exclude|--wait|--timeout|--threads|--limit-rate|--sample|--table|--calendar) return ;;
    --recipient|--identity-command|--passphrase-command|--passphrase-fd) return ;;
  esac
  case $command in
    "") words="$commands $globals --version" ;;
    create) words="--all --db --files --type --path --to --reason --meta --meta-json --exclude --exclude-caches --site-json --wait --threads --level --limit-rate --verify --recipient --recipients-file --plain $keys $globals" ;;
    list) words="--rescan --path --from $keys $globals" ;;
    info) words="--path --from $keys $globals" ;;
    copy) words="--to --from --path --encrypt --encrypt-to --plain --decrypt $keys $globals" ;;
    ls) words="--recursive --path --from $keys $globals" ;;
    find) words="--all --path --from $keys $globals" ;;
    diff) words="--checksum --exit-code --path --from $keys $globals" ;;
    dump) words="--table --db --force --path --from $keys $globals" ;;
    restore) words="--in-place --site --wait --yes --accept-changed --shared --no-check --table --undo --finish --status --discard --resume --abort --target --include --exclude --files --db --overwrite --numeric-owner --dry-run --salvage --path --from $keys $globals" ;;
    guard) words="--type --reason --meta --check --no-check --user --timeout --path --to --wait --site-json --shared --resume --abort --status $keys $globals" ;;
    update) words="--db --files --meta --check --no-check --user --timeout --path --to --wait --site-json --shared $keys $globals" ;;
    verify) words="--all --level --sample --path --from $keys $globals" ;;
    autoupdate) words="--all --dry-run --backup-only --one-by-one --minor-only --core --plugins --themes --exclude --no-visual --backup-dir --wait --daily --hourly --calendar $keys $globals" ;;
    key)
      if [[ $previous == generate || $previous == show ]]; then _wobackup_files "$current"; return; fi
      words="generate show $globals" ;;
    config) words="show validate $globals" ;;
    completion) words="bash $globals" ;;
    help) words="$commands" ;;
    *) words=$globals ;;
  esac
  if [[ $current != -* ]]; then
    case $command in
      autoupdate)
        case " ${COMP_WORDS[*]:1:COMP_CWORD-1} " in
          *" enable "*|*" run "*) words=$("$program" "${config[@]}" sites --names 2>/dev/null) ;;
          *" schedule "*) words="enable disable status" ;;
          *) words="run schedule" ;;
        esac ;;
      doctor) words=$(_wobackup_stores "$program" "${config[@]}") ;;
      create|list|find|guard|update) words=$("$program" "${config[@]}" sites --names 2>/dev/null) ;;
      info|copy|ls|diff|dump|restore|verify)
        case $current in
          /*|./*|../*) _wobackup_files "$current"; return ;;
          */*)
            words="${current%%/*}/latest"
            # What a store has is not asked for at every key.
            if [[ " ${COMP_WORDS[*]} " == *" --from "* ]]; then _wobackup_words "$current" "$words"; return; fi
            for word in $("$program" "${config[@]}" list "${current%%/*}" --names 2>/dev/null); do
              words+=" ${current%%/*}/$word"
            done ;;
          *) words=$("$program" "${config[@]}" sites --names 2>/dev/null) ;;
        esac ;;
    esac
  fi
  _wobackup_words "$current" "$words"
}
# Those of the words that begin like the current one. (compgen -W would expand them: names are not to be run.)
_wobackup_words() {
  local word words
  read -r -d '' -a words <<< "$2"
  for word in "${words[@]}"; do
    if [[ $word == "$1"* ]]; then COMPREPLY+=("$word"); fi
  done
}
_wobackup_stores() {
  "$@" config show 2>/dev/null | sed -n 's/^store\.\([^.]*\)\.url = .*/\1/p'
}
_wobackup_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}
complete -F _wobackup wobackup
)BASH";

}  // namespace

int completion_command(const CompletionArguments& arguments, Output& output) {
  if (arguments.shell != "bash") {
    throw Error(
        ErrorKind::usage,
        arguments.shell.empty() ? "no shell was named" : "there is no completion for " + printable(arguments.shell),
        "known shells: bash");
  }
  output.terminal().out << kBash;
  return 0;
}

}  // namespace wobackup::cli
