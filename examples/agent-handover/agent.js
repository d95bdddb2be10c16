// node agent.js URL: works through plan.md in the trunk at that URL, and goes on where another machine has ended.
import { setTimeout as sleep } from "node:timers/promises";
import { Trunk } from "@trunks/sdk";

const trunk = await Trunk.open(process.argv[2], { author: { name: "agent", email: "agent@example.org" } });

try {
  const plan = lines(await trunk.read("plan.md"));
  const done = lines(await trunk.read("done.md"));
  say(`go on behind ${done.length} of ${plan.length}`);

  for (const [index, step] of plan.entries()) {
    if (index < done.length) continue;
    for await (const { path, text } of work(step)) await trunk.write(path, text);
    await trunk.write("done.md", `${[...done, step].join("\n")}\n`);
    done.push(step);
    const { id } = await trunk.commit({ message: step });
    await trunk.push();
    // From here on this step is in the store, whatever becomes of this machine.
    say(`done ${id} ${step}`);
  }
} finally {
  await trunk.close();
}

/** Where an agent would think, edit and test. */
async function* work(step) {
  const name = step.replaceAll(/\W+/g, "-");
  yield { path: `work/${name}.md`, text: `# ${step}\n` };
  await sleep(100);
  yield { path: `work/${name}.txt`, text: "looks good\n" };
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function lines(text = "") {
  return text.split("\n").filter((line) => line !== "");
}
