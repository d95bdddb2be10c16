import { LocalBackend } from "../src/index.ts";
import type { Answer, Task } from "./children.ts";

/** A process that does with one folder what its parent tells it. */
const [root = ""] = process.argv.slice(2);
const backend = new LocalBackend({ root });

async function perform(task: Task): Promise<unknown> {
  switch (task.do) {
    case "create":
      return backend.create(task.key, new Uint8Array(task.size).fill(task.fill));
    case "churn": {
      // Others delete in the same folders, so that these are removed and made again all the time.
      for (let round = 0; round < task.rounds; round++) {
        const key = `${task.prefix}${round}`;
        if (!(await backend.create(key, new Uint8Array(10)))) throw new Error(`${key} was taken`);
        if ((await backend.get(key)) === undefined) throw new Error(`${key} is gone`);
        await backend.delete([key]);
      }
      return true;
    }
    case "hang": {
      const { size } = task;
      return backend.create(task.key, {
        size,
        async *read() {
          yield new Uint8Array(size / 2);
          process.send?.({ answer: "halfway" } satisfies Answer);
          await new Promise(() => {});
        },
      });
    }
    case "write": {
      for (let index = 0; ; index++) {
        await backend.create(`${task.prefix}${index}`, new Uint8Array(task.size).fill(index));
        process.send?.({ answer: index } satisfies Answer);
      }
    }
  }
}

process.on("message", (task: Task) => {
  perform(task).then(
    (answer) => process.send?.({ answer } satisfies Answer),
    (error: unknown) => process.send?.({ error: String(error) } satisfies Answer),
  );
});
process.send?.({ answer: "ready" } satisfies Answer);
