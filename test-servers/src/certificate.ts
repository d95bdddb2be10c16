import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Writes a certificate for 127.0.0.1 that signs itself, and its key. Needs openssl. */
export async function makeCertificate(key: string, certificate: string): Promise<void> {
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
  ]);
}
