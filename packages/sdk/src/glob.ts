/** A pattern for paths: `*` and `?` stay within a name, `**` stands for any folders, `[a-z]` and `{a,b}` for choices. */
export interface Glob {
  matches(path: string): boolean;
  /** The folder in which everything lies that can match, by its names. */
  readonly folder: readonly string[];
}

export function compileGlob(pattern: string): Glob {
  const names = pattern.split("/");
  const literal = names.slice(0, -1).findIndex((name) => /[*?[\]{}\\]/.test(name));
  const expression = new RegExp(`^${source(pattern)}$`, "su");
  return {
    matches: (path) => expression.test(path),
    folder: names.slice(0, literal === -1 ? names.length - 1 : literal),
  };
}

function source(pattern: string): string {
  let text = "";
  let depth = 0;
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at);
    const letter = pattern[at] as string;
    const choice = /^\[(!|\^)?(\]?[^\]/]*)\]/.exec(rest);
    if (/^\*\*\//.test(rest) && (at === 0 || pattern[at - 1] === "/")) {
      text += "(?:[^/]+/)*";
      at += 2;
    } else if (rest === "**" && (at === 0 || pattern[at - 1] === "/")) {
      text += ".+";
      at += 1;
    } else if (letter === "*") text += "[^/]*";
    else if (letter === "?") text += "[^/]";
    else if (choice !== null) {
      const inside = (choice[2] as string).replace(/[\\\][^&~|]/g, "\\$&");
      text += choice[1] === undefined ? `[${inside}]` : `[^/${inside}]`;
      at += choice[0].length - 1;
    } else if (letter === "{" && rest.includes("}")) {
      text += "(?:";
      depth++;
    } else if (letter === "}" && depth > 0) {
      text += ")";
      depth--;
    } else if (letter === "," && depth > 0) text += "|";
    else text += escaped(letter === "\\" && at + 1 < pattern.length ? (pattern[++at] as string) : letter);
  }
  return text + ")".repeat(depth);
}

function escaped(letter: string): string {
  return letter.replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&");
}
