import { type BackendModule, TrunksError } from "@trunks/core";

/** What is not part of the program cannot be loaded by it. Throws `CONFIG_INVALID`. */
export async function findBackend(scheme: string): Promise<BackendModule> {
  throw new TrunksError(
    "CONFIG_INVALID",
    `no backend for ${scheme}:// was handed over, and here none can be looked for`,
    {
      hint: "import the backend's package and pass it on: `{ backends: [backend] }`",
    },
  );
}

/** The same of a package that is none of a backend. Throws `CONFIG_INVALID`. */
export async function loadPackage(name: string, purpose: string): Promise<unknown> {
  throw new TrunksError("CONFIG_INVALID", `${purpose} needs the package ${name}, and here none can be looked for`);
}
