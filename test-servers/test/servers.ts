import { serveSuite } from "../src/vitest.ts";

export default serveSuite([
  "versity",
  "seaweed",
  "fake-gcs",
  "azurite",
  "postgres",
  "pgbouncer",
  "redis",
  "openssh",
  "pkg-sftp",
]);
