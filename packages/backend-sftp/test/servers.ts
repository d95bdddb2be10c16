import { serveSuite } from "@trunks/test-servers/vitest";

export default serveSuite(["openssh", "pkg-sftp"]);
