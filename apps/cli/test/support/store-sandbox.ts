import { type CommandOptions, Sandbox } from "./sandbox.ts";

/** A sandbox in which git finds the credentials of a store. */
export class StoreSandbox extends Sandbox {
  storeEnvironment: Readonly<Record<string, string>> = {};

  override start(program: string, args: readonly string[], options: CommandOptions = {}) {
    return super.start(program, args, {
      ...options,
      environment: { ...this.storeEnvironment, ...options.environment },
    });
  }
}
