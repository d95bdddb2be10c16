import { helperOnPath, installHelper } from "../launcher.ts";
import { askWhether } from "../terminal/ask.ts";
import type { Output } from "../terminal/output.ts";

/**
 * Makes plain `git push` work everywhere, if that is wanted: installs the helper when asked to, offers it on a terminal, and
 * otherwise says how. Answers where git finds the helper.
 */
export async function offerHelper(wanted: boolean, output: Output): Promise<string | undefined> {
  const there = await helperOnPath();
  if (there !== undefined && !wanted) return there;
  const question = "plain `git push` needs git-remote-trunks on PATH; put it into ~/.local/bin?";
  if (wanted || (!output.json && (await askWhether(question)))) {
    const { path, onPath } = await installHelper();
    output.note(`installed ${path}`);
    if (!onPath) output.note('hint: add it to PATH: export PATH="$HOME/.local/bin:$PATH"');
    return path;
  }
  if (!output.json) {
    output.note(
      "hint: `trunks push` works at once; plain `git push` needs git-remote-trunks on PATH: `npm install -g @trunks/cli`, or `trunks init --install-helper`",
    );
  }
  return undefined;
}
