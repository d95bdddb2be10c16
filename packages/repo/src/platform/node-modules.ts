/** Node's modules, each loaded when it is needed first: importing this package takes no time for them. */
export const crypto = late(() => process.getBuiltinModule("node:crypto"));
export const stream = late(() => process.getBuiltinModule("node:stream"));
export const zlib = late(() => process.getBuiltinModule("node:zlib"));

function late<Module>(load: () => Module): () => Module {
  let loaded: Module | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
