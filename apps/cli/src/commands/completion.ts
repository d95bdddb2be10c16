import { commonOptions, UsageError } from "../arguments.ts";
import { type Command, exitStatus } from "../command.ts";
import { bashCompletion, type CompletedCommand, fishCompletion, zshCompletion } from "../terminal/completion-script.ts";

const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export const command: Command = {
  usage: ["bash", "zsh", "fish"],
  description: [
    'In ~/.bashrc: eval "$(trunks completion bash)". In ~/.zshrc, behind compinit: eval "$(trunks completion zsh)". In ~/.config/fish/config.fish: trunks completion fish | source.',
  ],
  words: { least: 1, most: 1 },
  async run({ arguments: args, output, catalog }) {
    const shell = args.words[0] as keyof typeof scripts;
    if (!Object.hasOwn(scripts, shell))
      throw new UsageError(`no completions for ${shell}; there are bash, zsh and fish`);
    const commands = await Promise.all(
      catalog
        .filter(({ name }) => name !== "")
        .map(async ({ name, summary, load }): Promise<CompletedCommand> => {
          const { options, passThrough } = (await load()).command;
          const names = Object.keys({ ...options, ...(passThrough ? {} : commonOptions) });
          return { words: name.split(" "), summary, options: names.map((option) => `--${option}`) };
        }),
    );
    const script = scripts[shell](commands);
    output.answer({ object: "completion", shell, script }, script.trimEnd());
    return exitStatus.ok;
  },
};
