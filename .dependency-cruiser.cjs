/**
 * Who may import whom. Between packages each line names all that its package's sources may use; what is not named is
 * forbidden. Tests may use more. Inside `repo`, the data's way: format <- journal <- transfer <- repository.
 */
const packages = {
  "packages/core": [],
  "packages/layers": ["packages/core"],
  "packages/repo": ["packages/core"],
  "packages/http-store": ["packages/core"],
  "packages/backend-(?!s3/|gcs/|azure/)[^/]+": ["packages/core"],
  "packages/backend-(?:s3|gcs|azure)": ["packages/core", "packages/http-store"],
  "contract-tests": ["packages/core"],
  "test-servers": [],
  "test-runtimes": ["contract-tests", "test-servers"],
  "packages/sdk": ["packages/core", "packages/layers", "packages/repo", "packages/location"],
  "apps/mount": ["packages/core", "packages/location", "packages/sdk"],
  "apps/(?!mount/)[^/]+": [
    "packages/core",
    "packages/layers",
    "packages/repo",
    "packages/location",
    "packages/sdk",
    "contract-tests",
    // Its types alone: it is loaded when it is installed.
    "apps/mount",
  ],
};

/** Rooms of `packages/repo/src`, as [from, what it must not import]. */
const rooms = [
  ["format", "(journal|pack/(?!object-format)|transfer|upkeep|repository)"],
  ["journal", "(transfer|upkeep|repository)"],
  ["pack", "(?!pack/|(platform|concurrent)\\.ts)"],
  ["selection", "(journal|transfer|mirror|history|upkeep|repository)"],
  ["transfer", "(selection|history|upkeep|repository)"],
  ["upkeep", "repository"],
];

const sources = "^(packages|apps)/[^/]+/src|^(contract-tests|test-servers|test-runtimes)/src";

module.exports = {
  forbidden: [
    ...Object.entries(packages).map(([from, allowed]) => ({
      name: `${from.replace(/\[.*/, "*")} imports too much`,
      severity: "error",
      from: { path: `^(${from})/src/` },
      to: { path: sources, pathNot: [`^$1/`, ...allowed.map((path) => `^${path}/src/`)] },
    })),
    {
      name: "location imports too much",
      severity: "error",
      from: { path: "^packages/location/src/" },
      to: { path: sources, pathNot: "^packages/(location|core|backend-local)/src/" },
    },
    {
      name: "location imports a backend before a URL needs it",
      severity: "error",
      from: { path: "^packages/location/src/" },
      to: { path: "^packages/backend-", dynamic: false },
    },
    {
      name: "cli imports the mount package, which may not be installed",
      severity: "error",
      from: { path: "^apps/cli/src/" },
      to: { path: "^apps/mount/src/", dependencyTypesNot: ["type-only"] },
    },
    ...rooms.map(([room, target]) => ({
      name: `repo/${room} imports upward`,
      severity: "error",
      from: { path: `^packages/repo/src/${room}/` },
      to: { path: `^packages/repo/src/${target}` },
    })),
    {
      name: "core has no dependencies",
      severity: "error",
      from: { path: "^packages/core/src/" },
      to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "unknown"] },
    },
    {
      name: "the runtime stays behind the platform modules",
      severity: "error",
      from: { path: "^packages/(repo|sdk|backend-r2)/src/", pathNot: "/platform/node\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "Node's connections stay behind their own door",
      severity: "error",
      from: { path: "^packages/http-store/src/", pathNot: "/transport\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "cannot be resolved", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "sources import tests",
      severity: "error",
      from: { path: sources },
      to: { path: "/test/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "/dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
