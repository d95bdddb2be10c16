import {
  startAzurite,
  startFakeGcs,
  startOpenssh,
  startPostgres,
  startVersity,
  type TestServer,
} from "@trunks/test-servers";
import type { PackageName } from "./tarballs.ts";

/** How the page of a store is run on a real server: what of the page is replaced by what of the server. */
export interface StorePage {
  readonly package: PackageName;
  readonly environment: Readonly<Record<string, string>>;
  /** In the first block, the five lines of a shell. */
  readonly shell: Readonly<Record<string, string>>;
  /** In the block of a program. */
  readonly program: Readonly<Record<string, string>>;
  /** In the block of the package's README, where that has one of its own. */
  readonly readme?: Readonly<Record<string, string>>;
  /** Files that the reader has below the home. */
  readonly home?: Readonly<Record<string, string>>;
  /** What stands before the program. */
  readonly before?: string;
}

/** By the page's name in `docs/backends`. */
export const storePages = {
  s3: page(startVersity, ({ bucket, endpoint, region, accessKey, secretKey, environment }) => ({
    package: "@trunks/backend-s3",
    environment,
    shell: {
      "AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…": `AWS_ACCESS_KEY_ID=${accessKey} AWS_SECRET_ACCESS_KEY=${secretKey}`,
      "//my-bucket": `//${bucket}`,
      "region=eu-central-1": `region=${region}&endpoint=${encodeURIComponent(endpoint)}`,
    },
    program: { '"my-bucket"': `"${bucket}"`, '"eu-central-1"': `"${region}", endpoint: "${endpoint}"` },
  })),
  gcs: page(startFakeGcs, ({ bucket, endpoint, environment }) => ({
    package: "@trunks/backend-gcs",
    environment,
    shell: {
      // The emulator asks nobody who they are.
      "gcloud auth application-default login": `export STORAGE_EMULATOR_HOST=${endpoint}`,
      "//my-bucket": `//${bucket}`,
    },
    program: { '"my-bucket"': `"${bucket}", endpoint: "${endpoint}"` },
  })),
  azure: page(startAzurite, ({ account, accountKey, container, endpoint }) => ({
    package: "@trunks/backend-azure",
    environment: { AZURE_STORAGE_KEY: accountKey },
    shell: {
      "AZURE_STORAGE_KEY=…": `AZURE_STORAGE_KEY='${accountKey}'`,
      "azure://account/container/my-app": `azure://${account}/${container}/my-app?endpoint=${endpoint}`,
      "azure://account/container ": `azure://${account}/${container}?endpoint=${endpoint} `,
    },
    program: {
      '"account"': `"${account}", endpoint: "${endpoint}", accountKey: "${accountKey}"`,
      '"container"': `"${container}"`,
    },
  })),
  postgres: page(startPostgres, ({ host, port, user, database, password }) => ({
    package: "@trunks/backend-postgres",
    environment: { PGPASSWORD: password },
    shell: {
      "PGPASSWORD=…": `PGPASSWORD=${password}`,
      "me@db.example/code": `${user}@${host}:${port}/${database}`,
    },
    program: {
      '"db.example"': `"${host}", port: ${port}`,
      '"code"': `"${database}"`,
      '"me"': `"${user}"`,
      // The server's certificate is signed by nobody.
      '"verify-full"': '"require"',
    },
    before: `const password = ${JSON.stringify(password)};`,
  })),
  // With a program as its subsystem the server lets in a user who has a shell.
  sftp: page(
    () => startOpenssh({ subsystem: "/usr/lib/openssh/sftp-server" }),
    ({ host, port, user, folder, identityFile, knownHostsFile }) => ({
      package: "@trunks/backend-sftp",
      environment: {},
      home: {
        ".ssh/config": [
          "Host files.example",
          `  HostName ${host}`,
          `  Port ${port}`,
          `  IdentityFile ${identityFile}`,
          `  UserKnownHostsFile ${knownHostsFile}`,
          "",
        ].join("\n"),
      },
      shell: {
        // ssh looks for its files where the machine says that the home is.
        "ssh me@": 'ssh -F "$HOME/.ssh/config" me@',
        "me@": `${user}@`,
        "/srv/code": `${folder}/srv/code`,
      },
      program: {
        '"files.example"': `"${host}", port: ${port}`,
        '"me"': `"${user}"`,
        "/srv/code": `${folder}/srv/code`,
        "/etc/trunks/id_ed25519": identityFile,
        "/etc/trunks/known_hosts": knownHostsFile,
      },
      readme: { "me@": `${user}@`, "/srv/code/app": `${folder}/srv/code/my-app app` },
    }),
  ),
};

export type StorePageName = keyof typeof storePages;

/** Starts a server; answers its page's part and how to end it. */
function page<Server extends TestServer>(start: () => Promise<Server>, describe: (server: Server) => StorePage) {
  return async () => {
    const server = await start();
    return { ...describe(server), stop: () => server.stop() };
  };
}
