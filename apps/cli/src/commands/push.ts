import type { Command } from "../command.ts";
import { gitCommand } from "../git/git-command.ts";

export const command: Command = gitCommand("push");
