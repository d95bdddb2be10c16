import { Process, primaryName, type Scene } from "./scene.ts";
import { calm } from "./weather.ts";

/** Gives the trunk its mirrors, before anybody else is there and while nothing goes wrong. */
export async function founder(scene: Scene): Promise<void> {
  const process = new Process({ ...scene, weather: calm });
  const repository = process.repository();
  await process.read(repository);
  const place = (name: string) => ({ name, url: `memory:///${name}/trunks/app.trunk` });
  for (const [name, mirror] of scene.mirrors) {
    await scene.code.addMirror(repository, { ...place(name), mode: "strict" }, place(primaryName));
    mirror.begin();
  }
}
