import { SettingsFile } from "@trunks/location";

/**
 * The settings of the clone with this common git dir, if it has some. When others could read them, that ends here, and the
 * user is told: a mode is lost by a copy or a restored backup, and the secrets may have been seen.
 */
export async function findSettings(commonDir: string): Promise<SettingsFile | undefined> {
  const file = await SettingsFile.find(commonDir);
  if (await file?.restrict()) {
    process.stderr.write(
      `warning: others on this machine could read ${file?.path}; now you alone can, but renew its secrets\n`,
    );
  }
  return file;
}
