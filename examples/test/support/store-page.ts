import { startAzurite, startFakeGcs, startPostgres, startVersity, type TestServer } from "@trunks/test-servers";
import type { PackageName } from "./tarballs.ts";

/** How the page of a store is run on a real server: what of the page is replaced by what of the server. */
export interface StorePage {
  readonly package: PackageName;
  readonly environment: Readonly<Record<string, string>>;
  /** In the first block, the five lines of a shell. */
  readonly shell: Readonly<Record<string, string>>;
  /** In the second block, a program. */
  readonly program: Readonly<Record<string, string>>;
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
};

export type StorePageName = keyof typeof storePages;

/** Starts a server; answers its page's part and how to end it. */
function page<Server extends TestServer>(start: () => Promise<Server>, describe: (server: Server) => StorePage) {
  return async () => {
    const server = await start();
    return { ...describe(server), stop: () => server.stop() };
  };
}
