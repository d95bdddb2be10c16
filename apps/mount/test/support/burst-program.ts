import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes small files, a hundred a folder. Half-way it says so, and waits to be told to go on; then it says that it is done. */
const [, , folder = "", count = "0"] = process.argv;

function write(from: number, to: number): void {
  for (let number = from; number < to; number++) {
    const parent = join(folder, String(Math.floor(number / 100)));
    if (number % 100 === 0) mkdirSync(parent, { recursive: true });
    writeFileSync(join(parent, `${number}.js`), `module.exports = ${number};\n`);
  }
}

const half = Math.floor(Number(count) / 200) * 100;
write(0, half);
process.send?.("half");
process.once("message", () => {
  write(half, Number(count));
  process.send?.("done");
  process.disconnect();
});
