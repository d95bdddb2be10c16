/**
 * Where backends that nobody handed over come from. Which module does it is chosen by the conditions of `imports` in
 * `package.json`: `platform/node.ts` looks for packages on the machine, `platform/web.ts` has nowhere to look.
 */
export * from "#platform";
