export async function* packOfObjects(): AsyncGenerator<Uint8Array> {
  throw new Error("todo");
}
