/** A command as completions know it. */
export interface CompletedCommand {
  /** One or two. */
  readonly words: readonly string[];
  readonly summary: string;
  readonly options: readonly string[];
}

/** Words that may come first, and behind each group's. */
function firstWords(commands: readonly CompletedCommand[]): string[] {
  return [...new Set(commands.map(({ words }) => words[0] as string))];
}

function secondWords(commands: readonly CompletedCommand[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const {
    words: [first = "", second],
  } of commands) {
    if (second !== undefined) groups.set(first, [...(groups.get(first) ?? []), second]);
  }
  return groups;
}

/** Lines of a `case` that picks options by the command's words. */
function optionCases(commands: readonly CompletedCommand[]): string[] {
  return commands.map(({ words, options }) => `    "${words.join(" ")}") words="${options.join(" ")}" ;;`);
}

export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const groups = [...secondWords(commands)].map(([first, second]) => `    ${first}) words="${second.join(" ")}" ;;`);
  return `_trunks() {
  local current="\${COMP_WORDS[COMP_CWORD]}" first="\${COMP_WORDS[1]}" second="\${COMP_WORDS[2]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${firstWords(commands).join(" ")}"
  elif [ "$COMP_CWORD" -eq 2 ] && [ "\${current#-}" = "$current" ]; then
    case "$first" in
${groups.join("\n")}
    esac
  else
    case "$first" in
      ${[...secondWords(commands).keys()].join("|")}) first="$first $second" ;;
    esac
    case "$first" in
${optionCases(commands).join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _trunks trunks
`;
}

export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const groups = [...secondWords(commands)].map(
    ([first, second]) => `    ${first}) candidates=(${second.join(" ")}) ;;`,
  );
  const options = commands.map(
    ({ words, options: names }) => `    "${words.join(" ")}") candidates=(${names.join(" ")}) ;;`,
  );
  return `_trunks() {
  local first="$words[2]"
  local -a candidates
  if (( CURRENT == 2 )); then
    candidates=(${firstWords(commands).join(" ")})
  elif (( CURRENT == 3 )) && [[ "$words[3]" != -* ]]; then
    case "$first" in
${groups.join("\n")}
    esac
  else
    case "$first" in
      ${[...secondWords(commands).keys()].join("|")}) first="$first $words[3]" ;;
    esac
    case "$first" in
${options.join("\n")}
    esac
  fi
  compadd -- $candidates || _files
}
compdef _trunks trunks
`;
}

export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const groups = secondWords(commands);
  const lines: string[] = [];
  for (const {
    words: [first = "", second],
    summary,
    options,
  } of commands) {
    const quotedSummary = `'${summary.replaceAll("'", "\\'")}'`;
    const seen =
      second === undefined
        ? `__fish_seen_subcommand_from ${first}`
        : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
    if (second === undefined) lines.push(`complete -c trunks -n __fish_use_subcommand -a ${first} -d ${quotedSummary}`);
    else {
      const waiting = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${groups.get(first)?.join(" ")}`;
      lines.push(`complete -c trunks -f -n '${waiting}' -a ${second} -d ${quotedSummary}`);
    }
    for (const option of options) lines.push(`complete -c trunks -n '${seen}' -l ${option.slice(2)}`);
  }
  for (const first of groups.keys()) lines.push(`complete -c trunks -f -n __fish_use_subcommand -a ${first}`);
  return `${lines.join("\n")}\n`;
}
